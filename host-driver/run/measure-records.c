/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure-records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "count-records.h"
#include "store/record-agent.h"
#include "store/record.h"

#define MEASURE_TEXT_MAX 4000

static json_t *start(const struct measure *m, const char *type)
{
	return json_pack("{s:s, s:i, s:i, s:s, s:s, s:i}", "t", type,
			 "boot", (int)m->boot->boot, "block", (int)m->boot->block,
			 "arm", m->plan->arms[m->boot->arm].name,
			 "cell", m->cell->id, "process", (int)m->process);
}

static int measure_check_own(const struct view *result, struct err *err)
{
	struct record r = { .type = RECORD_SAMPLE };
	int ret = record_read_metric(view_get(result, "metrics") + 1, &r, err);

	if (ret)
		err_prefix(err, "%s", RECORD_GO_TO_RESULT);
	return ret;
}

static const char *const copied[] = {
	"metric", "point", "unit", "better", "kind", "values", "rejected",
	"steady",
};

static json_t *sample(const struct measure *m, const json_t *result,
		      const json_t *metric, const char *place,
		      const char *void_reason)
{
	json_t *r = start(m, "sample");
	json_t *labels = json_object_get(result, "labels");

	for (size_t i = 0; i < sizeof(copied) / sizeof(*copied); i++)
		json_object_set(r, copied[i], json_object_get(metric, copied[i]));
	json_object_set_new(r, "domain", json_string(m->domain));
	json_object_set_new(r, "void", void_reason ? json_string(void_reason)
						   : json_null());
	json_object_set_new(r, "labels", json_is_array(labels) ? json_incref(labels)
							       : json_array());
	json_object_set_new(r, "counters", count_of_sample(
		json_object_get(metric, "counters"), place));
	return r;
}

int measure_samples(const struct measure *m, const json_t *result,
		    const char *place, const char *void_reason, json_t *records, struct err *err)
{
	const json_t *metrics = json_object_get(result, "metrics");
	size_t i;
	json_t *metric;
	int ret = proof_check_json(result, *place ? measure_check_own : record_check_result,
				   err);

	if (ret)
		return ret;
	json_array_foreach(metrics, i, metric) {
		json_array_append_new(records,
				      sample(m, result, metric, place,
					     void_reason));
		count_summarise(m->counters, json_object_get(metric, "counters"),
				place);
	}
	return 0;
}

void measure_proofs(const struct measure *m, const struct proof *p,
		    json_t *records)
{
	for (int w = 0; w < WHENS; w++) {
		for (int l = 0; l < LAYERS; l++) {
			json_t *r;

			if (!p->layer[w][l])
				continue;
			r = json_deep_copy(p->layer[w][l]);
			json_object_update_new(r, start(m, "proof"));
			json_object_set_new(r, "when",
					    json_string(when_words[w]));
			json_array_append_new(records, r);
		}
	}
}

/* The beginning of a text, as long as a person reads. */
static json_t *short_text(const char *text)
{
	size_t n = strnlen(text, MEASURE_TEXT_MAX);

	while (n && (text[n] & 0xc0) == 0x80)
		n--;
	return json_stringn(text, n);
}

json_t *measure_end(const struct measure *m, const char *class,
		    const char *text, const json_t *result)
{
	json_t *r = start(m, "cell-end");
	json_t *how = json_object();

	json_object_set_new(r, "class", json_string(class));
	json_object_set_new(r, "text", short_text(text));
	for (const char *const *key = record_kept; *key; key++) {
		json_t *v = json_object_get(result, *key);

		if (v)
			json_object_set(how, *key, v);
	}
	if (json_object_size(m->counters))
		json_object_set(how, "counters", m->counters);
	json_object_set_new(r, "result", how);
	return r;
}
