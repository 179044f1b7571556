/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The iterations of one workload process in a few numbers.
 */
#ifndef KDUEL_SUMMARY_H
#define KDUEL_SUMMARY_H

#include <stddef.h>

struct summary {
	unsigned n;
	double median, mean, sd;	/* sd over n - 1; NaN for n < 2 */
	double min, max, p10, p90;	/* quantiles interpolated (R's type 7) */
};

/* Sorts `values`. NaN for n = 0. */
double median_of(double *values, size_t n);

/* Sorts `values`. All NaN for n = 0. */
void summary_of(double *values, size_t n, struct summary *s);

#endif
