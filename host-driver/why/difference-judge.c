/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was added up is judged over blocks, and its first functions get their lines. */
#include "difference.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "safe.h"
#include "stats/stats.h"

#define CONFIDENCE 0.95
#define NORMAL_95 1.959964

/* --- judging ------------------------------------------------------------------------ */

static bool difference_compares(const struct why *w, unsigned block)
{
	return w->things[WHY_BASE][block] > 0 && w->things[WHY_OTHER][block] > 0;
}

/* Samples fall by chance: a difference of Poisson counts is no better known than this. */
static void difference_widen(struct stats_interval *i, double sum, size_t n)
{
	double half = NORMAL_95 * sqrt(sum) / n;

	if (!isfinite(i->lo))
		return;
	i->lo = fmin(i->lo, i->mean - half);
	i->hi = fmax(i->hi, i->mean + half);
}

static void difference_judge_one(const struct why *w, struct why_function *f,
				 double *const count[WHY_ARMS])
{
	double *diff = calloc(w->n_blocks + 1, sizeof(*diff));
	bool seen[WHY_ARMS] = { false, false };
	struct stats_interval interval;
	double sum = 0;		/* of what varies as its own number: samples, in squared things */
	size_t n = 0;

	must_have(diff);
	f->mean[WHY_BASE] = f->mean[WHY_OTHER] = 0;
	for (unsigned b = 0; b < w->n_blocks; b++) {
		double each[WHY_ARMS];

		if (!difference_compares(w, b))
			continue;
		for (int a = 0; a < WHY_ARMS; a++) {
			each[a] = count[a][b] / w->things[a][b];
			f->mean[a] += each[a];
			sum += count[a][b] / (w->things[a][b] * w->things[a][b]);
			seen[a] |= count[a][b] > 0;
		}
		diff[n++] = each[WHY_OTHER] - each[WHY_BASE];
	}
	stats_t_interval(diff, n, CONFIDENCE, &interval);
	free(diff);
	if (*w->event)
		difference_widen(&interval, sum, n);
	f->diff = interval.mean;
	f->lo = interval.lo;
	f->hi = interval.hi;
	for (int a = 0; a < WHY_ARMS; a++) {
		f->mean[a] /= n;
		f->only[a] = seen[a] && !seen[!a];
	}
}

static int difference_by_size(const void *a, const void *b)
{
	const struct why_function *x = a, *y = b;
	double dx = fabs(x->diff), dy = fabs(y->diff);

	if (dx != dy)
		return dx < dy ? 1 : -1;
	dx = fmax(x->mean[WHY_BASE], x->mean[WHY_OTHER]);
	dy = fmax(y->mean[WHY_BASE], y->mean[WHY_OTHER]);
	if (dx != dy)
		return dx < dy ? 1 : -1;
	return x->side != y->side ? (int)x->side - (int)y->side : strcmp(x->name, y->name);
}

/* Of one block nothing tells how far boots are apart, but what chance makes of samples. */
static enum why_doubt difference_doubt_one_block(const struct why *w)
{
	const struct why_function *f = &w->whole;
	double variance = 0;

	if (!*w->event)
		return fabs(f->diff) < WHY_LEAST * fmax(f->mean[WHY_BASE], f->mean[WHY_OTHER]) ?
		       WHY_TINY : WHY_SURE;
	for (int a = 0; a < WHY_ARMS; a++)
		for (unsigned b = 0; b < w->n_blocks; b++)
			if (difference_compares(w, b))
				variance += w->total[a][b] / (w->things[a][b] * w->things[a][b]);
	return fabs(f->diff) <= NORMAL_95 * sqrt(variance) ? WHY_FEW_SAMPLES : WHY_SURE;
}

static enum why_doubt difference_doubt(const struct why *w)
{
	const struct why_function *f = &w->whole;

	if (!f->diff)
		return WHY_EQUAL;
	if (!isfinite(f->lo))
		return difference_doubt_one_block(w);
	return f->lo <= 0 && f->hi >= 0 ? WHY_HOLDS_0 : WHY_SURE;
}

static int difference_merge_block(struct why *w, unsigned block, const double weight[WHY_ARMS])
{
	const struct why_block *b = &w->blocks[block];
	int ret = calls_merge(&w->calls, &b->calls, weight);

	for (int a = 0; a < WHY_ARMS; a++)
		for (int side = 0; side < WHY_SIDES && !ret; side++)
			ret = hottest_merge(&w->hot[a][side], &b->hot[a][side], weight[a]);
	return ret;
}

/* A mean over blocks, like the table: one that did more things does not count for more. */
static int difference_merge(struct why *w, unsigned pairs)
{
	int ret = 0;

	for (unsigned b = 0; b < w->n_blocks; b++)
		for (int a = 0; a < WHY_ARMS && difference_compares(w, b); a++)
			w->calls.things[a] += w->things[a][b];
	for (unsigned b = 0; b < w->n_blocks && !ret; b++) {
		double weight[WHY_ARMS];

		if (!difference_compares(w, b))
			continue;
		for (int a = 0; a < WHY_ARMS; a++)
			weight[a] = w->calls.things[a] / (pairs * w->things[a][b]);
		ret = difference_merge_block(w, b, weight);
	}
	for (unsigned b = 0; b < w->n_blocks; b++)
		why_block_release(&w->blocks[b]);
	calls_add_up(&w->calls);
	return ret;
}

int why_judge(struct why *w, struct err *err)
{
	unsigned pairs = 0;

	for (unsigned b = 0; b < w->n_blocks; b++)
		pairs += difference_compares(w, b);
	if (!pairs)
		return err_config(err, "in no block do both arms have a marked region that says how many things it did");
	if (difference_merge(w, pairs))
		return err_sys(err, ENOMEM, "why");
	difference_judge_one(w, &w->whole, w->total);
	w->doubt = difference_doubt(w);
	w->whole.share = w->doubt ? NAN : 1;
	for (size_t i = 0; i < w->n; i++) {
		difference_judge_one(w, &w->v[i], w->v[i].count);
		w->v[i].share = w->doubt ? NAN : w->v[i].diff / w->whole.diff;
	}
	if (w->n)
		qsort(w->v, w->n, sizeof(*w->v), difference_by_size);
	free(w->slots);	/* they hold indices from before the sorting */
	w->slots = NULL;
	w->n_slots = 0;
	return 0;
}

/* --- lines ---------------------------------------------------------------------------- */

/* Of the first functions those of one side, from one arm. A name that the map changed has none. */
static void difference_find_side(struct why *w, int arm, enum why_side side,
				 const struct symbols *s, const char *debug)
{
	struct hottest_function *some = calloc(w->n_hot, sizeof(*some));
	size_t n = 0;

	must_have(some);
	for (size_t i = 0; i < w->n_hot; i++)
		if (w->v[i].side == side) {
			some[n] = w->v[i].hot;
			some[n++].name = w->v[i].name;
		}
	if (n)
		w->told[arm][side] = hottest_find(&w->hot[arm][side], s, debug, arm, some, n);
	n = 0;
	for (size_t i = 0; i < w->n_hot; i++)
		if (w->v[i].side == side)
			w->v[i].hot = some[n++];
	free(some);
}

void why_find_hottest(struct why *w, const struct why_debug *d)
{
	if (w->n_hot > HOTTEST_MOST)
		w->n_hot = HOTTEST_MOST;
	if (w->n_hot > w->n)
		w->n_hot = w->n;
	for (int a = 0; a < WHY_ARMS && w->n_hot; a++) {
		const struct why_symbols *s = &d->symbols[a];

		if (s->mut)
			difference_find_side(w, a, WHY_MUT_KERNEL, s->mut, d->mut[a]);
		if (s->guest)
			difference_find_side(w, a, WHY_GUEST_KERNEL, s->guest, d->guest);
		if (s->program)
			difference_find_side(w, a, WHY_GUEST_PROGRAMS, s->program, d->program);
	}
	for (size_t i = 0; i < w->n_hot; i++)
		hottest_sort(&w->v[i].hot);
}
