/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ratios of many campaigns, one panel per series, with the points where a level changed. */
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compare/trend.h"
#include "order.h"
#include "plot.h"
#include "safe.h"
#include "vocab/words.h"

#define HISTORY_PANELS 6
#define HISTORY_LEVEL 60	/* added to an arm's colour for its levels: plots/history.gp */
#define HISTORY_CHANGE 99	/* the colour of changes */

static bool history_shown(const struct trend_series *s, const char *series)
{
	return s->points && (!series || !fnmatch(series, s->key, 0));
}

/* Arms have the same colours in all panels, in the order of their appearance. */
static unsigned history_colour(const struct trend *t, const struct trend_series *s)
{
	char **names = NULL;
	size_t n = 0;
	unsigned colour = 0;

	for (size_t i = 0; i < t->n_series; i++) {
		colour = 1 + figure_name(&names, &n, t->series[i].arm);
		if (&t->series[i] == s)
			break;
	}
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return colour;
}

/* The place of each campaign on the x axis: every series has its points in order of time. */
static unsigned *history_places(const struct trend *t)
{
	unsigned *place = calloc(t->n_campaigns + 1, sizeof(*place));

	must_have(place);
	for (size_t i = 0; i < t->n_campaigns; i++)
		for (size_t k = 0; k < t->n_campaigns; k++)
			place[i] += t->campaign[k].begun < t->campaign[i].begun ||
				    (t->campaign[k].begun == t->campaign[i].begun && k < i);
	return place;
}

/* The level of each segment, from its first campaign to its last. */
static void history_levels(struct figure *f, const struct trend_series *s, const unsigned *place,
			   unsigned panel, unsigned colour)
{
	for (size_t i = 0; i <= s->changes.n && s->changes.n; i++) {
		size_t from = i ? s->changes.change[i - 1].at : 0;
		size_t to = i < s->changes.n ? s->changes.change[i].at : s->points;
		double level = i ? s->changes.change[i - 1].after : s->changes.change[0].before;
		struct figure_series *line =
			figure_series(f, s->arm, panel, HISTORY_LEVEL + colour);

		figure_mark(line, place[s->campaign[from]] + 0.6, level, NAN, NAN);
		figure_mark(line, place[s->campaign[to - 1]] + 1.4, level, NAN, NAN);
		figure_mark(line, NAN, NAN, NAN, NAN);	/* the line ends */
	}
}

static void history_changes(struct figure *f, const struct trend_series *s, const unsigned *place,
			    unsigned panel)
{
	for (size_t i = 0; i < s->changes.n; i++) {
		const struct stats_change *c = &s->changes.change[i];
		bool better = (c->after > c->before) == (s->better == STATS_HIGHER);
		struct figure_mark *m =
			figure_mark(figure_series(f, "changes", panel, HISTORY_CHANGE),
				    place[s->campaign[c->at]] + 0.5, c->after, NAN, NAN);

		snprintf(m->label, sizeof(m->label), "%+.2f%%, %s",
			 100 * (c->after / c->before - 1), better ? "better" : "worse");
	}
}

static void history_line(const struct trend *t, struct figure *f, const struct trend_series *s,
			 const unsigned *place)
{
	unsigned panel = figure_name(&f->panel, &f->n_panels, s->key);
	unsigned colour = history_colour(t, s);

	for (size_t i = 0; i < s->points; i++) {
		size_t k = s->campaign[i];

		figure_mark(figure_series(f, s->arm, panel, colour), place[k] + 1, s->ratio[k],
			    s->lo[k], s->hi[k]);
	}
	history_levels(f, s, place, panel, colour);
	history_changes(f, s, place, panel);
}

/* Series with a change first; all arms of each series shown. */
static void history_lines(const struct trend *t, const char *series, struct figure *f)
{
	unsigned *place = history_places(t);

	for (int changed = 1; changed >= 0; changed--)
		for (size_t i = 0; i < t->n_series; i++) {
			const struct trend_series *s = &t->series[i];
			bool known = false;

			for (size_t p = 0; p < f->n_panels; p++)
				known |= !strcmp(f->panel[p], s->key);
			if (history_shown(s, series) && !!s->changes.n == !!changed &&
			    (known || f->n_panels < HISTORY_PANELS))
				history_line(t, f, s, place);
		}
	free(place);
}

/* Campaigns are evenly spaced, whatever time lies between them; ticks show dates. */
static void history_axis(const struct trend *t, struct figure *f)
{
	unsigned *place = history_places(t), n = t->n_campaigns;
	unsigned step = (n + 3) / 4;

	for (unsigned at = 0; at < n; at += step)
		for (size_t i = 0; i < n && f->x.n_ticks < FIGURE_TICKS_MAX; i++) {
			time_t begun = (time_t)t->campaign[i].begun;
			struct tm tm;

			if (place[i] != at)
				continue;
			f->x.tick[f->x.n_ticks].at = at + 1;
			strftime(f->x.tick[f->x.n_ticks++].label, FIGURE_TEXT_MAX, "%Y-%m-%d",
				 localtime_r(&begun, &tm));
		}
	free(place);
	f->x.title = text_format("campaigns, oldest first");
	f->x.min = 0.5;
	f->x.max = n + 0.5;
}

/* Scaled to what most campaigns show: an outlier leaves the drawing, with an arrow. */
static void history_fit(struct figure *f)
{
	double *v = NULL, width, lo, hi;
	size_t n = 0;

	for (size_t i = 0; i < f->n_series; i++)
		for (size_t k = 0; f->series[i].colour < HISTORY_LEVEL && k < f->series[i].n; k++) {
			v = figure_grow(v, n, sizeof(*v));
			v[n++] = f->series[i].mark[k].value;
		}
	order_sort(v, n);
	lo = fmin(v[n / 20], 1);
	hi = fmax(v[n - 1 - n / 20], 1);
	width = fmax(hi - lo, 0.01);
	f->value.log = lo > 0 && hi / lo > 3;
	if (f->value.log) {
		f->value.min = fmax(v[0] / 1.1, lo / 2);
		f->value.max = fmin(v[n - 1] * 1.1, hi * 2);
	} else {
		f->value.min = fmax(fmax(v[0] - width / 4, lo - width), 0);
		f->value.max = fmin(v[n - 1] + width / 4, hi + width);
	}
	free(v);
}

const char *figure_history(const struct trend *t, const char *series, struct figure *f)
{
	const struct domain_word *d = domain_find(t->domain);
	size_t shown = 0;

	history_lines(t, series, f);
	if (!f->n_series)
		return "no followed series has that name";
	for (size_t i = 0; i < t->n_series; i++)
		shown += history_shown(&t->series[i], series);
	f->title = text_format("History of ratios to %s (%s)", t->baseline,
			       d ? d->title : t->domain);
	f->subtitle = text_format("n = %zu campaigns with their intervals; lines: levels; "
				  "triangle: outside the drawing%s", t->n_campaigns,
				  f->n_panels == HISTORY_PANELS && shown > HISTORY_PANELS
				  ? "; 6 of the series (--series)" : "");
	f->text = text_format("Ratio of each arm to the baseline over campaigns, with the points "
			      "where its level changed");
	history_axis(t, f);
	history_fit(f);
	f->value.title = text_format("against the baseline%s",
				     f->value.log ? ", logarithmic" : "");
	figure_ticks(&f->value, 6, !f->value.log, f->value.log ? "x" : "x%");
	f->width = f->n_panels > 1 ? 960 : 720;
	f->height = 92 + 300 * ((f->n_panels + 1) / 2);
	return NULL;
}
