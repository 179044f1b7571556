/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page sizes found: a row for each backing, source, layer and arm. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "report-parts.h"
#include "report.h"
#include "safe.h"
#include "vocab/number.h"
#include "vocab/words.h"

/* "machine under test" would be too wide for a column. */
static const char *proof_layer(const struct compare_proof *p)
{
	int l = layer_find(p->layer);

	return l == LAYER_MUT ? "MUT" : l < 0 ? p->layer : layer_words[l].title;
}

int report_page_of(const struct comparison *c, size_t arm, const char *cell, enum layer layer)
{
	const struct compare_proof *p = compare_proof_of(c, arm, layer_words[layer].name, cell);
	const struct compare_pages *a = p ? &p->after : NULL;

	if (!a || !a->readings)
		return -1;
	if (a->bytes_1g >= a->bytes_2m && a->bytes_1g >= a->bytes_4k)
		return PAGE_1G;
	return a->bytes_2m >= a->bytes_4k ? PAGE_2M : PAGE_4K;
}

/* Is a layer unavailable everywhere for the same reason? */
static bool proof_missing(const struct comparison *c, const char *layer)
{
	const char *reason = NULL;

	for (size_t i = 0; i < c->n_proofs; i++) {
		const struct compare_proof *p = &c->proofs[i];

		if (p->cell || strcmp(p->layer, layer))
			continue;
		if (p->after.readings || (reason && strcmp(reason, p->unavailable)))
			return false;
		reason = p->unavailable;
	}
	return reason;
}

static void proof_bytes(struct doc *d, double bytes)
{
	char text[NUMBER_MAX];

	doc_cell(d, DOC_NUMBER, 0, "%s", bytes >= 0 ? number_bytes((uint64_t)bytes, text) : "-");
}

static void proof_row(struct doc *d, const struct comparison *c,
		      const struct compare_proof *p)
{
	const struct compare_pages *a = &p->after;
	char text[NUMBER_MAX];

	doc_row(d);
	report_arm_cell(d, c, p->arm);
	doc_cell(d, DOC_WORDS, 0, "%s", proof_layer(p));
	proof_bytes(d, a->bytes_4k);
	proof_bytes(d, a->bytes_2m);
	proof_bytes(d, a->bytes_1g);
	doc_cell(d, DOC_EFFECT, 0, "%s", number_shares(p->huge_least, p->huge_most, text));
	doc_cell(d, DOC_NUMBER, 0, "%s", number_value(a->faults, "", text));
}

/* Is there anything of it that a row can show? */
static bool proof_has(const struct compare_proof *p)
{
	return p->after.readings || p->after.counted;
}

static void proof_table(struct doc *d, const struct comparison *c)
{
	const struct compare_proof *last = NULL;

	doc_table(d, "arm|=layer|#in 4K|#in 2M|#in 1G|#huge|#faults");
	for (size_t i = 0; i < c->n_proofs; i++) {
		const struct compare_proof *p = &c->proofs[i];
		char *name;

		if (p->cell || !proof_has(p))
			continue;
		if (!last || last->place != p->place) {
			name = text_format("%s/%s", p->backing, p->source);
			doc_group(d, name, "%s", "");
			free(name);
		}
		last = p;
		proof_row(d, c, p);
	}
}

/* Why a layer could not be read; only once if the reason is the same everywhere. */
static void proof_unavailable(struct doc *d, const struct comparison *c)
{
	bool told[LAYERS] = { false };

	for (size_t i = 0; i < c->n_proofs; i++) {
		const struct compare_proof *p = &c->proofs[i];
		int layer = layer_find(p->layer);

		if (p->cell || p->after.readings || layer < 0 || told[layer])
			continue;
		told[layer] = proof_missing(c, p->layer);
		if (told[layer])
			doc_put(d, DOC_ITEM, "%s: unavailable: %s", proof_layer(p),
				p->unavailable);
		else
			doc_put(d, DOC_ITEM, "%s, %s/%s, %s: unavailable: %s", proof_layer(p),
				p->backing, p->source, c->arms[p->arm].name, p->unavailable);
	}
}

void report_proof(struct doc *d, const struct report *r)
{
	const struct comparison *c = r->c;
	bool any = false;

	doc_heading(d, "proof", "Proof: page sizes found after the timed regions");
	for (size_t i = 0; i < c->n_proofs; i++)
		any |= proof_has(&c->proofs[i]);
	if (!c->n_proofs)
		doc_put(d, DOC_SAY, "No proof was recorded.");
	report_figures(d, r, FIGURE_IN_PROOF);
	if (any)
		proof_table(d, c);
	proof_unavailable(d, c);
	if (any)
		doc_put(d, DOC_SMALL, "Layers: %s, %s; %s, %s; MUT, %s; %s, %s.",
			layer_words[0].title, layer_words[0].help, layer_words[1].title,
			layer_words[1].help, layer_words[2].help, layer_words[3].title,
			layer_words[3].help);
	if (any)
		doc_put(d, DOC_SMALL, "Means over boots and the workloads of one backing and "
			"source; the huge share from its smallest to its largest reading. A "
			"sample whose proof contradicts its cell is void and never averaged. "
			"Faults are second-level faults that the guest has taken so far.");
}

/*
 * Around disturbances: the page sizes of the second level, one row per step, and over the seconds of a
 * separate run.
 */
#define PANELS_MAX 12

struct timeline_mean {
	double bytes[PAGE_SIZES], faults;
	unsigned n;
};

/* Means over the boots, of runs whose times are kept. */
static struct timeline_mean proof_timeline_mean(const struct comparison *c, const char *cell,
						size_t arm, enum run_step step)
{
	struct timeline_mean m = { .n = 0 };

	for (size_t i = 0; i < c->n_timeline; i++) {
		const struct compare_reading *r = &c->timeline[i];

		if (r->apart || r->layer != LAYER_SECOND || r->arm != arm || r->step != step ||
		    strcmp(r->cell, cell))
			continue;
		for (int k = 0; k < PAGE_SIZES; k++)
			m.bytes[k] += r->bytes[k];
		m.faults += r->faults;
		m.n++;
	}
	for (int k = 0; k < PAGE_SIZES && m.n; k++)
		m.bytes[k] /= m.n;
	m.faults = m.n ? m.faults / m.n : NAN;
	return m;
}

static void proof_timeline_row(struct doc *d, const struct comparison *c, const char *cell,
			       size_t arm, enum run_step step)
{
	struct timeline_mean m = proof_timeline_mean(c, cell, arm, step);
	double all = m.bytes[PAGE_4K] + m.bytes[PAGE_2M] + m.bytes[PAGE_1G];
	char text[NUMBER_MAX];

	if (!m.n)
		return;
	doc_row(d);
	report_arm_cell(d, c, arm);
	doc_cell(d, DOC_WORDS, 0, "%s", step_words[step].title);
	for (int k = 0; k < PAGE_SIZES; k++)
		doc_cell(d, DOC_NUMBER, 0, "%s", number_bytes((uint64_t)m.bytes[k], text));
	doc_cell(d, DOC_EFFECT, 0, "%s", all > 0 ? number_share(1 - m.bytes[PAGE_4K] / all, text) : "-");
	doc_cell(d, DOC_NUMBER, 0, "%s", number_value(m.faults, "", text));
	doc_cell(d, DOC_NUMBER, 0, "%u", m.n);
}

/* Is this the first reading of its cell? */
static bool proof_timeline_is_first(const struct comparison *c, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!c->timeline[k].apart && !strcmp(c->timeline[k].cell, c->timeline[i].cell))
			return false;
	return !c->timeline[i].apart;
}

void report_timeline(struct doc *d, const struct report *r)
{
	const struct comparison *c = r->c;

	if (!c->n_timeline)
		return;
	doc_heading(d, "timeline", "Second level before, during and after");
	report_figures(d, r, FIGURE_IN_TIMELINE);
	doc_table(d, "arm|step|#in 4K|#in 2M|#in 1G|#huge|#faults|#n");
	for (size_t i = 0; i < c->n_timeline; i++) {
		if (!proof_timeline_is_first(c, i))
			continue;
		doc_group(d, c->timeline[i].cell, "%s", "");
		for (size_t a = 0; a < c->n_arms; a++)
			for (int s = 0; s < STEPS; s++)
				proof_timeline_row(d, c, c->timeline[i].cell, a, (enum run_step)s);
	}
	doc_put(d, DOC_SMALL, "Means over n readings, one per boot and process, all of them outside "
		"the timed regions. Faults are second-level faults that the guest has taken so far.");
}

/* --- the figure ----------------------------------------------------------------- */

/* The separate run that represents its cell and arm: that of the first block. */
static bool proof_timeline_is_shown(const struct comparison *c, const struct compare_reading *r)
{
	for (size_t i = 0; r->apart && i < c->n_timeline; i++) {
		const struct compare_reading *o = &c->timeline[i];

		if (o->apart && o->arm == r->arm && o->block < r->block && !strcmp(o->cell, r->cell))
			return false;
	}
	return r->apart && (r->layer == LAYER_SECOND || r->event);
}

static bool proof_timeline_has_1g(const struct comparison *c)
{
	for (size_t i = 0; i < c->n_timeline; i++)
		if (c->timeline[i].layer == LAYER_SECOND && c->timeline[i].bytes[PAGE_1G] > 0)
			return true;
	return false;
}

static void proof_timeline_put(const struct comparison *c, struct figure *f,
			       const struct compare_reading *r)
{
	bool several = false;
	unsigned panel;
	char *name;

	for (size_t i = 0; i < c->n_timeline; i++)
		several |= c->timeline[i].apart && strcmp(c->timeline[i].cell, r->cell);
	name = several ? text_format("%s: %s", c->arms[r->arm].name, r->cell)
		       : text_format("%s", c->arms[r->arm].name);
	panel = figure_name(&f->panel, &f->n_panels, name);
	free(name);
	if (panel >= PANELS_MAX)
		return;
	f->x.max = fmax(f->x.max, r->seconds);
	if (r->event) {
		struct figure_mark *m = figure_mark(figure_series(f, "events", panel, PAGE_SIZES),
						    r->seconds, 0, NAN, NAN);

		snprintf(m->label, sizeof(m->label), "%s", r->event);
		return;
	}
	for (int k = 0; k < PAGE_SIZES; k++) {
		/* No line at 0 for a size that never occurs. */
		if (k == PAGE_1G && !proof_timeline_has_1g(c))
			continue;
		f->value.max = fmax(f->value.max, r->bytes[k]);
		figure_mark(figure_series(f, page_words[k].title, panel, (unsigned)k), r->seconds,
			    r->bytes[k] / (1 << 20), NAN, NAN);
	}
}

const char *figure_timeline(const struct comparison *c, struct figure *f)
{
	for (size_t a = 0; a < c->n_arms; a++)
		for (size_t i = 0; i < c->n_timeline; i++)
			if (c->timeline[i].arm == a && proof_timeline_is_shown(c, &c->timeline[i]))
				proof_timeline_put(c, f, &c->timeline[i]);
	if (!f->n_series)
		return "no cell has a timeline";
	f->title = text_format("Second level over time (domain: %s)", c->domain);
	f->subtitle = text_format("one run of each arm, separate from the timed ones; lines are events");
	f->text = text_format("Bytes mapped with 4K, 2M and 1G pages over the seconds of a run, "
			      "by arm, with its events");
	f->value.max = fmax(f->value.max / (1 << 20), 1);
	f->value.title = text_format("MiB in pages of each size");
	f->x.title = text_format("seconds");
	figure_ticks(&f->value, 4, true, "");
	figure_ticks(&f->x, 8, true, "");
	f->width = 720;
	f->height = 120 + 214 * (f->n_panels < PANELS_MAX ? f->n_panels : PANELS_MAX);
	return NULL;
}
