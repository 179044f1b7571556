/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a number of blocks can find, and how many it takes. */
#include "stats.h"

#include <Rmath.h>
#include <math.h>

/*
 * pnt() is not meant for more; beyond, the normal part of a non-central t is
 * small beside its centre, and only the spread of the variance is left.
 */
#define NCP_MAX 37.0

const unsigned stats_until_looks[] = { 6, 8, 10, 12, 16, 20, 0 };

unsigned stats_until_next(unsigned blocks)
{
	const unsigned *look = stats_until_looks;

	while (*look && *look <= blocks)
		look++;
	return *look;
}

static double power_at(double ncp, size_t n, double alpha)
{
	double df = (double)(n - 1), critical = qt(1 - alpha / 2, df, 1, 0);

	if (ncp > NCP_MAX)
		return pchisq(df * pow(ncp / critical, 2), df, 1, 0);
	return pnt(critical, df, ncp, 0, 0) + pnt(-critical, df, ncp, 1, 0);
}

double stats_power(double delta, double sd, size_t n, double alpha)
{
	if (n < 2)
		return 0;
	if (sd <= 0)
		return delta != 0;
	return power_at(fabs(delta) / sd * sqrt((double)n), n, alpha);
}

double stats_sde(double sd, size_t n, double alpha, double power)
{
	double lo = 0, hi = 1;

	if (n < 2)
		return NAN;
	if (sd <= 0)
		return 0;
	while (hi < 1e6 && power_at(hi, n, alpha) < power)
		hi *= 2;
	for (int i = 0; i < 60; i++) {
		double mid = (lo + hi) / 2;

		if (power_at(mid, n, alpha) < power)
			lo = mid;
		else
			hi = mid;
	}
	return expm1(hi * sd / sqrt((double)n));
}

size_t stats_blocks_needed(double effect, double sd, double alpha,
			   double power, size_t most)
{
	double delta = fabs(log1p(effect));

	for (size_t n = 2; n <= most; n++)
		if (stats_power(delta, sd, n, alpha) >= power)
			return n;
	return 0;
}
