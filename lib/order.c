/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "order.h"

#include <math.h>
#include <stdlib.h>

#define FEW 32		/* sorted in place at least as fast */

static int order_rising(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void order_sort(double *v, size_t n)
{
	if (n > FEW) {
		qsort(v, n, sizeof(*v), order_rising);
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

double order_quantile(const double *sorted, size_t n, double q)
{
	double at = q * ((double)n - 1);
	size_t i = n ? at : 0;

	if (!n)
		return NAN;
	return i + 1 < n ? sorted[i] + (at - i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

double order_median(double *v, size_t n)
{
	order_sort(v, n);
	return order_quantile(v, n, 0.5);
}
