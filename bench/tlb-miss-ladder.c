/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tlb-miss.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "order.h"

#define FIRST_LEAST 16		/* no first level is smaller ... */
#define FIRST_MOST 512		/* ... or larger */
#define SECOND_LEAST 1024
#define SECOND_MOST 4096
#define WINDOW 1.7		/* how far a level extends from a rise */
#define SLOPE 1.3		/* how far past its beginning a rise is steepest */
#define RISE_LEAST 1.5
#define WALK_FROM 1.5
#define WALK_TO 3.0
#define WALK_RUNGS 3

static bool tlb_miss_ladder_is_dense(double pages)
{
	return (pages >= 48 && pages < 144) || (pages >= 768 && pages < 12288);
}

size_t ladder_points(uint64_t lo, uint64_t hi, unsigned step,
		     uint64_t points[static LADDER_MOST])
{
	size_t n = 0;
	double x = lo;

	while (x < hi * (1 - 0.25 * step / 100.0)) {
		uint64_t p = llround(x);

		if (n == LADDER_MOST - 1)
			return 0;
		if (!n || p > points[n - 1])
			points[n++] = p;
		x *= 1 + (tlb_miss_ladder_is_dense(x) ? 1 : 2) * step / 100.0;
	}
	points[n++] = hi;
	return n;
}

static double tlb_miss_diff(const struct rung *r)
{
	return r->access - r->control;
}

/* What is left unexplained of a change: noise, or the caches of page tables. */
static double tlb_miss_ladder_doubt(const struct rung *r)
{
	return 0.1 + 0.05 * r->access;
}

static double tlb_miss_ladder_mean_diff(const struct rung *r, size_t from, size_t to)
{
	double sum = 0;

	for (size_t i = from; i < to; i++)
		sum += tlb_miss_diff(&r[i]);
	return to > from ? sum / (to - from) : NAN;
}

/* Weighted squares around their own mean. */
static double tlb_miss_ladder_scatter(const struct rung *r, size_t from, size_t to)
{
	double mean = tlb_miss_ladder_mean_diff(r, from, to), sum = 0;

	for (size_t i = from; i < to; i++)
		sum += pow((tlb_miss_diff(&r[i]) - mean) / tlb_miss_ladder_doubt(&r[i]), 2);
	return sum;
}

/* Where d crosses `level` between two rungs, on a logarithmic axis. */
static double tlb_miss_ladder_crossing(const struct rung *a, const struct rung *b, double level)
{
	double part = (level - tlb_miss_diff(a)) / (tlb_miss_diff(b) - tlb_miss_diff(a));

	if (!(part > 0))
		part = 0;
	if (part > 1)
		part = 1;
	return a->pages * pow(b->pages / a->pages, part);
}

/* `part` of the way up from `low` to `high`, at or after rung `from`. */
static double tlb_miss_ladder_part_way(const struct rung *r, size_t n, size_t from,
				       double low, double high, double part)
{
	double level = low + part * (high - low);

	for (size_t i = from; i < n; i++)
		if (tlb_miss_diff(&r[i]) >= level)
			return i ? tlb_miss_ladder_crossing(&r[i - 1], &r[i], level) : r[i].pages;
	return r[n - 1].pages;
}

static struct knee tlb_miss_ladder_knee_at(const struct rung *r, size_t n, size_t from,
					   double low, double high)
{
	return (struct knee){
		.found = true, .rise = high - low,
		.pages = tlb_miss_ladder_part_way(r, n, from, low, high, 0.25),
		.half = tlb_miss_ladder_part_way(r, n, from, low, high, 0.5),
	};
}

struct split {
	size_t last_low;	/* rungs [0, last_low) are the floor */
	double floor, plateau, badness;
};

/*
 * The best step within the first `n` rungs. One rung between floor and
 * plateau belongs to neither: it may stand on the slope.
 */
static bool tlb_miss_ladder_best_step(const struct rung *r, size_t n, struct split *best)
{
	bool any = false;

	for (size_t i = 1; i + 2 < n; i++) {
		struct split s = { .last_low = i };

		if (r[i].pages < FIRST_LEAST || r[i - 1].pages > FIRST_MOST)
			continue;
		s.floor = tlb_miss_ladder_mean_diff(r, 0, i);
		s.plateau = tlb_miss_ladder_mean_diff(r, i + 1, n);
		s.badness = tlb_miss_ladder_scatter(r, 0, i) + tlb_miss_ladder_scatter(r, i + 1, n);
		if (!any || s.badness < best->badness)
			*best = s;
		any = true;
	}
	return any;
}

static size_t tlb_miss_ladder_rungs_up_to(const struct rung *r, size_t n, double pages)
{
	size_t k = 0;

	while (k < n && r[k].pages <= pages)
		k++;
	return k;
}

/* The first knee is a step among the rungs below every second level. */
static void tlb_miss_ladder_fit_first(const struct rung *r, size_t n, struct ladder_fit *fit)
{
	size_t low = tlb_miss_ladder_rungs_up_to(r, n, 0.8 * SECOND_LEAST);
	struct split s = { 0 };

	fit->floor = fit->plateau = tlb_miss_ladder_mean_diff(r, 0, low);
	if (!tlb_miss_ladder_best_step(r, low, &s))
		return;
	if (s.plateau - s.floor < 2 * tlb_miss_ladder_doubt(&r[s.last_low]))
		return;
	fit->floor = s.floor;
	fit->plateau = s.plateau;
	fit->first = tlb_miss_ladder_knee_at(r, low, s.last_low - 1, s.floor, s.plateau);
}

/* W through the plateau over the rungs from 1.5 to 3 times the second knee. */
static void tlb_miss_ladder_fit_walk(const struct rung *r, size_t n, struct ladder_fit *fit)
{
	double knee = fit->second.pages, xy = 0, xx = 0, w, sum = 0;
	size_t from = tlb_miss_ladder_rungs_up_to(r, n, WALK_FROM * knee);
	size_t to = tlb_miss_ladder_rungs_up_to(r, n, WALK_TO * knee);

	for (size_t i = from; i < to; i++) {
		double x = 1 - knee / r[i].pages, y = tlb_miss_diff(&r[i]) - fit->plateau;

		xy += x * y / pow(tlb_miss_ladder_doubt(&r[i]), 2);
		xx += x * x / pow(tlb_miss_ladder_doubt(&r[i]), 2);
	}
	if (to < from + WALK_RUNGS)
		return;
	w = xy / xx;
	for (size_t i = from; i < to; i++)
		sum += pow(tlb_miss_diff(&r[i]) - fit->plateau - w * (1 - knee / r[i].pages), 2);
	fit->walk_ns = w;
	fit->walk_residual = sqrt(sum / (to - from));
	fit->walk_rungs = to - from;
}

/* The median d of the rungs with from < pages <= to, at least one noise high. */
static double tlb_miss_ladder_level_of(const struct rung *r, size_t n, double from, double to)
{
	double d[LADDER_MOST];
	size_t k = 0;

	for (size_t i = 0; i < n && k < LADDER_MOST; i++)
		if (r[i].pages > from && r[i].pages <= to)
			d[k++] = fmax(tlb_miss_diff(&r[i]), tlb_miss_ladder_doubt(&r[i]));
	return order_median(d, k);
}

struct rise {
	size_t at;		/* the last rung before it */
	double below, above, ratio;
};

/*
 * The steepest rise among the rungs where a second level can end: the largest
 * ratio of the levels after and before. A ratio, because a walk itself gets
 * dearer, slowly, as its page tables leave the caches. Medians, because one
 * rung can be disturbed.
 */
static bool tlb_miss_ladder_steepest(const struct rung *r, size_t n, double least,
				     struct rise *best)
{
	bool any = false;

	for (size_t i = 0; i + 1 < n; i++) {
		struct rise s = { .at = i };

		if (r[i].pages < fmax(least, 0.75 * SECOND_LEAST) ||
		    r[i].pages > 1.25 * SECOND_MOST)
			continue;
		s.below = tlb_miss_ladder_level_of(r, n, fmax(r[i].pages / WINDOW, least),
						   r[i].pages);
		s.above = tlb_miss_ladder_level_of(r, n, r[i].pages, r[i].pages * WINDOW);
		s.ratio = s.above / s.below;
		if (s.ratio > (any ? best->ratio : 0)) {
			*best = s;
			any = true;
		}
	}
	return any;
}

/* Its corner, where one is to be seen; else a quarter of the rise. */
static double tlb_miss_ladder_corner_near(const struct rung *r, size_t n, double pages,
					  double otherwise)
{
	struct hinge_point p[LADDER_MOST];
	double k;

	for (size_t i = 0; i < n && i < LADDER_MOST; i++)
		p[i] = (struct hinge_point){r[i].pages, tlb_miss_diff(&r[i]),
					    tlb_miss_ladder_doubt(&r[i])};
	k = hinge_find(p, n < LADDER_MOST ? n : LADDER_MOST, pages / WINDOW, pages * SLOPE);
	return isnan(k) ? otherwise : k;
}

static void tlb_miss_ladder_fit_second(const struct rung *r, size_t n, struct ladder_fit *fit)
{
	double least = fit->first.found ? 1.3 * fit->first.pages : 0;
	struct rise s = { 0 };
	size_t from;

	if (!tlb_miss_ladder_steepest(r, n, least, &s) || s.ratio < RISE_LEAST ||
	    s.above - s.below < 2 * tlb_miss_ladder_doubt(&r[s.at]))
		return;
	from = tlb_miss_ladder_rungs_up_to(r, n, r[s.at].pages / 1.2);
	fit->plateau = s.below;
	fit->second = tlb_miss_ladder_knee_at(r, n, from, s.below, s.above);
	fit->second.pages = tlb_miss_ladder_corner_near(r, n, r[s.at].pages, fit->second.pages);
	if (r[n - 1].pages >= 2 * fit->second.pages)
		tlb_miss_ladder_fit_walk(r, n, fit);
}

void ladder_fit(const struct rung *r, size_t n, struct ladder_fit *fit)
{
	memset(fit, 0, sizeof(*fit));
	fit->walk_ns = NAN;
	if (!n)
		return;
	tlb_miss_ladder_fit_first(r, n, fit);
	tlb_miss_ladder_fit_second(r, n, fit);
}

static void tlb_miss_ladder_answer(struct inference *out, uint64_t bytes, bool or_larger,
				   const char *why)
{
	out->bytes = bytes;
	out->or_larger = or_larger;
	snprintf(out->why, sizeof(out->why), "%s", why);
}

void ladder_infer(const struct ladder_fit *fit, double most_pages,
		  uint64_t page, struct inference *out)
{
	if (!fit->first.found)
		tlb_miss_ladder_answer(out, 0, false,
				       "no first-level knee was seen: this does not look like "
				       "a processor's TLB, or the ladder begins above it");
	else if (fit->second.found)
		tlb_miss_ladder_answer(
			out, 4096, false,
			page > 4096
				? "walks begin at a second level's reach in 4K steps, although "
				  "the buffer's own pages are larger: a layer below maps 4K"
				: "walks begin at a second level's reach in 4K steps");
	else if (most_pages < 2 * SECOND_MOST)
		tlb_miss_ladder_answer(
			out, 0, false,
			"no walks were seen, but the ladder ends below 8192 pages: "
			"it cannot tell");
	else if (page <= 4096)
		tlb_miss_ladder_answer(out, 0, false,
				       "no walks were seen over a buffer of 4K pages: "
				       "this does not look like a processor's TLB");
	else
		tlb_miss_ladder_answer(out, 2 << 20, true,
				       "no walks were seen up to twice the largest second "
				       "level's reach in 4K steps");
}

void ladder_infer_huge(const struct ladder_fit *fit, double most_lines,
		       struct inference *out)
{
	if (fit->first.found)
		tlb_miss_ladder_answer(
			out, 2 << 20, false,
			"a chase in steps of 2M leaves the first level where one of 2M ends");
	else if (most_lines >= 192)
		tlb_miss_ladder_answer(
			out, 1 << 30, false,
			"a chase in steps of 2M stays in the first level beyond 192 lines");
}
