/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures of the arms against each other: page sizes and effects. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "report-parts.h"
#include "report.h"
#include "safe.h"
#include "vocab/number.h"
#include "vocab/words.h"

/* --- page sizes ----------------------------------------------------------- */

#define PANELS_MAX 96	/* the table of the proof has them all */
#define PANELS_MANY 24	/* more are drawn in narrower rows */

/* The layer; with backing and source if there are several. */
static char *arms_panel(const struct comparison *c, const struct compare_proof *p)
{
	const char *layer = layer_words[layer_find(p->layer)].title;

	for (size_t i = 0; i < c->n_proofs && !c->proofs[i].cell; i++)
		if (c->proofs[i].place != p->place)
			return text_format("%s, %s/%s", layer, p->backing, p->source);
	return text_format("%s", layer);
}

static void arms_page_row(const struct comparison *c, struct figure *f,
			  const struct compare_proof *p)
{
	const struct compare_pages *a = &p->after;
	double part[] = { a->bytes_4k, a->bytes_2m, a->bytes_1g };
	double all = part[0] + part[1] + part[2], sum = 0;
	unsigned panel, row;
	char *name;

	if (!(all > 0))
		return;
	name = arms_panel(c, p);
	if (f->n_panels == PANELS_MAX && strcmp(f->panel[PANELS_MAX - 1], name)) {
		free(name);
		return;
	}
	panel = figure_name(&f->panel, &f->n_panels, name);
	row = figure_name(&f->row, &f->n_rows, c->arms[p->arm].name);
	free(name);
	for (int k = 0; k < 3; k++) {
		struct figure_mark *m =
			figure_mark(figure_series(f, page_words[k].title, panel, k), row,
				 part[k] / all, sum, sum + part[k] / all);

		sum += part[k] / all;
		number_bytes(part[k], m->label);
	}
}

const char *figure_page_sizes(const struct comparison *c, struct figure *f)
{
	for (size_t i = 0; i < c->n_proofs; i++)
		if (!c->proofs[i].cell && c->proofs[i].after.readings)
			arms_page_row(c, f, &c->proofs[i]);
	if (!f->n_series)
		return "no page sizes could be read";
	f->title = text_format("Proof: page sizes in each layer (domain: %s)", c->domain);
	f->subtitle = text_format("share of bytes mapped at each size after the timed "
				    "regions; mean over boots of %u block%s", c->blocks,
				    c->blocks == 1 ? "" : "s");
	f->text = text_format("Shares of bytes mapped with 4K, 2M and 1G pages, by layer "
				"and arm");
	f->value.max = 1;
	f->value.title = text_format("share of mapped bytes");
	figure_ticks(&f->value, 5, false, "share");
	f->width = 720;
	/* As plots/page-sizes.gp divides it. */
	f->height = 154 + f->n_panels * (22 + (f->n_panels > PANELS_MANY ? 17 : 29) * f->n_rows);
	return NULL;
}

/* --- effects -------------------------------------------------------------- */

/*
 * Effects of factors and effects of percents do not fit one scale: on a scale for
 * the former all of the latter coincide.
 */
static bool arms_is_large(const struct compare_series *s, size_t n_arms)
{
	for (size_t a = 0; a < n_arms; a++)
		if (s->vs[a].e.n && !s->vs[a].e.absolute &&
		    number_style(s->vs[a].e.effect) == NUMBER_RATIO)
			return true;
	return false;
}

static void arms_effect_marks(const struct comparison *c, struct figure *f,
			      const struct compare_series *s)
{
	char name[512], point[128];

	report_point(s, point, sizeof(point));
	snprintf(name, sizeof(name), "%s %s%s%s", s->cell, s->metric,
		 *point ? " " : "", point);
	for (size_t a = 0; a < c->n_arms; a++) {
		const struct stats_effect *e = &s->vs[a].e;
		struct number_effect shown;
		struct figure_mark *m;

		if (a == c->baseline || !e->n || e->absolute ||
		    !(1 + e->effect > 0))
			continue;
		number_effect(e->effect, e->lo, e->hi, &shown);
		m = figure_mark(figure_series(f, c->arms[a].name, 0, figure_arm_colour(c, a)),
			     figure_name(&f->row, &f->n_rows, name), 1 + e->effect,
			     1 + e->lo, 1 + e->hi);
		strcpy(m->label, shown.effect);
		figure_count(f, e->n);
	}
}

#define EFFECT_ROWS_MAX 24	/* besides the gates */
#define EFFECT_POINTS_MAX 4	/* longer ladders have figures of their own */

/* Gates first; without counters and metrics that are never judged. */
static void arms_effect_rows(const struct comparison *c, struct figure *f, bool large)
{
	struct report_groups g;

	report_groups_init(&g, c);
	for (int gates = 1; gates >= 0; gates--)
		for (size_t i = 0; i < g.n; i++) {
			const struct report_group *p = &g.group[i];

			if (p->gate != !!gates || !report_judged(p) ||
			    (!gates && !compare_measurable(c, p->series[0])) ||
			    (!gates && (p->n > EFFECT_POINTS_MAX ||
					f->n_rows + p->n > EFFECT_ROWS_MAX)))
				continue;
			for (size_t k = 0; k < p->n; k++)
				if (arms_is_large(p->series[k], c->n_arms) == large)
					arms_effect_marks(c, f, p->series[k]);
		}
	report_groups_release(&g);
}

static const char *arms_effects(const struct comparison *c, struct figure *f,
				bool large)
{
	const struct domain_word *domain = domain_find(c->domain);

	arms_effect_rows(c, f, large);
	if (!f->n_series)
		return large ? "no effect beyond a factor of two"
			     : "no effect within a factor of two";
	f->title = text_format("%s against %s (%s)", large ? "Large effects" : "Effects",
				 c->arms[c->baseline].name, domain ? domain->title : c->domain);
	f->subtitle = text_format("%s; effect with its %.4g%% interval",
				    figure_n(f), 100 * (1 - c->alpha));
	f->text = text_format("Ratio of each arm to the baseline with its interval, a row "
				"for each metric");
	f->panel = figure_grow(NULL, 0, sizeof(*f->panel));
	f->panel[0] = text_format("%s", "");
	f->n_panels = 1;
	f->value.log = large;
	figure_fit(f);
	if (large) {
		f->value.min = 0.9 * fmin(f->value.min, 0.9);
		f->value.max = 1.1 * fmax(f->value.max, 1.1);
	} else {	/* a ratio cannot be negative */
		f->value.min = fmax(fmin(f->value.min, 0.99) - 0.001, 0);
		f->value.max = fmax(f->value.max, 1.01) + 0.001;
	}
	f->value.title = text_format("arm against the baseline%s",
				       large ? ", logarithmic" : "");
	figure_ticks(&f->value, large ? 8 : 7, !large, large ? "x" : "x%");
	f->width = 820;
	f->height = 162 + f->n_rows * (c->n_arms > 2 ? 14 + 16 * (c->n_arms - 1) : 42);
	return NULL;
}

const char *figure_large_effects(const struct comparison *c, struct figure *f)
{
	return arms_effects(c, f, true);
}

const char *figure_small_effects(const struct comparison *c, struct figure *f)
{
	return arms_effects(c, f, false);
}

/* --- blocks ---------------------------------------------------------------- */

#define BLOCK_PANELS 4

#define BLOCK_NAME 50	/* letters that fit in half of the figure */

/*
 * The metric's name; if another cell has the same metric of the same workload, preceded
 * by the cell's name from where the two differ.
 */
static void arms_block_name(const struct comparison *c, const struct compare_series *s,
			    char *name, size_t len)
{
	size_t alike = SIZE_MAX, k, at;
	char point[128];

	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *o = &c->series[i];

		if (!strcmp(o->cell, s->cell) || strcmp(o->workload, s->workload) ||
		    strcmp(o->metric, s->metric))
			continue;
		for (k = at = 0; s->cell[k] && s->cell[k] == o->cell[k]; k++)
			at = s->cell[k] == '/' ? k + 1 : at;
		alike = at < alike ? at : alike;
	}
	if (alike == SIZE_MAX) {
		compare_series_name(s, name, len);
	} else {
		report_point(s, point, sizeof(point));
		snprintf(name, len, "%s %s%s%s", s->cell + alike, s->metric, *point ? " " : "",
			 point);
	}
	if (strlen(name) > BLOCK_NAME)
		strcpy(name + BLOCK_NAME - 3, "...");
}

static void arms_block_line(const struct comparison *c, struct figure *f,
			    const struct compare_series *s, size_t arm)
{
	const struct compare_estimate *e = &s->est[arm];
	char name[512];
	unsigned panel;

	if (!e->boots || !(e->value > 0))
		return;
	arms_block_name(c, s, name, sizeof(name));
	panel = figure_name(&f->panel, &f->n_panels, name);
	for (unsigned b = 0; b < c->n_block_ids; b++)
		if (e->boot[b] > 0)
			figure_mark(figure_series(f, c->arms[arm].name, panel,
						  figure_arm_colour(c, arm)),
				    b + 1, e->boot[b] / e->value, e->boot[b] / e->value,
				    e->boot[b] / e->value);
	figure_count(f, e->boots);
}

/* Each arm's boots in block order, relative to the arm's mean. Gates first. */
const char *figure_blocks(const struct comparison *c, struct figure *f)
{
	const struct domain_word *domain = domain_find(c->domain);

	if (c->n_block_ids < 2)
		return "there is only one block";
	for (int gates = 1; gates >= 0; gates--)
		for (size_t i = 0; i < c->n_series && f->n_panels < BLOCK_PANELS; i++)
			for (size_t a = 0; a < c->n_arms; a++)
				if (c->series[i].gate == !!gates && !c->series[i].counter &&
				    c->series[i].better != STATS_NEITHER &&
				    compare_measurable(c, &c->series[i]))
					arms_block_line(c, f, &c->series[i], a);
	if (!f->n_series)
		return "no judged series has values";
	f->title = text_format("Boots in the order of blocks (%s)",
			       domain ? domain->title : c->domain);
	f->subtitle = text_format("%s; each boot against its arm's mean", figure_n(f));
	f->text = text_format("Each boot's value against the mean of its arm, over the blocks");
	f->x.title = text_format("block");
	f->x.min = 0.5;
	f->x.max = c->n_block_ids + 0.5;
	figure_ticks(&f->x, c->n_block_ids < 8 ? c->n_block_ids : 8, false, "count");
	figure_fit(f);
	f->value.title = text_format("against the arm's mean");
	figure_ticks(&f->value, 6, true, "x%");
	for (unsigned p = 0; p < f->n_panels; p++)
		figure_spread_labels(f, p);
	f->abreast = 2;
	f->width = f->n_panels > 1 ? 960 : 720;
	f->height = 70 + 300 * ((f->n_panels + 1) / 2);
	return NULL;
}
