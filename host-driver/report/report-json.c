/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.json. Its keys are an interface: docs/report-format.md. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "report-parts.h"
#include "report.h"

#define REPORT_JSON_VERSION 1

static json_t *report_json_campaign(const struct report *r)
{
	const struct comparison *c = r->c;
	json_t *j = json_object();

	json_put(j, "name", json_safe(c->name));
	json_put(j, "question", json_safe_or_null(c->question));
	json_put(j, "folder", json_safe(r->folder));
	json_put(j, "plan_hash", json_safe(c->plan_hash));
	json_put(j, "domain", json_safe(c->domain));
	json_put(j, "seed", json_integer(c->seed));
	json_put(j, "blocks", json_integer(c->blocks));
	json_put(j, "blocks_planned", json_integer(c->blocks_planned));
	json_put(j, "alpha", json_known(c->alpha));
	json_put(j, "margin", json_known(c->margin));
	json_put(j, "baseline", json_safe(c->arms[c->baseline].name));
	json_put(j, "declared_baseline", json_safe_or_null(c->declared));
	json_put(j, "processor", json_safe_or_null(r->cpu));
	json_put(j, "begun", json_known(r->begun > 0 ? r->begun : NAN));
	json_put(j, "ended", json_known(r->ended > 0 ? r->ended : NAN));
	return j;
}

static json_t *json_arms(const struct comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_arms; i++) {
		const struct compare_arm *a = &c->arms[i];
		json_t *j = json_object();

		json_put(j, "name", json_safe(a->name));
		json_put(j, "kernel", json_safe(a->kernel));
		json_put(j, "baseline", json_boolean(a->baseline));
		json_put(j, "control", json_boolean(a->control));
		json_put(j, "second_level", json_safe_or_null(a->second_level));
		json_put(j, "boots", json_integer(a->boots));
		json_put(j, "failed", json_integer(a->failed));
		json_put(j, "failures", json_safe_or_null(a->failures));
		json_put(j, "samples", json_integer(a->samples));
		json_put(j, "voids", json_integer(a->voids));
		json_object_set(j, "identity", a->identity);
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *report_json_pages(const struct compare_pages *p)
{
	json_t *j;

	/* Where no page sizes can be read there may be faults. */
	if (!p->readings && !p->counted)
		return json_null();
	j = json_object();
	json_put(j, "4k", json_known(p->bytes_4k));
	json_put(j, "2m", json_known(p->bytes_2m));
	json_put(j, "1g", json_known(p->bytes_1g));
	json_put(j, "faults", json_known(p->faults));
	json_put(j, "readings", json_integer(p->readings));
	return j;
}

static json_t *json_proofs(const struct comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_proofs; i++) {
		const struct compare_proof *p = &c->proofs[i];
		json_t *j = json_object();

		json_put(j, "arm", json_safe(c->arms[p->arm].name));
		json_put(j, "backing", json_safe(p->backing));
		json_put(j, "source", json_safe(p->source));
		json_put(j, "cell", json_safe_or_null(p->cell));
		json_put(j, "layer", json_safe(p->layer));
		json_put(j, "method", json_safe_or_null(p->method));
		json_put(j, "before", report_json_pages(&p->before));
		json_put(j, "after", report_json_pages(&p->after));
		json_put(j, "huge_least", json_known(p->huge_least));
		json_put(j, "huge_most", json_known(p->huge_most));
		json_put(j, "unavailable", json_safe_or_null(p->unavailable));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *json_timeline(const struct comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_timeline; i++) {
		const struct compare_reading *r = &c->timeline[i];
		json_t *j = json_object();

		json_put(j, "arm", json_safe(c->arms[r->arm].name));
		json_put(j, "block", json_integer(r->block));
		json_put(j, "cell", json_safe(r->cell));
		json_put(j, "apart", json_boolean(r->apart));
		json_put(j, "step", json_string(step_words[r->step].name));
		json_put(j, "seconds", json_known(r->seconds));
		json_put(j, "event", json_safe_or_null(r->event));
		json_put(j, "layer", r->event ? json_null() : json_string(layer_words[r->layer].name));
		for (int k = 0; k < PAGE_SIZES; k++)
			json_put(j, page_words[k].name, r->event ? json_null()
				 : json_known(r->bytes[k]));
		json_put(j, "faults", json_known(r->faults));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *json_differences(const struct comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_differences; i++) {
		const struct compare_difference *d = &c->differences[i];
		json_t *j = json_object();

		json_put(j, "what", json_safe(d->what));
		json_put(j, "arm", json_safe(d->arm));
		json_put(j, "baseline_value", json_safe(d->baseline_value));
		json_put(j, "arm_value", json_safe(d->arm_value));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *report_json_missing(const struct comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_missing; i++) {
		json_t *j = json_object();

		json_put(j, "counter", json_safe(c->missing[i].counter));
		json_put(j, "reason", json_safe(c->missing[i].reason));
		json_put(j, "samples", json_integer(c->missing[i].samples));
		json_array_append_new(list, j);
	}
	return list;
}

json_t *report_failures_json(const struct report *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n_failures; i++) {
		const struct report_failure *f = &r->failures[i];
		json_t *j = json_object(), *console = json_array();

		json_put(j, "where", json_safe(f->where));
		json_put(j, "class", json_safe(f->class));
		json_put(j, "text", json_safe_or_null(f->text));
		for (size_t k = 0; k < json_array_size(f->console); k++)
			json_array_append_new(console, json_safe(json_string_value(
				json_array_get(f->console, k))));
		json_put(j, "console", console);
		json_array_append_new(list, j);
	}
	return list;
}

/* Is the ratio within its bounds? null if there are no bounds, or no ratio. */
static json_t *json_holds(const struct report_model_row *m)
{
	double ratio = m->measured / m->expected;

	if (!isfinite(ratio) || !isfinite(m->least))
		return json_null();
	return json_boolean(ratio >= m->least && ratio <= m->most);
}

static json_t *report_json_model(const struct report *r)
{
	json_t *j = json_object(), *rows = json_array();

	json_put(j, "cpu", json_safe_or_null(r->model_cpu));
	json_put(j, "unavailable", json_safe_or_null(r->model_reason));
	for (size_t i = 0; i < r->n_model; i++) {
		const struct report_model_row *m = &r->model[i];
		json_t *row = json_object();

		json_put(row, "what", json_safe(m->what));
		json_put(row, "arm", json_safe(m->arm));
		json_put(row, "quantity", json_safe(m->quantity));
		json_put(row, "expected", json_known(m->expected));
		json_put(row, "measured", json_known(m->measured));
		json_put(row, "ratio", json_known(m->measured / m->expected));
		json_put(row, "least", json_known(m->least));
		json_put(row, "most", json_known(m->most));
		json_put(row, "holds", json_holds(m));
		json_array_append_new(rows, row);
	}
	json_put(j, "rows", rows);
	return j;
}

static json_t *json_plots(const struct report *r)
{
	json_t *list = json_array();
	char name[128];

	for (size_t i = 0; i < r->n_figures; i++) {
		json_t *j = json_object();

		json_put(j, "name", json_safe(r->figures[i].name));
		json_put(j, "title", json_safe(r->figures[i].title));
		snprintf(name, sizeof(name), "data/%s.dat", r->figures[i].name);
		json_put(j, "data", json_safe(name));
		json_put(j, "not_drawn", json_safe_or_null(r->figures[i].not_drawn));
		json_array_append_new(list, j);
	}
	for (size_t i = 0; i < r->n_no_figures; i++) {
		json_t *j = json_object();

		json_put(j, "name", json_safe(r->no_figures[i].name));
		json_put(j, "skipped", json_safe(r->no_figures[i].reason));
		json_array_append_new(list, j);
	}
	return list;
}

json_t *report_texts_json(char *const *text, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_safe(text[i]));
	return list;
}

static json_t *json_limits(const struct report *r)
{
	json_t *list = json_array();
	char *text = report_limits(r), *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		json_array_append_new(list, json_safe(l));
	free(text);
	return list;
}

static json_t *report_json_tests(const struct comparison *c)
{
	json_t *j = json_object();

	json_put(j, "gates", json_integer(c->gate_tests));
	json_put(j, "others", json_integer(c->other_tests));
	json_put(j, "control", json_integer(c->control_tests));
	json_put(j, "control_nominal", json_integer(c->control_nominal));
	json_put(j, "control_alarms", json_integer(c->control_alarms));
	return j;
}

json_t *report_json(const struct report *r)
{
	const struct comparison *c = r->c;
	json_t *j = json_object();

	json_put(j, "kduel_report", json_integer(REPORT_JSON_VERSION));
	json_put(j, "campaign", report_json_campaign(r));
	json_put(j, "refused", json_safe_or_null(c->refused));
	json_put(j, "arms", json_arms(c));
	json_put(j, "series", report_series_json(c));
	json_put(j, "tests", report_json_tests(c));
	json_put(j, "claims", report_claims_json(c));
	json_put(j, "proof", json_proofs(c));
	if (c->n_timeline)
		json_put(j, "timeline", json_timeline(c));
	json_put(j, "failures", report_failures_json(r));
	json_put(j, "counters_missing", report_json_missing(c));
	json_put(j, "differences", json_differences(c));
	json_put(j, "environment", json_incref(r->env));
	json_put(j, "model", report_json_model(r));
	if (r->why)
		json_put(j, "why", report_why_json(r));
	json_put(j, "plots", json_plots(r));
	json_put(j, "limits", json_limits(r));
	json_put(j, "notes", report_texts_json(c->notes, c->n_notes));
	return j;
}
