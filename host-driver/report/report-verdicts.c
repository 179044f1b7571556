/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arms side by side, the table of verdicts, the full list, the expectations. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "report-parts.h"
#include "safe.h"
#include "vocab/words.h"

/*
 * Many arms side by side: a row for each, with the page sizes of the second level
 * and a column for each gate, and for the first metric of each cell without one. The
 * verdicts are those of the table of verdicts.
 */
#define ARMS_LEAST 4		/* for fewer the table of verdicts is enough */
#define METRICS_MOST 3		/* columns that fit in a mail */

struct matrix {
	const struct comparison *c;
	struct report_groups groups;
	const struct report_group *metric[METRICS_MOST];
	size_t n;
};

static bool verdicts_matrix_has_cell(const struct matrix *m, const char *cell)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->metric[i]->series[0]->cell, cell))
			return true;
	return false;
}

/* Gates, or a metric of each other cell that the domain can show. */
static void verdicts_matrix_choose(struct matrix *m, bool gates)
{
	for (size_t i = 0; i < m->groups.n && m->n < METRICS_MOST; i++) {
		const struct report_group *g = &m->groups.group[i];
		const struct compare_series *s = g->series[0];

		if (g->gate == gates && !s->counter && strcmp(s->metric, METRIC_GO_TO_RESULT) &&
		    (gates || (!verdicts_matrix_has_cell(m, s->cell) && report_judged(g) &&
			       compare_measurable(m->c, s))))
			m->metric[m->n++] = g;
	}
}

/* The second level of an arm, over all cells: its huge share and its faults. */
static void verdicts_matrix_second_level(struct doc *d, const struct comparison *c, size_t arm)
{
	double least = 1, most = 0, faults = 0;
	char text[NUMBER_MAX];
	const char *reason = "not read";
	bool any = false;

	for (size_t i = 0; i < c->n_proofs; i++) {
		const struct compare_proof *p = &c->proofs[i];

		if (p->cell || p->arm != arm || layer_find(p->layer) != LAYER_SECOND)
			continue;
		/* Where no page sizes can be read there may be faults. */
		faults = p->after.faults > faults ? p->after.faults : faults;
		if (!p->after.readings) {
			reason = "unavailable";
			continue;
		}
		any = true;
		least = p->huge_least < least ? p->huge_least : least;
		most = p->huge_most > most ? p->huge_most : most;
	}
	if (any)
		doc_cell(d, DOC_NUMBER, 0, "%s", number_shares(least, most, text));
	else
		doc_cell(d, DOC_WORDS, 0, "%s", reason);
	doc_cell(d, DOC_NUMBER, 0, "%s", faults > 0 ? number_value(round(faults), "", text) : "-");
}

static void verdicts_matrix_metric(struct doc *d, const struct matrix *m, const struct report_group *g,
				   size_t arm)
{
	char value[2 * NUMBER_MAX];
	struct report_row row;

	if (arm == m->c->baseline) {
		doc_cell(d, DOC_WORDS, 0, "%s", report_base_value(g, arm, value, sizeof(value)));
		return;
	}
	report_row(g, arm, &row);
	if (row.worst == VERDICT_NOT_COMPARABLE)
		doc_cell(d, DOC_WORDS, 0, "-");
	else
		doc_cell(d, DOC_VERDICT, report_tone(row.worst), "%s, %s", row.effect,
			 row.verdict);
}

static void verdicts_matrix_table(struct doc *d, const struct matrix *m)
{
	char *columns = text_format("=arm|#2nd level huge|#faults"), *more;
	char name[512];

	for (size_t i = 0; i < m->n; i++) {
		more = text_format("%s|(%c)", columns, (char)('a' + i));
		free(columns);
		columns = more;
	}
	doc_table(d, columns);
	free(columns);
	for (size_t arm = 0; arm < m->c->n_arms; arm++) {
		doc_row(d);
		report_arm_cell(d, m->c, arm);
		verdicts_matrix_second_level(d, m->c, arm);
		for (size_t i = 0; i < m->n; i++)
			verdicts_matrix_metric(d, m, m->metric[i], arm);
	}
	for (size_t i = 0; i < m->n; i++)
		doc_put(d, DOC_ITEM, "(%c) %s%s", (char)('a' + i),
			report_group_name(m->metric[i], name, sizeof(name)),
			m->metric[i]->series[0]->better == STATS_HIGHER ? ", higher is better" : "");
}

bool report_matrix(struct doc *d, const struct comparison *c)
{
	struct matrix m = { .c = c };

	if (c->n_arms < ARMS_LEAST)
		return false;
	report_groups_init(&m.groups, c);
	verdicts_matrix_choose(&m, true);
	verdicts_matrix_choose(&m, false);
	if (m.n) {
		doc_heading(d, "matrix", "Side by side, against %s", c->arms[c->baseline].name);
		verdicts_matrix_table(d, &m);
		doc_put(d, DOC_SMALL, "The baseline's row shows its own values, the other rows their "
			"effects; kduel compare --baseline ARM compares them with another arm.");
	}
	report_groups_release(&m.groups);
	return m.n;
}

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
