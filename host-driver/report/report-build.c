/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole report, from its head to its notes, as a document. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plot.h"
#include "report-parts.h"
#include "safe.h"
#include "vocab/words.h"

/* --- head ---------------------------------------------------------------------- */

static void build_arms(struct doc *d, const struct comparison *c)
{
	for (size_t i = 0; i < c->n_arms; i++) {
		const struct compare_arm *a = &c->arms[i];
		bool named = strcmp(a->name, a->kernel);

		doc_field(d, i ? "" : "arms", DOC_ARM, figure_arm_colour(c, i), a->name,
			  "%s%s%s%s", named ? ", kernel " : "", named ? a->kernel : "",
			  a->baseline ? " (baseline)" : "",
			  a->control ? " (a copy of the baseline, as a control)" : "");
	}
	if (c->control_tests)
		doc_field(d, "A/A pair", DOC_WORDS, 0, "", "%u of %u test%s called the "
			  "baseline different from itself; %u had p <= %.3g before the "
			  "correction", c->control_alarms, c->control_tests,
			  c->control_tests == 1 ? "" : "s", c->control_nominal, c->alpha);
}

static void build_run(struct doc *d, const struct report *r)
{
	char when[64], took[NUMBER_MAX];
	time_t t = r->begun;
	struct tm tm;

	if (!(r->begun > 0) || !gmtime_r(&t, &tm))
		return;
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M UTC", &tm);
	/* The clock may have been set back meanwhile. */
	if (r->ended < r->begun)
		doc_field(d, "run", DOC_WORDS, 0, when, "%s", "");
	else
		doc_field(d, "run", DOC_WORDS, 0, when, ", took %s",
			  number_duration(r->ended - r->begun, took));
}

static void build_head(struct doc *d, const struct report *r)
{
	const struct comparison *c = r->c;
	const struct domain_word *domain = domain_find(c->domain);
	char *sentence;

	doc_title(d, c->name, *c->question ? c->question : c->name);
	sentence = report_sentence(c);
	doc_put(d, DOC_LEAD, "%s", sentence);
	free(sentence);
	doc_field(d, "campaign", DOC_WORDS, 0, c->name, "%s", "");
	doc_field(d, "domain", DOC_BADGE, 0, c->domain, ": %s", domain ? domain->meaning : "");
	if (*r->cpu)
		doc_field(d, "processor", DOC_WORDS, 0, r->cpu, "%s", "");
	build_arms(d, c);
	doc_field(d, "blocks", DOC_WORDS, 0, "", "%u of %u, each with one boot of every arm "
		  "in random order, seed %llu", c->blocks, c->blocks_planned,
		  (unsigned long long)c->seed);
	build_run(d, r);
	doc_field(d, "record", DOC_ID, 0, r->folder, ", plan %.12s", c->plan_hash);
}

static void build_refusal(struct doc *d, const struct comparison *c)
{
	if (!c->refused)
		return;
	doc_put(d, DOC_WARNING, "NO COMPARISON");
	doc_items(d, c->refused);
}

static void build_against(struct doc *d, const struct comparison *c)
{
	doc_put(d, DOC_SAY, "Against %s%s%s%s; domain %s; %u of %u blocks.",
		c->arms[c->baseline].name,
		c->declared ? " (the plan's baseline is " : "",
		c->declared ? c->declared : "", c->declared ? ")" : "",
		c->domain, c->blocks, c->blocks_planned);
}

/* --- failures ------------------------------------------------------------------- */

static void build_failure(struct doc *d, const struct report_failure *f)
{
	doc_put(d, DOC_SUBHEADING, "%s: %s", f->where, f->class);
	if (*f->text)
		doc_put(d, DOC_SAY, "%s", f->text);
	for (size_t i = 0; i < json_array_size(f->console); i++)
		doc_put(d, DOC_LINE, "%s", json_string_value(json_array_get(f->console, i)));
}

static void build_failures(struct doc *d, const struct report *r)
{
	const struct comparison *c = r->c;

	doc_heading(d, "failures", "Failed runs and void samples");
	doc_table(d, "arm|#boots|#failed|#samples|#void|how");
	for (size_t i = 0; i < c->n_arms; i++) {
		const struct compare_arm *a = &c->arms[i];
		const unsigned n[] = { a->boots, a->failed, a->samples, a->voids };

		doc_row(d);
		report_arm_cell(d, c, i);
		for (int k = 0; k < 4; k++)
			doc_cell(d, DOC_NUMBER, 0, "%u", n[k]);
		doc_cell(d, DOC_WORDS, 0, "%s", a->failures);
	}
	if (!r->n_failures)
		doc_put(d, DOC_SAY, "Every boot and every workload process succeeded.");
	for (size_t i = 0; i < r->n_failures; i++)
		build_failure(d, &r->failures[i]);
}

static void build_expectations(struct doc *d, const struct comparison *c)
{
	if (c->n_claims)
		doc_heading(d, "expectations", "Expectations");
	report_claims(d, c->claims, c->n_claims);
}

/* --- figures -------------------------------------------------------------------- */

static bool build_has_figures(const struct report *r, enum figure_section where)
{
	for (size_t i = 0; i < r->n_figures; i++)
		if (r->figures[i].section == where && r->figures[i].svg)
			return true;
	return false;
}

static const char *build_why_not(const struct figure *f)
{
	return f->not_drawn ? f->not_drawn : "they were not drawn";
}

/* Missing figures, grouped by reason. */
static void build_missing_figures(struct doc *d, const struct report *r)
{
	d->forms = DOC_IN_HTML;
	for (size_t i = 0, k; i < r->n_figures; i = k) {
		const struct figure *f = &r->figures[i];
		char *names = text_format("%s", f->name);

		for (k = i + 1; k < r->n_figures && !f->svg && !r->figures[k].svg &&
		     !strcmp(build_why_not(f), build_why_not(&r->figures[k])); k++) {
			char *more = text_format("%s, %s", names, r->figures[k].name);

			free(names);
			names = more;
		}
		if (!f->svg)
			doc_put(d, DOC_SMALL, "Missing figures: %s: %s.", names,
				build_why_not(f));
		free(names);
	}
	d->forms = DOC_IN_ALL;
}

static void build_figures(struct doc *d, const struct report *r, enum figure_section where,
			  const char *id, const char *title)
{
	d->forms = DOC_IN_HTML;
	if (build_has_figures(r, where))
		doc_heading(d, id, "%s", title);
	report_figures(d, r, where);
	d->forms = DOC_IN_ALL;
}

/* --- model ---------------------------------------------------------------------- */

static void build_model_row(struct doc *d, const struct report_model_row *m)
{
	double ratio = m->measured / m->expected;
	const double n[] = { m->expected, m->measured, ratio };
	char text[NUMBER_MAX];

	doc_row(d);
	doc_cell(d, DOC_WORDS, 0, "%s", m->arm);
	doc_cell(d, DOC_WORDS, 0, "%s", m->quantity);
	for (int i = 0; i < 3; i++)
		doc_cell(d, DOC_NUMBER, 0, "%s", i == 1 && !isfinite(n[i]) ? "model"
			 : number_value(n[i], "", text));
	if (!isfinite(m->least))
		doc_cell(d, DOC_WORDS, 0, "%s", "");
	else
		doc_cell(d, DOC_WORDS, 0, "%g to %g%s", m->least, m->most,
			 !isfinite(ratio) ? "" : ratio >= m->least && ratio <= m->most
			 ? ": holds" : ": fails");
}

static void build_model(struct doc *d, const struct report *r)
{
	d->forms = r->n_expected ? DOC_IN_TEXT : DOC_IN_ALL;	/* other forms fold it away */
	doc_heading(d, "model", "Model");
	if (r->n_expected) {
		report_expected(d, r);
		d->forms = DOC_IN_ALL;
		return;
	}
	if (!r->n_model) {
		if (*r->model_reason)
			doc_put(d, DOC_SAY, "Not shown: %s.", r->model_reason);
		else
			doc_put(d, DOC_SAY, "No cell of this campaign has a model.");
		return;
	}
	doc_put(d, DOC_SAY, "Expected of %s, from the workload's own address pattern and the "
		"page sizes of both levels: misses and walks per access (for a ladder, at its "
		"upper end); knees in pages; walk cost in references per walk.",
		r->model_cpu);
	doc_table(d, "arm|quantity|#expected|#measured|#ratio|=bound");
	for (size_t i = 0; i < r->n_model; i++) {
		if (!i || strcmp(r->model[i].what, r->model[i - 1].what))
			doc_group(d, r->model[i].what, "%s", "");
		build_model_row(d, &r->model[i]);
	}
}

/* --- notes ---------------------------------------------------------------------- */

static void build_limits(struct doc *d, const struct report *r)
{
	char *text = report_limits(r);

	doc_heading(d, "limits", "What this report does not show");
	doc_items(d, text);
	free(text);
}

static void build_notes(struct doc *d, const struct comparison *c)
{
	if (c->n_notes)
		doc_heading(d, "notes", "Notes");
	for (size_t i = 0; i < c->n_notes; i++)
		doc_put(d, DOC_ITEM, "%s", c->notes[i]);
}

static void build_drift(struct doc *d, const struct report *r)
{
	const struct comparison *c = r->c;

	if (!c->drift_tests)
		return;
	doc_heading(d, "drift", "Order and drift");
	d->forms = DOC_IN_HTML;
	report_figures(d, r, FIGURE_IN_DRIFT);
	d->forms = DOC_IN_ALL;
	if (c->drift)
		doc_put(d, DOC_ITEM, "%s", c->drift);
	else
		doc_put(d, DOC_SAY, "No drift was found: none of %u series of the baseline changes "
			"with the block by more than chance (%.4g%%, Holm).", c->drift_tests,
			100 * c->alpha);
	doc_put(d, DOC_SMALL, "Within each block the arms boot in random order, so a drift does not "
		"favour one of them; it makes intervals wider.");
}

static void build_again(struct doc *d, const struct report *r)
{
	if (!r->again)
		return;
	doc_heading(d, "again", "Measure it again");
	doc_put(d, DOC_LINE, "%s", r->again);
	doc_put(d, DOC_SMALL, "The plan is frozen: the same cells, arms, order and seed.");
}

struct doc *report_doc(const struct report *r)
{
	struct doc *d = doc_new();
	const struct comparison *c = r->c;

	build_head(d, r);
	build_refusal(d, c);
	report_domain(d, r);
	report_matrix(d, c);
	doc_heading(d, "verdicts", "Verdicts against %s", c->arms[c->baseline].name);
	if (c->declared)
		build_against(d, c);
	report_verdicts(d, c);
	report_reading(d, c);
	build_expectations(d, c);
	build_figures(d, r, FIGURE_IN_EFFECTS, "effects", "Effects and their intervals");
	report_why(d, r);
	report_proof(d, r);
	report_timeline(d, r);
	build_figures(d, r, FIGURE_IN_MEASUREMENTS, "measurements", "Measurements");
	build_missing_figures(d, r);
	build_drift(d, r);
	build_model(d, r);
	build_failures(d, r);
	report_counters(d, c);
	report_conditions(d, r);
	build_again(d, r);
	build_limits(d, r);
	build_notes(d, c);
	report_full_list(d, c);
	d->forms = DOC_IN_TEXT | DOC_IN_MARKDOWN;
	doc_heading(d, "rest", "Everything else");
	doc_put(d, DOC_SAY, "Every metric and counter at every point: report.html and "
		"report.json. Raw samples: kduel export.");
	return d;
}

/* --- shorter ones ----------------------------------------------------------------- */

#define BRIEF_ROWS 4

/* The most serious verdicts, one line each. */
static void build_brief_rows(struct doc *d, const struct comparison *c)
{
	struct report_groups g;
	struct report_row row;
	char name[512];
	unsigned rows = 0;

	report_groups_init(&g, c);
	for (unsigned rank = 0; rank < report_rank(VERDICT_DESCRIBED); rank++)
		for (size_t i = 0; i < g.n; i++)
			for (size_t a = 0; a < c->n_arms && rows < BRIEF_ROWS; a++) {
				if (!report_judged(&g.group[i]) || a == c->baseline ||
				    (!g.group[i].gate &&
				     !compare_measurable(c, g.group[i].series[0])))
					continue;
				report_row(&g.group[i], a, &row);
				if (report_rank(row.worst) != rank)
					continue;
				report_group_name(&g.group[i], name, sizeof(name));
				if (*row.interval)
					doc_put(d, DOC_ITEM, "%s, %s: %s%s %s: %s", name,
						c->arms[a].name, row.effect,
						g.group[i].n > 1 ? " over" : "", row.interval,
						row.verdict);
				else
					doc_put(d, DOC_ITEM, "%s, %s: %s", name,
						c->arms[a].name, row.verdict);
				rows++;
			}
	report_groups_release(&g);
}

struct doc *report_brief_doc(const struct report *r)
{
	struct doc *d = doc_new();
	const struct comparison *c = r->c;
	char *counts = text_format("%s", ""), *claims = report_claims_text(c), *more;

	for (unsigned rank = 0; rank < report_rank(VERDICT_DESCRIBED); rank++) {
		enum verdict v = report_ranked(rank);

		if (!compare_count(c, v))
			continue;
		more = text_format("%s%s%u %s", counts, *counts ? ", " : "",
				   compare_count(c, v), verdict_name(v));
		free(counts);
		counts = more;
	}
	doc_put(d, DOC_SAY, "%s: %s. Against %s, domain %s, %u of %u blocks.%s%s%s", c->name,
		c->refused ? "not a comparison" : *counts ? counts : "nothing to judge",
		c->arms[c->baseline].name, c->domain, c->blocks, c->blocks_planned,
		*claims ? " Expectations: " : "", claims, *claims ? "." : "");
	build_brief_rows(d, c);
	free(counts);
	free(claims);
	return d;
}

/* To be pasted into a reply: the verdicts, and the evidence for them. */
struct doc *report_reply_doc(const struct report *r)
{
	struct doc *d = doc_new();
	const struct comparison *c = r->c;

	build_refusal(d, c);
	build_against(d, c);
	report_verdicts(d, c);
	build_expectations(d, c);
	report_proof(d, r);
	report_timeline(d, r);
	if (c->n_differences)
		report_differences(d, c);
	build_failures(d, r);
	return d;
}

/* What a terminal shows and a reply does not. */
struct doc *report_beside_reply_doc(const struct comparison *c)
{
	struct doc *d = doc_new();

	report_folded_note(d, c);
	build_notes(d, c);
	return d;
}

/* For a terminal, after a run or by `kduel compare`. */
struct doc *report_comparison_doc(const struct comparison *c)
{
	struct doc *d = doc_new();
	char *claims = report_claims_text(c);

	build_refusal(d, c);
	build_against(d, c);
	if (report_matrix(d, c))
		doc_heading(d, "verdicts", "Verdicts");
	report_verdicts(d, c);
	report_folded_note(d, c);
	if (*claims)
		doc_put(d, DOC_SAY, "Expectations: %s.", claims);
	free(claims);
	for (size_t i = 0; i < c->n_claims; i++)
		if (c->claims[i].outcome != CLAIM_HOLDS)
			report_claims(d, &c->claims[i], 1);
	if (c->n_differences)
		report_differences(d, c);
	build_notes(d, c);
	return d;
}
