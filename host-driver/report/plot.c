/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of figures. */
#include "plot.h"

#include <stdlib.h>
#include <string.h>

#include "bench/workload.h"
#include "report.h"
#include "safe.h"
#include "vocab/words.h"

#define ENTRY(function, name, script, section) { name, script, section, figure_##function },
static const struct {
	const char *name, *script;
	enum figure_section section;
	figure_data_fn *data;
} plot_own[] = { FIGURES(ENTRY) };
#define OWN (sizeof(plot_own) / sizeof(plot_own[0]))

/* Figures of many campaigns. */
static const struct {
	const char *name, *script;
	const char *(*data)(const struct trend *t, const char *series, struct figure *f);
} plot_campaigns[] = {
	{ "history", "history", figure_history },
};

/* How the figures that workloads declare for their metrics are drawn. */
static const struct {
	const char *script;
	figure_data_fn *data;
} plot_shapes[] = {
	[FIGURE_ROWS] = { "rows", figure_rows },
	[FIGURE_LADDER] = { "ladder", figure_ladder },
	[FIGURE_BARS] = { "bars", figure_bars },
	[FIGURE_PAGES] = { "walks", figure_walks },
	[FIGURE_SHARES] = { "shares", figure_shares },
};

void figure_release(struct figure *f)
{
	free(f->title);
	free(f->subtitle);
	free(f->text);
	free(f->value.title);
	free(f->x.title);
	for (size_t i = 0; i < f->n_panels; i++)
		free(f->panel[i]);
	for (size_t i = 0; i < f->n_rows; i++)
		free(f->row[i]);
	for (size_t i = 0; i < f->n_series; i++) {
		free(f->series[i].name);
		for (size_t k = 0; k < f->series[i].n; k++)
			free(f->series[i].mark[k].boot);
		free(f->series[i].mark);
	}
	free(f->panel);
	free(f->row);
	free(f->series);
	free(f->svg);
	free(f->narrow_svg);
	free(f->not_drawn);
}

/* Room for series' names beside the ends of their lines, in points. */
static unsigned plot_room_for_series(const struct figure *f)
{
	size_t longest = 0;

	for (size_t i = 0; i < f->n_series; i++) {
		char *name = figure_short_name(f->series[i].name, FIGURE_ARM_MAX);

		if (safe_width(name) > longest)
			longest = safe_width(name);
		free(name);
	}
	return 28 + longest * 31 / 4;
}

const char *figure_init_history(const struct trend *t, const char *series, struct figure *f)
{
	const char *why;

	*f = (struct figure){ .name = plot_campaigns[0].name, .script = plot_campaigns[0].script };
	why = plot_campaigns[0].data(t, series, f);
	if (why) {
		figure_release(f);
		return why;
	}
	f->left = figure_room_for_rows(f);
	f->right = plot_room_for_series(f);
	return NULL;
}

struct plot_lists {
	const struct comparison *c;
	struct figure *figure;
	struct figure_missing *missing;
	size_t n, n_missing;
};

static void plot_add(struct plot_lists *l, struct figure f, figure_data_fn *data)
{
	const char *why = data(l->c, &f);

	if (why) {
		l->missing = figure_grow(l->missing, l->n_missing, sizeof(*l->missing));
		l->missing[l->n_missing++] = (struct figure_missing){
			f.name, text_format("%s", why) };
		figure_release(&f);
		return;
	}
	f.left = figure_room_for_rows(&f);
	f.right = plot_room_for_series(&f);
	l->figure = figure_grow(l->figure, l->n, sizeof(*l->figure));
	l->figure[l->n++] = f;
}

static bool plot_is_there(const struct plot_lists *l, const struct workload_figure *of)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->figure[i].of == of)
			return true;
	for (size_t i = 0; i < l->n_missing; i++)
		if (!strcmp(l->missing[i].name, of->name))
			return true;
	return false;
}

static size_t plot_add_name(const char **names, size_t n, size_t most, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return n;
	if (n < most)
		names[n++] = name;
	return n;
}

size_t figures_known(const char **names, size_t most)
{
	size_t n = plot_add_name(names, 0, most, plot_campaigns[0].name);

	for (size_t i = 0; i < OWN; i++)
		n = plot_add_name(names, n, most, plot_own[i].name);
	for (size_t i = 0; workloads[i]; i++)
		for (const struct workload_metric *m = workloads[i]->metrics; m->name; m++) {
			if (m->figure)
				n = plot_add_name(names, n, most, m->figure->name);
			if (m->second)
				n = plot_add_name(names, n, most, m->second->name);
		}
	return n;
}

static bool plot_has_workload(const struct comparison *c, const char *name)
{
	for (size_t i = 0; i < c->n_series; i++)
		if (!strcmp(c->series[i].workload, name))
			return true;
	return false;
}

static void plot_add_workload(struct plot_lists *l, const struct workload *w)
{
	const struct domain_word *d = domain_find(l->c->domain);
	bool shows = !w->memory || !d || d->walks;

	for (const struct workload_metric *m = w->metrics; m->name; m++)
		for (int k = 0; k < 2; k++) {
			const struct workload_figure *of = k ? m->second : m->figure;

			if (of && !plot_is_there(l, of))
				plot_add(l, (struct figure){ .name = of->name,
					 .script = plot_shapes[of->shape].script, .section = shows
					 ? FIGURE_IN_MEASUREMENTS : FIGURE_IN_FOLD, .of = of },
					 plot_shapes[of->shape].data);
		}
}

void figures_init(const struct comparison *c, struct figure **figures,
		  size_t *n, struct figure_missing **missing, size_t *n_missing)
{
	struct plot_lists l = { .c = c };

	for (size_t i = 0; i < OWN; i++)
		plot_add(&l, (struct figure){ .name = plot_own[i].name,
			 .script = plot_own[i].script, .section = plot_own[i].section },
			 plot_own[i].data);
	for (size_t i = 0; workloads[i]; i++)
		if (plot_has_workload(c, workloads[i]->name))
			plot_add_workload(&l, workloads[i]);
	*figures = l.figure;
	*n = l.n;
	*missing = l.missing;
	*n_missing = l.n_missing;
}

void figures_release(struct figure *figures, size_t n,
		     struct figure_missing *missing, size_t n_missing)
{
	for (size_t i = 0; i < n; i++)
		figure_release(&figures[i]);
	for (size_t i = 0; i < n_missing; i++)
		free(missing[i].reason);
	free(figures);
	free(missing);
}
