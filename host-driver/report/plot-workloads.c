/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures of what the workloads measured. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot-data.h"
#include "report.h"

/* --- chase ladder --------------------------------------------------------- */

/* Names of one end of the lines, moved apart so that none covers another. */
static void spread_labels(struct figure *f, unsigned panel)
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
	/* Each pair that is too close gives way on both sides, until none is. */
	for (int round = 0; round < 100; round++)
		for (size_t i = 1; i < n; i++) {
			double close = gap - (at[i]->label_at - at[i - 1]->label_at);

			if (close > 0) {
				at[i]->label_at += close / 2;
				at[i - 1]->label_at -= close / 2;
			}
		}
}

static void ladder_point(const struct comparison *c, struct figure *f,
			 const struct compare_series *s, double pages)
{
	unsigned panel = figure_name(&f->panel, &f->n_panels, s->cell);

	for (size_t a = 0; a < c->n_arms; a++) {
		const struct compare_estimate *e = &s->est[a];

		if (e->boots && e->value > 0)
			figure_estimate(c, f, s, a, panel, pages);
	}
	f->x.min = f->x.min ? fmin(f->x.min, pages) : pages;
	f->x.max = fmax(f->x.max, pages);
}

#define LINEAR_MOST 20	/* beyond, a linear scale shows the greatest alone */

/* The greatest value as a multiple of the least. */
static double spread(const struct figure *f)
{
	double lo = INFINITY, hi = 0;

	for (size_t i = 0; i < f->n_series; i++)
		for (size_t k = 0; k < f->series[i].n; k++) {
			lo = fmin(lo, f->series[i].mark[k].value);
			hi = fmax(hi, f->series[i].mark[k].value);
		}
	return hi / lo;
}

static int by_x(const void *a, const void *b)
{
	double x = ((const struct figure_mark *)a)->x;
	double y = ((const struct figure_mark *)b)->x;

	return (x > y) - (x < y);
}

const char *figure_chase_ladder(const struct comparison *c, struct figure *f)
{
	const char *unit = "ns";

	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];
		double pages = json_number_value(json_object_get(s->point, "pages"));

		if (s->counter || strcmp(s->workload, "tlb-miss") ||
		    strcmp(s->metric, "ns_per_access") || !(pages > 0) ||
		    json_object_get(s->point, "stride"))
			continue;	/* lines further apart are not this ladder */
		unit = s->unit;
		ladder_point(c, f, s, pages);
	}
	if (!f->n_series)
		return "the campaign has no tlb-miss ladder";
	for (size_t i = 0; i < f->n_series; i++)
		qsort(f->series[i].mark, f->series[i].n,
		      sizeof(*f->series[i].mark), by_x);
	f->title = report_format("TLB misses: a random chase over a ladder of pages "
				 "(%s)", report_domain_title(c->domain));
	f->subtitle = figure_subtitle(c, f);
	f->text = report_format("Time per access against the number of pages, one line "
				"for each of %zu arms", c->n_arms);
	f->x.title = report_format("pages in the chase");
	f->x.log = true;
	figure_ticks(&f->x, 8, false, "pages");
	f->value.log = spread(f) > LINEAR_MOST;
	figure_fit(f);
	f->value.title = report_format("per access");
	if (!f->value.log)
		f->value.min = 0;
	figure_ticks(&f->value, 6, true, unit);
	for (unsigned p = 0; p < f->n_panels; p++)
		spread_labels(f, p);
	f->width = f->n_panels > 1 ? 960 : 720;
	f->height = 70 + 342 * ((f->n_panels + 1) / 2);
	return NULL;
}

/* --- first touch ---------------------------------------------------------- */

static void touch_rows(const struct comparison *c, struct figure *f,
		       const struct compare_series *s)
{
	unsigned panel = figure_name(&f->panel, &f->n_panels, s->cell);

	for (size_t a = 0; a < c->n_arms; a++) {
		const struct compare_estimate *e = &s->est[a];

		if (e->boots && e->value > 0)
			figure_estimate(c, f, s, a, panel,
					figure_name(&f->row, &f->n_rows,
						    c->arms[a].name));
	}
}

const char *figure_first_touch(const struct comparison *c, struct figure *f)
{
	const char *unit = "ns";

	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];

		if (s->counter || strcmp(s->workload, "first-touch") ||
		    strcmp(s->metric, "ns_per_page"))
			continue;
		unit = s->unit;
		touch_rows(c, f, s);
	}
	if (!f->n_series)
		return "the campaign has no first-touch cell";
	f->title = report_format("First touch: cost of a page's first write (%s)",
				 report_domain_title(c->domain));
	f->subtitle = figure_subtitle(c, f);
	f->text = report_format("Cost of a page's first write, a row for each of %zu arms, "
				"on a logarithmic scale", c->n_arms);
	f->value.log = true;
	figure_fit(f);
	f->value.min /= 1.6;
	f->value.max *= 2.2;	/* room for the last label */
	f->value.title = report_format("per page, logarithmic");
	figure_ticks(&f->value, 7, false, unit);
	f->width = 720;
	f->height = 120 + f->n_panels * (34 + 36 * f->n_rows);
	return NULL;
}

/* --- STREAM --------------------------------------------------------------- */

/* The kernel's name, wherever the workload put it: metric or point. */
static const char *stream_kernel(const struct compare_series *s)
{
	static const char *const kernels[] = { "copy", "scale", "add", "triad" };
	const char *k = json_string_value(json_object_get(s->point, "kernel"));

	if (!k)
		k = s->metric;
	for (size_t i = 0; i < 4; i++)
		if (!strncmp(k, kernels[i], strlen(kernels[i])))
			return k;
	return NULL;
}

const char *figure_stream(const struct comparison *c, struct figure *f)
{
	const char *unit = "B/s";

	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];
		const char *kernel = stream_kernel(s);
		unsigned panel, row;

		if (s->counter || strcmp(s->workload, "stream") || !kernel ||
		    strcmp(s->kind, "rate"))
			continue;
		unit = s->unit;
		panel = figure_name(&f->panel, &f->n_panels, s->cell);
		row = figure_name(&f->row, &f->n_rows, kernel);
		for (size_t a = 0; a < c->n_arms; a++)
			if (s->est[a].boots)
				figure_estimate(c, f, s, a, panel, row);
	}
	if (!f->n_series)
		return "the campaign has no stream cell";
	f->title = report_format("STREAM: bandwidth in the guest (%s)", report_domain_title(c->domain));
	f->subtitle = figure_subtitle(c, f);
	f->text = report_format("Bandwidth of each STREAM kernel, a bar for each of %zu arms",
				c->n_arms);
	figure_fit(f);
	f->value.min = 0;
	f->value.title = report_format("bandwidth");
	figure_ticks(&f->value, 5, true, unit);
	f->width = 720;
	f->height = 80 + 260 * f->n_panels;
	return NULL;
}

