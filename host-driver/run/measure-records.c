/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure-records.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "count-records.h"

static json_t *start(const struct measure *m, const char *type)
{
	return json_pack("{s:s, s:i, s:i, s:s, s:s, s:i}", "t", type,
			 "boot", (int)m->boot->boot, "block", (int)m->boot->block,
			 "arm", m->plan->arms[m->boot->arm].name,
			 "cell", m->cell->id, "process", (int)m->process);
}

static bool one_of(const char *word, const char *const list[])
{
	for (; *list; list++) {
		if (!strcmp(word, *list))
			return true;
	}
	return false;
}

/* An array of finite numbers; times and rates are not negative. */
static bool good_values(const json_t *a)
{
	size_t i;
	json_t *v;

	if (!json_is_array(a))
		return false;
	json_array_foreach(a, i, v) {
		if (!json_is_number(v) || !isfinite(json_number_value(v)) ||
		    json_number_value(v) < 0)
			return false;
	}
	return true;
}

static int wrong(struct err *err, const char *metric, const char *field)
{
	return err_set(err, EXIT_INCOMPLETE, -EPROTO,
		       "a result's metric '%.60s' has no good '%s'", metric, field);
}

static int check_metric(const json_t *m, struct err *err)
{
	static const char *const kinds[] = { "time", "rate", "count", NULL };
	static const char *const better[] = { "lower", "higher", "none", NULL };
	const char *name = json_string_value(json_object_get(m, "metric"));
	const char *kind = json_string_value(json_object_get(m, "kind"));
	const char *way = json_string_value(json_object_get(m, "better"));
	const json_t *counters = json_object_get(m, "counters");

	if (!name || !*name)
		return wrong(err, "?", "metric");
	if (!kind || !one_of(kind, kinds))
		return wrong(err, name, "kind");
	if (!way || !one_of(way, better))
		return wrong(err, name, "better");
	if (!json_is_string(json_object_get(m, "unit")))
		return wrong(err, name, "unit");
	if (!json_is_object(json_object_get(m, "point")))
		return wrong(err, name, "point");
	if (!good_values(json_object_get(m, "values")))
		return wrong(err, name, "values");
	if (!good_values(json_object_get(m, "rejected")))
		return wrong(err, name, "rejected");
	if (!json_is_boolean(json_object_get(m, "steady")))
		return wrong(err, name, "steady");
	if (counters && (!json_is_array(counters) || count_check_sample(counters, NULL)))
		return wrong(err, name, "counters");
	return 0;
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

	if (!json_is_array(metrics))
		return err_set(err, EXIT_INCOMPLETE, -EPROTO,
			       "a result without metrics");
	json_array_foreach(metrics, i, metric) {
		int ret = check_metric(metric, err);

		if (ret)
			return ret;
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

/* What a result says beside its samples: how they came about. */
static const char *const kept[] = {
	"derived", "providers", "placement", "validated", "timer",
};

json_t *measure_end(const struct measure *m, const char *class,
		    const char *text, const json_t *result)
{
	json_t *r = start(m, "cell-end");
	json_t *how = json_object();

	json_object_set_new(r, "class", json_string(class));
	json_object_set_new(r, "text", json_string(text));
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		json_t *v = json_object_get(result, kept[i]);

		if (v)
			json_object_set(how, kept[i], v);
	}
	if (json_object_size(m->counters))
		json_object_set(how, "counters", m->counters);
	json_object_set_new(r, "result", how);
	return r;
}
