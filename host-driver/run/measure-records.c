/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure-records.h"

#include <stdio.h>
#include <string.h>

#include "safe.h"
#include "store/record.h"

#define NAME_MAX_LEN 64

static void measure_full_name(char out[static NAME_MAX_LEN + 16], const char *place,
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
		measure_full_name(name, place, view_get(c, "name")->text);
		record_text_open(t, NULL, '{');
		record_text_string(t, "name", name);
		for (size_t k = 0; k < sizeof(copied) / sizeof(*copied); k++)
			record_text_value(t, copied[k], view_get(c, copied[k]));
		record_text_close(t, '}');
	}
	record_text_close(t, ']');
}

/* The entry for this reason; added if it is new. */
static json_t *measure_entry_of(json_t *summary, const char *reason)
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
	json_t *counts = json_object_get(measure_entry_of(summary, reason), "samples");
	char full[NAME_MAX_LEN + 16];

	measure_full_name(full, place, name);
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

		measure_full_name(full, place, name);
		if (!view_get(c, "value"))
			count_unavailable(summary, place, name,
					  view_get(c, "unavailable")->text, 1);
		else if (native && native->type == JSON_STRING)
			json_object_set_new(natives, full, json_string(native->text));
	}
}

#define MEASURE_TEXT_MAX 4000

static void measure_begin(const struct measure *m, enum record_type type,
			  struct record_text *t)
{
	record_text_begin(t, type);
	record_text_whole(t, "boot", m->boot->boot);
	record_text_whole(t, "block", m->boot->block);
	record_text_string(t, "arm", m->plan->arms[m->boot->arm].name);
	record_text_string(t, "cell", m->cell->id);
	record_text_whole(t, "process", m->process);
}

static void measure_copy(struct record_text *t, const struct view *from,
			 const char *const *keys)
{
	for (; *keys; keys++)
		record_text_value(t, *keys, view_get(from, *keys));
}

/* Adds the driver's own members to a series. */
static void measure_end_sample(const struct measure *m, const struct view *counters,
			       const char *place, const char *void_reason,
			       struct record_text *t)
{
	record_text_string(t, "domain", m->domain);
	record_text_string(t, "void", void_reason);
	count_of_sample(t, counters, place);
	record_text_end(t);
	count_summarise(m->counters, counters, place);
}

int measure_samples(const struct measure *m, const struct view *result,
		    const char *void_reason, struct record_text *t, struct err *err)
{
	static const char *const copied[] = {
		"metric", "point", "unit", "better", "kind", "values", "rejected",
		"steady", NULL,
	};
	const struct view *metrics, *labels, *v;
	int ret = record_check_result(result, err);

	if (ret)
		return ret;
	metrics = view_get(result, "metrics");
	labels = view_get(result, "labels");
	view_each(v, metrics) {
		measure_begin(m, RECORD_SAMPLE, t);
		measure_copy(t, v, copied);
		record_text_value(t, "labels", labels);
		measure_end_sample(m, view_get(v, "counters"), "", void_reason, t);
	}
	return 0;
}

int measure_counted(const struct measure *m, const struct view *reply,
		    const char *void_reason, struct record_text *t, struct err *err)
{
	int ret = record_check_counted(reply, err);

	if (ret)
		return ret;
	measure_begin(m, RECORD_SAMPLE, t);
	record_text_string(t, "metric", METRIC_GO_TO_RESULT);
	record_text_open(t, "point", '{');
	record_text_close(t, '}');
	record_text_string(t, "unit", "s");
	record_text_string(t, "better", "none");
	record_text_string(t, "kind", "time");
	record_text_open(t, "values", '[');
	record_text_value(t, NULL, view_get(reply, "seconds"));
	record_text_close(t, ']');
	record_text_bool(t, "steady", true);
	measure_end_sample(m, view_get(reply, "counters"), COUNTER_VCPU, void_reason, t);
	return 0;
}

void measure_proof(const struct measure *m, enum when when, const struct view *layer,
		   struct record_text *t)
{
	static const char *const copied[] = {
		"layer", "bytes", "absent", "method", "faults", "unavailable", NULL,
	};

	measure_begin(m, RECORD_PROOF, t);
	record_text_string(t, "when", when_words[when]);
	measure_copy(t, layer, copied);
	record_text_end(t);
}

void measure_end(const struct measure *m, const char *class, const char *text,
		 const struct view *result, struct record_text *t)
{
	char shorter[MEASURE_TEXT_MAX + 1];

	snprintf(shorter, sizeof(shorter), "%.*s", (int)text_cut(text, MEASURE_TEXT_MAX), text);
	measure_begin(m, RECORD_CELL_END, t);
	record_text_string(t, "class", class);
	record_text_string(t, "text", shorter);
	record_text_open(t, "result", '{');
	if (result)
		measure_copy(t, result, record_kept);
	if (json_object_size(m->counters))
		record_text_json(t, "counters", m->counters);
	record_text_close(t, '}');
	record_text_end(t);
}
