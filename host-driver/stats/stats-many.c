/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Corrections for many tests at once. */
#include "stats.h"

#include <Rmath.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct ranked {
	double p;
	size_t at;
};

static int many_by_p(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return (x->p > y->p) - (x->p < y->p);
}

/* The p values that are not NaN, smallest first. */
static struct ranked *many_rank(const double *p, size_t n, size_t *m)
{
	struct ranked *r = malloc((n + 1) * sizeof(*r));

	*m = 0;
	if (!r)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (!isnan(p[i]))
			r[(*m)++] = (struct ranked){ p[i], i };
	qsort(r, *m, sizeof(*r), many_by_p);
	return r;
}

int stats_holm(const double *p, double *adjusted, size_t n)
{
	size_t m;
	struct ranked *r = many_rank(p, n, &m);
	double most = 0;

	if (!r)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		adjusted[i] = NAN;
	for (size_t i = 0; i < m; i++) {
		most = fmax(most, fmin(1, (double)(m - i) * r[i].p));
		adjusted[r[i].at] = most;
	}
	free(r);
	return 0;
}

int stats_benjamini_hochberg(const double *p, double *adjusted, size_t n)
{
	size_t m;
	struct ranked *r = many_rank(p, n, &m);
	double least = 1;

	if (!r)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		adjusted[i] = NAN;
	for (size_t i = m; i-- > 0;) {
		least = fmin(least, (double)m / (double)(i + 1) * r[i].p);
		adjusted[r[i].at] = least;
	}
	free(r);
	return 0;
}

static bool many_has(const double *p, const bool *gate, size_t n, bool which)
{
	for (size_t i = 0; i < n; i++)
		if (gate[i] == which && !isnan(p[i]))
			return true;
	return false;
}

/* The corrected p values of one family; NaN elsewhere. */
static int many_family(const double *p, const bool *gate, bool which, double *out,
		       size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = gate[i] == which ? p[i] : NAN;
	return (which ? stats_holm : stats_benjamini_hochberg)(out, out, n);
}

int stats_families(const double *p, const bool *gate, double *adjusted, size_t n)
{
	double *out = calloc(n + 1, 2 * sizeof(*out)), *rest = out + n;
	double share = many_has(p, gate, n, true) && many_has(p, gate, n, false) ? 2 : 1;
	int rc = out ? many_family(p, gate, true, out, n) : -ENOMEM;

	if (!rc)
		rc = many_family(p, gate, false, rest, n);
	for (size_t i = 0; !rc && i < n; i++)
		adjusted[i] = fmin(1, share * (gate[i] ? out[i] : rest[i]));
	for (size_t i = 0; !rc && i < n; i++)
		if (isnan(gate[i] ? out[i] : rest[i]))
			adjusted[i] = NAN;	/* fmin() ignores NaN */
	free(out);
	return rc;
}

void stats_share_interval(unsigned k, unsigned n, double confidence, double *lo, double *hi)
{
	double tail = (1 - confidence) / 2;

	*lo = k ? qbeta(tail, k, n - k + 1, 1, 0) : 0;
	*hi = k < n ? qbeta(1 - tail, k + 1, n - k, 1, 0) : 1;
}

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
