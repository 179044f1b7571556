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

static const char *share_text(const struct compare_pages *p,
			      char buf[static NUMBER_MAX])
{
	double all = p->bytes_4k + p->bytes_2m + p->bytes_1g;

	if (!p->readings || !(all > 0))
		return strcpy(buf, "-");
	return number_share((p->bytes_2m + p->bytes_1g) / all, buf);
}

static void put_proof_row(struct layout_table *t, const struct comparison *c,
			  const struct compare_proof *p)
{
	char b4k[NUMBER_MAX], b2m[NUMBER_MAX], b1g[NUMBER_MAX], huge[NUMBER_MAX];
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
			 share_text(&p->after, huge),
			 number_value(p->after.faults, "", faults));
}

/* Why a layer could not be read: once for all arms where it is the same. */
static void put_unavailable(const struct comparison *c, FILE *out)
{
	for (int i = 0; layer_names[i]; i++) {
		const char *last = "";

		for (size_t a = 0; a < c->n_arms; a++) {
			const struct compare_proof *p =
				compare_proof_of(c, a, layer_names[i]);
			char *line = NULL;

			if (!p || !*p->unavailable || !strcmp(p->unavailable, last))
				continue;
			last = p->unavailable;
			if (asprintf(&line, "%s, %s: unavailable: %s",
				     layer_name(p->layer),
				     report_proof_missing(c, p->layer)
				     ? "all arms" : c->arms[a].name, last) < 0)
				abort();
			layout_paragraph(out, 0, 4, line);
			free(line);
		}
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
	for (int i = 0; layer_names[i]; i++)
		for (size_t a = 0; a < c->n_arms; a++) {
			const struct compare_proof *p =
				compare_proof_of(c, a, layer_names[i]);

			if (p && !report_proof_missing(c, layer_names[i]))
				put_proof_row(&t, c, p);
		}
	if (!c->n_proofs)
		layout_paragraph(out, 0, 0, "No proof was recorded.");
	else if (t.n_rows > 1)
		layout_table_print(&t, out, 0);
	layout_table_release(&t);
	put_unavailable(c, out);
}
