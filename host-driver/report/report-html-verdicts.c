/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdict table of report.html and its full list. */
#include <stdlib.h>
#include <string.h>

#include "report-html.h"
#include "vocab/number.h"
#include "report-rows.h"
#include "safe.h"

static const struct { enum verdict verdict; const char *class, *sign; } looks[] = {
	{ VERDICT_REGRESSED, "v-bad", "\u2717 " },
	{ VERDICT_IMPROVED, "v-good", "\u2713 " },
	{ VERDICT_NOT_WORSE, "v-good", "\u2713 " },
	{ VERDICT_UNSTABLE, "v-odd", "! " },
	{ VERDICT_NOT_COMPARABLE, "v-odd", "! " },
};

static void pill(const struct report_row *row, FILE *out)
{
	const char *class = "", *sign = "";

	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (looks[i].verdict == row->worst) {
			class = looks[i].class;
			sign = looks[i].sign;
		}
	fprintf(out, "<span class=\"v %s\">%s", class, sign);
	html_put(out, row->verdict);
	fputs("</span>", out);
}

static void cell(FILE *out, const char *class, const char *text)
{
	fprintf(out, "<td class=\"%s\">", class);
	html_number(out, text);
	fputs("</td>", out);
}

static void verdict_row(const struct comparison *c, const struct report_row *row,
			size_t arm, FILE *out)
{
	fputs("<tr><th scope=\"row\">", out);
	html_arm(c, arm, out);
	fputs("</th><td>", out);
	pill(row, out);
	fputs("</td>", out);
	cell(out, "n effect", row->effect);
	cell(out, "nowrap", row->interval);
	cell(out, "n", row->n);
	cell(out, "n", row->sde);
	fputs("<td class=\"why\">", out);
	html_put(out, row->reason);
	fputs("</td></tr>\n", out);
}

static void group_rows(const struct report *r, const struct report_group *g,
		       FILE *out)
{
	const struct comparison *c = r->c;
	char name[512], base[128];
	struct report_row row;

	fputs("<tbody>\n<tr class=\"group\"><th colspan=\"7\" scope=\"rowgroup\">"
	      "<span class=\"id\">", out);
	html_put(out, report_group_name(g, name, sizeof(name)));
	fputs("</span> <span class=\"base\">baseline ", out);
	html_number(out, report_base_value(g, c->baseline, base, sizeof(base)));
	fputs(g->series[0]->better == STATS_HIGHER ? ", more is better" : "", out);
	fputs("</span></th></tr>\n", out);
	for (size_t a = 0; a < c->n_arms; a++) {
		if (a == c->baseline)
			continue;
		report_row(g, a, &row);
		verdict_row(c, &row, a, out);
	}
	fputs("</tbody>\n", out);
}

static void part(const struct report *r, const struct report_groups *g,
		 bool gates, FILE *out)
{
	const struct comparison *c = r->c;
	unsigned tests = gates ? c->gate_tests : c->other_tests;
	bool any = false;

	for (size_t i = 0; i < g->n; i++) {
		const struct report_group *p = &g->group[i];

		if (p->gate != gates || p->series[0]->counter ||
		    p->rank >= report_rank(VERDICT_DESCRIBED))
			continue;
		if (!any)
			fprintf(out, gates
				? "<tbody><tr class=\"part\"><th colspan=\"7\">Gates, "
				  "declared before the run (Holm over %u test%s)</th>"
				  "</tr></tbody>\n"
				: "<tbody><tr class=\"part\"><th colspan=\"7\">Other "
				  "metrics (Benjamini\u2013Hochberg over %u test%s)</th>"
				  "</tr></tbody>\n",
				tests, tests == 1 ? "" : "s");
		any = true;
		group_rows(r, p, out);
	}
}

static bool any_reason(const struct comparison *c)
{
	for (size_t i = 0; i < c->n_series; i++)
		for (size_t a = 0; a < c->n_arms; a++)
			if (*c->series[i].vs[a].reason)
				return true;
	return false;
}

void html_verdicts(const struct report *r, FILE *out)
{
	const struct comparison *c = r->c;
	struct report_groups g;

	report_groups_init(&g, c);
	fputs("<h2 id=\"verdicts\">Verdicts against ", out);
	html_put(out, c->arms[c->baseline].name);
	fprintf(out, "</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>\n<thead><tr>"
		"<th scope=\"col\">Arm</th><th scope=\"col\">Verdict</th>"
		"<th scope=\"col\" class=\"n\">Effect</th><th scope=\"col\">%.4g%% interval</th><th scope=\"col\" class=\"n\">"
		"<abbr title=\"blocks\">n</abbr></th><th scope=\"col\" class=\"n\">"
		"<abbr title=\"smallest effect found in 80%% of cases\">Detects</abbr>"
		"</th><th scope=\"col\">%s</th></tr></thead>\n",
		100 * (1 - c->alpha), any_reason(c) ? "Reason" : "");
	part(r, &g, true, out);
	part(r, &g, false, out);
	fputs("</table></div>\n<p class=\"small soft\">An effect is the arm against "
	      "the baseline, by block; \u00d70.081 means 0.081 times the baseline. "
	      "Less is better unless said. <i>n</i> counts blocks. <i>Detects</i> is "
	      "the smallest effect that this campaign finds in 80% of cases: what is "
	      "smaller stays inconclusive. ", out);
	fprintf(out, "<i>Not worse than</i> %.3g%%: a greater loss can be ruled out. "
		"Verdicts are corrected for the number of tests; an interval is that of "
		"its metric alone.</p>\n", 100 * c->margin);
	report_groups_release(&g);
}

static void list_rows(const struct report *r, const struct compare_series *s,
		      FILE *out)
{
	const struct comparison *c = r->c;
	char value[NUMBER_MAX];
	struct report_row row;

	for (size_t a = 0; a < c->n_arms; a++) {
		report_series_row(s, a, &row);
		fputs("<tr><th scope=\"row\">", out);
		html_arm(c, a, out);
		fputs("</th>", out);
		cell(out, "n", number_value(s->est[a].value, s->unit, value));
		cell(out, "n", a == c->baseline ? "" : row.effect);
		cell(out, "nowrap", a == c->baseline ? "" : row.interval);
		cell(out, "n", a == c->baseline ? "" : row.n);
		fputs("<td>", out);
		html_put(out, a == c->baseline ? "" : row.verdict);
		fputs("</td></tr>\n", out);
	}
}

void html_full_list(const struct report *r, FILE *out)
{
	struct report_groups g;
	char name[512], point[128];

	report_groups_init(&g, r->c);
	fprintf(out, "<h2 id=\"full\">Full list</h2>\n<details><summary>Every metric "
		"and counter at every point (%zu)</summary>\n", r->c->n_series);
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>\n<thead><tr>"
	      "<th scope=\"col\">Arm</th><th scope=\"col\" class=\"n\">Value</th>"
	      "<th scope=\"col\" class=\"n\">Effect</th><th scope=\"col\">Interval</th>"
	      "<th scope=\"col\" class=\"n\">n</th><th scope=\"col\">Verdict</th></tr>"
	      "</thead>\n", out);
	for (size_t i = 0; i < g.n; i++)
		for (size_t k = 0; k < g.group[i].n; k++) {
			const struct compare_series *s = g.group[i].series[k];

			fputs("<tbody><tr class=\"group\"><th colspan=\"6\" "
			      "scope=\"rowgroup\"><span class=\"id\">", out);
			html_put(out, report_group_name(&g.group[i], name,
							sizeof(name)));
			fputs(" ", out);
			html_put(out, report_point(s, point, sizeof(point)));
			fputs("</span></th></tr>\n", out);
			list_rows(r, s, out);
			fputs("</tbody>\n", out);
		}
	fputs("</table></div></details>\n", out);
	report_groups_release(&g);
}
