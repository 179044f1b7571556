/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "columns.h"

#include <math.h>
#include <stdlib.h>

#define FEW 32			/* sorted in place at least as fast */

static int summary_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void summary_sort(double *v, size_t n)
{
	if (n > FEW) {
		qsort(v, n, sizeof(*v), summary_compare);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		double x = v[i];
		size_t k = i;

		for (; k > 0 && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

double median_of(double *v, size_t n)
{
	summary_sort(v, n);
	if (n == 0)
		return NAN;
	return n % 2 ? v[n / 2] : v[n / 2 - 1] / 2 + v[n / 2] / 2;
}

static double summary_quantile(const double *v, size_t n, double q)
{
	double at = q * (n - 1);
	size_t i = at;

	if (i + 1 >= n)
		return v[n - 1];
	return v[i] + (at - i) * (v[i + 1] - v[i]);
}

/* Two passes, the mean first, so that a large offset does not cost precision. */
static void summary_moments(const double *v, size_t n, struct summary *s)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	s->mean = sum / n;
	for (size_t i = 0; i < n; i++)
		squares += (v[i] - s->mean) * (v[i] - s->mean);
	s->sd = n > 1 ? sqrt(squares / (n - 1)) : NAN;
}

void summary_of(double *values, size_t n, struct summary *s)
{
	*s = (struct summary){ n, NAN, NAN, NAN, NAN, NAN, NAN, NAN };
	if (n == 0)
		return;
	s->median = median_of(values, n);
	summary_moments(values, n, s);
	s->min = values[0];
	s->max = values[n - 1];
	s->p10 = summary_quantile(values, n, 0.1);
	s->p90 = summary_quantile(values, n, 0.9);
}
