/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdicts in one screen. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report-compare.h"
#include "report.h"
#include "report-layout.h"
#include "report-rows.h"
#include "safe.h"

#define SCREEN_LINES 36		/* of the table's body */
#define REASONS_MAX 6		/* footnotes */

static const struct { enum verdict verdict; const char *sgr; } colours[] = {
	{ VERDICT_REGRESSED, "\x1b[1;31m" },
	{ VERDICT_UNSTABLE, "\x1b[1;35m" },
	{ VERDICT_NOT_COMPARABLE, "\x1b[35m" },
	{ VERDICT_IMPROVED, "\x1b[1;32m" },
	{ VERDICT_NOT_WORSE, "\x1b[32m" },
	{ VERDICT_INCONCLUSIVE, "\x1b[33m" },
};

struct verdict_table {
	struct layout_table t;
	const struct comparison *c;
	bool colour;
	const char *reasons[REASONS_MAX];
	size_t n_reasons;
};

static bool wants_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(out)) && !(no && *no) && term &&
	       strcmp(term, "dumb");
}

/* " [2]": the number of a reason's footnote; "" once there are too many. */
static void footnote(struct verdict_table *v, const char *reason, char *buf,
		     size_t len)
{
	size_t i = 0;

	buf[0] = '\0';
	if (!*reason)
		return;
	while (i < v->n_reasons && strcmp(v->reasons[i], reason))
		i++;
	if (i == REASONS_MAX)
		return;
	if (i == v->n_reasons)
		v->reasons[v->n_reasons++] = reason;
	snprintf(buf, len, " [%zu]", i + 1);
}

static void add_row(struct verdict_table *v, const struct report_group *g,
		    size_t arm)
{
	struct report_row row;
	char note[16], verdict[sizeof(row.verdict) + sizeof(note)];

	report_row(g, arm, &row);
	footnote(v, row.reason, note, sizeof(note));
	snprintf(verdict, sizeof(verdict), "%s%s", row.verdict, note);
	layout_table_add(&v->t, v->c->arms[arm].name, row.effect, row.interval,
			 row.n, row.sde, verdict);
	for (size_t i = 0; v->colour && i < sizeof(colours) / sizeof(colours[0]); i++)
		if (colours[i].verdict == row.worst)
			layout_table_colour(&v->t, colours[i].sgr, "\x1b[0m");
}

static void add_group(struct verdict_table *v, const struct report_group *g)
{
	char name[512], base[128], line[768];

	report_group_name(g, name, sizeof(name));
	report_base_value(g, v->c->baseline, base, sizeof(base));
	snprintf(line, sizeof(line), "%s  baseline %s%s", name, base,
		 g->series[0]->better == STATS_HIGHER ? ", more is better" : "");
	layout_table_line(&v->t, line);
	for (size_t a = 0; a < v->c->n_arms; a++)
		if (a != v->c->baseline)
			add_row(v, g, a);
}

/* Counters and what is never judged are in the full list only. */
static bool is_headline(const struct report_group *g)
{
	return !g->series[0]->counter &&
	       g->rank < report_rank(VERDICT_DESCRIBED);
}

/*
 * Chooses what fits on a screen: every gate, then the most serious verdicts.
 * `chosen` is in the order of the groups. Returns how many were left out.
 */
static size_t choose(const struct report_groups *g, size_t lines_each,
		     bool *chosen)
{
	size_t lines = 0, left = 0;

	for (size_t i = 0; i < g->n; i++)
		if (is_headline(&g->group[i]) && g->group[i].gate) {
			chosen[i] = true;
			lines += lines_each;
		}
	for (unsigned rank = 0; rank < report_rank(VERDICT_DESCRIBED); rank++)
		for (size_t i = 0; i < g->n; i++) {
			if (!is_headline(&g->group[i]) || chosen[i] ||
			    g->group[i].rank != rank)
				continue;
			if (lines + lines_each > SCREEN_LINES) {
				left++;
				continue;
			}
			chosen[i] = true;
			lines += lines_each;
		}
	return left;
}

static void add_part(struct verdict_table *v, const struct report_groups *g,
		     const bool *chosen, bool gates, const char *title)
{
	bool any = false;

	for (size_t i = 0; i < g->n; i++) {
		if (!chosen[i] || g->group[i].gate != gates)
			continue;
		if (!any) {
			layout_table_line(&v->t, "");
			layout_table_line(&v->t, title);
			if (v->colour)
				layout_table_colour(&v->t, "\x1b[1m", "\x1b[0m");
		}
		any = true;
		add_group(v, &g->group[i]);
	}
}

static void print_body(struct verdict_table *v, FILE *out)
{
	const struct comparison *c = v->c;
	struct report_groups g;
	char gates[96], others[96], interval[32];
	bool *chosen;
	size_t left;

	report_groups_init(&g, c);
	chosen = calloc(g.n + 1, sizeof(*chosen));
	if (!chosen)
		abort();
	left = choose(&g, c->n_arms, chosen);
	snprintf(interval, sizeof(interval), "%.4g%% interval",
		 100 * (1 - c->alpha));
	layout_table_add(&v->t, "", "effect", interval, "n", "detects",
			 "verdict");
	snprintf(gates, sizeof(gates), "GATES, declared before the run "
		 "(Holm over %u test%s)", c->gate_tests, c->gate_tests == 1 ? "" : "s");
	snprintf(others, sizeof(others), "OTHER METRICS "
		 "(Benjamini-Hochberg over %u test%s)", c->other_tests,
		 c->other_tests == 1 ? "" : "s");
	add_part(v, &g, chosen, true, gates);
	add_part(v, &g, chosen, false, others);
	layout_table_print(&v->t, out, 2);
	for (size_t i = 0; i < v->n_reasons; i++) {
		char *line = NULL;

		if (asprintf(&line, "[%zu] %s", i + 1, v->reasons[i]) < 0)
			abort();
		if (!i)
			fputc('\n', out);
		layout_paragraph(out, 0, 4, line);
		free(line);
	}
	if (left)
		fprintf(out, "\n%zu more with less serious verdicts: see the "
			"full list.\n", left);
	free(chosen);
	report_groups_release(&g);
}

static void print_refusal(FILE *out, const struct comparison *c)
{
	char *copy = strdup(c->refused), *save = NULL;

	if (!copy)
		abort();
	fputs("\nNO COMPARISON\n", out);
	for (char *l = strtok_r(copy, "\n", &save); l;
	     l = strtok_r(NULL, "\n", &save))
		layout_paragraph(out, 2, 4, l);
	free(copy);
}

void report_print_table(FILE *out, const struct comparison *c)
{
	struct verdict_table v = { .c = c, .colour = wants_colour(out) };
	char *line = NULL;

	if (asprintf(&line, "Against %s%s%s%s; domain %s; %u of %u blocks.",
		     c->arms[c->baseline].name,
		     c->declared ? ", for a look (the plan's baseline is " : "",
		     c->declared ? c->declared : "", c->declared ? ")" : "",
		     c->domain, c->blocks, c->blocks_planned) < 0)
		abort();
	layout_paragraph(out, 0, 0, line);
	free(line);
	if (c->refused)
		print_refusal(out, c);
	fputc('\n', out);
	layout_table_init(&v.t, "wrlrrw");
	print_body(&v, out);
	layout_table_release(&v.t);
}

void report_print_expectations(FILE *out, const struct comparison *c)
{
	unsigned n[CLAIM_UNMEASURABLE + 1] = { 0 };
	bool first = true;

	if (!c->n_claims)
		return;
	for (size_t i = 0; i < c->n_claims; i++)
		n[c->claims[i].outcome]++;
	fputs("\nExpectations: ", out);
	for (int o = 0; o <= CLAIM_UNMEASURABLE; o++)
		if (n[o]) {	/* "1 holds", "2 hold" */
			const char *name = claim_outcome_name(o);
			bool verb = o == CLAIM_HOLDS || o == CLAIM_FAILS;

			fprintf(out, "%s%u %.*s", first ? "" : ", ", n[o],
				(int)strlen(name) - (verb && n[o] > 1), name);
			first = false;
		}
	fputs(".\n", out);
	for (size_t i = 0; i < c->n_claims; i++)
		if (c->claims[i].outcome != CLAIM_HOLDS)
			compare_print_claims(out, &c->claims[i], 1);
}
