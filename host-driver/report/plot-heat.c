/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heat map: which of many cells changed. A row is a cell, a column an arm; a panel
 * shows the second level's huge share, the others the effect on a metric.
 */
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "report-parts.h"
#include "safe.h"
#include "vocab/number.h"
#include "vocab/words.h"

#define CELLS_LEAST 4		/* fewer are as quickly seen in the tables */
#define CELLS_MOST 96
#define COLUMNS_MOST 12		/* of all panels: a tile has room for its number */
#define TILE 110		/* points, if the page has as many */
#define GAP 26			/* between panels */
#define ROW_MOST 40		/* letters of a row's name; more would take the tiles' room */
#define ROW_END 14		/* of them after the dots: parameters differ at the end */
#define WIDTH_LEAST 720
#define WIDTH_MOST 960

/*
 * What a tile shows besides its number, for plots/heat-map.gp: the last letter of the
 * mark's label. A share has its own scale, an effect a colour only if there is a verdict.
 */
static const char heat_letters[] = {
	[VERDICT_IMPROVED] = '+', [VERDICT_REGRESSED] = '-', [VERDICT_NOT_WORSE] = '=',
	[VERDICT_INCONCLUSIVE] = '?', [VERDICT_UNSTABLE] = 'U',
	[VERDICT_NOT_COMPARABLE] = 'N', [VERDICT_DESCRIBED] = '.',
};
#define HEAT_SHARE 's'
#define HEAT_UNKNOWN '.'
#define HEAT_VOID 'V'

/* What is drawn, and into what. */
struct heat {
	const struct comparison *c;
	struct figure *f;
	const char *workload;	/* of all cells; NULL: there are several */
};

/* --- rows ----------------------------------------------------------------------- */

static const char *heat_workload(const struct comparison *c)
{
	for (size_t i = 1; i < c->n_series; i++)
		if (strcmp(c->series[i].workload, c->series[0].workload))
			return NULL;
	return c->n_series ? c->series[0].workload : NULL;
}

/*
 * The row of a cell, CELLS_MOST if there is no room for it; its name is without the
 * workload if all cells have the same.
 */
static unsigned heat_row(const struct heat *h, const char *cell)
{
	char *part = text_format("/%s", h->workload ? h->workload : ""), *name;
	const char *at = h->workload ? strstr(cell, part) : NULL;
	struct figure *f = h->f;
	unsigned row;

	name = at ? text_format("%.*s%s", (int)(at - cell), cell, at + strlen(part))
		  : text_format("%s", cell);
	row = figure_name(&f->row, &f->n_rows, name);
	if (f->n_rows > CELLS_MOST)
		free(f->row[--f->n_rows]);
	free(part);
	free(name);
	return row;
}

/*
 * All cells in the plan's order, before any mark: a cell may have failed in some arm.
 * Is there a row for each?
 */
static bool heat_rows(const struct heat *h)
{
	const struct comparison *c = h->c;
	bool all = true;

	for (size_t i = 0; all && i < c->n_series; i++)
		all = heat_row(h, c->series[i].cell) < CELLS_MOST;
	for (size_t i = 0; all && i < c->n_proofs; i++)
		if (c->proofs[i].cell)
			all = heat_row(h, c->proofs[i].cell) < CELLS_MOST;
	return all;
}

/* --- tiles ---------------------------------------------------------------------- */

static void heat_tile(const struct heat *h, const char *panel, const char *cell,
		      size_t arm, struct figure_mark tile, char letter)
{
	unsigned row = heat_row(h, cell);
	struct figure *f = h->f;
	struct figure_series *s;
	struct figure_mark *m;

	if (row >= CELLS_MOST)
		return;
	s = figure_series(f, h->c->arms[arm].name, figure_name(&f->panel, &f->n_panels, panel),
			  figure_arm_colour(h->c, arm));
	m = figure_mark(s, row, tile.value, tile.lo, tile.hi);
	snprintf(m->label, sizeof(m->label), "%.40s %c", tile.label, letter);
}

static bool heat_is_share(const struct compare_proof *p)
{
	return p->cell && layer_find(p->layer) == LAYER_SECOND;
}

static void heat_share(const struct heat *h, const struct compare_proof *p)
{
	const struct compare_pages *a = &p->after;
	double huge = a->bytes_2m + a->bytes_1g, all = a->bytes_4k + huge;
	struct figure_mark tile = { .label = "-" };
	char text[NUMBER_MAX];

	if (a->readings && all > 0) {
		figure_count(h->f, h->c->blocks);
		tile.value = huge / all;
		snprintf(tile.label, sizeof(tile.label), "%.40s", number_share(huge / all, text));
	}
	tile.lo = tile.hi = tile.value;
	heat_tile(h, "second level in huge pages", p->cell, p->arm, tile,
		  a->readings && all > 0 ? HEAT_SHARE : HEAT_UNKNOWN);
}

/* Arm by arm, so that the columns have the arms' order. */
static void heat_shares(const struct heat *h)
{
	const struct comparison *c = h->c;
	bool any = false;

	for (size_t i = 0; i < c->n_proofs; i++)
		any |= heat_is_share(&c->proofs[i]) && c->proofs[i].after.readings;
	for (size_t arm = 0; any && arm < c->n_arms; arm++)
		for (size_t i = 0; i < c->n_proofs; i++)
			if (c->proofs[i].arm == arm && heat_is_share(&c->proofs[i]))
				heat_share(h, &c->proofs[i]);
}

static void heat_effect(const struct heat *h, const char *panel, const struct compare_series *s,
			size_t arm)
{
	const struct compare_result *r = &s->vs[arm];
	struct figure_mark tile = { .value = 1, .lo = 1, .hi = 1 };
	bool is_void = r->verdict == VERDICT_NOT_COMPARABLE && s->est[arm].voids;
	struct number_effect shown;

	if (r->e.n) {
		compare_effect(s, &r->e, &shown);
		snprintf(tile.label, sizeof(tile.label), "%.40s", shown.effect);
		figure_count(h->f, r->e.n);
	}
	if (r->e.n && !r->e.absolute && 1 + r->e.effect > 0) {
		tile.value = 1 + r->e.effect;
		tile.lo = 1 + r->e.lo;
		tile.hi = 1 + r->e.hi;
	}
	heat_tile(h, panel, s->cell, arm, tile,
		  is_void ? HEAT_VOID : heat_letters[r->verdict]);
}

/* --- metrics ---------------------------------------------------------------------- */

/* A metric at its only point, judged, that the domain can show. Ladders have figures of their own. */
static bool heat_is_shown(const struct comparison *c, const struct report_group *g)
{
	return g->n == 1 && report_judged(g) && strcmp(g->series[0]->metric, METRIC_GO_TO_RESULT) &&
	       (g->gate || compare_measurable(c, g->series[0]));
}

static size_t heat_cells_with(const struct comparison *c, const struct report_groups *g,
			      const char *metric)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		n += heat_is_shown(c, &g->group[i]) && !strcmp(g->group[i].series[0]->metric, metric);
	return n;
}

static void heat_metric(const struct heat *h, const struct report_groups *g, const char *metric,
			const char *panel)
{
	const struct comparison *c = h->c;

	for (size_t arm = 0; arm < c->n_arms; arm++)
		for (size_t i = 0; i < g->n; i++) {
			const struct compare_series *s = g->group[i].series[0];

			if (arm != c->baseline && heat_is_shown(c, &g->group[i]) &&
			    !strcmp(s->metric, metric))
				heat_effect(h, panel, s, arm);
		}
}

static bool heat_has_panel(const struct figure *f, const char *panel)
{
	for (size_t i = 0; i < f->n_panels; i++)
		if (!strcmp(f->panel[i], panel))
			return true;
	return false;
}

/* Gates first, then as many others as there is room for. */
static void heat_metrics(const struct heat *h)
{
	const struct comparison *c = h->c;
	struct figure *f = h->f;
	struct report_groups g;

	report_groups_init(&g, c);
	for (int gates = 1; gates >= 0; gates--)
		for (size_t i = 0; i < g.n && f->n_series + c->n_arms - 1 <= COLUMNS_MOST; i++) {
			const char *metric = g.group[i].series[0]->metric;
			char *panel = text_format("effect on %s", metric);

			if (g.group[i].gate == !!gates && !heat_has_panel(f, panel) &&
			    heat_cells_with(c, &g, metric) >= CELLS_LEAST)
				heat_metric(h, &g, metric, panel);
			free(panel);
		}
	report_groups_release(&g);
}

/* --- the figure --------------------------------------------------------------------- */

/* Shortens names in the middle. Their blanks do not break them, as a row is one line. */
static void heat_shorten(struct figure *f)
{
	for (size_t i = 0; i < f->n_rows; i++) {
		char *name = figure_cut_middle(f->row[i], ROW_MOST, ROW_END);

		free(f->row[i]);
		f->row[i] = name;
	}
}

static unsigned heat_width(const struct figure *f)
{
	size_t width = figure_room_for_rows(f) + f->n_series * TILE + f->n_panels * GAP;

	return width < WIDTH_LEAST ? WIDTH_LEAST : width > WIDTH_MOST ? WIDTH_MOST : (unsigned)width;
}

static bool heat_has(const struct figure *f, char letter)
{
	for (size_t i = 0; i < f->n_series; i++)
		for (size_t k = 0; k < f->series[i].n; k++) {
			const char *label = f->series[i].mark[k].label;

			if (label[strlen(label) - 1] == letter)
				return true;
		}
	return false;
}

static char *heat_subtitle(const struct figure *f, bool all)
{
	char first[40] = "";

	if (!all)
		snprintf(first, sizeof(first), "; the first %d cells", CELLS_MOST);
	return text_format("%s%s%s%s%s%s", figure_n(f), first, heat_has(f, '+') || heat_has(f, '-') ?
			   "; an effect's colour is darker from 5%, 25% and x2 on" : "",
			   heat_has(f, HEAT_VOID) ? "; V: void" : "",
			   heat_has(f, 'U') ? "; U: unstable" : "",
			   heat_has(f, 'N') ? "; N: not comparable" : "");
}

const char *figure_heat_map(const struct comparison *c, struct figure *f)
{
	const struct domain_word *domain = domain_find(c->domain);
	const struct heat h = { .c = c, .f = f, .workload = heat_workload(c) };
	bool all = heat_rows(&h);

	if (f->n_rows < CELLS_LEAST)
		return "the campaign has fewer than four cells";
	if (2 * c->n_arms - 1 > COLUMNS_MOST)
		return "the campaign has too many arms for it";
	heat_shares(&h);
	if (!c->refused)
		heat_metrics(&h);
	if (!f->n_series)
		return "no page sizes, and no metric that four cells have";
	f->title = text_format("What changed%s%s against %s (%s)", h.workload ? " in " : "",
			       h.workload ? h.workload : "", c->arms[c->baseline].name,
			       domain ? domain->title : c->domain);
	f->subtitle = heat_subtitle(f, all);
	f->text = text_format("A row for each cell: the second level's share of huge pages in each arm, "
			      "and each arm's effect on metrics");
	heat_shorten(f);
	f->value.max = 1;
	f->abreast = (unsigned)f->n_panels;
	f->width = heat_width(f);
	/* As plots/heat-map.gp divides it. */
	f->height = 94 + 72 + 23 * f->n_rows;
	return NULL;
}
