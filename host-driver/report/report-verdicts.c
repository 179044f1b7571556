/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of verdicts, the full list, the expectations. */
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "report-parts.h"
#include "report-rows.h"
#include "safe.h"

#define SCREEN_LINES 36		/* of the table's body */

enum doc_tone report_tone(enum verdict v)
{
	switch (v) {
	case VERDICT_REGRESSED:
		return DOC_BAD;
	case VERDICT_IMPROVED:
	case VERDICT_NOT_WORSE:
		return DOC_GOOD;
	case VERDICT_UNSTABLE:
	case VERDICT_NOT_COMPARABLE:
		return DOC_ODD;
	case VERDICT_INCONCLUSIVE:
		return DOC_OPEN;
	default:
		return DOC_CALM;
	}
}

void report_arm_cell(struct doc *d, const struct comparison *c, size_t arm)
{
	doc_cell(d, DOC_ARM, figure_arm_colour(c, arm), "%s", c->arms[arm].name);
}

void report_figures(struct doc *d, const struct report *r, enum figure_section where)
{
	for (size_t i = 0; i < r->n_figures; i++)
		if (r->figures[i].section == where)
			doc_figure(d, &r->figures[i]);
}

/* --- the table ---------------------------------------------------------------- */

static void verdicts_row(struct doc *d, const struct comparison *c,
			 const struct report_group *g, size_t arm)
{
	struct report_row row;

	report_row(g, arm, &row);
	doc_row(d);
	report_arm_cell(d, c, arm);
	doc_cell(d, DOC_EFFECT, 0, "%s", row.effect);
	doc_cell(d, DOC_NUMBER, 0, "%s", row.interval);
	doc_cell(d, DOC_NUMBER, 0, "%s", row.n);
	doc_cell(d, DOC_NUMBER, 0, "%s", row.sde);
	doc_cell(d, DOC_VERDICT, report_tone(row.worst), "%s", row.verdict);
	doc_cell(d, DOC_WORDS, 0, "%s", row.reason);
}

static void verdicts_group(struct doc *d, const struct comparison *c,
			   const struct report_group *g)
{
	char name[512], base[128];

	doc_group(d, report_group_name(g, name, sizeof(name)), "baseline %s%s",
		  report_base_value(g, c->baseline, base, sizeof(base)),
		  g->series[0]->better == STATS_HIGHER ? ", higher is better" : "");
	for (size_t a = 0; a < c->n_arms; a++)
		if (a != c->baseline)
			verdicts_row(d, c, g, a);
}

/* Shows gates, and what the domain can show; the rest is only in the full list. */
static bool verdicts_shows(const struct comparison *c, const struct report_group *g)
{
	return report_judged(g) && (g->gate || compare_measurable(c, g->series[0]));
}

size_t report_folded(const struct comparison *c)
{
	struct report_groups g;
	size_t n = 0;

	report_groups_init(&g, c);
	for (size_t i = 0; i < g.n; i++)
		n += report_judged(&g.group[i]) && !verdicts_shows(c, &g.group[i]);
	report_groups_release(&g);
	return n;
}

/*
 * Chooses what fits on a screen: every gate, then the most serious verdicts.
 * `chosen` is in the order of the groups. Returns how many were left out.
 */
static size_t verdicts_choose(const struct comparison *c, const struct report_groups *g,
			      size_t lines_each, bool *chosen)
{
	size_t lines = 0, left = 0;

	for (size_t i = 0; i < g->n; i++)
		if (verdicts_shows(c, &g->group[i]) && g->group[i].gate) {
			chosen[i] = true;
			lines += lines_each;
		}
	for (unsigned rank = 0; rank < report_rank(VERDICT_DESCRIBED); rank++)
		for (size_t i = 0; i < g->n; i++) {
			if (!verdicts_shows(c, &g->group[i]) || chosen[i] ||
			    g->group[i].rank != rank)
				continue;
			chosen[i] = lines + lines_each <= SCREEN_LINES;
			left += !chosen[i];
			lines += chosen[i] ? lines_each : 0;
		}
	return left;
}

static void verdicts_part(struct doc *d, const struct comparison *c,
			  const struct report_groups *g, const bool *chosen, bool gates)
{
	unsigned tests = gates ? c->gate_tests : c->other_tests;
	char *over = !tests ? text_format("%s", gates ? ", declared before the run" : "") :
		text_format("%s (%s over %u test%s)", gates ? ", declared before the run" : "",
			    gates ? "Holm" : "Benjamini-Hochberg", tests, tests == 1 ? "" : "s");
	bool any = false;

	for (size_t i = 0; i < g->n; i++) {
		if (!verdicts_shows(c, &g->group[i]) || g->group[i].gate != gates)
			continue;
		if (!any)	/* A/A pairs are no tests, and without tests nothing is corrected */
			doc_part(d, "%s%s", gates ? "Gates" : "Other metrics", over);
		any = true;
		d->detail = !chosen[i];
		verdicts_group(d, c, &g->group[i]);
		d->detail = false;
	}
	free(over);
}

static void verdicts_table(struct doc *d, const struct comparison *c)
{
	char columns[96];

	snprintf(columns, sizeof(columns), "arm|#effect|=%.4g%% interval|#n|#detects|verdict|!reason",
		 100 * (1 - c->alpha));
	doc_table(d, columns);
}

void report_folded_table(struct doc *d, const struct comparison *c)
{
	struct report_groups g;

	report_groups_init(&g, c);
	verdicts_table(d, c);
	for (size_t i = 0; i < g.n; i++)
		if (report_judged(&g.group[i]) && !verdicts_shows(c, &g.group[i]))
			verdicts_group(d, c, &g.group[i]);
	report_groups_release(&g);
}

void report_reading(struct doc *d, const struct comparison *c)
{
	doc_put(d, DOC_SMALL, "How to read it: an effect is the arm against the baseline, "
		"by block; x0.081 is 0.081 times the baseline. Lower is better unless noted. "
		"The interval holds the true effect in %.4g of 100 such campaigns. n is the "
		"number of blocks. \"detects\" is the smallest effect that this "
		"campaign finds in 80%% of cases; smaller ones may stay inconclusive. \"not "
		"worse than %.3g%%\": a greater loss can be ruled out. Verdicts are "
		"corrected for the number of tests; an interval is for its metric "
		"alone.", 100 * (1 - c->alpha), 100 * c->margin);
}

void report_verdicts(struct doc *d, const struct comparison *c)
{
	struct report_groups g;
	bool *chosen;
	size_t left;

	report_groups_init(&g, c);
	chosen = calloc(g.n + 1, sizeof(*chosen));
	must_have(chosen);
	left = verdicts_choose(c, &g, c->n_arms, chosen);
	verdicts_table(d, c);
	verdicts_part(d, c, &g, chosen, true);
	verdicts_part(d, c, &g, chosen, false);
	if (left) {
		d->forms = DOC_IN_TEXT | DOC_IN_MARKDOWN;
		doc_put(d, DOC_SAY, "%zu more with less serious verdicts: see the full list.",
			left);
		d->forms = DOC_IN_ALL;
	}
	free(chosen);
	report_groups_release(&g);
}

/* --- the full list ------------------------------------------------------------ */

static void verdicts_series(struct doc *d, const struct comparison *c,
			    const struct compare_series *s)
{
	char value[NUMBER_MAX];
	struct report_row row;

	for (size_t a = 0; a < c->n_arms; a++) {
		doc_row(d);
		report_arm_cell(d, c, a);
		doc_cell(d, DOC_NUMBER, 0, "%s", number_value(s->est[a].value, s->unit, value));
		if (a == c->baseline)
			continue;
		report_series_row(s, a, &row);
		doc_cell(d, DOC_NUMBER, 0, "%s", row.effect);
		doc_cell(d, DOC_NUMBER, 0, "%s", row.interval);
		doc_cell(d, DOC_NUMBER, 0, "%s", row.n);
		doc_cell(d, DOC_WORDS, 0, "%s", row.verdict);
	}
}

void report_full_list(struct doc *d, const struct comparison *c)
{
	struct report_groups g;
	char name[512], point[128];

	d->forms = DOC_IN_HTML;
	doc_heading(d, "full", "Full list");
	doc_fold_aside(d, "Every metric and counter at every point (%zu)", c->n_series);
	doc_table(d, "arm|#value|#effect|=interval|#n|verdict");
	report_groups_init(&g, c);
	for (size_t i = 0; i < g.n; i++)
		for (size_t k = 0; k < g.group[i].n; k++) {
			report_point(g.group[i].series[k], point, sizeof(point));
			doc_group(d, report_group_name(&g.group[i], name, sizeof(name)), "%s",
				  point);
			verdicts_series(d, c, g.group[i].series[k]);
		}
	report_groups_release(&g);
	doc_put(d, DOC_UNFOLD, "%s", "");
	d->forms = DOC_IN_ALL;
}

/* --- expectations --------------------------------------------------------------- */

void report_claims(struct doc *d, const struct compare_claim *list, size_t n)
{
	static const enum doc_tone tones[] = {
		[CLAIM_HOLDS] = DOC_GOOD, [CLAIM_FAILS] = DOC_BAD,
		[CLAIM_UNDECIDED] = DOC_OPEN, [CLAIM_UNMEASURABLE] = DOC_CALM,
	};

	for (size_t i = 0; i < n; i++)
		doc_claim(d, tones[list[i].outcome], claim_outcome_name(list[i].outcome),
			  list[i].says, list[i].text, list[i].detail);
}

char *report_claims_text(const struct comparison *c)
{
	unsigned n[CLAIM_UNMEASURABLE + 1] = { 0 };
	char *text = NULL;
	size_t len;
	FILE *out = text_open(&text, &len);

	for (size_t i = 0; i < c->n_claims; i++)
		n[c->claims[i].outcome]++;
	for (int o = 0; o <= CLAIM_UNMEASURABLE; o++) {
		const char *name = claim_outcome_name(o);
		bool verb = o == CLAIM_HOLDS || o == CLAIM_FAILS;

		if (n[o])	/* "1 holds", "2 hold" */
			fprintf(out, "%s%u %.*s", ftell(out) ? ", " : "", n[o],
				(int)strlen(name) - (verb && n[o] > 1), name);
	}
	text_close(out);
	return text;
}
