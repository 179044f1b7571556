/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two groups that share no blocks: the change between campaigns, and others' rules. */
#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <Rmath.h>

#include "order.h"

double stats_effect_scaled(const struct stats_effect *e)
{
	return e->method == STATS_DIFFERENCE || e->absolute ? e->effect : log1p(e->effect);
}

static double groups_shift_back(double v, bool logs)
{
	return logs ? expm1(v) : v;
}

double stats_welch_freedom(double va, double na, double vb, double nb)
{
	return va + vb > 0 ? (va + vb) * (va + vb) / (va * va / (na - 1) + vb * vb / (nb - 1))
			   : INFINITY;
}

/* One-sided, H0: the shift is worse by the margin or more. */
static double groups_shift_worse_p(double shift, double se, double df, bool logs,
				   enum stats_better better, double margin)
{
	double sign = better == STATS_LOWER ? 1 : -1;
	double room = logs ? log1p(fmax(-1, sign * margin)) - shift : sign * margin - shift;

	if (better == STATS_NEITHER)
		return NAN;
	if (se == 0)
		return sign * room > 0 ? 0 : 1;
	return pt(sign * room / se, df, 0, 0);
}

const char *stats_shift(const struct stats_effect *a, const struct stats_effect *b,
			double confidence, enum stats_better better, double margin,
			struct stats_effect *out)
{
	double va, vb, se, df, shift, half;
	bool logs = a->method != STATS_DIFFERENCE;

	*out = (struct stats_effect){ .n = 0, .p = NAN, .p_worse = NAN, .p_flip = NAN };
	if (!a->n || !b->n)
		return "one of the campaigns has no effect to compare";
	if (a->absolute || b->absolute)
		return "a baseline is 0, so its effect is not relative and cannot be compared";
	if (logs != (b->method != STATS_DIFFERENCE))
		return "one effect is a ratio, the other a difference";
	if (!(a->effect > -1) || !(b->effect > -1))
		return "an arm is 0, so there is no ratio to compare";
	va = a->sd * a->sd / a->n;
	vb = b->sd * b->sd / b->n;
	se = sqrt(va + vb);
	df = stats_welch_freedom(va, a->n, vb, b->n);
	shift = stats_effect_scaled(b) - stats_effect_scaled(a);
	half = se > 0 ? qt(0.5 + confidence / 2, df, 1, 0) * se : 0;
	*out = (struct stats_effect){
		.method = !logs ? STATS_DIFFERENCE : se > 0 ? STATS_LOG_RATIO : STATS_EXACT,
		.n = a->n < b->n ? a->n : b->n, .sd = se, .p_flip = NAN,
		.effect = groups_shift_back(shift, logs), .lo = groups_shift_back(shift - half, logs),
		.hi = groups_shift_back(shift + half, logs),
		.p = se > 0 ? 2 * pt(-fabs(shift) / se, df, 1, 0) : shift == 0 ? 1 : 0,
		.p_worse = groups_shift_worse_p(shift, se, df, logs, better, margin),
		/* a shifted central t approximates the non-central one */
		.sde = groups_shift_back(half + qt(STATS_POWER, fmin(df, 1e6), 1, 0) * se, logs),
	};
	return NULL;
}

/* --- others' rules --------------------------------------------------------------- */

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
static double groups_rank(const double *a, size_t n, const double *b, size_t m, double *ties)
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

static double groups_u_p(double u, double n, double m, double ties)
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
	u = groups_rank(v, n, v + n, m, &ties);
	free(v);
	return groups_u_p(u, (double)n, (double)m, ties);
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
