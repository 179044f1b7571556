/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Corrections for many tests at once. */
#include "stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct ranked {
	double p;
	size_t at;
};

static int by_p(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return (x->p > y->p) - (x->p < y->p);
}

/* The p values that are numbers, smallest first. */
static struct ranked *rank(const double *p, size_t n, size_t *m)
{
	struct ranked *r = malloc((n + 1) * sizeof(*r));

	*m = 0;
	if (!r)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (!isnan(p[i]))
			r[(*m)++] = (struct ranked){ p[i], i };
	qsort(r, *m, sizeof(*r), by_p);
	return r;
}

int stats_holm(const double *p, double *adjusted, size_t n)
{
	size_t m;
	struct ranked *r = rank(p, n, &m);
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
	struct ranked *r = rank(p, n, &m);
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
