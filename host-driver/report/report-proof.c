/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page sizes found: a row for each backing, source, layer and arm. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "report-parts.h"
#include "vocab/words.h"
#include "safe.h"

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
