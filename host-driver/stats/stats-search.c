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
	static const unsigned few[] = { 2, 3, 4, 6, 0 }, early[] = { 2, 4, 6, 10, 20, 0 };

	return kind == STATS_SEARCH_EXACT ? few :
	       kind == STATS_SEARCH_CLAIM ? early : stats_until_looks;
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
