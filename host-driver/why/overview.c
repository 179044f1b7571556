/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of many tables, which to look at first. */
#include <math.h>
#include <stdlib.h>

#include "gather.h"
#include "plan/plan.h"
#include "safe.h"

#define FEW 2	/* tables, which are seen at once */

static bool overview_is_sure(const struct why_group *g)
{
	return !g->error.code && !g->why.doubt && g->why.whole.mean[WHY_BASE] > 0;
}

static double overview_part(const struct why_group *g)
{
	return g->why.whole.diff / g->why.whole.mean[WHY_BASE];
}

static int overview_by_part(const void *a, const void *b)
{
	double x = fabs(overview_part(*(const struct why_group *const *)a));
	double y = fabs(overview_part(*(const struct why_group *const *)b));

	return (x < y) - (x > y);
}

void why_print_overview(const struct why_groups *g, const struct plan *p, FILE *to)
{
	const struct why_group **sure = calloc(g->n + 1, sizeof(const struct why_group *));
	size_t n = 0;

	must_have(sure);
	for (size_t i = 0; i < g->n; i++)
		if (overview_is_sure(&g->v[i]))
			sure[n++] = &g->v[i];
	if (g->n > FEW) {
		qsort(sure, n, sizeof(const struct why_group *), overview_by_part);
		fprintf(to, "%zu of %zu tables have a difference that is none of chance, as far as each tells alone%s\n",
			n, g->n, n ? ":" : ".");
		for (size_t i = 0; i < n; i++)
			fprintf(to, "  %+9.3g%%  %s  %s  %s\n", 100 * overview_part(sure[i]),
				sure[i]->what, sure[i]->metric, p->arms[sure[i]->arm].name);
		fputc('\n', to);
	}
	free(sure);
}
