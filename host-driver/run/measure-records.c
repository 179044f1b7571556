/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure-records.h"

#include <string.h>

#include "count-records.h"
#include "safe.h"
#include "store/record.h"

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
