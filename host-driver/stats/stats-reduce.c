/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reducing many numbers to one. */
#include "stats.h"

#include <Rmath.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "order.h"

double stats_mean(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return n ? sum / (double)n : NAN;
}

double stats_sd(const double *v, size_t n)
{
	double mean = stats_mean(v, n), sum = 0;

	if (n < 2)
		return NAN;
	for (size_t i = 0; i < n; i++)
		sum += (v[i] - mean) * (v[i] - mean);
	return sqrt(sum / (double)(n - 1));
}

double stats_median(const double *v, size_t n)
{
	double *copy, median;

	if (!n)
		return NAN;
	copy = malloc(n * sizeof(*copy));
	if (!copy)
		return NAN;
	memcpy(copy, v, n * sizeof(*copy));
	median = order_median(copy, n);
	free(copy);
	return median;
}

double stats_autocorrelation(const double *v, size_t n)
{
	double mean = stats_mean(v, n), near = 0, all = 0;

	for (size_t i = 0; i < n; i++)
		all += (v[i] - mean) * (v[i] - mean);
	for (size_t i = 1; i < n; i++)
		near += (v[i] - mean) * (v[i - 1] - mean);
	return all > 0 ? near / all : 0;
}

void stats_slope(const double *v, size_t n, double *slope, double *p)
{
	double sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0, k = 0, rest;

	for (size_t i = 0; i < n; i++)
		if (isfinite(v[i])) {
			k++;
			sx += (double)i;
			sy += v[i];
		}
	for (size_t i = 0; i < n; i++)
		if (isfinite(v[i])) {
			sxx += ((double)i - sx / k) * ((double)i - sx / k);
			sxy += ((double)i - sx / k) * (v[i] - sy / k);
			syy += (v[i] - sy / k) * (v[i] - sy / k);
		}
	*slope = *p = NAN;
	if (k < 4 || !(syy > 0))
		return;
	*slope = sxy / sxx;
	rest = fmax(0, syy - *slope * sxy);
	*p = rest > 0 ? 2 * pt(-fabs(*slope) / sqrt(rest / (k - 2) / sxx), k - 2, 1, 0) : 0;
}

double stats_boot(const double *medians, size_t processes, bool count)
{
	double sum = 0;

	for (size_t i = 0; i < processes; i++)
		sum += count ? medians[i] : log(medians[i]);
	return processes ? sum / (double)processes : NAN;
}
