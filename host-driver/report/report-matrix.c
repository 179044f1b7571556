/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many arms side by side: a row for each, with the page sizes of the second level
 * and a column for each gate, and for the first metric of each cell without one. The
 * verdicts are those of the table of verdicts.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "report-parts.h"
#include "report-rows.h"
#include "safe.h"
#include "vocab/words.h"

#define ARMS_LEAST 4		/* for fewer the table of verdicts is enough */
#define METRICS_MOST 3		/* columns that fit in a mail */

struct matrix {
	const struct comparison *c;
	struct report_groups groups;
	const struct report_group *metric[METRICS_MOST];
	size_t n;
};

static bool matrix_has_cell(const struct matrix *m, const char *cell)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->metric[i]->series[0]->cell, cell))
			return true;
	return false;
}

/* Gates, or a metric of each other cell that the domain can show. */
static void matrix_choose(struct matrix *m, bool gates)
{
	for (size_t i = 0; i < m->groups.n && m->n < METRICS_MOST; i++) {
		const struct report_group *g = &m->groups.group[i];
		const struct compare_series *s = g->series[0];

		if (g->gate == gates && !s->counter && strcmp(s->metric, METRIC_GO_TO_RESULT) &&
		    (gates || (!matrix_has_cell(m, s->cell) && report_judged(g) &&
			       compare_measurable(m->c, s))))
			m->metric[m->n++] = g;
	}
}

/* The second level of an arm, over all cells: its huge share and its faults. */
static void matrix_second_level(struct doc *d, const struct comparison *c, size_t arm)
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

static void matrix_metric(struct doc *d, const struct matrix *m, const struct report_group *g,
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

static void matrix_table(struct doc *d, const struct matrix *m)
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
		matrix_second_level(d, m->c, arm);
		for (size_t i = 0; i < m->n; i++)
			matrix_metric(d, m, m->metric[i], arm);
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
	matrix_choose(&m, true);
	matrix_choose(&m, false);
	if (m.n) {
		doc_heading(d, "matrix", "Side by side, against %s", c->arms[c->baseline].name);
		matrix_table(d, &m);
		doc_put(d, DOC_SMALL, "The baseline's row shows its own values, the other rows their "
			"effects; kduel compare --baseline ARM compares them with another arm.");
	}
	report_groups_release(&m.groups);
	return m.n;
}
