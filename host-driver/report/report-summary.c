/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The beginning of a report: the verdict, and what its domain can show. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "report-parts.h"
#include "safe.h"

/* Does the group count: a gate, or if there are none anything that the domain can show? */
static bool summary_counts(const struct comparison *c, const struct report_group *g, bool gates)
{
	return report_judged(g) && (gates ? g->gate : compare_measurable(c, g->series[0]));
}

/* "x0.103 [0.077, 0.138] with 6.1", for each arm that has this verdict. */
static void summary_arms(const struct comparison *c, const struct report_group *g,
			 enum verdict v, FILE *out)
{
	struct report_row row;
	bool any = false;

	for (size_t a = 0; a < c->n_arms; a++) {
		report_row(g, a, &row);
		if (a == c->baseline || row.worst != v)
			continue;
		fprintf(out, "%s%s%s%s with %s", any ? " and " : "", row.effect,
			*row.interval ? " " : "", row.interval, c->arms[a].name);
		any = true;
	}
}

/* The most serious groups first; at most two are named. */
static void summary_groups(const struct comparison *c, const struct report_groups *g, bool gates,
			   enum verdict v, FILE *out)
{
	unsigned n = 0;

	for (size_t i = 0; i < g->n; i++) {
		const struct compare_series *s = g->group[i].series[0];

		if (!summary_counts(c, &g->group[i], gates) || g->group[i].rank != report_rank(v))
			continue;
		if (n++ >= 2)
			continue;
		fprintf(out, "%s%s %s is ", n > 1 ? "; " : "", s->cell, s->metric);
		summary_arms(c, &g->group[i], v, out);
	}
	if (n > 2)
		fprintf(out, "; and %u more", n - 2);
}

static bool summary_has(const struct comparison *c, const struct report_groups *g, bool gates,
			enum verdict v)
{
	for (size_t i = 0; i < g->n; i++)
		if (summary_counts(c, &g->group[i], gates) && g->group[i].rank == report_rank(v))
			return true;
	return false;
}

/* Declared gates may have no test: if only a control has them, or nothing was measured. */
static const char *summary_no_gates(const struct comparison *c)
{
	bool any = c->gates_exit != EXIT_DONE;

	for (size_t i = 0; i < c->n_series; i++)
		any |= c->series[i].gate;
	return c->declared ? "" : any ? "; no gate could be judged" : "; no gate was declared";
}

static void summary_verdict(const struct comparison *c, const struct report_groups *g, FILE *out)
{
	bool gates = c->gate_tests > 0;

	for (unsigned rank = 0; rank < report_rank(VERDICT_DESCRIBED); rank++) {
		enum verdict v = report_ranked(rank);
		const char *word = verdict_name(v);

		if (!summary_has(c, g, gates, v))
			continue;
		fprintf(out, "%c%s against %s: ", toupper((unsigned char)*word), word + 1,
			c->arms[c->baseline].name);
		summary_groups(c, g, gates, v, out);
		fputs(!gates ? summary_no_gates(c) :
		      v != VERDICT_REGRESSED ? "; no gate regressed" : "", out);
		return;
	}
	fputs("Nothing could be judged", out);
}

/* Gates of walks, caches or memory where those are not a processor's. */
static void summary_cannot(const struct comparison *c, const struct report_groups *g, FILE *out)
{
	unsigned n = 0, gates = 0;

	for (size_t i = 0; i < g->n; i++) {
		gates += !!g->group[i].gate;
		n += g->group[i].gate && !compare_measurable(c, g->group[i].series[0]);
	}
	if (n)
		fprintf(out, "; domain %s cannot show what %s", c->domain,
			gates == 1 ? "the gate asks" : n == gates ? "the gates ask" :
			"some of the gates ask");
}

char *report_sentence(const struct comparison *c)
{
	char *claims = report_claims_text(c), *text = NULL;
	struct report_groups g;
	size_t len;
	FILE *out = text_open(&text, &len);

	report_groups_init(&g, c);
	if (c->refused)
		fprintf(out, "No verdict: %.*s", (int)strcspn(c->refused, "\n"), c->refused);
	else
		summary_verdict(c, &g, out);
	if (!c->refused)
		summary_cannot(c, &g, out);
	if (*claims)
		fprintf(out, "; of %zu expectation%s %s", c->n_claims, c->n_claims == 1 ? "" : "s",
			claims);
	fputc('.', out);
	text_close(out);
	report_groups_release(&g);
	free(claims);
	return text;
}

/* The walks per access that the model expects, and what a walk may read. */
void report_expected(struct doc *d, const struct report *r)
{
	char columns[512] = "arm|#entries a walk reads", number[NUMBER_MAX];
	size_t used = strlen(columns);

	for (int k = 0; k < REPORT_CPUS && r->expected_cpu[k]; k++)
		used += (size_t)snprintf(columns + used, sizeof(columns) - used, "|#%.100s",
					 r->expected_cpu[k]);
	doc_put(d, DOC_SAY, "Page walks per access that the model of the TLBs expects of each "
		"processor, from the workload's address pattern and the proved page sizes, "
		"and how many table entries a walk reads at most. None of this was "
		"measured; kduel report --cpu-model NAME chooses another processor.");
	doc_table(d, columns);
	for (size_t i = 0; i < r->n_expected; i++) {
		const struct report_expected *e = &r->expected[i];
		size_t arm = 0;

		if (!i || strcmp(e->what, r->expected[i - 1].what))
			doc_group(d, e->what, "%s", "");
		while (arm + 1 < r->c->n_arms && strcmp(r->c->arms[arm].name, e->arm))
			arm++;
		doc_row(d);
		report_arm_cell(d, r->c, arm);
		doc_cell(d, DOC_NUMBER, 0, "%u", e->references);
		for (int k = 0; k < REPORT_CPUS && r->expected_cpu[k]; k++)
			doc_cell(d, DOC_NUMBER, 0, "%s", number_value(e->walks[k], "", number));
	}
}

void report_folded_note(struct doc *d, const struct comparison *c)
{
	size_t n = report_folded(c);

	if (n)
		doc_put(d, DOC_SAY, "Not measurable here: %zu metric%s of TLBs, caches and memory; "
			"their figures are in report.html and report.json.", n, n == 1 ? "" : "s");
}

void report_domain(struct doc *d, const struct report *r)
{
	const struct comparison *c = r->c;
	const struct domain_word *word = domain_find(c->domain);
	size_t hidden = report_folded(c);

	doc_heading(d, "domain", "What this can show");
	doc_put(d, DOC_SAY, "Domain %s: %s.", c->domain, word ? word->meaning : "not known");
	if (word && *word->limit)
		doc_put(d, DOC_SAY, "What it cannot show: %s", word->limit);
	if (!hidden)
		return;
	d->forms = DOC_IN_TEXT;
	report_folded_note(d, c);
	d->forms = DOC_IN_HTML | DOC_IN_MARKDOWN;
	doc_fold_aside(d, "Not measurable here: %zu metric%s of TLBs, caches and memory", hidden,
		       hidden == 1 ? "" : "s");
	report_folded_table(d, c);
	report_figures(d, r, FIGURE_IN_FOLD);
	doc_put(d, DOC_UNFOLD, "%s", "");
	d->forms = DOC_IN_ALL;
	if (!r->n_expected)
		return;
	d->forms = DOC_IN_HTML | DOC_IN_MARKDOWN;
	doc_fold_aside(d, "What a model expects of processors instead");
	report_expected(d, r);
	doc_put(d, DOC_UNFOLD, "%s", "");
	d->forms = DOC_IN_ALL;
}
