/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures about pages, by shape: a map of guest page size by second-level page size,
 * and the cumulative distribution of times of single pages.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/histogram.h"
#include "bench/model.h"
#include "order.h"
#include "plot.h"
#include "report-parts.h"
#include "report.h"
#include "safe.h"
#include "vocab/number.h"
#include "vocab/words.h"

/* --- the map -------------------------------------------------------------------- */

/* Does another series of the figure have the same pages in that arm and backing? */
static bool pages_is_double(const struct comparison *c, const struct figure *f,
			    const struct compare_series *s, size_t arm)
{
	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *o = &c->series[i];

		if (o != s && figure_metric(f, o) && !strcmp(o->backing, s->backing) &&
		    report_page_of(c, arm, o->cell, LAYER_GUEST) ==
		    report_page_of(c, arm, s->cell, LAYER_GUEST) &&
		    report_page_of(c, arm, o->cell, LAYER_SECOND) ==
		    report_page_of(c, arm, s->cell, LAYER_SECOND))
			return true;
	}
	return false;
}

/* A row is a second-level page size and an arm, a column a guest page size: no averaging. */
static void pages_tile(const struct comparison *c, struct figure *f,
		       const struct compare_series *s, size_t arm, int second)
{
	const struct compare_estimate *e = &s->est[arm];
	int guest = report_page_of(c, arm, s->cell, LAYER_GUEST);
	bool several = pages_is_double(c, f, s, arm);
	char value[NUMBER_MAX], lo[NUMBER_MAX], hi[NUMBER_MAX], *row;
	struct figure_mark *m;
	unsigned panel;

	if (guest < 0 || report_page_of(c, arm, s->cell, LAYER_SECOND) != second ||
	    !e->boots || !(e->value > 0))
		return;
	panel = figure_name(&f->panel, &f->n_panels, s->backing);
	row = text_format("%s %s%s%s", page_words[second].title, c->arms[arm].name,
			  several ? " " : "", several ? s->source : "");
	m = figure_mark(figure_series(f, page_words[guest].title, panel, (unsigned)guest),
			figure_name(&f->row, &f->n_rows, row), e->value, e->lo, e->hi);
	free(row);
	number_value(e->lo, s->unit, lo);
	number_value(e->hi, s->unit, hi);
	snprintf(m->label, sizeof(m->label), "%.10s|%u reads|%.10s to %.10s",
		 number_value(e->value, s->unit, value),
		 model_references(page_words[guest].bytes, page_words[second].bytes), lo, hi);
	if (!(e->hi > e->lo))	/* a single boot */
		*strrchr(m->label, '|') = '\0';
	figure_count(f, e->boots);
}

static void pages_columns(struct figure *f)
{
	int most = PAGE_2M;

	for (size_t i = 0; i < f->n_series; i++)
		most = f->series[i].colour > (unsigned)most ? (int)f->series[i].colour : most;
	for (int k = 0; k <= most; k++) {
		f->x.tick[k].at = k;
		snprintf(f->x.tick[k].label, FIGURE_TEXT_MAX, "%s", page_words[k].title);
	}
	f->x.n_ticks = (unsigned)most + 1;
	f->x.min = -0.5;
	f->x.max = most + 0.5;
	f->x.title = text_format("page of the guest");
}

const char *figure_walks(const struct comparison *c, struct figure *f)
{
	const struct domain_word *d = domain_find(c->domain);
	bool measured = false;

	for (int second = 0; second < PAGE_SIZES; second++)
		for (size_t i = 0; i < c->n_series; i++) {
			const struct compare_series *s = &c->series[i];

			for (size_t a = 0; figure_metric(f, s) && a < c->n_arms; a++) {
				measured |= s->est[a].boots && s->est[a].value > 0;
				pages_tile(c, f, s, a, second);
			}
		}
	if (!f->n_series)
		return measured ? "no proof says which pages it was measured with"
				: "the campaign has no value for it";
	f->value.log = true;
	figure_titles(c, f, "a tile");
	free(f->subtitle);
	f->subtitle = text_format("%s; mean with its %.4g%% interval; pages: what most bytes had; "
				  "reads: the model's most%s", figure_n(f), 100 * (1 - c->alpha),
				  !d || d->walks ? "" : "; walks: of the emulator");
	figure_fit(f);
	pages_columns(f);
	f->width = 720;
	f->height = 120 + f->n_panels * (38 + 62 * f->n_rows);
	return NULL;
}

/* --- shares ------------------------------------------------------------------------ */

#define SHARE_PANELS 6
#define SHARE_STEP 0.002	/* a smaller step of all lines would be invisible */
#define BUCKET_WIDTH (1.0 / HISTOGRAM_STEPS)

/* How many things of a block (0: of all blocks) took no longer than `at`, and their total. */
static double pages_below(const struct comparison *c, const struct figure *f, const char *cell,
			  size_t arm, unsigned block, double at, double *all)
{
	double below = 0;

	*all = 0;
	for (size_t i = 0; i < c->n_spreads; i++) {
		const struct compare_spread *s = &c->spreads[i];

		if (s->arm != arm || (block && s->block != block) || strcmp(s->cell, cell) ||
		    strcmp(s->name, f->of->derived))
			continue;
		for (size_t k = 0; k < s->n; k++) {
			*all += s->bucket[k].n;
			below += s->bucket[k].at <= at ? s->bucket[k].n : 0;
		}
	}
	return below;
}

/* The share over all blocks at `at`, with the smallest and largest share of a block. */
static bool pages_share(const struct comparison *c, const struct figure *f, const char *cell,
			size_t arm, double at, struct figure_mark *to)
{
	double all, below = pages_below(c, f, cell, arm, 0, at, &all);

	*to = (struct figure_mark){ .x = at, .value = below / all, .lo = 1, .hi = 0 };
	if (!(all > 0))
		return false;
	for (unsigned b = 1; b <= c->n_block_ids; b++) {
		below = pages_below(c, f, cell, arm, b, at, &all);
		if (!(all > 0))
			continue;
		to->lo = fmin(to->lo, below / all);
		to->hi = fmax(to->hi, below / all);
		to->n_boots++;
	}
	return true;
}

/* Every place at which some arm has a bucket in that cell, in ascending order. */
static size_t pages_places(const struct comparison *c, const struct figure *f,
			   const char *cell, double **places)
{
	size_t n = 0, room = 0, kept = 0;

	for (size_t i = 0; i < c->n_spreads; i++)
		room += c->spreads[i].n;
	*places = calloc(room + 1, sizeof(**places));
	must_have(*places);
	for (size_t i = 0; i < c->n_spreads; i++)
		for (size_t k = 0; k < c->spreads[i].n; k++)
			if (!strcmp(c->spreads[i].cell, cell) &&
			    !strcmp(c->spreads[i].name, f->of->derived))
				(*places)[n++] = fmax(c->spreads[i].bucket[k].at, 1);
	order_sort(*places, n);
	for (size_t i = 0; i < n; i++)
		if (!kept || (*places)[i] > (*places)[kept - 1])
			(*places)[kept++] = (*places)[i];
	return kept;
}

static bool pages_moved(const struct figure_mark *a, const struct figure_mark *b)
{
	return fabs(a->value - b->value) > SHARE_STEP || fabs(a->lo - b->lo) > SHARE_STEP ||
	       fabs(a->hi - b->hi) > SHARE_STEP;
}

/* The line is flat up to the bucket in which it rises. */
static void pages_step(struct figure_series *s, const struct figure_mark *from,
		       const struct figure_mark *to)
{
	double before = to->x * (1 - BUCKET_WIDTH);

	if (before > from->x)
		figure_mark(s, before, from->value, from->lo, from->hi);
	figure_mark(s, to->x, to->value, to->lo, to->hi);
}

static void pages_line(const struct comparison *c, struct figure *f, const char *cell, size_t arm,
		       const double *at, size_t n)
{
	struct figure_mark m, last = { .x = 0 };
	struct figure_series *s = NULL;

	for (size_t i = 0; i < n && pages_share(c, f, cell, arm, at[i], &m); i++) {
		if (!pages_moved(&m, &last) && i + 1 < n)
			continue;
		s = figure_series(f, c->arms[arm].name, figure_name(&f->panel, &f->n_panels, cell),
				  figure_arm_colour(c, arm));
		pages_step(s, &last, &m);
		last = m;
	}
	if (s)
		figure_count(f, last.n_boots);
}

static void pages_cell(const struct comparison *c, struct figure *f, const char *cell)
{
	double *at;
	size_t n = pages_places(c, f, cell, &at);

	for (size_t a = 0; a < c->n_arms; a++)
		pages_line(c, f, cell, a, at, n);
	if (n) {
		f->x.min = f->x.min ? fmin(f->x.min, at[0] / 1.2) : at[0] / 1.2;
		f->x.max = fmax(f->x.max, at[n - 1]);
	}
	free(at);
}

const char *figure_shares(const struct comparison *c, struct figure *f)
{
	for (size_t i = 0; i < c->n_series && f->n_panels < SHARE_PANELS; i++)
		if (figure_metric(f, &c->series[i]))
			pages_cell(c, f, c->series[i].cell);
	if (!f->n_series)
		return c->n_spreads ? "no cell recorded the times of single pages"
				    : "the campaign has no histogram for it";
	figure_titles(c, f, "a line");
	free(f->subtitle);
	f->subtitle = text_format("%s; line: pages of all boots; band: smallest and largest of a boot",
				  figure_n(f));
	f->value.max = 1;
	figure_ticks(&f->value, 5, true, "share");
	f->x.title = text_format("%s", f->of->axis);
	f->x.log = true;
	figure_ticks(&f->x, 6, false, "ns");
	f->abreast = 2;
	f->width = f->n_panels > 1 ? 960 : 720;
	f->height = 92 + 300 * ((f->n_panels + 1) / 2);
	return NULL;
}
