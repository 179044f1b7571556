/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures: what a plot shows, before anything draws it.
 *
 *	comparison -> data function -> struct figure -> data/<name>.dat
 *	  -> gnuplot plots/<script>.gp -> plots/<name>.svg, .png
 *	  -> the same SVG inside report.html
 *
 * One table in plot.c lists the figures of the comparison itself, one line and
 * one data function each; the figures that workloads declare for their metrics
 * (bench/workload.h) have a data function and a script for each shape. What must
 * be the same in all drawings is decided before the script runs: titles (with the
 * domain), ticks, colours, labels and their positions.
 *
 * A figure has panels beside or above each other; a panel has series, mostly one
 * per arm; a series has marks. In a figure with rows a mark's `x` is the index of
 * a row, otherwise it is a number.
 */
#ifndef KDUEL_PLOT_H
#define KDUEL_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/workload.h"
#include "compare/compare.h"

#define FIGURE_TICKS_MAX 16
#define FIGURE_TEXT_MAX 48

struct figure_axis {
	char *title;
	bool log;
	double min, max;
	struct { double at; char label[FIGURE_TEXT_MAX]; } tick[FIGURE_TICKS_MAX];
	unsigned n_ticks;
};

struct figure_mark {
	double x;
	double value, lo, hi;	/* without an interval lo = hi = value */
	char label[FIGURE_TEXT_MAX];	/* "71.2 us"; may be "" */
	double *boot;		/* the boots' own values, if they are shown */
	unsigned n_boots;
};

struct figure_series {
	char *name;
	unsigned panel;
	unsigned colour;	/* 0 is the baseline's, see figure_colour() */
	struct figure_mark *mark;
	size_t n;
	double label_at;	/* height of the name beside a line's end, as a
				 * share of the axis */
};

enum figure_section { FIGURE_IN_EFFECTS, FIGURE_IN_PROOF, FIGURE_IN_TIMELINE, FIGURE_IN_MEASUREMENTS,
		      FIGURE_IN_DRIFT, FIGURE_IN_FOLD /* what the domain cannot show */ };

struct figure {
	const char *name;	/* "chase-ladder" */
	const char *script;	/* plots/<script>.gp */
	enum figure_section section;	/* of the page */
	const struct workload_figure *of;	/* what a workload declared, or NULL */
	char *title;		/* with the domain */
	char *subtitle;		/* conditions: n, what an interval is */
	char *text;		/* a sentence that describes it, for readers who
				 * cannot see it */
	struct figure_axis value;	/* of the marks' values */
	struct figure_axis x;	/* if there are no rows */
	char **panel;		/* titles */
	size_t n_panels;
	unsigned abreast;	/* panels beside each other, at most; 0: one */
	char **row;		/* names of the rows; none if x is a number */
	size_t n_rows;
	struct figure_series *series;
	size_t n_series;
	unsigned width, height;	/* of the drawing, in points */
	unsigned left;		/* room for names of rows, in points */
	unsigned right;		/* room for names of series beside their lines, in points */
	unsigned n_least, n_most;	/* blocks behind a mark */
	char *svg;		/* as gnuplot drew it; NULL: see not_drawn */
	char *narrow_svg;	/* the same for a page of 400 px */
	char *not_drawn;	/* why not; NULL if figure_draw() was not called yet */
};

struct figure_missing {
	const char *name;
	char *reason;		/* "the campaign has no cell with stream" */
};

/* Builds every figure that the comparison has data for; the others get a reason. */
void figures_init(const struct comparison *c, struct figure **figures,
		  size_t *n, struct figure_missing **missing, size_t *n_missing);
void figures_release(struct figure *figures, size_t n,
		     struct figure_missing *missing, size_t n_missing);

/*
 * The names of all figures that there can be of any campaign, into `names`; how many,
 * at most `most`.
 */
size_t figures_known(const char **names, size_t most);

/*
 * The figure of many campaigns: the ratios that a trend followed, for the series that
 * match a glob (NULL: all), changed ones first. Returns NULL, or why there is none.
 */
struct trend;
const char *figure_init_history(const struct trend *t, const char *series, struct figure *f);
void figure_release(struct figure *f);

/* The n-th series colour, "#0072b2", from a palette for colour-blind readers. */
const char *figure_colour(unsigned n);
#define FIGURE_COLOURS 7

/* The baseline's colour is 0 wherever it stands among the arms. */
unsigned figure_arm_colour(const struct comparison *c, size_t arm);

/* The position of `v` on the axis: 0 at its beginning, 1 at its end. */
double figure_place(const struct figure_axis *a, double v);

/* Ticks for min..max, at most `most`; widens the axis to them if `widen`. */
void figure_ticks(struct figure_axis *a, unsigned most, bool widen,
		  const char *unit);

/* Moves the names at the ends of a panel's lines apart, so that they do not overlap. */
void figure_spread_labels(struct figure *f, unsigned panel);

/* A safe copy of a name whose words are cut to `most` columns. */
char *figure_short_name(const char *name, size_t most);
/* One without blanks that break it, of at most `most` columns: the last `end` of them after "...". */
char *figure_cut_middle(const char *name, size_t most, size_t end);
#define FIGURE_ROW_MAX 54	/* for rows and panels */
#define FIGURE_ARM_MAX 24	/* for series */

/* Points that the longest word of a row's name takes beside the axis. */
unsigned figure_room_for_rows(const struct figure *f);

/*
 * The figure as a page of 400 px shows it: without titles, which the page then has
 * itself, with fewer ticks, panels below each other. It borrows all from `f` but the
 * names of its rows and panels.
 */
#define FIGURE_NARROW 380	/* points wide */
void figure_narrow_init(const struct figure *f, struct figure *narrow);
void figure_narrow_release(struct figure *narrow);

/* The data file of a figure: comments that explain it, then blocks. */
void figure_write_data(const struct figure *f, FILE *out);

/*
 * Draws plots/<name>.svg and .png in `folder`, and keeps the SVG in f->svg; or says in
 * f->not_drawn why it could not. `folder` NULL: only f->svg, for a page.
 */
void figure_draw(struct figure *f, const char *folder);

/*
 * Draws a single figure as "svg", "png" or "pdf", by `script` instead of
 * plots/<script>.gp (NULL: by that). The caller frees `*image`.
 */
int figure_draw_as(const struct figure *f, const char *script, const char *format, char **image,
		   size_t *len, struct err *err);

/* Do all letters look the same, because no font is installed on this machine? */
bool figure_letters_missing(void);

/*
 * Writes f->svg and f->narrow_svg as elements of the page, with the page's colours and
 * font, the latter with the titles beside it; the style sheet shows one of them. -1, and
 * nothing written, if one contains anything that a drawing does not need.
 */
int figure_write_inline(const struct figure *f, FILE *out);

/*
 * For data functions: the building blocks of figures. What they return belongs to
 * the figure; if memory runs out the program ends.
 */

/* A data function fills the figure and returns NULL, or why there is none. */
typedef const char *figure_data_fn(const struct comparison *c, struct figure *f);
/*
 * The figures of the comparison itself, one line each: figure_<function>(), name, script in
 * plots/, place in the report.
 */
#define FIGURES(figure)								\
	figure(heat_map, "heat-map", "heat-map", FIGURE_IN_EFFECTS)		\
	figure(large_effects, "effects-large", "effects", FIGURE_IN_EFFECTS)	\
	figure(small_effects, "effects-small", "effects", FIGURE_IN_EFFECTS)	\
	figure(page_sizes, "page-sizes", "page-sizes", FIGURE_IN_PROOF)		\
	figure(timeline, "timeline", "timeline", FIGURE_IN_TIMELINE)		\
	figure(blocks, "blocks", "ladder", FIGURE_IN_DRIFT)
#define FIGURE_DECLARE(function, ...) figure_data_fn figure_##function;
FIGURES(FIGURE_DECLARE)
#undef FIGURE_DECLARE
/* For what a workload declared, f->of. */
figure_data_fn figure_rows, figure_ladder, figure_bars, figure_walks, figure_shares;
/* For many campaigns, see figure_init_history(). */
const char *figure_history(const struct trend *t, const char *series, struct figure *f);
/* For figures of workloads: the series' metric, or NULL if the figure does not show it. */
const struct workload_metric *figure_metric(const struct figure *f,
					    const struct compare_series *s);
void figure_titles(const struct comparison *c, struct figure *f, const char *what);

/* Grows an array of `n` items of `size` bytes by one, which is zeroed. */
void *figure_grow(void *array, size_t n, size_t size);

/* The index of `name` among the panels or rows; added if it is new. */
unsigned figure_name(char ***names, size_t *n, const char *name);

/* The series of that panel and colour; made if it is new. */
struct figure_series *figure_series(struct figure *f, const char *name,
				    unsigned panel, unsigned colour);

/* Adds a mark. Without an interval lo and hi are NaN; they may be infinite. The result is
 * valid until the next call. */
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
 * Fits the value axis to the smallest and largest end of an interval; but an interval
 * that is much wider than the range of the values extends beyond the drawing.
 */
void figure_fit(struct figure *f);

#endif
