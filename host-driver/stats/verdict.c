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

enum verdict stats_verdict(const struct stats_effect *e, double p, double p_worse,
			   double alpha, enum stats_better better, double margin)
{
	bool inside = !e->absolute && e->lo > -margin && e->hi < margin;

	if (better == STATS_NEITHER)
		return VERDICT_DESCRIBED;
	if (p <= alpha && e->effect != 0 && !inside)
		return (e->effect > 0) == (better == STATS_LOWER)
			? VERDICT_REGRESSED : VERDICT_IMPROVED;
	return p_worse <= alpha / 2 ? VERDICT_NOT_WORSE : VERDICT_INCONCLUSIVE;
}
