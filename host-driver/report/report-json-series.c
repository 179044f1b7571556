/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers for the values of report.json, and its longest parts: series and claims. */
#include "report.h"

#include <math.h>
#include <stdlib.h>

#include "safe.h"

json_t *json_safe(const char *text)
{
	char *safe = safe_text(text);
	json_t *j = json_string(safe);

	free(safe);
	return j;
}

json_t *json_safe_or_null(const char *text)
{
	return text && *text ? json_safe(text) : json_null();
}

json_t *json_known(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

void json_put(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

/* A result without an effect has only a verdict and a reason. */
static json_t *json_series_result(const struct compare_result *v)
{
	json_t *j = json_object();
	const struct stats_effect *e = &v->e;
	bool known = e->n > 0;

	if (v->verdict == VERDICT_NONE) {
		json_decref(j);
		return json_null();
	}
	json_put(j, "verdict", json_safe(verdict_name(v->verdict)));
	json_put(j, "reason", json_safe_or_null(v->reason));
	json_put(j, "n", json_integer(e->n));
	json_put(j, "effect", json_known(known ? e->effect : NAN));
	json_put(j, "lo", json_known(known ? e->lo : NAN));
	json_put(j, "hi", json_known(known ? e->hi : NAN));
	json_put(j, "absolute", json_boolean(known && e->absolute));
	json_put(j, "method", known ? json_safe(stats_method_name(e->method)) : json_null());
	json_put(j, "sde", json_known(known ? e->sde : NAN));
	json_put(j, "p", json_known(known ? e->p : NAN));
	json_put(j, "p_flip", json_known(known ? e->p_flip : NAN));
	json_put(j, "p_adjusted", json_known(known ? v->p_adjusted : NAN));
	json_put(j, "p_worse", json_known(known ? e->p_worse : NAN));
	json_put(j, "p_worse_adjusted", json_known(known ? v->p_worse_adjusted : NAN));
	json_put(j, "margin", json_known(v->margin));
	return j;
}

static json_t *series_arm(const struct comparison *c,
			  const struct compare_series *s, size_t arm)
{
	const struct compare_estimate *e = &s->est[arm];
	json_t *j = json_object();

	json_put(j, "arm", json_safe(c->arms[arm].name));
	json_put(j, "boots", json_integer(e->boots));
	json_put(j, "value", json_known(e->boots ? e->value : NAN));
	json_put(j, "lo", json_known(e->boots ? e->lo : NAN));
	json_put(j, "hi", json_known(e->boots ? e->hi : NAN));
	json_put(j, "min", json_known(e->boots ? e->min : NAN));
	json_put(j, "max", json_known(e->boots ? e->max : NAN));
	json_put(j, "voids", json_integer(e->voids));
	json_put(j, "void_reason", json_safe_or_null(e->void_reason));
	json_put(j, "unsteady", json_integer(e->unsteady));
	json_put(j, "vs_baseline", json_series_result(&s->vs[arm]));
	return j;
}

json_t *report_series_json(const struct comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];
		json_t *j = json_object(), *by_arm = json_array();

		json_put(j, "cell", json_safe(s->cell));
		json_put(j, "backing", json_safe(s->backing));
		json_put(j, "source", json_safe(s->source));
		json_put(j, "workload", json_safe(s->workload));
		json_put(j, "metric", json_safe(s->metric));
		json_put(j, "counter", json_safe_or_null(s->counter));
		json_object_set(j, "point", s->point);
		json_put(j, "unit", json_safe(s->unit));
		json_put(j, "kind", json_safe(s->kind));
		json_put(j, "better", json_safe(better_words[s->better]));
		json_put(j, "gate", json_boolean(s->gate));
		for (size_t a = 0; a < c->n_arms; a++)
			json_array_append_new(by_arm, series_arm(c, s, a));
		json_put(j, "arms", by_arm);
		json_array_append_new(list, j);
	}
	return list;
}

json_t *report_claims_json(const struct comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_claims; i++) {
		const struct compare_claim *k = &c->claims[i];
		json_t *j = json_object();

		json_put(j, "text", json_safe(k->text));
		json_put(j, "where", json_safe(k->where));
		json_put(j, "outcome", json_safe(claim_outcome_name(k->outcome)));
		json_put(j, "says", json_safe_or_null(k->says));
		json_put(j, "detail", json_safe_or_null(k->detail));
		json_put(j, "left", json_known(k->left));
		json_put(j, "right", json_known(k->right));
		json_put(j, "unit", json_safe_or_null(k->unit));
		json_put(j, "value", json_known(k->value));
		json_put(j, "lo", json_known(k->lo));
		json_put(j, "hi", json_known(k->hi));
		json_array_append_new(list, j);
	}
	return list;
}
