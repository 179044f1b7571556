/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Common parts of drawings: positions on axes, ticks, colours, names, narrow pages. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "vocab/number.h"
#include "safe.h"
#include "size.h"

/*
 * Okabe and Ito's colours, darkened where they are too light on white; the
 * baseline is grey. doc-style.c has their counterparts for a dark page.
 */
static const char *const palette[FIGURE_COLOURS] = {
	"#5f6670", "#d55e00", "#0072b2", "#009e73", "#aa4499", "#b8860b",
	"#3a3a98",
};

const char *figure_colour(unsigned n)
{
	return n ? palette[1 + (n - 1) % (FIGURE_COLOURS - 1)] : palette[0];
}

double figure_place(const struct figure_axis *a, double v)
{
	if (a->log)
		return v > 0 ? log(v / a->min) / log(a->max / a->min) : 0;
	return (v - a->min) / (a->max - a->min);
}

static void axis_add_tick(struct figure_axis *a, double at, const char *unit)
{
	char *label;

	if (a->n_ticks == FIGURE_TICKS_MAX)
		return;
	label = a->tick[a->n_ticks].label;
	a->tick[a->n_ticks++].at = at;
	if (!strcmp(unit, "x"))
		snprintf(label, FIGURE_TEXT_MAX, "x%.4g", at);
	else if (!strcmp(unit, "x%"))	/* ratios near 1, as percent */
		snprintf(label, FIGURE_TEXT_MAX, "%+.4g%%", 100 * (at - 1));
	else if (!strcmp(unit, "share"))
		snprintf(label, FIGURE_TEXT_MAX, "%.4g%%", 100 * at);
	else if (!strcmp(unit, "pages"))
		size_format(at, label);
	else
		number_tick(at, unit, label);
	if (fabs(at - 1) < 1e-9 && unit[0] == 'x')
		strcpy(label, "same");
}

/* 1, 2 or 5 times a power of ten, so that at most `most` steps span `range`. */
static double axis_nice_step(double range, unsigned most)
{
	double raw = range / most, power = pow(10, floor(log10(raw)));
	double m = raw / power;

	return power * (m <= 1 ? 1 : m <= 2 ? 2 : m <= 5 ? 5 : 10);
}

static void axis_linear_ticks(struct figure_axis *a, unsigned most, bool widen,
			 const char *unit)
{
	double step = axis_nice_step(a->max - a->min, most);
	long first = floor(a->min / step + 1e-9), last = ceil(a->max / step - 1e-9);

	if (widen) {
		a->min = first * step;
		a->max = last * step;
	}
	for (long i = first; i <= last; i++)
		if (i * step >= a->min - step / 1e6 &&
		    i * step <= a->max + step / 1e6)
			axis_add_tick(a, i * step, unit);
}

/* The mantissas that are labelled in a decade: fewer if there are many decades. */
static const double mantissas[][9] = {
	{ 1, 1.5, 2, 3, 4, 5, 6, 7, 8 },
	{ 1, 2, 3, 5, 7 },
	{ 1, 2, 5 },
	{ 1, 3 },
	{ 1 },
};

static unsigned axis_decade_ticks(struct figure_axis *a, const double m[9],
			     const char *unit, bool count_only)
{
	unsigned n = 0;

	int first = fmax(floor(log10(a->min)), -30);
	int last = fmin(ceil(log10(a->max)), 30);

	for (int p = first; p <= last; p++)
		for (int i = 0; i < 9 && m[i] > 0; i++) {
			double at = m[i] * pow(10, p);

			if (at < a->min * (1 - 1e-9) || at > a->max * (1 + 1e-9))
				continue;
			n++;
			if (!count_only)
				axis_add_tick(a, at, unit);
		}
	return n;
}

static void axis_log_ticks(struct figure_axis *a, unsigned most, const char *unit)
{
	size_t i = 0, n = sizeof(mantissas) / sizeof(mantissas[0]);

	while (i < n - 1 && axis_decade_ticks(a, mantissas[i], unit, true) > most)
		i++;
	axis_decade_ticks(a, mantissas[i], unit, false);
}

/* Powers of two, every 1st, 2nd, ... so that there are at most `most`. */
static void axis_binary_ticks(struct figure_axis *a, unsigned most, const char *unit)
{
	int first = ceil(log2(a->min) - 1e-9), last = floor(log2(a->max) + 1e-9);
	int step = 1 + (last - first) / (int)most;

	for (int p = first; p <= last; p += step)
		axis_add_tick(a, pow(2, p), unit);
}

#define AXIS_ALIKE 1e-7	/* a data file has nine digits */

/* Are all values equal, up to rounding, or is there none? */
static bool axis_is_point(const struct figure_axis *a)
{
	return !(a->max - a->min > AXIS_ALIKE * fmax(fabs(a->min), fabs(a->max)));
}

void figure_ticks(struct figure_axis *a, unsigned most, bool widen,
		  const char *unit)
{
	a->n_ticks = 0;
	if (axis_is_point(a)) {
		double v = isfinite(a->min) ? a->min : 0;

		a->min = a->log ? v / 2 : v - (v ? fabs(v) / 2 : 1);
		a->max = a->log ? v * 2 : v + (v ? fabs(v) / 2 : 1);
	}
	if (a->log && !strcmp(unit, "pages"))
		axis_binary_ticks(a, most, unit);
	else if (a->log)
		axis_log_ticks(a, most, unit);
	else
		axis_linear_ticks(a, most, widen, unit);
}

/* Bytes of the first `columns` characters. */
static size_t axis_bytes_of(const char *s, size_t columns)
{
	size_t used = 0;

	while (columns-- && s[used])
		used += safe_char_len(s + used);
	return used;
}

char *figure_short_name(const char *name, size_t most)
{
	char *safe = safe_text(name), *to = safe;

	for (const char *p = safe; *p;) {
		size_t word = strcspn(p, " ");
		size_t keep = word > axis_bytes_of(p, most) ? axis_bytes_of(p, most - 3)
						       : word;

		memmove(to, p, keep);
		to += keep;
		if (keep < word)
			to = stpcpy(to, "...");	/* replaces more than three columns */
		p += word;
		while (*p == ' ')
			*to++ = *p++;
	}
	*to = '\0';
	return safe;
}

char *figure_cut_middle(const char *name, size_t most, size_t end)
{
	char *safe = safe_text(name), *cut = NULL;
	size_t width = safe_width(safe), len;
	FILE *f = text_open(&cut, &len);

	for (size_t column = 0, at = 0; safe[at]; column++) {
		size_t n = safe_char_len(safe + at);

		if (width <= most || column < most - 3 - end || column >= width - end)
			fprintf(f, "%.*s", safe[at] == ' ' ? 2 : (int)n, safe[at] == ' ' ? "\u00a0" : safe + at);
		else if (column == most - 3 - end)
			fputs("...", f);
		at += n;
	}
	text_close(f);
	free(safe);
	return cut;
}

unsigned figure_room_for_rows(const struct figure *f)
{
	size_t longest = 10;

	for (size_t i = 0; i < f->n_rows; i++) {
		char *name = figure_short_name(f->row[i], FIGURE_ROW_MAX), *save = NULL;

		for (char *p = strtok_r(name, " ", &save); p;
		     p = strtok_r(NULL, " ", &save))
			if (safe_width(p) > longest)
				longest = safe_width(p);
		free(name);
	}
	return 30 + longest * 29 / 4;
}

/* --- narrow pages ------------------------------------------------------------- */

#define NARROW_LETTER 7		/* points that a letter of a tick takes, at most */
#define NARROW_ROW 24		/* letters of a name beside the axis */
#define NARROW_PANEL 52		/* and of one that has the width to itself */
#define NARROW_TITLES 46	/* points of height that titles take */

/* Do the labels of every `step`th tick leave room between each other? */
static bool axis_has_room(const struct figure_axis *a, unsigned from, unsigned step, double room)
{
	for (unsigned i = from; i + step < a->n_ticks; i += step) {
		double gap = figure_place(a, a->tick[i + step].at) - figure_place(a, a->tick[i].at);
		double letters = safe_width(a->tick[i].label) + safe_width(a->tick[i + step].label);

		if (gap * room < NARROW_LETTER * (1 + letters / 2))
			return false;
	}
	return true;
}

/* As many ticks as have room beside each other, "same" among them. */
static void axis_thin(struct figure_axis *a, double room)
{
	unsigned step = 1, kept = 0, same = 0;

	for (unsigned i = 0; i < a->n_ticks; i++)
		if (!strcmp(a->tick[i].label, "same"))
			same = i;
	while (!axis_has_room(a, same % step, step, room))
		step++;
	for (unsigned i = same % step; i < a->n_ticks; i += step)
		a->tick[kept++] = a->tick[i];
	a->n_ticks = kept;
}

/* Cut at the end to that many letters. */
static char *axis_cut(const char *name, size_t most)
{
	char *safe = safe_text(name);

	if (safe_width(safe) > most)
		strcpy(safe + axis_bytes_of(safe, most - 3), "...");
	return safe;
}

static char **axis_cut_all(char *const *name, size_t n, size_t most)
{
	char **cut = calloc(n + 1, sizeof(*cut));

	must_have(cut);
	for (size_t i = 0; i < n; i++)
		cut[i] = axis_cut(name[i], most);
	return cut;
}

/* Lines that a legend of the series takes. */
static unsigned axis_legend_lines(const struct figure *f)
{
	size_t all = 0;

	for (size_t i = 0; i < f->n_series; i++)
		if (f->series[i].panel == f->series[0].panel)
			all += 4 + safe_width(f->series[i].name);
	return all * NARROW_LETTER / FIGURE_NARROW;
}

void figure_narrow_init(const struct figure *f, struct figure *narrow)
{
	bool above = !strcmp(f->script, "effects");	/* names stand above their rows */
	size_t abreast = f->abreast ? f->abreast : 1;
	unsigned height = f->height - NARROW_TITLES + 18 * axis_legend_lines(f);

	*narrow = *f;
	narrow->title = narrow->subtitle = "";
	narrow->width = FIGURE_NARROW;
	narrow->row = axis_cut_all(f->row, f->n_rows, above ? 2 * NARROW_PANEL : NARROW_ROW);
	narrow->panel = axis_cut_all(f->panel, f->n_panels, NARROW_PANEL);
	narrow->left = above ? 26 : figure_room_for_rows(narrow);
	narrow->height = above ? height + 34 * f->n_rows :
			 height * f->n_panels / ((f->n_panels + abreast - 1) / abreast);
	axis_thin(&narrow->x, FIGURE_NARROW - 80);
	if (!f->x.n_ticks)	/* else the axis of values stands upright */
		axis_thin(&narrow->value, FIGURE_NARROW - 20 - narrow->left - 30 * above);
}

void figure_narrow_release(struct figure *narrow)
{
	for (size_t i = 0; i < narrow->n_rows; i++)
		free(narrow->row[i]);
	for (size_t i = 0; i < narrow->n_panels; i++)
		free(narrow->panel[i]);
	free(narrow->row);
	free(narrow->panel);
}
