/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a number of blocks can detect, and how many blocks an effect takes. */
#include "stats.h"

#include <Rmath.h>
#include <math.h>

/*
 * pnt() is inaccurate above this. Beyond, the normal part of a non-central t is
 * negligible beside its centre, and only the spread of the variance matters.
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

static double power_at(double ncp, double df, double critical)
{
	if (ncp > NCP_MAX)
		return pchisq(df * pow(ncp / critical, 2), df, 1, 0);
	return pnt(critical, df, ncp, 0, 0) + pnt(-critical, df, ncp, 1, 0);
}

double stats_power(double delta, double sd, size_t n, double alpha)
{
	double df = (double)n - 1;

	if (n < 2)
		return 0;
	if (sd <= 0)
		return delta != 0;
	return power_at(fabs(delta) / sd * sqrt((double)n), df,
			qt(1 - alpha / 2, df, 1, 0));
}

static double power_search_ncp(double df, double alpha, double power)
{
	double critical = qt(1 - alpha / 2, df, 1, 0), lo = 0, hi = 1;

	while (hi < 1e6 && power_at(hi, df, critical) < power) {
		lo = hi;
		hi *= 2;
	}
	while (hi - lo > 1e-7 * hi) {
		double mid = (lo + hi) / 2;

		*(power_at(mid, df, critical) < power ? &lo : &hi) = mid;
	}
	return hi;
}

/*
 * The non-centrality that gives that power. A comparison asks for the same one
 * thousands of times at 0.2 ms each, so the last answer is cached.
 */
static double power_ncp_of(size_t n, double alpha, double power)
{
	static _Thread_local struct {
		size_t n;
		double alpha, power, ncp;
	} last;

	if (last.n != n || last.alpha != alpha || last.power != power) {
		last.n = n;
		last.alpha = alpha;
		last.power = power;
		last.ncp = power_search_ncp((double)n - 1, alpha, power);
	}
	return last.ncp;
}

double stats_sde(double sd, size_t n, double alpha, double power)
{
	if (n < 2)
		return NAN;
	if (sd <= 0)
		return 0;
	return expm1(power_ncp_of(n, alpha, power) * sd / sqrt((double)n));
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
