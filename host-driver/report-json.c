/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.json. Its keys are an interface: docs/report-format.md. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "report-safe.h"
#include "report.h"

#define REPORT_JSON_VERSION 1

/* Safe text, so that a reader's terminal is safe too; never invalid UTF-8. */
static json_t *str(const char *text)
{
	char *safe = safe_text(text);
	json_t *j = json_string(safe);

	free(safe);
	return j;
}

static json_t *str_or_null(const char *text)
{
	return text && *text ? str(text) : json_null();
}

/* JSON has no NaN: what is not known is null. */
static json_t *num(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static json_t *campaign(const struct report *r)
{
	const struct comparison *c = r->c;
	json_t *j = json_object();

	set(j, "name", str(c->name));
	set(j, "question", str_or_null(c->question));
	set(j, "folder", str(r->folder));
	set(j, "plan_hash", str(c->plan_hash));
	set(j, "domain", str(c->domain));
	set(j, "seed", json_integer(c->seed));
	set(j, "blocks", json_integer(c->blocks));
	set(j, "blocks_planned", json_integer(c->blocks_planned));
	set(j, "alpha", num(c->alpha));
	set(j, "margin", num(c->margin));
	set(j, "baseline", str(c->arms[c->baseline].name));
	set(j, "processor", str_or_null(r->cpu));
	set(j, "begun", num(r->begun > 0 ? r->begun : NAN));
	set(j, "ended", num(r->ended > 0 ? r->ended : NAN));
	return j;
}

static json_t *arms(const struct comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_arms; i++) {
		const struct compare_arm *a = &c->arms[i];
		json_t *j = json_object();

		set(j, "name", str(a->name));
		set(j, "kernel", str(a->kernel));
		set(j, "baseline", json_boolean(a->baseline));
		set(j, "control", json_boolean(a->control));
		set(j, "second_level", str_or_null(a->second_level));
		set(j, "boots", json_integer(a->boots));
		set(j, "failed", json_integer(a->failed));
		set(j, "failures", str_or_null(a->failures));
		set(j, "samples", json_integer(a->samples));
		set(j, "voids", json_integer(a->voids));
		json_object_set(j, "identity", a->identity);
		json_array_append_new(list, j);
	}
	return list;
}

static const char *method_name(enum stats_method m)
{
	static const char *const names[] = {
		[STATS_LOG_RATIO] = "log-ratio",
		[STATS_DIFFERENCE] = "difference",
		[STATS_RESAMPLED] = "resampled",
		[STATS_EXACT] = "exact",
	};

	return names[m];
}

/* A result without an effect has a verdict and a reason only. */
static json_t *result(const struct compare_result *v)
{
	json_t *j = json_object();
	const struct stats_effect *e = &v->e;
	bool known = e->n > 0;

	if (v->verdict == VERDICT_NONE) {
		json_decref(j);
		return json_null();
	}
	set(j, "verdict", str(verdict_name(v->verdict)));
	set(j, "reason", str_or_null(v->reason));
	set(j, "n", json_integer(e->n));
	set(j, "effect", num(known ? e->effect : NAN));
	set(j, "lo", num(known ? e->lo : NAN));
	set(j, "hi", num(known ? e->hi : NAN));
	set(j, "absolute", json_boolean(known && e->absolute));
	set(j, "method", known ? str(method_name(e->method)) : json_null());
	set(j, "sde", num(known ? e->sde : NAN));
	set(j, "p", num(known ? e->p : NAN));
	set(j, "p_flip", num(known ? e->p_flip : NAN));
	set(j, "p_adjusted", num(known ? v->p_adjusted : NAN));
	set(j, "margin", num(v->margin));
	return j;
}

static json_t *series_arm(const struct comparison *c,
			  const struct compare_series *s, size_t arm)
{
	const struct compare_estimate *e = &s->est[arm];
	json_t *j = json_object();

	set(j, "arm", str(c->arms[arm].name));
	set(j, "boots", json_integer(e->boots));
	set(j, "value", num(e->boots ? e->value : NAN));
	set(j, "lo", num(e->boots ? e->lo : NAN));
	set(j, "hi", num(e->boots ? e->hi : NAN));
	set(j, "min", num(e->boots ? e->min : NAN));
	set(j, "max", num(e->boots ? e->max : NAN));
	set(j, "voids", json_integer(e->voids));
	set(j, "void_reason", str_or_null(e->void_reason));
	set(j, "unsteady", json_integer(e->unsteady));
	set(j, "vs_baseline", result(&s->vs[arm]));
	return j;
}

static json_t *series(const struct comparison *c)
{
	static const char *const better[] = {
		[STATS_LOWER] = "lower", [STATS_HIGHER] = "higher",
		[STATS_NEITHER] = "none",
	};
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];
		json_t *j = json_object(), *by_arm = json_array();

		set(j, "cell", str(s->cell));
		set(j, "backing", str(s->backing));
		set(j, "source", str(s->source));
		set(j, "workload", str(s->workload));
		set(j, "metric", str(s->metric));
		set(j, "counter", str_or_null(s->counter));
		json_object_set(j, "point", s->point);
		set(j, "unit", str(s->unit));
		set(j, "kind", str(s->kind));
		set(j, "better", str(better[s->better]));
		set(j, "gate", json_boolean(s->gate));
		for (size_t a = 0; a < c->n_arms; a++)
			json_array_append_new(by_arm, series_arm(c, s, a));
		set(j, "arms", by_arm);
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *pages(const struct compare_pages *p)
{
	json_t *j;

	if (!p->readings)
		return json_null();
	j = json_object();
	set(j, "4k", num(p->bytes_4k));
	set(j, "2m", num(p->bytes_2m));
	set(j, "1g", num(p->bytes_1g));
	set(j, "faults", num(p->faults));
	set(j, "readings", json_integer(p->readings));
	return j;
}

static json_t *proofs(const struct comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_proofs; i++) {
		const struct compare_proof *p = &c->proofs[i];
		json_t *j = json_object();

		set(j, "arm", str(c->arms[p->arm].name));
		set(j, "cell", str_or_null(p->cell));
		set(j, "layer", str(p->layer));
		set(j, "method", str_or_null(p->method));
		set(j, "before", pages(&p->before));
		set(j, "after", pages(&p->after));
		set(j, "unavailable", str_or_null(p->unavailable));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *claims(const struct comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_claims; i++) {
		const struct compare_claim *k = &c->claims[i];
		json_t *j = json_object();

		set(j, "text", str(k->text));
		set(j, "where", str(k->where));
		set(j, "outcome", str(claim_outcome_name(k->outcome)));
		set(j, "detail", str_or_null(k->detail));
		set(j, "value", num(k->value));
		set(j, "lo", num(k->lo));
		set(j, "hi", num(k->hi));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *differences(const struct comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_differences; i++) {
		const struct compare_difference *d = &c->differences[i];
		json_t *j = json_object();

		set(j, "what", str(d->what));
		set(j, "arm", str(d->arm));
		set(j, "baseline_value", str(d->baseline_value));
		set(j, "arm_value", str(d->arm_value));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *missing(const struct comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_missing; i++) {
		json_t *j = json_object();

		set(j, "counter", str(c->missing[i].counter));
		set(j, "reason", str(c->missing[i].reason));
		set(j, "samples", json_integer(c->missing[i].samples));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *failures(const struct report *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n_failures; i++) {
		const struct report_failure *f = &r->failures[i];
		json_t *j = json_object(), *console = json_array();

		set(j, "where", str(f->where));
		set(j, "class", str(f->class));
		set(j, "text", str_or_null(f->text));
		for (size_t k = 0; k < json_array_size(f->console); k++)
			json_array_append_new(console, str(json_string_value(
				json_array_get(f->console, k))));
		set(j, "console", console);
		json_array_append_new(list, j);
	}
	return list;
}

/* Is the ratio within its bounds? null: there are none, or no ratio. */
static json_t *holds(const struct report_model_row *m)
{
	double ratio = m->measured / m->expected;

	if (!isfinite(ratio) || !isfinite(m->least))
		return json_null();
	return json_boolean(ratio >= m->least && ratio <= m->most);
}

static json_t *model(const struct report *r)
{
	json_t *j = json_object(), *rows = json_array();

	set(j, "cpu", str_or_null(r->model_cpu));
	set(j, "unavailable", str_or_null(r->model_reason));
	for (size_t i = 0; i < r->n_model; i++) {
		const struct report_model_row *m = &r->model[i];
		json_t *row = json_object();

		set(row, "what", str(m->what));
		set(row, "arm", str(m->arm));
		set(row, "quantity", str(m->quantity));
		set(row, "expected", num(m->expected));
		set(row, "measured", num(m->measured));
		set(row, "ratio", num(m->measured / m->expected));
		set(row, "least", num(m->least));
		set(row, "most", num(m->most));
		set(row, "holds", holds(m));
		json_array_append_new(rows, row);
	}
	set(j, "rows", rows);
	return j;
}

static json_t *plots(const struct report *r)
{
	json_t *list = json_array();
	char name[128];

	for (size_t i = 0; i < r->n_figures; i++) {
		json_t *j = json_object();

		set(j, "name", str(r->figures[i].name));
		set(j, "title", str(r->figures[i].title));
		snprintf(name, sizeof(name), "data/%s.dat", r->figures[i].name);
		set(j, "data", str(name));
		json_array_append_new(list, j);
	}
	for (size_t i = 0; i < r->n_no_figures; i++) {
		json_t *j = json_object();

		set(j, "name", str(r->no_figures[i].name));
		set(j, "skipped", str(r->no_figures[i].reason));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *texts(char *const *text, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, str(text[i]));
	return list;
}

static json_t *limits(const struct report *r)
{
	char **text = report_limits(r);
	size_t n = 0;
	json_t *list;

	while (text[n])
		n++;
	list = texts(text, n);
	report_limits_free(text);
	return list;
}

static json_t *tests(const struct comparison *c)
{
	json_t *j = json_object();

	set(j, "gates", json_integer(c->gate_tests));
	set(j, "others", json_integer(c->other_tests));
	set(j, "control", json_integer(c->control_tests));
	set(j, "control_nominal", json_integer(c->control_nominal));
	set(j, "control_alarms", json_integer(c->control_alarms));
	return j;
}

json_t *report_json(const struct report *r)
{
	const struct comparison *c = r->c;
	json_t *j = json_object();

	set(j, "kduel_report", json_integer(REPORT_JSON_VERSION));
	set(j, "campaign", campaign(r));
	set(j, "refused", str_or_null(c->refused));
	set(j, "arms", arms(c));
	set(j, "series", series(c));
	set(j, "tests", tests(c));
	set(j, "claims", claims(c));
	set(j, "proof", proofs(c));
	set(j, "failures", failures(r));
	set(j, "counters_missing", missing(c));
	set(j, "differences", differences(c));
	set(j, "environment", json_incref(r->env));
	set(j, "model", model(r));
	set(j, "plots", plots(r));
	set(j, "limits", limits(r));
	set(j, "notes", texts(c->notes, c->n_notes));
	return j;
}
