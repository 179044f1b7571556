/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of records: counters of a sample, those that a cell-end misses, points. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "safe.h"

int record_counter(const struct view *v, struct record_counter *c,
		   struct err *err)
{
	const struct view *things, *value;
	int ret;

	*c = (struct record_counter){ .value = NAN };
	if (v->type != JSON_OBJECT)
		return err_config(err, "is %s; it must be an object",
				  view_type_text(v));
	ret = view_name(v, "name", &c->name, err);
	if (!ret)
		ret = view_string_or(v, "provider", NULL, &c->provider, err);
	if (ret)
		return ret;
	value = view_get(v, "value");
	things = view_get(v, "things");
	if (things && !view_is_number(things))
		return view_real(v, "things", &c->value, err);
	if (!value)
		return view_string(v, "unavailable", &c->unavailable, err);
	if (!view_is_number(value))
		return view_real(v, "value", &c->value, err);
	/* Per thing, since totals of boots that did different amounts of work do not compare. */
	c->value = things && things->real > 0 ? value->real / things->real : value->real;
	if (!(fabs(c->value) < RECORD_VALUE_MAX))
		return err_config(err, "value: is %g for each thing; it must be less than %g",
				  c->value, RECORD_VALUE_MAX);
	return 0;
}

int record_check_counters(const struct view *array, struct err *err)
{
	struct record_counter c;
	const struct view *v;
	unsigned i = 0;

	view_each(v, array) {
		int ret = record_counter(v, &c, err);

		if (ret) {
			err_prefix(err, "counters[%u]", i);
			return ret;
		}
		i++;
	}
	return 0;
}

static int record_parts_check_entry(const struct view *entry, struct err *err)
{
	const struct view *samples, *n;
	const char *reason;
	int ret;

	if (entry->type != JSON_OBJECT)
		return err_config(err, "is %s; it must be an object",
				  view_type_text(entry));
	ret = view_string(entry, "reason", &reason, err);
	if (!ret)
		ret = view_list(entry, "samples", JSON_OBJECT, &samples, err);
	if (ret)
		return ret;
	view_each(n, samples) {
		uint64_t count;

		ret = view_check_name("samples", n->key, err);
		if (!ret)
			ret = view_count(samples, n->key, INT32_MAX, &count, err);
		if (ret)
			return ret;
	}
	return 0;
}

int record_check_missing(const struct view *list, struct err *err)
{
	const struct view *entry;
	unsigned i = 0;

	view_each(entry, list) {
		int ret = record_parts_check_entry(entry, err);

		if (ret) {
			err_prefix(err, "result.counters.unavailable[%u]", i);
			return ret;
		}
		i++;
	}
	return 0;
}

/* --- points ---------------------------------------------------------------------- */

/* The shortest member is "=1" and a separator. */
#define MEMBERS_MAX (RECORD_POINT_MAX / 3)

/* A value as text, in `buf` or in place; whole numbers keep their spelling. */
static const char *record_parts_value_text(const struct view *v, char buf[32])
{
	switch (v->type) {
	case JSON_STRING:
		return v->text;
	case JSON_REAL:
		snprintf(buf, 32, "%.17g", v->real);
		return buf;
	default:
		return v->type == JSON_TRUE ? "true" : "false";
	}
}

int record_check_point(const struct view *point, struct err *err)
{
	const struct view *v;
	size_t len = 1;
	char buf[32];

	view_each(v, point) {
		if (!safe_is_plain(v->key) ||
		    (v->type == JSON_STRING && !safe_is_plain(v->text)))
			return err_config(err, "point: holds a control character");
		if (v->type == JSON_OBJECT || v->type == JSON_ARRAY ||
		    v->type == JSON_NULL)
			return err_config(err, "point.%.80s: is %s; it must be one value",
					  v->key, view_type_text(v));
		len += strlen(v->key) + 2 + (v->type == JSON_INTEGER ? v->json_len
					     : strlen(record_parts_value_text(v, buf)));
	}
	if (len > RECORD_POINT_MAX)
		return err_config(err, "point: is longer than %d bytes",
				  RECORD_POINT_MAX - 1);
	return 0;
}

static void record_parts_put(const struct view *const *members, size_t n, char part,
			     char *to)
{
	char buf[32];

	for (size_t i = 0; i < n; i++) {
		const struct view *v = members[i];

		if (i)
			*to++ = part;
		to = stpcpy(to, v->key);
		*to++ = '=';
		to = v->type == JSON_INTEGER ? mempcpy(to, v->json, v->json_len)
					     : stpcpy(to, record_parts_value_text(v, buf));
	}
	*to = '\0';
}

static size_t record_parts_members_of(const struct view *point,
				      const struct view *members[MEMBERS_MAX])
{
	const struct view *v;
	size_t n = 0;

	view_each(v, point)
		members[n++] = v;
	return n;
}

static int record_parts_by_key(const void *a, const void *b)
{
	return strcmp((*(const struct view *const *)a)->key,
		      (*(const struct view *const *)b)->key);
}

void record_point_text(const struct view *point, record_point text)
{
	const struct view *members[MEMBERS_MAX];

	record_parts_put(members, record_parts_members_of(point, members), ',', text);
}

void record_point_key(const struct view *point, record_point key)
{
	const struct view *members[MEMBERS_MAX];
	size_t n = record_parts_members_of(point, members);

	if (n > 1)
		qsort(members, n, sizeof(*members), record_parts_by_key);
	record_parts_put(members, n, '\x1e', key);	/* cannot occur: the check refuses it */
}
