/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.txt: 76 columns, fit to be pasted into a mail. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report-compare.h"
#include "report.h"
#include "report-counters.h"
#include "report-env.h"
#include "report-layout.h"
#include "vocab/number.h"
#include "report-rows.h"
#include "safe.h"
#include "report-text.h"

#define CONSOLE_LINES 4	/* of a failed boot, in the text */

static void __attribute__((format(printf, 3, 4)))
field(FILE *out, const char *name, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = report_vformat(fmt, args);
	va_end(args);
	layout_field(out, name, text);
	free(text);
}

static void put_arms(const struct report *r, FILE *out)
{
	const struct comparison *c = r->c;

	for (size_t i = 0; i < c->n_arms; i++) {
		const struct compare_arm *a = &c->arms[i];

		field(out, i ? "" : "arms", "%s%s%s%s%s", a->name,
		      strcmp(a->name, a->kernel) ? ", kernel " : "",
		      strcmp(a->name, a->kernel) ? a->kernel : "",
		      a->baseline ? " (baseline)" : "",
		      a->control ? " (the baseline once more, as a control)" : "");
	}
}

static void put_run(const struct report *r, FILE *out)
{
	char when[64], took[NUMBER_MAX];
	time_t t = r->begun;
	struct tm tm;

	if (!(r->begun > 0) || !gmtime_r(&t, &tm))
		return;
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M UTC", &tm);
	field(out, "run", "%s, took %s", when,
	      number_duration(r->ended - r->begun, took));
}

static void put_head(const struct report *r, FILE *out)
{
	const struct comparison *c = r->c;
	char *control = report_control(c);

	layout_paragraph(out, 0, 0, *c->question ? c->question : c->name);
	fputc('\n', out);
	field(out, "campaign", "%s", c->name);
	field(out, "domain", "%s: %s", c->domain, report_domain_meaning(c->domain));
	if (*r->cpu)
		field(out, "processor", "%s", r->cpu);
	put_arms(r, out);
	if (control)
		field(out, "A/A pair", "%s", control);
	free(control);
	field(out, "blocks", "%u of %u, each with one boot of every arm in random "
	      "order, seed %llu", c->blocks, c->blocks_planned,
	      (unsigned long long)c->seed);
	put_run(r, out);
	field(out, "record", "%s, plan %.12s", r->folder, c->plan_hash);
}

static void put_reading(const struct report *r, FILE *out)
{
	char *text = NULL;

	if (asprintf(&text, "How to read it: an effect is the arm against the "
		     "baseline, by block; x0.081 is 0.081 times the baseline. n is "
		     "the number of blocks. \"detects\" is the smallest effect that "
		     "this campaign finds in 80%% of cases; what is smaller stays "
		     "inconclusive. \"not worse than %.3g%%\": a greater loss can be "
		     "ruled out. Verdicts are corrected for the number of tests; an "
		     "interval is that of its metric alone.",
		     100 * r->c->margin) < 0)
		abort();
	fputc('\n', out);
	layout_paragraph(out, 0, 0, text);
	free(text);
}

static void put_claims(const struct report *r, FILE *out)
{
	const struct comparison *c = r->c;

	if (!c->n_claims)
		return;
	layout_heading(out, "Expectations");
	compare_print_claims(out, c->claims, c->n_claims);
}

static void put_console(const struct report_failure *f, FILE *out)
{
	size_t n = json_array_size(f->console);

	for (size_t i = n > CONSOLE_LINES ? n - CONSOLE_LINES : 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(f->console, i));

		if (s && *s)
			layout_paragraph(out, 4, 6, s);
	}
}

static void put_failures(const struct report *r, FILE *out)
{
	const struct comparison *c = r->c;
	struct layout_table t;

	layout_heading(out, "Runs that failed, samples that are void");
	layout_table_init(&t, "wrrrrw");
	layout_table_add(&t, "arm", "boots", "failed", "samples", "void", "how");
	for (size_t i = 0; i < c->n_arms; i++) {
		const struct compare_arm *a = &c->arms[i];
		char n[4][24];

		snprintf(n[0], sizeof(n[0]), "%u", a->boots);
		snprintf(n[1], sizeof(n[1]), "%u", a->failed);
		snprintf(n[2], sizeof(n[2]), "%u", a->samples);
		snprintf(n[3], sizeof(n[3]), "%u", a->voids);
		layout_table_add(&t, a->name, n[0], n[1], n[2], n[3], a->failures);
	}
	layout_table_print(&t, out, 0);
	layout_table_release(&t);
	if (!r->n_failures)
		fputs("\nEvery boot and every workload process ended well.\n", out);
	for (size_t i = 0; i < r->n_failures; i++) {
		const struct report_failure *f = &r->failures[i];
		char *line = NULL;

		if (asprintf(&line, "%s: %s%s%s", f->where, f->class,
			     *f->text ? ": " : "", f->text) < 0)
			abort();
		if (!i)
			fputc('\n', out);
		layout_paragraph(out, 0, 4, line);
		put_console(f, out);
		free(line);
	}
}

static void put_differences(const struct comparison *c, FILE *out)
{
	if (!c->n_differences) {
		layout_paragraph(out, 0, 0, "Nothing recorded differs between the "
				 "arms besides the kernel under test.");
		return;
	}
	layout_paragraph(out, 0, 0, "What differs between arms besides the kernel "
			 "under test:");
	for (size_t i = 0; i < c->n_differences; i++) {
		const struct compare_difference *d = &c->differences[i];
		char *line = NULL;

		if (asprintf(&line, "%s: %s has \"%s\", %s \"%s\"", d->what,
			     c->arms[c->baseline].name, d->baseline_value, d->arm,
			     d->arm_value) < 0)
			abort();
		layout_paragraph(out, 2, 6, line);
		free(line);
	}
}

static void put_conditions(const struct report *r, FILE *out)
{
	const char *where;
	json_t *facts;

	layout_heading(out, "Conditions");
	put_differences(r->c, out);
	json_object_foreach(r->env, where, facts) {
		struct layout_table t;
		struct report_facts f;
		char *title = NULL;

		if (asprintf(&title, "%s:", where) < 0)
			abort();
		fputc('\n', out);
		layout_paragraph(out, 0, 0, title);
		free(title);
		layout_table_init(&t, "ww");
		report_facts_init(&f, facts);
		for (size_t i = 0; i < f.n; i++)
			layout_table_add(&t, f.fact[i].name, f.fact[i].text);
		report_facts_release(&f);
		layout_table_print(&t, out, 2);
		layout_table_release(&t);
	}
}

static void put_model(const struct report *r, FILE *out)
{
	struct layout_table t;

	layout_heading(out, "Model");
	if (!r->n_model) {
		layout_paragraph(out, 0, 0, *r->model_reason ? r->model_reason :
				 "No cell of this campaign has a model.");
		return;
	}
	field(out, "for", "%s; misses and walks per access, of a ladder at its "
	      "upper end; knees in pages; walk cost by the references of a walk", r->model_cpu);
	layout_table_init(&t, "wwrrrl");
	layout_table_add(&t, "", "", "expected", "measured", "ratio", "bound");
	for (size_t i = 0; i < r->n_model; i++) {
		const struct report_model_row *m = &r->model[i];
		char e[NUMBER_MAX], d[NUMBER_MAX], q[NUMBER_MAX];
		char bound[NUMBER_MAX];

		if (!i || strcmp(m->what, m[-1].what))
			layout_table_line(&t, m->what);
		number_value(m->expected, "", e);
		number_value(m->measured, "", d);
		number_value(m->measured / m->expected, "", q);
		layout_table_add(&t, m->arm, m->quantity, e,
				 isfinite(m->measured) ? d : "model", q,
				 report_model_bound(m, bound, sizeof(bound)));
	}
	layout_table_print(&t, out, 2);
	layout_table_release(&t);
}

static void put_list(FILE *out, const char *heading, char *const *text, size_t n)
{
	layout_heading(out, heading);
	for (size_t i = 0; i < n; i++) {
		char *line = NULL;

		if (asprintf(&line, "- %s", text[i]) < 0)
			abort();
		layout_paragraph(out, 0, 2, line);
		free(line);
	}
}

static void put_limits(const struct report *r, FILE *out)
{
	char **limits = report_limits(r);
	size_t n = 0;

	while (limits[n])
		n++;
	put_list(out, "What is not in it", limits, n);
	report_limits_free(limits);
}

void report_text(const struct report *r, FILE *out)
{
	put_head(r, out);
	layout_heading(out, "Verdicts");
	report_print_table(out, r->c);
	put_reading(r, out);
	put_claims(r, out);
	report_text_proof(r, out);
	put_failures(r, out);
	report_counters_text(r, out);
	put_model(r, out);
	put_conditions(r, out);
	put_limits(r, out);
	if (r->c->n_notes)
		put_list(out, "Notes", r->c->notes, r->c->n_notes);
	layout_heading(out, "Everything else");
	layout_paragraph(out, 0, 0,
			 "Every metric and counter at every point: report.html and "
			 "report.json. Raw samples: kduel export.");
}
