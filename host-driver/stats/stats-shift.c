/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats.h"

#include <Rmath.h>
#include <math.h>

double stats_effect_scaled(const struct stats_effect *e)
{
	return e->method == STATS_DIFFERENCE || e->absolute ? e->effect : log1p(e->effect);
}

static double shift_back(double v, bool logs)
{
	return logs ? expm1(v) : v;
}

double stats_welch_freedom(double va, double na, double vb, double nb)
{
	return va + vb > 0 ? (va + vb) * (va + vb) / (va * va / (na - 1) + vb * vb / (nb - 1))
			   : INFINITY;
}

/* One-sided, H0: the shift is worse by the margin or more. */
static double shift_worse_p(double shift, double se, double df, bool logs,
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
		.effect = shift_back(shift, logs), .lo = shift_back(shift - half, logs),
		.hi = shift_back(shift + half, logs),
		.p = se > 0 ? 2 * pt(-fabs(shift) / se, df, 1, 0) : shift == 0 ? 1 : 0,
		.p_worse = shift_worse_p(shift, se, df, logs, better, margin),
		/* a shifted central t approximates the non-central one */
		.sde = shift_back(half + qt(STATS_POWER, fmin(df, 1e6), 1, 0) * se, logs),
	};
	return NULL;
}
