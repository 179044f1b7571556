/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of every series: processes to boots, boots to an arm's figure. */
#include "compare-memory.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/record.h"
#include "store/store.h"
#include "vocab/number.h"

static enum stats_better gather_better_of(const struct store_series *from)
{
	if (from->counter || !strcmp(from->better, "none"))
		return STATS_NEITHER;
	return !strcmp(from->better, "higher") ? STATS_HIGHER : STATS_LOWER;
}

static bool gather_is_gate(const struct plan *p, const struct store_series *from)
{
	const char *metric = from->counter ? from->counter : from->metric;

	for (size_t i = 0; i < p->n_gates; i++)
		if (!strcmp(p->gates[i].metric, metric) &&
		    !fnmatch(p->gates[i].cell, from->cell, 0))
			return true;
	return false;
}

/*
 * In the domain "instructions" the clock advances by one nanosecond per instruction:
 * a recorded time is a number of instructions.
 */
static double gather_unit(struct comparison *c, const struct store_series *from,
			  struct compare_series *to)
{
	double factor = 1;
	char unit[UNIT_MAX];

	to->unit = compare_text(c, "%s", from->counter ? "" : from->unit);
	to->kind = compare_text(c, "%s", from->counter ? "count" : from->kind);
	if (from->counter || !c->deterministic || !strcmp(from->kind, "count"))
		return 1;
	factor = unit_instructions(from->unit, unit);
	to->unit = compare_text(c, "%s", unit);
	if (!strcmp(from->kind, "time"))
		to->kind = compare_text(c, "%s", "instructions");
	return factor;
}

static int gather_describe(struct comparison *c, const struct plan *p,
			   const struct store_series *from, struct compare_series *to)
{
	int cell = plan_cell(p, from->cell);
	const struct plan_cell *pc = cell < 0 ? NULL : &p->cells[cell];

	to->cell = compare_text(c, "%s", from->cell);
	to->backing = compare_text(c, "%s", pc ? pc->backing : "");
	to->source = compare_text(c, "%s", pc ? pc->source : "");
	to->workload = compare_text(c, "%s", pc ? pc->workload : "");
	to->metric = compare_text(c, "%s", from->metric);
	to->counter = from->counter ? compare_text(c, "%s", from->counter) : NULL;
	to->point = compare_hold(c, from->point);
	to->point_text = compare_text(c, "%s", from->point_text);
	to->scale = gather_unit(c, from, to);
	to->better = gather_better_of(from);
	to->gate = !c->declared && gather_is_gate(p, from);
	to->est = compare_alloc(c, c->n_arms, sizeof(*to->est));
	to->vs = compare_alloc(c, c->n_arms, sizeof(*to->vs));
	if (!to->est || !to->vs)
		return -ENOMEM;
	for (size_t a = 0; a < c->n_arms; a++) {
		to->est[a].boot = compare_alloc(c, c->n_block_ids, sizeof(double));
		if (!to->est[a].boot)
			return -ENOMEM;
		for (size_t b = 0; b < c->n_block_ids; b++)
			to->est[a].boot[b] = NAN;
		to->est[a].void_reason = compare_text(c, "%s", "");
		to->vs[a].reason = compare_text(c, "%s", "");
	}
	return 0;
}

/* One boot: v[0..n) are its processes. */
static void gather_reduce_boot(struct comparison *c, struct compare_series *s,
			       const struct store_value *v, size_t n, double *medians)
{
	bool count = !strcmp(s->kind, "count");
	struct compare_estimate *est = &s->est[v->arm];
	size_t good = 0;
	double value;

	for (size_t i = 0; i < n; i++) {
		const char *why = v[i].void_reason ? v[i].void_reason
						   : compare_odd_boot(c, v[i].boot);

		if (!s->counter)
			c->arms[v->arm].samples++;
		if (why) {
			if (!est->voids++)
				est->void_reason = compare_text(c, "%s", why);
			c->arms[v->arm].voids += !s->counter;
			continue;
		}
		est->unsteady += !s->counter && !v[i].steady;
		if (v[i].n)
			medians[good++] = v[i].median;
	}
	if (!good || !v->block || v->block > c->n_block_ids)
		return;
	value = stats_boot(medians, good, count);
	est->boot[v->block - 1] = s->scale * (count ? value : exp(value));
}

/* An arm's figure over its boots. */
void compare_estimate(const struct comparison *c, const struct compare_series *s,
		      struct compare_estimate *est, double *work)
{
	bool count = !strcmp(s->kind, "count");
	struct stats_interval t;
	size_t n = 0;

	est->value = est->lo = est->hi = est->min = est->max = NAN;
	for (size_t b = 0; b < c->n_block_ids; b++) {
		double v = est->boot[b];

		if (isnan(v))
			continue;
		est->min = fmin(est->min, v);
		est->max = fmax(est->max, v);
		work[n++] = count ? v : log(v);
	}
	est->boots = (unsigned)n;
	if (!n)
		return;
	stats_t_interval(work, n, 1 - c->alpha, &t);
	est->value = count ? t.mean : exp(t.mean);
	if (n > 1) {
		est->lo = count ? t.lo : exp(t.lo);
		est->hi = count ? t.hi : exp(t.hi);
	}
}

static int gather_fill(struct comparison *c, struct store *st,
		       const struct store_series *from, struct compare_series *s,
		       struct err *err)
{
	struct store_value *v;
	double *work;
	size_t n;
	int rc = store_values(st, from, &v, &n, err);

	if (rc)
		return rc;
	work = calloc(n + c->n_block_ids + 1, sizeof(*work));
	if (!work) {
		free(v);
		return err_sys(err, ENOMEM, "cannot compare");
	}
	for (size_t i = 0, j; i < n; i = j) {
		for (j = i; j < n && v[j].block == v[i].block && v[j].arm == v[i].arm; j++)
			;
		gather_reduce_boot(c, s, v + i, j - i, work);
	}
	for (size_t a = 0; a < c->n_arms; a++)
		compare_estimate(c, s, &s->est[a], work);
	free(work);
	free(v);
	return 0;
}

static int gather_missing(struct comparison *c, struct store *s, struct err *err)
{
	const struct store_missing *list;
	size_t n;
	int rc = store_missing(s, &list, &n, err);

	if (rc)
		return rc;
	c->missing = compare_alloc(c, n, sizeof(*c->missing));
	if (!c->missing)
		return err_sys(err, ENOMEM, "cannot compare");
	for (size_t i = 0; i < n; i++) {
		c->missing[i].counter = compare_text(c, "%s", list[i].counter);
		c->missing[i].reason = compare_text(c, "%s", list[i].reason);
		c->missing[i].samples = list[i].samples;
	}
	c->n_missing = n;
	return 0;
}

int compare_gather(struct comparison *c, struct store *s, struct err *err)
{
	const struct store_series *list;
	size_t n;
	int rc = store_series(s, &list, &n, err);

	if (rc)
		return rc;
	c->series = compare_alloc(c, n, sizeof(*c->series));
	if (!c->series)
		return err_sys(err, ENOMEM, "cannot compare");
	for (size_t i = 0; i < n; i++) {
		if (gather_describe(c, store_plan(s), &list[i], &c->series[i]))
			return err_sys(err, ENOMEM, "cannot compare");
		c->n_series++;
		rc = gather_fill(c, s, &list[i], &c->series[i], err);
		if (rc)
			return rc;
	}
	return gather_missing(c, s, err);
}

/* --- histograms of single pages and the like, from cell-ends ----------------- */

#define BUCKETS_MAX 4096	/* a histogram of ours has 1152 */

/* One bucket of [[nanoseconds, count], ...], in ascending order. */
static bool gather_spread_bucket(const struct view *v, double last, struct compare_bucket *to)
{
	const struct view *at = v->type == JSON_ARRAY && v->n == 2 ? v + 1 : NULL;
	const struct view *n = at ? at + at->skip : NULL;

	if (!view_is_number(at) || !view_is_number(n) || !(at->real > last) ||
	    !(at->real < RECORD_VALUE_MAX) || !(n->real > 0) || !(n->real < RECORD_VALUE_MAX))
		return false;
	*to = (struct compare_bucket){ at->real, n->real };
	return true;
}

/* Ignores what is not a valid histogram: guests are not trusted. */
static int gather_spread_take(struct comparison *c, const struct record *r,
			      const struct store_place *at, const struct view *derived)
{
	const struct view *list = derived->type == JSON_OBJECT ? view_get(derived, "buckets")
							       : NULL, *v;
	struct compare_spread *all, s = { .arm = (unsigned)at->arm, .block = at->block };

	if (!list || list->type != JSON_ARRAY || !list->n || list->n > BUCKETS_MAX)
		return 0;
	s.bucket = compare_alloc(c, list->n, sizeof(*s.bucket));
	if (!s.bucket)
		return -ENOMEM;
	view_each(v, list) {
		if (!gather_spread_bucket(v, s.n ? s.bucket[s.n - 1].at : -1, &s.bucket[s.n]))
			return 0;
		s.n++;
	}
	s.cell = compare_text(c, "%s", r->cell);
	s.name = compare_text(c, "%s", derived->key);
	all = compare_grow(c, c->spreads, &c->n_spreads, sizeof(*all));
	if (!all)
		return -ENOMEM;
	c->spreads = all;
	all[c->n_spreads - 1] = s;
	return 0;
}

static int gather_spread_record(void *arg, const struct record *r, const struct store_place *at,
				struct err *err)
{
	struct comparison *c = arg;
	const struct view *derived, *v;

	if (!r->object || compare_odd_boot(c, at->boot))
		return 0;
	derived = view_get(r->object, "derived");
	if (!derived || derived->type != JSON_OBJECT)
		return 0;
	view_each(v, derived)
		if (gather_spread_take(c, r, at, v))
			return err_sys(err, ENOMEM, "cannot compare");
	return 0;
}

int compare_spreads(struct comparison *c, struct store *s, struct err *err)
{
	c->n_spreads = 0;
	return store_cell_ends(s, gather_spread_record, c, err);
}
