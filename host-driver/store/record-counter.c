/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters of a sample, and those that a cell-end lists as unavailable. */
#include <math.h>

#include "record.h"

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

static int record_counter_check_entry(const struct view *entry, struct err *err)
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
		int ret = record_counter_check_entry(entry, err);

		if (ret) {
			err_prefix(err, "result.counters.unavailable[%u]", i);
			return ret;
		}
		i++;
	}
	return 0;
}
