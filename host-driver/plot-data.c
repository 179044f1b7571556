/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of figures, and how one is put together. */
#include "plot-data.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *script;
	enum figure_shape shape;
	figure_data_fn data;
} kinds[] = {
	{ "effects-large", "effects", FIGURE_EFFECTS, figure_large_effects },
	{ "effects-small", "effects", FIGURE_EFFECTS, figure_small_effects },
	{ "page-sizes", "page-sizes", FIGURE_SHARES, figure_page_sizes },
	{ "first-touch", "first-touch", FIGURE_DOTS, figure_first_touch },
	{ "chase-ladder", "chase-ladder", FIGURE_LINES, figure_chase_ladder },
	{ "stream", "stream", FIGURE_BARS, figure_stream },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

char *figure_text(const char *fmt, ...)
{
	char *s = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&s, fmt, args) < 0)
		abort();
	va_end(args);
	return s;
}

void *figure_grow(void *array, size_t n, size_t size)
{
	void *more = realloc(array, (n + 1) * size);

	if (!more)
		abort();
	memset((char *)more + n * size, 0, size);
	return more;
}

unsigned figure_name(char ***names, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp((*names)[i], name))
			return i;
	*names = figure_grow(*names, *n, sizeof(**names));
	(*names)[*n] = figure_text("%s", name);
	return (*n)++;
}

struct figure_series *figure_series(struct figure *f, const char *name,
					unsigned panel, unsigned colour)
{
	struct figure_series *s;

	for (size_t i = 0; i < f->n_series; i++)
		if (f->series[i].panel == panel && f->series[i].colour == colour)
			return &f->series[i];
	f->series = figure_grow(f->series, f->n_series, sizeof(*f->series));
	s = &f->series[f->n_series++];
	s->name = figure_text("%s", name);
	s->panel = panel;
	s->colour = colour;
	return s;
}

struct figure_mark *figure_mark(struct figure_series *s, double x,
				    double value, double lo, double hi)
{
	struct figure_mark *m;

	s->mark = figure_grow(s->mark, s->n, sizeof(*s->mark));
	m = &s->mark[s->n++];
	m->x = x;
	m->value = value;
	m->lo = isfinite(lo) ? lo : value;
	m->hi = isfinite(hi) ? hi : value;
	return m;
}

unsigned figure_arm_colour(const struct comparison *c, size_t arm)
{
	return arm == c->baseline ? 0 : arm < c->baseline ? arm + 1 : arm;
}

const char *figure_domain(const struct comparison *c)
{
	return !strcmp(c->domain, "hardware") ? "hardware time" :
	       !strcmp(c->domain, "nested") ? "nested KVM time" :
	       !strcmp(c->domain, "instructions") ? "counted instructions" :
	       "emulated time";
}

char *figure_subtitle(const struct comparison *c)
{
	return figure_text("n = %u blocks; mean over boots with its %.4g%% interval",
		    c->blocks, 100 * (1 - c->alpha));
}

void figure_fit(struct figure *f)
{
	double lo = INFINITY, hi = -INFINITY;

	for (size_t i = 0; i < f->n_series; i++)
		for (size_t k = 0; k < f->series[i].n; k++) {
			const struct figure_mark *m = &f->series[i].mark[k];

			lo = fmin(lo, f->value.log && !(m->lo > 0) ? m->value : m->lo);
			hi = fmax(hi, m->hi);
		}
	f->value.min = lo;
	f->value.max = hi;
}

static void release_one(struct figure *f)
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
		free(f->series[i].mark);
	}
	free(f->panel);
	free(f->row);
	free(f->series);
}

void figures_init(const struct comparison *c, struct figure **figures,
		  size_t *n, struct figure_missing **missing, size_t *n_missing)
{
	*figures = calloc(KINDS, sizeof(**figures));
	*missing = calloc(KINDS, sizeof(**missing));
	if (!*figures || !*missing)
		abort();
	*n = *n_missing = 0;
	for (size_t i = 0; i < KINDS; i++) {
		struct figure *f = &(*figures)[*n];
		const char *why;

		*f = (struct figure){ .name = kinds[i].name,
				      .script = kinds[i].script,
				      .shape = kinds[i].shape };
		why = kinds[i].data(c, f);
		if (!why) {
			(*n)++;
			continue;
		}
		release_one(f);
		(*missing)[(*n_missing)++] = (struct figure_missing){
			kinds[i].name, figure_text("%s", why) };
	}
}

void figures_release(struct figure *figures, size_t n,
		     struct figure_missing *missing, size_t n_missing)
{
	for (size_t i = 0; i < n; i++)
		release_one(&figures[i]);
	for (size_t i = 0; i < n_missing; i++)
		free(missing[i].reason);
	free(figures);
	free(missing);
}
