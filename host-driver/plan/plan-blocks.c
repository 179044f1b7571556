/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a number of blocks can tell, as far as that is known before anything was measured. */
#include <fnmatch.h>
#include <math.h>
#include <string.h>

#include "plan.h"
#include "safe.h"
#include "stats/stats.h"
#include "vocab/number.h"

#define USUAL_SPREAD 0.01	/* between boots, as docs/statistics.md has it */
#define FEW 0.10		/* what finds less than that is worth running */

/* An A/A pair is judged separately from the gates' family. */
static size_t blocks_arms_judged(const struct plan *p)
{
	size_t n = 0;

	for (size_t a = 0; a < p->n_arms; a++)
		n += !p->arms[a].baseline && !p->arms[a].aa;
	return n;
}

size_t plan_gate_tests(const struct plan *p)
{
	size_t cells = 0;

	for (size_t g = 0; g < p->n_gates; g++)
		for (size_t i = 0; i < p->n_cells; i++)
			cells += !fnmatch(p->gates[g].cell, p->cells[i].id, 0);
	return cells * blocks_arms_judged(p);
}

double plan_strictest_level(const struct plan *p)
{
	size_t gates = plan_gate_tests(p);

	return STATS_ALPHA / (gates ? 2 * (double)gates : 1);
}

bool plan_metric_is_percentile(const char *metric)
{
	for (const char *p = metric; (p = strchr(p, 'p')); p++) {
		size_t digits = strspn(p + 1, "0123456789");

		if ((p == metric || p[-1] == '_') && digits >= 2 &&
		    (p[1 + digits] == '_' || !p[1 + digits]))
			return true;
	}
	return false;
}

static const char *blocks_percentile_gate(const struct plan *p)
{
	for (size_t g = 0; g < p->n_gates; g++)
		if (plan_metric_is_percentile(p->gates[g].metric))
			return p->gates[g].metric;
	return NULL;
}

/* The smallest effect that n blocks detect with the usual spread. */
static double blocks_detect(const struct plan *p, size_t n)
{
	return stats_sde(sqrt(2) * USUAL_SPREAD, n, plan_strictest_level(p), STATS_POWER);
}

static char *blocks_few(const struct plan *p)
{
	size_t gates = plan_gate_tests(p), enough = p->n_blocks;
	char least[NUMBER_MAX], then[NUMBER_MAX], tests[40];

	while (blocks_detect(p, enough) > FEW)
		enough++;
	if (enough == p->n_blocks)
		return NULL;
	snprintf(tests, sizeof(tests), "%zu gate test%s", gates, gates == 1 ? "" : "s");
	return text_format("%u blocks seldom judge times: of boots that spread by %g%%, they detect %s "
			   "(%s, power %g%%), %zu blocks %s; kduel power tells for other spreads",
			   p->n_blocks, 100 * USUAL_SPREAD,
			   number_percent(blocks_detect(p, p->n_blocks), least),
			   gates ? tests : "a single test", 100 * STATS_POWER, enough,
			   number_percent(blocks_detect(p, enough), then));
}

char *plan_few_blocks(const struct plan *p)
{
	const char *percentile = blocks_percentile_gate(p);

	if (p->n_blocks < 2)
		return text_format("one block is shown and not judged: a verdict needs at least 2");
	if (p->clock == CLOCK_INSTRUCTIONS)
		return NULL;
	if (percentile && p->n_blocks < STATS_PERCENTILE_BLOCKS)
		return text_format("%u blocks cannot judge %s: a percentile needs %d", p->n_blocks,
				   percentile, STATS_PERCENTILE_BLOCKS);
	return blocks_few(p);
}
