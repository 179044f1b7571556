/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One campaign as a dashboard shows it: its comparison, as JSON. */
#include "site.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare/compare.h"
#include "report/report.h"
#include "store/store.h"
#include "vocab/words.h"

static void campaign_verdicts(json_t *to, const struct comparison *c)
{
	json_t *counts = json_object();

	for (enum verdict v = VERDICT_DESCRIBED; v <= VERDICT_NOT_COMPARABLE; v++)
		json_put(counts, verdict_name(v), json_integer(compare_count(c, v)));
	json_put(to, "verdicts", counts);
}

static json_t *campaign_arms(const struct comparison *c)
{
	static const char *const facts[] = { "release", "title" };
	static const char *const source[] = { "commit", "version" };
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_arms; i++) {
		const struct compare_arm *a = &c->arms[i];
		const json_t *k = compare_arm_kernel(a), *s = json_object_get(k, "source");
		json_t *j = json_object();

		json_put(j, "name", json_safe(a->name));
		json_put(j, "kernel", json_safe(a->kernel));
		for (int f = 0; f < 2; f++) {
			json_put(j, facts[f], json_safe(json_string_value(
						      json_object_get(k, facts[f]))));
			json_put(j, source[f], json_safe(json_string_value(
						       json_object_get(s, source[f]))));
		}
		json_put(j, "control", json_boolean(a->control));
		json_put(j, "boots", json_integer(a->boots));
		json_put(j, "failed", json_integer(a->failed));
		json_put(j, "failures", json_safe(a->failures));
		json_put(j, "samples", json_integer(a->samples));
		json_put(j, "voids", json_integer(a->voids));
		json_array_append_new(list, j);
	}
	return list;
}

static bool campaign_shows(const struct compare_series *s)
{
	return !s->counter;
}

static json_t *campaign_series(const struct comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];
		const char *const text[] = { s->cell, s->backing, s->source, s->workload,
					     s->metric, s->point_text, s->unit, s->kind,
					     better_words[s->better] };
		json_t *j = json_array();

		if (campaign_shows(s)) {
			for (size_t k = 0; k < sizeof(text) / sizeof(text[0]); k++)
				json_array_append_new(j, json_safe(text[k]));
			json_array_append(list, j);
		}
		json_decref(j);
	}
	return list;
}

/* The index of a reason in the list of reasons, added if it is new; -1 for "". */
static int campaign_reason(json_t *reasons, const char *reason)
{
	json_t *text = json_safe(reason), *other;
	size_t i;

	if (!*reason) {
		json_decref(text);
		return -1;
	}
	json_array_foreach(reasons, i, other)
		if (json_equal(other, text))
			break;
	if (i == json_array_size(reasons))
		json_array_append(reasons, text);
	json_decref(text);
	return (int)i;
}

/* Does a trend follow it: a judged ratio of another kernel to the plan's baseline? */
static bool campaign_followed(const struct comparison *c, const struct compare_series *s,
			      size_t arm)
{
	const struct compare_result *v = &s->vs[arm];

	return !c->declared && !c->arms[arm].control && v->verdict != VERDICT_DESCRIBED &&
	       v->e.n > 0 && !v->e.absolute && isfinite(v->e.effect);
}

static json_t *campaign_row(const struct comparison *c, const struct compare_series *s,
			    size_t index, size_t arm, json_t *reasons)
{
	const struct compare_result *v = &s->vs[arm];
	bool known = v->e.n > 0;
	const double n[] = { known ? v->e.effect : NAN, known ? v->e.lo : NAN,
			     known ? v->e.hi : NAN, known ? v->e.sde : NAN,
			     s->est[c->baseline].boots ? s->est[c->baseline].value : NAN,
			     s->est[arm].boots ? s->est[arm].value : NAN };
	const size_t i[] = { index, c->baseline, arm, (size_t)v->verdict, v->e.n };
	json_t *j = json_array();

	for (size_t k = 0; k < 5; k++)
		json_array_append_new(j, json_integer((json_int_t)i[k]));
	json_array_append_new(j, json_integer(campaign_reason(reasons, v->reason)));
	json_array_append_new(j, json_integer((s->gate ? ROW_GATE : 0) |
					      (known && v->e.absolute ? ROW_ABSOLUTE : 0) |
					      (campaign_followed(c, s, arm) ? ROW_FOLLOWED : 0)));
	for (size_t k = 0; k < 6; k++)
		json_array_append_new(j, json_known(n[k]));
	return j;
}

/* Adds rows for the arms not yet `shown`, compared with this comparison's baseline. */
static void campaign_rows(json_t *rows, json_t *reasons, const struct comparison *c,
			  const bool *shown)
{
	size_t index = 0;

	for (size_t i = 0; i < c->n_series; i++) {
		if (!campaign_shows(&c->series[i]))
			continue;
		for (size_t a = 0; a < c->n_arms; a++)
			if (a != c->baseline && !(shown && shown[a]))
				json_array_append_new(rows, campaign_row(c, &c->series[i], index, a,
									 reasons));
		index++;
	}
}

/*
 * Compares the arms that are not the plan's baseline with each other, each pair once.
 */
static int campaign_looks(json_t *rows, json_t *reasons, struct store *s,
			  const struct comparison *c, struct err *err)
{
	bool *shown = calloc(c->n_arms, sizeof(*shown));
	int rc = shown ? 0 : err_sys(err, ENOMEM, "cannot compare");

	for (size_t i = 0; !rc && c->n_arms > 2 && i < c->n_arms; i++) {
		struct compare_options o = { .baseline = c->arms[i].name };
		struct comparison look;

		shown[c->baseline] = true;
		if (i == c->baseline)
			continue;
		rc = compare_run(s, &o, &look, err);
		if (rc)
			break;
		campaign_rows(rows, reasons, &look, shown);
		comparison_release(&look);
		shown[i] = true;
	}
	free(shown);
	return rc;
}

static json_t *campaign_boots(const struct comparison *c, const struct compare_series *s)
{
	json_t *arms = json_array();

	for (size_t a = 0; a < c->n_arms; a++) {
		const struct compare_estimate *e = &s->est[a];
		json_t *values = json_array(), *j = json_object();

		for (unsigned b = 0; e->boots && b < c->n_block_ids; b++)
			json_array_append_new(values, json_known(e->boot[b]));
		json_put(j, "boots", values);
		json_put(j, "value", json_known(e->boots ? e->value : NAN));
		json_put(j, "lo", json_known(e->boots ? e->lo : NAN));
		json_put(j, "hi", json_known(e->boots ? e->hi : NAN));
		json_put(j, "voids", json_integer(e->voids));
		json_put(j, "reason", json_safe(e->void_reason));
		json_array_append_new(arms, j);
	}
	return arms;
}

static json_t *campaign_detail(const struct report *r)
{
	const struct comparison *c = r->c;
	json_t *j = json_object(), *boots = json_array();

	for (size_t i = 0; i < c->n_series; i++)
		if (campaign_shows(&c->series[i]))
			json_array_append_new(boots, campaign_boots(c, &c->series[i]));
	json_put(j, "series", boots);
	json_put(j, "notes", report_texts_json(c->notes, c->n_notes));
	json_put(j, "failures", report_failures_json(r));
	json_put(j, "claims", report_claims_json(c));
	return j;
}

static json_t *campaign_summary(const struct report *r, struct store *s)
{
	const struct comparison *c = r->c;
	json_t *j = json_object();

	json_put(j, "folder", json_safe(store_folder(s)));
	json_put(j, "id", json_safe(store_id(s)));
	json_put(j, "name", json_safe(c->name));
	json_put(j, "question", json_safe(c->question));
	json_put(j, "plan", json_safe(c->plan_hash));
	json_put(j, "domain", json_safe(c->domain));
	json_put(j, "kind", json_safe(r->plan->machine.kind->name));
	json_put(j, "machine", json_safe(*r->cpu ? r->cpu : "unknown processor"));
	json_put(j, "host", json_safe(r->plan->machine.host));
	json_put(j, "begun", json_integer((json_int_t)r->begun));
	json_put(j, "ended", json_integer((json_int_t)r->ended));
	json_put(j, "alpha", json_known(c->alpha));
	json_put(j, "margin", json_known(c->margin));
	json_put(j, "blocks", json_integer(c->blocks));
	json_put(j, "planned", json_integer(c->blocks_planned));
	json_put(j, "refused", json_safe_or_null(c->refused));
	json_put(j, "exit", json_integer(compare_exit(c, false)));
	json_put(j, "baseline", json_integer((json_int_t)c->baseline));
	json_put(j, "again", json_safe(r->again));
	json_put(j, "control", json_pack("[i,i,i]", (int)c->control_tests,
					 (int)c->control_nominal, (int)c->control_alarms));
	campaign_verdicts(j, c);
	json_put(j, "arms", campaign_arms(c));
	json_put(j, "series", campaign_series(c));
	return j;
}

static int campaign_both(struct store *s, const struct comparison *c, json_t **summary,
			 json_t **detail, struct err *err)
{
	json_t *rows = json_array(), *reasons = json_array();
	struct report r;
	int rc = report_gather_facts(&r, s, c, err);

	if (!rc) {
		*summary = campaign_summary(&r, s);
		*detail = campaign_detail(&r);
		campaign_rows(rows, reasons, c, NULL);
		rc = campaign_looks(rows, reasons, s, c, err);
		json_object_set(*summary, "rows", rows);
		json_object_set(*summary, "reasons", reasons);
		report_release(&r);
	}
	json_decref(rows);
	json_decref(reasons);
	return rc;
}

int site_campaign(const char *folder, json_t **summary, json_t **detail,
		  struct err *err)
{
	struct compare_options o = { .allow_differences = false };
	struct comparison c;
	struct store *s;
	int rc = store_open(&s, folder, STORE_READ, err);

	*summary = *detail = NULL;
	if (rc)
		return rc;
	rc = compare_run(s, &o, &c, err);
	if (!rc) {
		rc = campaign_both(s, &c, summary, detail, err);
		comparison_release(&c);
	}
	store_close(s);
	return rc;
}
