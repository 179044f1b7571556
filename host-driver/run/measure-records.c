/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure-records.h"

#include <stdlib.h>
#include <string.h>

#include "count-records.h"
#include "safe.h"
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

static const char *const copied[] = {
	"metric", "point", "unit", "better", "kind", "values", "rejected",
	"steady",
};

void measure_add(const struct measure *m, json_t *metric, json_t *labels,
		 const char *place, const char *void_reason, json_t *records)
{
	json_t *r = start(m, "sample"), *counters = json_object_get(metric, "counters");

	for (size_t i = 0; i < sizeof(copied) / sizeof(*copied); i++)
		json_object_set(r, copied[i], json_object_get(metric, copied[i]));
	json_object_set_new(r, "domain", json_string(m->domain));
	json_object_set_new(r, "void", void_reason ? json_string(void_reason)
						   : json_null());
	json_object_set_new(r, "labels", labels ? labels : json_array());
	json_object_set_new(r, "counters", count_of_sample(counters, place));
	json_array_append_new(records, r);
	count_summarise(m->counters, counters, place);
	json_decref(metric);
}

int measure_samples(const struct measure *m, const struct view *result,
		    const char *void_reason, json_t *records, struct err *err)
{
	const struct view *metrics, *v;
	int ret = record_check_result(result, err);

	if (ret)
		return ret;
	metrics = view_get(result, "metrics");
	view_each(v, metrics)
		measure_add(m, view_json(v), view_json(view_get(result, "labels")), "",
			    void_reason, records);
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

json_t *measure_end(const struct measure *m, const char *class,
		    const char *text, const struct view *result)
{
	json_t *r = start(m, "cell-end");
	json_t *how = json_object();

	json_object_set_new(r, "class", json_string(class));
	json_object_set_new(r, "text", json_stringn(text, text_cut(text, MEASURE_TEXT_MAX)));
	for (const char *const *key = record_kept; *key; key++) {
		const struct view *v = result ? view_get(result, *key) : NULL;

		if (v)
			json_object_set_new(how, *key, view_json(v));
	}
	if (json_object_size(m->counters))
		json_object_set(how, "counters", m->counters);
	json_object_set_new(r, "result", how);
	return r;
}
