/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building blocks of figures. */
#include "plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "safe.h"
#include "vocab/number.h"

void *figure_grow(void *array, size_t n, size_t size)
{
	void *more = realloc(array, (n + 1) * size);

	must_have(more);
	memset((char *)more + n * size, 0, size);
	return more;
}

unsigned figure_name(char ***names, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp((*names)[i], name))
			return i;
	*names = figure_grow(*names, *n, sizeof(**names));
	(*names)[*n] = text_format("%s", name);
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
	s->name = text_format("%s", name);
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
	m->lo = isnan(lo) ? value : lo;
	m->hi = isnan(hi) ? value : hi;
	return m;
}

unsigned figure_arm_colour(const struct comparison *c, size_t arm)
{
	return arm == c->baseline ? 0 : arm < c->baseline ? arm + 1 : arm;
}

struct figure_mark *figure_estimate(const struct comparison *c, struct figure *f,
				    const struct compare_series *s, size_t arm,
				    unsigned panel, double x)
{
	const struct compare_estimate *e = &s->est[arm];
	struct figure_mark *m =
		figure_mark(figure_series(f, c->arms[arm].name, panel,
					  figure_arm_colour(c, arm)),
			    x, e->value, e->lo, e->hi);

	number_value(e->value, s->unit, m->label);
	figure_count(f, e->boots);
	for (unsigned b = 0; e->boot && b < c->n_block_ids; b++) {
		if (!isfinite(e->boot[b]) || (f->value.log && !(e->boot[b] > 0)))
			continue;
		m->boot = figure_grow(m->boot, m->n_boots, sizeof(*m->boot));
		m->boot[m->n_boots++] = e->boot[b];
	}
	return m;
}

void figure_count(struct figure *f, unsigned n)
{
	if (!f->n_most || n < f->n_least)
		f->n_least = n;
	if (n > f->n_most)
		f->n_most = n;
}

const char *figure_n(const struct figure *f)
{
	static char text[64];

	if (f->n_least == f->n_most)
		snprintf(text, sizeof(text), "n = %u block%s", f->n_most,
			 f->n_most == 1 ? "" : "s");
	else
		snprintf(text, sizeof(text), "n = %u to %u blocks", f->n_least,
			 f->n_most);
	return text;
}

char *figure_subtitle(const struct comparison *c, const struct figure *f)
{
	return text_format("%s; mean over boots with its %.4g%% interval",
			     figure_n(f), 100 * (1 - c->alpha));
}

void figure_fit(struct figure *f)
{
	double lo = INFINITY, hi = -INFINITY, least, most;

	for (size_t i = 0; i < f->n_series; i++)
		for (size_t k = 0; k < f->series[i].n; k++) {
			lo = fmin(lo, f->series[i].mark[k].value);
			hi = fmax(hi, f->series[i].mark[k].value);
		}
	most = f->value.log ? hi * 8 : hi + 2 * fmax(hi - lo, fabs(hi) / 4);
	least = f->value.log ? lo / 8 : lo - 2 * fmax(hi - lo, fabs(hi) / 4);
	f->value.min = lo;
	f->value.max = hi;
	for (size_t i = 0; i < f->n_series; i++)
		for (size_t k = 0; k < f->series[i].n; k++) {
			const struct figure_mark *m = &f->series[i].mark[k];

			f->value.min = fmin(f->value.min, fmax(m->lo, least));
			f->value.max = fmax(f->value.max, fmin(m->hi, most));
		}
}
