/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures that workloads declare for their metrics, by shape: rows, a ladder,
 * bars. The workloads' tables say which series belong to a figure, and give its
 * titles and axis.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/workload.h"
#include "plot.h"
#include "report.h"
#include "safe.h"
#include "vocab/words.h"

const struct workload_metric *figure_metric(const struct figure *f,
					    const struct compare_series *s)
{
	const struct workload_metric *m = NULL;

	if (s->counter || workload_metric_find(s->workload, NULL, s->metric, &m, NULL) ||
	    (m->figure != f->of && m->second != f->of))
		return NULL;
	if (json_object_size(s->point) != (f->of->shape == FIGURE_LADDER))
		return NULL;	/* a ladder's points have one key, others none */
	return m;
}

static bool shapes_has(const struct compare_estimate *e)
{
	return e->boots && e->value > 0;
}

void figure_titles(const struct comparison *c, struct figure *f, const char *what)
{
	const struct domain_word *d = domain_find(c->domain);

	f->title = text_format("%s (%s)", f->of->title, d ? d->title : c->domain);
	f->subtitle = figure_subtitle(c, f);
	f->text = text_format("%s, %s for each of %zu arms", f->of->text, what, c->n_arms);
	f->value.title = text_format("%s%s", f->of->value,
				       f->value.log ? ", logarithmic" : "");
}

static const char no_value[] = "the campaign has no value for it";

/* --- rows and bars -------------------------------------------------------------- */

/* A panel for each cell, in it a row for each arm or metric; returns the unit. */
static const char *shapes_fill(const struct comparison *c, struct figure *f, bool by_arm)
{
	const char *unit = "";

	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];

		for (size_t a = 0; figure_metric(f, s) && a < c->n_arms; a++) {
			if (!(f->value.log ? shapes_has(&s->est[a]) : s->est[a].boots > 0))
				continue;
			unit = s->unit;
			figure_estimate(c, f, s, a,
					figure_name(&f->panel, &f->n_panels, s->cell),
					figure_name(&f->row, &f->n_rows,
						    by_arm ? c->arms[a].name : s->metric));
		}
	}
	return unit;
}

const char *figure_rows(const struct comparison *c, struct figure *f)
{
	const char *unit;

	f->value.log = true;
	unit = shapes_fill(c, f, true);
	if (!f->n_series)
		return no_value;
	figure_titles(c, f, "a row");
	figure_fit(f);
	f->value.min /= 1.6;
	f->value.max *= 2.2;	/* room for the last label */
	figure_ticks(&f->value, 7, false, unit);
	f->width = 720;
	f->height = 120 + f->n_panels * (34 + 36 * f->n_rows);
	return NULL;
}

const char *figure_bars(const struct comparison *c, struct figure *f)
{
	const char *unit = shapes_fill(c, f, false);

	if (!f->n_series)
		return no_value;
	figure_titles(c, f, "a bar");
	figure_fit(f);
	f->value.min = 0;
	figure_ticks(&f->value, 5, true, unit);
	f->width = 720;
	f->height = 80 + 260 * f->n_panels;
	return NULL;
}

/* --- ladder ------------------------------------------------------------------- */

void figure_spread_labels(struct figure *f, unsigned panel)
{
	const double gap = 0.058;
	struct figure_series *at[64];
	size_t n = 0;

	for (size_t i = 0; i < f->n_series && n < 64; i++) {
		struct figure_series *s = &f->series[i];

		if (s->panel != panel)
			continue;
		s->label_at = figure_place(&f->value, s->mark[s->n - 1].value);
		at[n++] = s;
		for (size_t k = n - 1; k && at[k]->label_at < at[k - 1]->label_at; k--) {
			at[k] = at[k - 1];
			at[k - 1] = s;
		}
	}
	/* Moves both labels of each pair that is too close, until none is. */
	for (int round = 0; round < 100; round++)
		for (size_t i = 1; i < n; i++) {
			double close = gap - (at[i]->label_at - at[i - 1]->label_at);

			if (close > 0) {
				at[i]->label_at += close / 2;
				at[i - 1]->label_at -= close / 2;
			}
		}
}

#define LINEAR_MOST 20	/* beyond, a linear scale would show only the largest */

/* The largest value as a multiple of the smallest. */
static double shapes_spread(const struct figure *f)
{
	double lo = INFINITY, hi = 0;

	for (size_t i = 0; i < f->n_series; i++)
		for (size_t k = 0; k < f->series[i].n; k++) {
			lo = fmin(lo, f->series[i].mark[k].value);
			hi = fmax(hi, f->series[i].mark[k].value);
		}
	return hi / lo;
}

static int shapes_by_x(const void *a, const void *b)
{
	double x = ((const struct figure_mark *)a)->x;
	double y = ((const struct figure_mark *)b)->x;

	return (x > y) - (x < y);
}

static void shapes_ladder_rung(const struct comparison *c, struct figure *f,
			       const struct compare_series *s, double x)
{
	for (size_t a = 0; a < c->n_arms; a++)
		if (shapes_has(&s->est[a]))
			figure_estimate(c, f, s, a,
					figure_name(&f->panel, &f->n_panels, s->cell), x);
	f->x.min = f->x.min ? fmin(f->x.min, x) : x;
	f->x.max = fmax(f->x.max, x);
}

const char *figure_ladder(const struct comparison *c, struct figure *f)
{
	const char *unit = "";

	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];
		const struct workload_metric *m = figure_metric(f, s);
		double x = m && m->axis ? json_number_value(json_object_get(s->point, m->axis))
					: 0;

		if (!(x > 0))
			continue;
		unit = s->unit;
		shapes_ladder_rung(c, f, s, x);
	}
	if (!f->n_series)
		return no_value;
	for (size_t i = 0; i < f->n_series; i++)
		qsort(f->series[i].mark, f->series[i].n, sizeof(*f->series[i].mark),
		      shapes_by_x);
	f->x.title = text_format("%s", f->of->axis);
	f->x.log = true;
	figure_ticks(&f->x, 8, false, "pages");
	f->value.log = shapes_spread(f) > LINEAR_MOST;
	figure_titles(c, f, "a line");
	figure_fit(f);
	if (!f->value.log)
		f->value.min = 0;
	figure_ticks(&f->value, 6, true, unit);
	for (unsigned p = 0; p < f->n_panels; p++)
		figure_spread_labels(f, p);
	f->abreast = 2;
	f->width = f->n_panels > 1 ? 960 : 720;
	f->height = 70 + 342 * ((f->n_panels + 1) / 2);
	return NULL;
}
