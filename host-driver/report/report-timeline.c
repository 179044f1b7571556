/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page sizes of the second level around a guest's disturbances, one row per step,
 * and over the seconds of a separate run.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "report-parts.h"
#include "report.h"
#include "safe.h"
#include "vocab/number.h"
#include "vocab/words.h"

#define PANELS_MAX 12

/* --- the table ---------------------------------------------------------------- */

struct timeline_mean {
	double bytes[PAGE_SIZES], faults;
	unsigned n;
};

/* Means over the boots, of runs whose times are kept. */
static struct timeline_mean timeline_mean(const struct comparison *c, const char *cell,
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

static void timeline_row(struct doc *d, const struct comparison *c, const char *cell,
			 size_t arm, enum run_step step)
{
	struct timeline_mean m = timeline_mean(c, cell, arm, step);
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
static bool timeline_is_first(const struct comparison *c, size_t i)
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
		if (!timeline_is_first(c, i))
			continue;
		doc_group(d, c->timeline[i].cell, "%s", "");
		for (size_t a = 0; a < c->n_arms; a++)
			for (int s = 0; s < STEPS; s++)
				timeline_row(d, c, c->timeline[i].cell, a, (enum run_step)s);
	}
	doc_put(d, DOC_SMALL, "Means over n readings, one per boot and process, all of them outside "
		"the timed regions. Faults are second-level faults that the guest has taken so far.");
}

/* --- the figure ----------------------------------------------------------------- */

/* The separate run that represents its cell and arm: that of the first block. */
static bool timeline_is_shown(const struct comparison *c, const struct compare_reading *r)
{
	for (size_t i = 0; r->apart && i < c->n_timeline; i++) {
		const struct compare_reading *o = &c->timeline[i];

		if (o->apart && o->arm == r->arm && o->block < r->block && !strcmp(o->cell, r->cell))
			return false;
	}
	return r->apart && (r->layer == LAYER_SECOND || r->event);
}

static bool timeline_has_1g(const struct comparison *c)
{
	for (size_t i = 0; i < c->n_timeline; i++)
		if (c->timeline[i].layer == LAYER_SECOND && c->timeline[i].bytes[PAGE_1G] > 0)
			return true;
	return false;
}

static void timeline_put(const struct comparison *c, struct figure *f,
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
		if (k == PAGE_1G && !timeline_has_1g(c))
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
			if (c->timeline[i].arm == a && timeline_is_shown(c, &c->timeline[i]))
				timeline_put(c, f, &c->timeline[i]);
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
