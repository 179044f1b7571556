/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "count-records.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN 64

static void count_records_full_name(char out[static NAME_MAX_LEN + 16], const char *place,
				    const char *name)
{
	snprintf(out, NAME_MAX_LEN + 16, "%.15s%.*s", place, NAME_MAX_LEN, name);
}

void count_of_sample(struct record_text *t, const struct view *counters,
		     const char *place)
{
	static const char *const copied[] = {
		"provider", "value", "things", "batches", "multiplexed",
	};
	char name[NAME_MAX_LEN + 16];
	const struct view *c;

	record_text_open(t, "counters", '[');
	view_each(c, counters) {
		if (!view_get(c, "value"))
			continue;
		count_records_full_name(name, place, view_get(c, "name")->text);
		record_text_open(t, NULL, '{');
		record_text_string(t, "name", name);
		for (size_t k = 0; k < sizeof(copied) / sizeof(*copied); k++)
			record_text_value(t, copied[k], view_get(c, copied[k]));
		record_text_close(t, '}');
	}
	record_text_close(t, ']');
}

/* The entry for this reason; added if it is new. */
static json_t *count_records_entry_of(json_t *summary, const char *reason)
{
	json_t *list = json_object_get(summary, "unavailable"), *entry;
	size_t i;

	if (!list) {
		list = json_array();
		json_object_set_new(summary, "unavailable", list);
	}
	json_array_foreach(list, i, entry)
		if (!strcmp(json_string_value(json_object_get(entry, "reason")), reason))
			return entry;
	entry = json_pack("{s:s, s:{}}", "reason", reason, "samples");
	json_array_append_new(list, entry);
	return entry;
}

void count_unavailable(json_t *summary, const char *place, const char *name,
		       const char *reason, unsigned samples)
{
	json_t *counts = json_object_get(count_records_entry_of(summary, reason), "samples");
	char full[NAME_MAX_LEN + 16];

	count_records_full_name(full, place, name);
	json_object_set_new(counts, full, json_integer(
		json_integer_value(json_object_get(counts, full)) + samples));
}

void count_summarise(json_t *summary, const struct view *counters, const char *place)
{
	json_t *natives = json_object_get(summary, "native");
	char full[NAME_MAX_LEN + 16];
	const struct view *c;

	if (!natives) {
		natives = json_object();
		json_object_set_new(summary, "native", natives);
	}
	view_each(c, counters) {
		const struct view *native = view_get(c, "native");
		const char *name = view_get(c, "name")->text;

		count_records_full_name(full, place, name);
		if (!view_get(c, "value"))
			count_unavailable(summary, place, name,
					  view_get(c, "unavailable")->text, 1);
		else if (native && native->type == JSON_STRING)
			json_object_set_new(natives, full, json_string(native->text));
	}
}
