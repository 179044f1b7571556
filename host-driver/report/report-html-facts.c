/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proof, expectations, failures, counters, model and conditions as HTML. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report-counters.h"
#include "report-env.h"
#include "report-html.h"
#include "vocab/number.h"
#include "safe.h"

static void text_cell(FILE *out, const char *text)
{
	fputs("<td>", out);
	html_put(out, text);
	fputs("</td>", out);
}

static void number_cell(FILE *out, const char *text)
{
	fputs("<td class=\"n\">", out);
	html_number(out, text);
	fputs("</td>", out);
}

static void count_cell(FILE *out, unsigned n)
{
	fprintf(out, "<td class=\"n\">%u</td>", n);
}

void html_claims(const struct report *r, FILE *out)
{
	static const char *const class[] = {
		[CLAIM_HOLDS] = "v-good", [CLAIM_FAILS] = "v-bad",
		[CLAIM_UNDECIDED] = "", [CLAIM_UNMEASURABLE] = "",
	};
	const struct comparison *c = r->c;

	if (!c->n_claims)
		return;
	fputs("<h2 id=\"expectations\">Expectations</h2>\n", out);
	fputs("<ul class=\"claims\">\n", out);
	for (size_t i = 0; i < c->n_claims; i++) {
		const struct compare_claim *k = &c->claims[i];

		fprintf(out, "<li><span class=\"v %s\">%s</span> <span class=\"id\">",
			class[k->outcome], claim_outcome_name(k->outcome));
		html_put(out, k->text);
		fputs("</span><br/>", out);
		html_put(out, k->detail);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

static void bytes_cell(FILE *out, double bytes)
{
	char buf[NUMBER_MAX];

	number_cell(out, isfinite(bytes) && bytes >= 0 ? number_bytes(bytes, buf)
						       : "-");
}

static void proof_row(const struct comparison *c, const struct compare_proof *p,
		      FILE *out)
{
	const struct compare_pages *a = &p->after;
	char buf[NUMBER_MAX], huge[2 * NUMBER_MAX];

	fputs("<tr>", out);
	text_cell(out, report_layer_name(p->layer));
	fputs("<th scope=\"row\">", out);
	html_arm(c, p->arm, out);
	fputs("</th>", out);
	if (!a->readings) {
		fputs("<td colspan=\"5\">unavailable: ", out);
		html_put(out, p->unavailable);
		fputs("</td></tr>\n", out);
		return;
	}
	bytes_cell(out, a->bytes_4k);
	bytes_cell(out, a->bytes_2m);
	bytes_cell(out, a->bytes_1g);
	number_cell(out, report_huge_share(p, huge));
	number_cell(out, number_value(a->faults, "", buf));
	fputs("</tr>\n", out);
}

static void proof_rows(const struct comparison *c, FILE *out)
{
	const struct compare_proof *last = NULL;

	for (size_t i = 0; i < c->n_proofs; i++) {
		const struct compare_proof *p = &c->proofs[i];

		if (p->cell || report_proof_missing(c, p->layer))
			continue;
		if (!last || last->place != p->place) {
			fputs("<tr class=\"group\"><th colspan=\"7\"><span class=\"id\">", out);
			html_put(out, p->backing);
			fputs("/", out);
			html_put(out, p->source);
			fputs("</span></th></tr>\n", out);
		}
		last = p;
		proof_row(c, p, out);
	}
}

/* Once for a layer that could not be read anywhere. */
static void proofs_missing(const struct comparison *c, FILE *out)
{
	bool told[LAYERS] = { false };

	for (size_t i = 0; i < c->n_proofs; i++) {
		const struct compare_proof *p = &c->proofs[i];
		int layer = layer_find(p->layer);

		if (layer < 0 || told[layer] || !report_proof_missing(c, p->layer))
			continue;
		told[layer] = true;
		fprintf(out, "<p>%s: unavailable: ", report_layer_name(p->layer));
		html_put(out, p->unavailable);
		fputs("</p>\n", out);
	}
}

void html_proof(const struct report *r, FILE *out)
{
	const struct comparison *c = r->c;

	fputs("<h2 id=\"proof\">Proof of page sizes</h2>\n", out);
	if (!c->n_proofs) {
		fputs("<p>No proof was recorded.</p>\n", out);
		return;
	}
	html_figure(r, "page-sizes", out);
	html_table_begin(out, "Layer|Arm|#In 4K|#In 2M|#In 1G|#Huge|#Faults");
	proof_rows(c, out);
	html_table_end(out);
	proofs_missing(c, out);
	fputs("<p class=\"small soft\">Read after the timed regions, means over boots and "
	      "the workloads of one backing and source. "
	      "A sample whose proof contradicts its cell is void and never averaged. "
	      "Faults are second-level faults taken by the guest so far.</p>\n", out);
}

static void failure(const struct report_failure *f, FILE *out)
{
	fputs("<h3>", out);
	html_put(out, f->where);
	fputs(": ", out);
	html_put(out, f->class);
	fputs("</h3>\n<p>", out);
	html_put(out, f->text);
	fputs("</p>\n", out);
	if (!json_array_size(f->console))
		return;
	fputs("<pre tabindex=\"0\">", out);
	for (size_t i = 0; i < json_array_size(f->console); i++) {
		html_put(out, json_string_value(json_array_get(f->console, i)));
		fputc('\n', out);
	}
	fputs("</pre>\n", out);
}

void html_failures(const struct report *r, FILE *out)
{
	const struct comparison *c = r->c;

	fputs("<h2 id=\"failures\">Runs that failed, samples that are void</h2>\n", out);
	html_table_begin(out, "Arm|#Boots|#Failed|#Samples|#Void|How");
	for (size_t i = 0; i < c->n_arms; i++) {
		const struct compare_arm *a = &c->arms[i];

		fputs("<tr><th scope=\"row\">", out);
		html_arm(c, i, out);
		fputs("</th>", out);
		count_cell(out, a->boots);
		count_cell(out, a->failed);
		count_cell(out, a->samples);
		count_cell(out, a->voids);
		text_cell(out, a->failures);
		fputs("</tr>\n", out);
	}
	html_table_end(out);
	if (!r->n_failures)
		fputs("<p>Every boot and every workload process ended well.</p>\n", out);
	for (size_t i = 0; i < r->n_failures; i++)
		failure(&r->failures[i], out);
}

static void counted(const struct comparison *c, FILE *out)
{
	char buf[NUMBER_MAX];
	bool any = false;

	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];

		if (!report_counter_shown(c, i))
			continue;
		if (!any)
			html_table_begin(out, "Cell|Counter|Arm|#Count");
		any = true;
		for (size_t a = 0; a < c->n_arms; a++) {
			fputs("<tr>", out);
			text_cell(out, s->cell);
			text_cell(out, s->counter);
			fputs("<td>", out);
			html_arm(c, a, out);
			fputs("</td>", out);
			number_cell(out, number_value(s->est[a].value, "count", buf));
			fputs("</tr>\n", out);
		}
	}
	if (!any)
		return;
	html_table_end(out);
	fprintf(out, "<p class=\"small soft\">%s</p>\n", report_counters_meaning);
}

void html_counters(const struct report *r, FILE *out)
{
	const struct comparison *c = r->c;

	fputs("<h2 id=\"counters\">Counters</h2>\n", out);
	counted(c, out);
	if (!c->n_missing) {
		fputs("<p>Every counter that was asked for could be read; all figures "
		      "are in the full list.</p>\n", out);
		return;
	}
	html_table_begin(out, "Counters|Unavailable because|#Samples");
	for (size_t i = 0; i < c->n_missing; i++) {
		char *names = report_missing_names(c, i);

		if (!names)
			continue;
		fputs("<tr><td><span class=\"id\">", out);
		html_put(out, names);
		fputs("</span></td>", out);
		text_cell(out, c->missing[i].reason);
		count_cell(out, c->missing[i].samples);
		fputs("</tr>\n", out);
		free(names);
	}
	html_table_end(out);
}

void html_model(const struct report *r, FILE *out)
{
	char buf[NUMBER_MAX];

	fputs("<h2 id=\"model\">Model</h2>\n<p>", out);
	if (!r->n_model) {
		html_put(out, *r->model_reason ? r->model_reason :
			 "No cell of this campaign has a model.");
		fputs("</p>\n", out);
		return;
	}
	fputs("Expected for ", out);
	html_put(out, r->model_cpu);
	fputs(", from the workload's own address pattern and the page sizes of both "
	      "levels; misses and walks per access, of a ladder at its upper end; knees "
	      "in pages; walk cost by the references of a walk.</p>\n", out);
	html_table_begin(out, "Cell|Arm|Quantity|#Expected|#Measured|#Ratio|Bound");
	for (size_t i = 0; i < r->n_model; i++) {
		const struct report_model_row *m = &r->model[i];

		fputs("<tr>", out);
		text_cell(out, m->what);
		text_cell(out, m->arm);
		text_cell(out, m->quantity);
		number_cell(out, number_value(m->expected, "", buf));
		number_cell(out, isfinite(m->measured)
				 ? number_value(m->measured, "", buf) : "model");
		number_cell(out, number_value(m->measured / m->expected, "", buf));
		text_cell(out, report_model_bound(m, buf, sizeof(buf)));
		fputs("</tr>\n", out);
	}
	html_table_end(out);
}

static void differences(const struct comparison *c, FILE *out)
{
	if (!c->n_differences) {
		fputs("<p>Nothing recorded differs between the arms besides the kernel "
		      "under test.</p>\n", out);
		return;
	}
	fputs("<p>What differs between arms besides the kernel under test:</p>\n", out);
	html_table_begin(out, "What|Baseline|Arm|Its value");
	for (size_t i = 0; i < c->n_differences; i++) {
		fputs("<tr>", out);
		text_cell(out, c->differences[i].what);
		text_cell(out, c->differences[i].baseline_value);
		text_cell(out, c->differences[i].arm);
		text_cell(out, c->differences[i].arm_value);
		fputs("</tr>\n", out);
	}
	html_table_end(out);
}

void html_conditions(const struct report *r, FILE *out)
{
	const char *where;
	json_t *facts;

	fputs("<h2 id=\"conditions\">Conditions</h2>\n", out);
	differences(r->c, out);
	json_object_foreach(r->env, where, facts) {
		struct report_facts f;

		fputs("<details><summary>Facts of the ", out);
		html_put(out, where);
		fprintf(out, " (%zu)</summary>\n", json_object_size(facts));
		html_table_begin(out, "Fact|Value");
		report_facts_init(&f, facts);
		for (size_t i = 0; i < f.n; i++) {
			fputs("<tr><td><span class=\"id\">", out);
			html_put(out, f.fact[i].name);
			fputs("</span></td>", out);
			text_cell(out, f.fact[i].text);
			fputs("</tr>\n", out);
		}
		report_facts_release(&f);
		html_table_end(out);
		fputs("</details>\n", out);
	}
}
