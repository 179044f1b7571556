/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ingest-impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "summary.h"

#define US "\x1f"		/* between the parts of a key */

/* The parts with US between them, in in->key. */
static int make_key(struct ingest *in, const char *const *parts, size_t n)
{
	size_t need = n;
	char *to;

	for (size_t i = 0; i < n; i++)
		need += strlen(parts[i]);
	if (need > in->key_room) {
		to = realloc(in->key, 2 * need);
		if (!to)
			return ingest_no_memory(in);
		in->key = to;
		in->key_room = 2 * need;
	}
	to = in->key;
	for (size_t i = 0; i < n; i++) {
		if (i)
			*to++ = *US;
		to = stpcpy(to, parts[i]);
	}
	return 0;
}

/* --- which series ----------------------------------------------------------------- */

static int add_series(struct ingest *in, const struct record *r, int64_t cell,
		      const struct record_counter *c, int64_t id)
{
	record_point text;

	if (json_object_set_new(in->series, in->key, json_integer(id)))
		return ingest_no_memory(in);
	record_point_text(r->point, text);
	return rows_add(&in->rows, ROWS_SERIES, in->err, "iitttjttttt", id,
			cell, r->metric, c ? c->name : NULL,
			c ? c->provider : NULL, r->point, text,
			c ? "" : r->unit, c ? "count" : r->kind,
			c ? "none" : r->better, in->key);
}

/* `c` is NULL for the sample itself. */
static int find_series(struct ingest *in, const struct record *r, int64_t cell,
		       const char *point, const struct record_counter *c,
		       int64_t *id)
{
	const char *const parts[] = { r->cell, r->metric, point,
				      c ? c->name : "" };
	const json_t *known;
	int ret = make_key(in, parts, 4);

	if (ret)
		return ret;
	known = json_object_get(in->series, in->key);
	if (known) {
		*id = json_integer_value(known);
		return 0;
	}
	*id = json_object_size(in->series) + 1;
	return add_series(in, r, cell, c, *id);
}

/* --- values ----------------------------------------------------------------------- */

static int find_reason(struct ingest *in, const char *text, uint32_t *id)
{
	const json_t *known = json_object_get(in->reasons, text);

	*id = known ? (size_t)json_integer_value(known)
		    : json_object_size(in->reasons) + 1;
	if (known)
		return 0;
	if (json_object_set_new(in->reasons, text, json_integer(*id)))
		return ingest_no_memory(in);
	return rows_add(&in->rows, ROWS_REASON, in->err, "it", (int64_t)*id,
			text);
}

static int keep(struct ingest *in, int64_t series, const struct index_value *v)
{
	struct pending *more;

	if (in->n_pending == in->room) {
		size_t room = in->room ? 2 * in->room : 1024;

		more = realloc(in->pending, room * sizeof(*more));
		if (!more)
			return ingest_no_memory(in);
		in->pending = more;
		in->room = room;
	}
	in->pending[in->n_pending++] = (struct pending){ series, in->offset, *v };
	return 0;
}

static int find_median(struct ingest *in, const struct view *values,
		       double *median)
{
	const struct view *v;
	double *more;
	size_t n = 0;

	if (values->n > in->values_room) {
		more = realloc(in->values, 2 * values->n * sizeof(*more));
		if (!more)
			return ingest_no_memory(in);
		in->values = more;
		in->values_room = 2 * values->n;
	}
	view_each(v, values)
		in->values[n++] = v->real;
	*median = median_of(in->values, n);
	return 0;
}

static int count_missing(struct ingest *in, const char *counter,
			 const char *reason, json_int_t samples)
{
	const char *const parts[] = { counter, reason };
	int ret = make_key(in, parts, 2);
	json_int_t n;

	if (ret)
		return ret;
	n = json_integer_value(json_object_get(in->missing, in->key));
	return json_object_set_new(in->missing, in->key, json_integer(n + samples))
		       ? ingest_no_memory(in)
		       : 0;
}

/* [{"reason","samples":{name: number}}] */
int ingest_missing(struct ingest *in, const struct view *list)
{
	const struct view *entry, *n;
	const char *reason;
	int ret = 0;

	view_each(entry, list) {
		if (view_string(entry, "reason", &reason, in->err))
			return in->err->code;
		view_each(n, view_get(entry, "samples"))
			if (!ret)
				ret = count_missing(in, n->key, reason, n->whole);
	}
	return ret;
}

static int take_counter(struct ingest *in, const struct record *r,
			int64_t cell, const char *point, const struct view *v,
			struct index_value *value)
{
	struct record_counter c;
	int64_t series;
	int ret = record_counter(v, &c, in->err);

	if (ret)
		return ret;
	if (c.unavailable)
		return count_missing(in, c.name, c.unavailable, 1);
	value->n = 1;
	value->median = c.value;
	ret = find_series(in, r, cell, point, &c, &series);
	return ret ? ret : keep(in, series, value);
}

int ingest_sample(struct ingest *in, const struct record *r)
{
	struct index_value value = { .process = r->process, .n = r->values->n,
				     .steady = r->steady };
	const struct view *counter;
	record_point point;
	int64_t cell, series;
	int ret = ingest_check_boot(in, r->boot);

	if (!ret)
		ret = ingest_find_cell(in, r->cell, &cell);
	if (ret)
		return ret;
	if (strcmp(r->domain, in->domain))
		return err_config(in->err, "domain: is %s, but the campaign's is %s",
				  r->domain, in->domain);
	record_point_key(r->point, point);
	ret = find_series(in, r, cell, point, NULL, &series);
	if (!ret && r->void_reason)
		ret = find_reason(in, r->void_reason, &value.reason);
	if (!ret)
		ret = find_median(in, r->values, &value.median);
	if (!ret)
		ret = keep(in, series, &value);
	view_each(counter, r->counters)
		if (!ret)
			ret = take_counter(in, r, cell, point, counter, &value);
	return ret;
}

/* --- when the boot has ended -------------------------------------------------------- */

void ingest_drop_samples(struct ingest *in)
{
	in->n_pending = 0;
	json_object_clear(in->missing);
}

static int compare(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	if (x->series != y->series)
		return x->series < y->series ? -1 : 1;
	return (x->v.process > y->v.process) - (x->v.process < y->v.process);
}

static int check_unique(struct ingest *in)
{
	const struct pending *p = in->pending;

	for (size_t i = 1; i < in->n_pending; i++)
		if (!compare(&p[i - 1], &p[i]))
			return err_config(in->err, "the samples at byte %llu and %llu are one that is there twice: same boot, cell, process, metric and point",
					  (unsigned long long)(p[i - 1].offset < p[i].offset ? p[i - 1].offset : p[i].offset),
					  (unsigned long long)(p[i - 1].offset < p[i].offset ? p[i].offset : p[i - 1].offset));
	return 0;
}

static int write_missing(struct ingest *in)
{
	const char *key;
	json_t *count;
	int ret = 0;

	json_object_foreach(in->missing, key, count) {
		size_t name = strcspn(key, US);
		char *counter = strndup(key, name);

		if (!counter)
			return ingest_no_memory(in);
		ret = rows_add(&in->rows, ROWS_MISSING, in->err, "itti",
			       in->runs, counter, key + name + 1,
			       (int64_t)json_integer_value(count));
		free(counter);
		if (ret)
			break;
	}
	return ret;
}

static int write_values(struct ingest *in)
{
	struct index_value *blob = malloc((in->n_pending + 1) * sizeof(*blob));
	const struct pending *p = in->pending;
	int ret = blob ? 0 : ingest_no_memory(in);

	for (size_t i = 0, n; !ret && i < in->n_pending; i += n) {
		for (n = 0; i + n < in->n_pending &&
			    p[i + n].series == p[i].series; n++)
			blob[n] = p[i + n].v;
		ret = rows_add(&in->rows, ROWS_VALUE, in->err, "iib",
			       p[i].series, in->runs, blob, n * sizeof(*blob));
	}
	free(blob);
	return ret;
}

int ingest_write_samples(struct ingest *in)
{
	int ret;

	if (in->n_pending)
		qsort(in->pending, in->n_pending, sizeof(*in->pending), compare);
	ret = check_unique(in);
	if (!ret)
		ret = write_values(in);
	if (!ret)
		ret = write_missing(in);
	ingest_drop_samples(in);
	return ret;
}
