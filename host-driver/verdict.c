/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats.h"

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		[VERDICT_NONE] = "baseline",
		[VERDICT_DESCRIBED] = "described",
		[VERDICT_REGRESSED] = "regressed",
		[VERDICT_IMPROVED] = "improved",
		[VERDICT_NOT_WORSE] = "not worse",
		[VERDICT_INCONCLUSIVE] = "inconclusive",
		[VERDICT_UNSTABLE] = "unstable",
		[VERDICT_NOT_COMPARABLE] = "not comparable",
	};

	return names[v];
}

/* An absolute difference has no share of the baseline to hold against D. */
enum verdict stats_verdict(const struct stats_effect *e, double p_adjusted,
			   double alpha, enum stats_better better, double margin)
{
	bool inside = !e->absolute && e->lo > -margin && e->hi < margin;
	bool more_is_worse = better == STATS_LOWER;
	bool not_worse = e->absolute ? false : more_is_worse ? e->hi < margin
							     : e->lo > -margin;

	if (better == STATS_NEITHER)
		return VERDICT_DESCRIBED;
	if (p_adjusted <= alpha && e->effect != 0 && !inside)
		return (e->effect > 0) == more_is_worse ? VERDICT_REGRESSED
							: VERDICT_IMPROVED;
	return not_worse ? VERDICT_NOT_WORSE : VERDICT_INCONCLUSIVE;
}
