/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "order.h"

#define US '\x1f'		/* separates the parts of a key */

/* --- which series ----------------------------------------------------------------- */

/* Joins two parts by the byte `part`, in c->key.items; returns the length, 0 on error. */
static size_t sample_join(struct columns *c, const char *a, char part, const char *b,
			  struct err *err)
{
	size_t len_a = strlen(a), len_b = strlen(b);

	if (COLUMN_ROOM(c->key, len_a + len_b + 2, err))
		return 0;
	memcpy(c->key.items, a, len_a);
	c->key.items[len_a] = part;
	memcpy(c->key.items + len_a + 1, b, len_b + 1);
	return len_a + len_b + 1;
}

static int sample_add_series(struct columns *c, const struct record *r, unsigned cell,
			     const struct record_counter *counter, struct err *err)
{
	struct column_series *s;
	record_point text;

	if (COLUMN_ADD(c->series, err))
		return pool_no_memory(err);
	s = &c->series.items[c->series.n];
	record_point_text(r->point, text);
	*s = (struct column_series){
		.cell = cell, .metric = pool_text(&c->pool, r->metric),
		.kind = counter ? "count" : r->kind,
		.better = counter ? "none" : r->better,
		.unit = pool_text(&c->pool, counter ? "" : r->unit),
		.point = pool_bytes(&c->pool, r->point->json, r->point->json_len),
		.point_text = pool_text(&c->pool, text),
	};
	if (counter) {
		s->counter = pool_text(&c->pool, counter->name);
		s->provider = pool_text(&c->pool, counter->provider);
	}
	if (!s->metric || !s->unit || !s->point || !s->point_text ||
	    (counter && !s->counter))
		return pool_no_memory(err);
	c->series.n++;
	return 0;
}

/* `counter` is NULL for the sample itself; `tail` is the end of its key. */
static int sample_find_series(struct columns *c, const struct record *r, unsigned cell,
			      const char *tail, const struct record_counter *counter,
			      struct column_series **s, struct err *err)
{
	size_t len = sample_join(c, tail, US, counter ? counter->name : "", err);
	unsigned id;

	id = len ? texts_put(&c->series_keys, &c->pool, c->key.items, len) : 0;
	if (!id)
		return pool_no_memory(err);
	if (id > c->series.n && sample_add_series(c, r, cell, counter, err))
		return pool_no_memory(err);
	*s = &c->series.items[id - 1];
	return 0;
}

/* --- values ----------------------------------------------------------------------- */

/* Inserts `value` in order; processes mostly come in order already. */
static int sample_keep(struct column_series *s, const struct column_value *value,
		       struct err *err)
{
	struct column_value *v;
	size_t i = s->values.n;

	if (COLUMN_ADD(s->values, err))
		return pool_no_memory(err);
	v = s->values.items;
	while (i && v[i - 1].run == value->run && v[i - 1].process > value->process)
		i--;
	if (i && v[i - 1].run == value->run && v[i - 1].process == value->process)
		return err_config(err, "is given twice: it has the boot, cell, process, metric and point of the sample at byte %llu",
				  (unsigned long long)v[i - 1].at);
	memmove(v + i + 1, v + i, (s->values.n - i) * sizeof(*v));
	v[i] = *value;
	s->values.n++;
	return 0;
}

static int sample_median(struct columns *c, const struct view *values, double *median,
			 struct err *err)
{
	const struct view *v;
	size_t n = 0;

	if (COLUMN_ROOM(c->scratch, values->n, err))
		return pool_no_memory(err);
	view_each(v, values)
		c->scratch.items[n++] = v->real;
	*median = order_median(c->scratch.items, n);
	return 0;
}

/* --- unavailable counters ------------------------------------------------------------- */

static int sample_count_missing(struct columns *c, const char *counter,
				const char *reason, uint64_t samples, struct err *err)
{
	size_t len = sample_join(c, counter, '\0', reason, err), *last;
	unsigned what;

	what = len ? texts_put(&c->missing_what, &c->pool, c->key.items, len) : 0;
	if (!what || COLUMN_ADD(c->last_missing, err) || COLUMN_ADD(c->missing, err))
		return pool_no_memory(err);
	if (what > c->last_missing.n)
		c->last_missing.items[c->last_missing.n++] = 0;
	last = &c->last_missing.items[what - 1];
	if (!*last || c->missing.items[*last - 1].run != c->runs.n) {
		c->missing.items[c->missing.n++] = (struct column_missing){
			.run = c->runs.n, .what = what,
		};
		*last = c->missing.n;
	}
	c->missing.items[*last - 1].samples += samples;
	return 0;
}

int columns_take_missing(struct columns *c, const struct view *list, struct err *err)
{
	const struct view *entry, *n;
	const char *reason;
	int ret = 0;

	view_each(entry, list) {
		ret = view_string(entry, "reason", &reason, err);
		view_each(n, view_get(entry, "samples"))
			if (!ret)
				ret = sample_count_missing(c, n->key, reason, n->whole, err);
		if (ret)
			break;
	}
	return ret;
}

/* --- samples ------------------------------------------------------------------------- */

static int sample_take_counter(struct columns *c, const struct record *r, unsigned cell,
			       const char *tail, const struct view *v,
			       struct column_value *value, struct err *err)
{
	struct record_counter counter;
	struct column_series *s;
	int ret = record_counter(v, &counter, err);

	if (ret)
		return ret;
	if (counter.unavailable)
		return sample_count_missing(c, counter.name, counter.unavailable, 1, err);
	value->n = 1;
	value->median = counter.value;
	ret = sample_find_series(c, r, cell, tail, &counter, &s, err);
	return ret ? ret : sample_keep(s, value, err);
}

/* Cell, metric and point: the part of the key that a sample and its counters share. */
typedef char sample_key[RECORD_NAME_MAX + RECORD_POINT_MAX + 16];

static void sample_tail(const struct record *r, unsigned cell, sample_key tail)
{
	char *to = tail;

	for (; cell; cell >>= 6)
		*to++ = '0' + (cell & 63);
	*to++ = US;
	to = stpcpy(to, r->metric);
	*to++ = US;
	record_point_key(r->point, to);
}

int columns_take_sample(struct columns *c, const struct record *r, unsigned cell,
			uint64_t at, struct err *err)
{
	sample_key tail;
	struct column_value value = { .run = c->runs.n, .process = r->process, .at = at,
				      .n = r->values->n, .steady = r->steady };
	const struct view *counter;
	struct column_series *s;
	int ret = sample_median(c, r->values, &value.median, err);

	sample_tail(r, cell, tail);
	if (!ret && r->void_reason) {
		value.reason = texts_put(&c->reasons, &c->pool, r->void_reason,
					 strlen(r->void_reason));
		ret = value.reason ? 0 : pool_no_memory(err);
	}
	if (!ret)
		ret = sample_find_series(c, r, cell, tail, NULL, &s, err);
	if (!ret)
		ret = sample_keep(s, &value, err);
	view_each(counter, r->counters)
		if (!ret)
			ret = sample_take_counter(c, r, cell, tail, counter, &value, err);
	return ret;
}
