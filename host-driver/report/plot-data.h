/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For data functions: how a figure is put together. What they return is the
 * figure's; without memory the program ends.
 */
#ifndef KDUEL_PLOT_DATA_H
#define KDUEL_PLOT_DATA_H

#include "plot.h"

/* Data functions: fill the figure and return NULL, or why there is none. */
const char *figure_large_effects(const struct comparison *c, struct figure *f);
const char *figure_small_effects(const struct comparison *c, struct figure *f);
const char *figure_page_sizes(const struct comparison *c, struct figure *f);
/* Of `f->of`, what a workload declared. */
const char *figure_rows(const struct comparison *c, struct figure *f);
const char *figure_ladder(const struct comparison *c, struct figure *f);
const char *figure_bars(const struct comparison *c, struct figure *f);

/* An array of `n` things of `size` with room for one more, which is zero. */
void *figure_grow(void *array, size_t n, size_t size);

/* The index of `name` among the panels or rows; added if it is new. */
unsigned figure_name(char ***names, size_t *n, const char *name);

/* The series of that panel and colour; made if it is new. */
struct figure_series *figure_series(struct figure *f, const char *name,
				    unsigned panel, unsigned colour);

/* No interval: lo and hi are NaN. They may be infinite. Valid until the next. */
struct figure_mark *figure_mark(struct figure_series *s, double x,
				double value, double lo, double hi);

/* A mark for one arm's own figure: mean, interval, label, boots. */
struct figure_mark *figure_estimate(const struct comparison *c, struct figure *f,
				    const struct compare_series *s, size_t arm,
				    unsigned panel, double x);

/* Counts the blocks behind a mark, for figure_n(). */
void figure_count(struct figure *f, unsigned n);
/* "n = 5 blocks", "n = 4 to 5 blocks"; valid until the next call. */
const char *figure_n(const struct figure *f);

/* "n = 5 blocks; mean over boots with its 95% interval" */
char *figure_subtitle(const struct comparison *c, const struct figure *f);

/*
 * The value axis from the least to the greatest end of an interval; but an
 * interval that is much wider than what was seen leaves the drawing.
 */
void figure_fit(struct figure *f);

#endif
