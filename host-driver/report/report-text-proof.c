/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page sizes of report.txt. */
#include "report-text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report-layout.h"
#include "vocab/number.h"

/* The long name of the second of these would cost a line its width. */
static const char *layer_name(const char *layer)
{
	return strcmp(layer, "mut") ? report_layer_name(layer) : "MUT";
}

static const char *pages_text(double bytes, const struct compare_pages *p,
			      char buf[static NUMBER_MAX])
{
	if (!p->readings || !isfinite(bytes))
		return strcpy(buf, "-");
	return number_bytes(bytes, buf);
}

static void put_proof_row(struct layout_table *t, const struct comparison *c,
			  const struct compare_proof *p)
{
	char b4k[NUMBER_MAX], b2m[NUMBER_MAX], b1g[NUMBER_MAX], huge[2 * NUMBER_MAX];
	char faults[NUMBER_MAX];

	if (*p->unavailable && !p->after.readings) {
		layout_table_add(t, layer_name(p->layer),
				 c->arms[p->arm].name, "unavailable",
				 "", "", "", "");
		return;
	}
	layout_table_add(t, layer_name(p->layer), c->arms[p->arm].name,
			 pages_text(p->after.bytes_4k, &p->after, b4k),
			 pages_text(p->after.bytes_2m, &p->after, b2m),
			 pages_text(p->after.bytes_1g, &p->after, b1g),
			 report_huge_share(p, huge),
			 number_value(p->after.faults, "", faults));
}

/* Why a layer could not be read: once where it is the same everywhere. */
static void put_unavailable(const struct comparison *c, FILE *out)
{
	bool told[LAYERS] = { false };

	for (size_t i = 0; i < c->n_proofs; i++) {
		const struct compare_proof *p = &c->proofs[i];
		int layer = layer_find(p->layer);
		char *line;

		if (p->cell || !*p->unavailable || layer < 0 || told[layer])
			continue;
		told[layer] = report_proof_missing(c, p->layer);
		line = told[layer]
			? report_format("%s: unavailable: %s", layer_name(p->layer), p->unavailable)
			: report_format("%s, %s/%s, %s: unavailable: %s", layer_name(p->layer),
					p->backing, p->source, c->arms[p->arm].name,
					p->unavailable);
		layout_paragraph(out, 0, 4, line);
		free(line);
	}
}

static void put_rows(struct layout_table *t, const struct comparison *c)
{
	const struct compare_proof *last = NULL;

	for (size_t i = 0; i < c->n_proofs; i++) {
		const struct compare_proof *p = &c->proofs[i];
		char *line;

		if (p->cell || report_proof_missing(c, p->layer))
			continue;
		if (!last || last->place != p->place) {
			line = report_format("%s/%s", p->backing, p->source);
			layout_table_line(t, line);
			free(line);
		}
		last = p;
		put_proof_row(t, c, p);
	}
}

void report_text_proof(const struct report *r, FILE *out)
{
	const struct comparison *c = r->c;
	struct layout_table t;

	layout_heading(out, "Proof: page sizes found after the timed regions");
	layout_table_init(&t, "lwrrrrr");
	layout_table_add(&t, "layer", "arm", "in 4K", "in 2M", "in 1G", "huge",
			 "faults");
	put_rows(&t, c);
	if (!c->n_proofs)
		layout_paragraph(out, 0, 0, "No proof was recorded.");
	else if (t.n_rows > 1)
		layout_table_print(&t, out, 2);
	layout_table_release(&t);
	put_unavailable(c, out);
}
