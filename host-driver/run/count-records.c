/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "count-records.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN 64

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void full_name(char out[static NAME_MAX_LEN + 16], const char *place,
		      const char *name)
{
	snprintf(out, NAME_MAX_LEN + 16, "%.15s%.*s", place, NAME_MAX_LEN, name);
}

json_t *count_of_sample(const json_t *counters, const char *place)
{
	static const char *const copied[] = {
		"provider", "value", "things", "batches", "multiplexed",
	};
	json_t *all = json_array(), *c;
	char name[NAME_MAX_LEN + 16];
	size_t i;

	json_array_foreach(counters, i, c) {
		json_t *one, *v;

		if (!json_object_get(c, "value"))
			continue;
		full_name(name, place, text_of(c, "name"));
		one = json_pack("{s:s}", "name", name);
		for (size_t k = 0; k < sizeof(copied) / sizeof(*copied); k++)
			if ((v = json_object_get(c, copied[k])))
				json_object_set(one, copied[k], v);
		json_array_append_new(all, one);
	}
	return all;
}

/* The entry of this reason, made if it is the first. */
static json_t *entry_of(json_t *summary, const char *reason)
{
	json_t *list = json_object_get(summary, "unavailable"), *entry;
	size_t i;

	if (!list) {
		list = json_array();
		json_object_set_new(summary, "unavailable", list);
	}
	json_array_foreach(list, i, entry)
		if (!strcmp(text_of(entry, "reason"), reason))
			return entry;
	entry = json_pack("{s:s, s:{}}", "reason", reason, "samples");
	json_array_append_new(list, entry);
	return entry;
}

void count_unavailable(json_t *summary, const char *place, const char *name,
		       const char *reason, unsigned samples)
{
	json_t *counts = json_object_get(entry_of(summary, reason), "samples");
	char full[NAME_MAX_LEN + 16];

	full_name(full, place, name);
	json_object_set_new(counts, full, json_integer(
		json_integer_value(json_object_get(counts, full)) + samples));
}

void count_summarise(json_t *summary, const json_t *counters, const char *place)
{
	json_t *natives = json_object_get(summary, "native"), *c;
	char name[NAME_MAX_LEN + 16];
	size_t i;

	if (!natives) {
		natives = json_object();
		json_object_set_new(summary, "native", natives);
	}
	json_array_foreach(counters, i, c) {
		const char *native = text_of(c, "native");

		full_name(name, place, text_of(c, "name"));
		if (!json_object_get(c, "value"))
			count_unavailable(summary, place, text_of(c, "name"),
					  text_of(c, "unavailable"), 1);
		else if (native)
			json_object_set_new(natives, name, json_string(native));
	}
}
