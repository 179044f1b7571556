/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decisions of a bisection, and the significance levels they are made at. */
#include "stats.h"

#include <Rmath.h>
#include <math.h>

unsigned stats_search_decisions(size_t commits)
{
	unsigned k = 0;

	while (commits > (size_t)1 << k)
		k++;
	return k;
}

const unsigned *stats_search_looks(enum stats_search_kind kind)
{
	static const unsigned few[] = { 2, 3, 4, 6, 0 }, early[] = { 2, 4, 6, 10, 20, 0 },
			      ends[] = { STATS_ENDS_LEAST, 4, 6, 8, 0 }, each[] = { 1, 2, 3, 4, 0 };
	static const unsigned *const looks[STATS_SEARCH_KINDS] = {
		[STATS_SEARCH_TIME] = stats_until_looks, [STATS_SEARCH_EXACT] = few,
		[STATS_SEARCH_CLAIM] = early, [STATS_SEARCH_ENDS] = ends,
		[STATS_SEARCH_ALONE] = each,
	};

	return looks[kind];
}

bool stats_search_is_look(const unsigned *looks, unsigned blocks)
{
	while (*looks && *looks != blocks)
		looks++;
	return *looks;
}

static unsigned search_count(const unsigned *looks)
{
	unsigned n = 0;

	while (looks[n])
		n++;
	return n;
}

unsigned stats_search_last(const unsigned *looks)
{
	return looks[search_count(looks) - 1];
}

double stats_search_level(unsigned expected, unsigned decision, const unsigned *looks)
{
	double share = STATS_SEARCH_ALPHA / (expected + 2);

	if (decision > expected)
		share *= pow(0.5, decision - expected);
	return share / search_count(looks);
}

bool stats_search_differ(const struct stats_effect *ends, double margin, double level)
{
	return ends->n && ends->p <= level &&
	       (ends->absolute || ends->lo < -margin || ends->hi > margin);
}

/* Are both on one scale? An effect of exactly 0 fits any scale. */
static bool search_comparable(const struct stats_effect *a, const struct stats_effect *b)
{
	bool none = b->method == STATS_EXACT && b->effect == 0;

	if (!a->n || !b->n || !(a->effect > -1) || !(b->effect > -1))
		return false;
	return none || (a->absolute == b->absolute &&
			(a->method == STATS_DIFFERENCE) == (b->method == STATS_DIFFERENCE));
}

/* One-sided: the probability of a mean this far from 0 by chance. */
static double search_p(double mean, double var, double df)
{
	if (var == 0)
		return mean == 0 ? 1 : 0;
	return pt(-fabs(mean) / sqrt(var), df, 1, 0);
}

enum stats_side stats_search_side(const struct stats_effect *ends,
				  const struct stats_effect *tested, double level, double *p)
{
	double bad, is, va, vb, na, nb, chance = 1;
	enum stats_side side = STATS_SIDE_OPEN;

	if (p)
		*p = NAN;
	if (!search_comparable(ends, tested))
		return STATS_SIDE_OPEN;
	bad = stats_effect_scaled(ends);
	is = stats_effect_scaled(tested);
	na = ends->n;
	nb = tested->n;
	va = ends->sd * ends->sd / na;
	vb = tested->sd * tested->sd / nb;
	if (is / bad > 0.5) {
		/* e.p allows for few blocks that are equal by chance */
		chance = fmax(search_p(is, vb, nb - 1), tested->method == STATS_EXACT ? tested->p / 2 : 0);
		side = STATS_SIDE_BAD;
	} else {
		chance = search_p(is - bad, va + vb, stats_welch_freedom(va, na, vb, nb));
		side = STATS_SIDE_GOOD;
	}
	if (p)
		*p = chance;
	return chance <= level ? side : STATS_SIDE_OPEN;
}

/* --- a commit alone ------------------------------------------------------------------ */

static bool search_usable(const double *v, size_t n, bool count)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(v[i]) || (!count && !(v[i] > 0)))
			return false;
	return n;
}

static double search_mean(const double *v, size_t n, bool count)
{
	double mean = 0;

	for (size_t i = 0; i < n; i++)
		mean += (count ? v[i] : log(v[i])) / (double)n;
	return mean;
}

static struct stats_end search_end(const double *v, size_t n, bool count)
{
	struct stats_end end = { .n = (unsigned)n, .mean = search_mean(v, n, count) };
	double squares = 0;

	for (size_t i = 0; i < n; i++)
		squares += pow((count ? v[i] : log(v[i])) - end.mean, 2);
	end.sd = sqrt(squares / (double)(n - 1));
	return end;
}

const char *stats_search_ends(const double *good, size_t good_n, const double *bad,
			      size_t bad_n, bool count, struct stats_ends *ends)
{
	*ends = (struct stats_ends){ .count = count };
	if (good_n < STATS_ENDS_LEAST || bad_n < STATS_ENDS_LEAST)
		return "an end has fewer than 3 good boots";
	if (!search_usable(good, good_n, count) || !search_usable(bad, bad_n, count))
		return "a value is not a finite positive number";
	ends->good = search_end(good, good_n, count);
	ends->bad = search_end(bad, bad_n, count);
	if (ends->good.mean != ends->bad.mean)
		return NULL;
	ends->good.n = ends->bad.n = 0;
	return "the ends are equal";
}

/* The standard deviation of the difference between n further boots and the end. */
static double search_error(const struct stats_end *end, size_t n)
{
	return end->sd * sqrt(1 / (double)n + 1.0 / end->n);
}

/* Is one boot that is not like this end known not to be, over this distance? */
static bool search_tells(const struct stats_end *end, double distance, double level)
{
	double df = end->n - 1.0;

	/* a shifted central t approximates the non-central one */
	return distance >= search_error(end, 1) * (qt(level, df, 0, 0) + qt(STATS_POWER, df, 1, 0));
}

bool stats_search_one_decides(const struct stats_ends *ends, double level)
{
	double distance = fabs(ends->bad.mean - ends->good.mean);

	return ends->good.n && search_tells(&ends->good, distance, level) &&
	       search_tells(&ends->bad, distance, level);
}

/* The probability of being this far from the end by chance, to one side. */
static double search_chance(const struct stats_end *end, double mean, size_t n)
{
	return search_p(mean - end->mean, pow(search_error(end, n), 2), end->n - 1.0);
}

static void search_alone_effect(const struct stats_ends *ends, double mean, size_t n,
				double level, struct stats_effect *e)
{
	const struct stats_end *good = &ends->good;
	double se = search_error(good, n), from = mean - good->mean;
	double half = se > 0 ? qt(level / 2, good->n - 1.0, 0, 0) * se : 0;
	double unit = ends->count && good->mean > 0 ? good->mean : 1;

	*e = (struct stats_effect){
		.method = !(se > 0) ? STATS_EXACT : ends->count ? STATS_DIFFERENCE : STATS_LOG_RATIO,
		.n = (unsigned)n, .sd = good->sd / unit,
		.p = fmin(1, 2 * search_chance(good, mean, n)),
		.absolute = ends->count && !(good->mean > 0), .p_worse = NAN, .p_flip = NAN,
		.effect = ends->count ? from / unit : expm1(from),
		.lo = ends->count ? (from - half) / unit : expm1(from - half),
		.hi = ends->count ? (from + half) / unit : expm1(from + half),
	};
}

enum stats_side stats_search_alone(const struct stats_ends *ends, const double *v, size_t n,
				   double level, struct stats_effect *e, double *p)
{
	double mean, chance;
	bool is_bad;

	*e = (struct stats_effect){ .n = 0 };
	if (p)
		*p = NAN;
	if (!ends->good.n || !search_usable(v, n, ends->count))
		return STATS_SIDE_OPEN;
	mean = search_mean(v, n, ends->count);
	search_alone_effect(ends, mean, n, level, e);
	is_bad = fabs(mean - ends->bad.mean) < fabs(mean - ends->good.mean);
	chance = search_chance(is_bad ? &ends->good : &ends->bad, mean, n);
	if (p)
		*p = chance;
	return chance > level ? STATS_SIDE_OPEN : is_bad ? STATS_SIDE_BAD : STATS_SIDE_GOOD;
}
