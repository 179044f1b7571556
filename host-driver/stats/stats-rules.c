/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats.h"

#include <Rmath.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "order.h"

#define RULES_EXACT 50		/* below so many numbers a side, as in R */

double stats_welch_p(const double *a, size_t n, const double *b, size_t m)
{
	double va = stats_sd(a, n) * stats_sd(a, n) / (double)n;
	double vb = stats_sd(b, m) * stats_sd(b, m) / (double)m;
	double apart = stats_mean(a, n) - stats_mean(b, m);

	if (n < 2 || m < 2)
		return NAN;
	if (va + vb == 0)
		return apart == 0 ? 1 : 0;
	return 2 * pt(-fabs(apart) / sqrt(va + vb),
		      stats_welch_freedom(va, (double)n, vb, (double)m), 1, 0);
}

/*
 * Over all pairs, how often a number of `a` exceeds one of `b` (both sorted), a
 * tie counting half; and the sum of t^3 - t over groups of t tied numbers.
 */
static double rules_rank(const double *a, size_t n, const double *b, size_t m, double *ties)
{
	size_t i = 0, k = 0;
	double u = 0;

	*ties = 0;
	while (i < n || k < m) {
		double v = k >= m || (i < n && a[i] <= b[k]) ? a[i] : b[k], t;
		size_t from_a = i, from_b = k;

		while (i < n && a[i] == v)
			i++;
		while (k < m && b[k] == v)
			k++;
		u += (double)(i - from_a) * ((double)from_b + (double)(k - from_b) / 2);
		t = (double)(i - from_a + k - from_b);
		*ties += t * t * t - t;
	}
	return u;
}

static double rules_u_p(double u, double n, double m, double ties)
{
	double middle = n * m / 2, all = n + m, var, z;

	if (ties == 0 && n < RULES_EXACT && m < RULES_EXACT) {
		double p = u > middle ? pwilcox(u - 1, n, m, 0, 0) : pwilcox(u, n, m, 1, 0);

		return fmin(2 * p, 1);
	}
	var = n * m / 12 * (all + 1 - ties / (all * (all - 1)));
	z = fmax(fabs(u - middle) - 0.5, 0) / sqrt(var);
	return var > 0 ? fmin(1, 2 * pnorm(-z, 0, 1, 1, 0)) : 1;
}

double stats_mann_whitney_p(const double *a, size_t n, const double *b, size_t m)
{
	double *v = malloc((n + m + 1) * sizeof(*v)), ties, u;

	if (!v || !n || !m) {
		free(v);
		return NAN;
	}
	memcpy(v, a, n * sizeof(*v));
	memcpy(v + n, b, m * sizeof(*v));
	order_sort(v, n);
	order_sort(v + n, m);
	u = rules_rank(v, n, v + n, m, &ties);
	free(v);
	return rules_u_p(u, (double)n, (double)m, ties);
}

bool stats_ranges_part(const double *a, size_t n, const double *b, size_t m)
{
	double a_lo = INFINITY, a_hi = -INFINITY, b_lo = INFINITY, b_hi = -INFINITY;

	for (size_t i = 0; i < n; i++) {
		a_lo = fmin(a_lo, a[i]);
		a_hi = fmax(a_hi, a[i]);
	}
	for (size_t i = 0; i < m; i++) {
		b_lo = fmin(b_lo, b[i]);
		b_hi = fmax(b_hi, b[i]);
	}
	return n && m && (a_hi < b_lo || b_hi < a_lo);
}
