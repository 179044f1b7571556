/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tlb-miss.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#define BELOW 1.7		/* the window: pages from K / 1.7 ... */
#define ABOVE 1.5		/* ... to 1.5 K */
#define SIDE_LEAST 3
#define STEP 1.005		/* from one K to the next that is tried */
#define TERMS 3
#define ROUNDS 8		/* of reweighting */
#define RESIDUAL_LEAST 0.3	/* doubts: below it a point counts no more */

/* The terms of d at one point; the corner's is the last. */
static void tlb_miss_hinge_terms(double pages, double k, double x[TERMS])
{
	x[0] = 1;
	x[1] = log(pages / k);
	x[2] = fmax(0, 1 - k / pages);
}

/* Solves a c = y by elimination: a is symmetric, positive, and at most 3 x 3. */
static bool tlb_miss_hinge_solve(double a[TERMS][TERMS], double y[TERMS], int m, double c[TERMS])
{
	for (int i = 0; i < m; i++) {
		if (a[i][i] < DBL_EPSILON)
			return false;
		for (int k = i + 1; k < m; k++) {
			double f = a[k][i] / a[i][i];

			for (int j = i; j < m; j++)
				a[k][j] -= f * a[i][j];
			y[k] -= f * y[i];
		}
	}
	for (int i = m - 1; i >= 0; i--) {
		c[i] = y[i];
		for (int j = i + 1; j < m; j++)
			c[i] -= a[i][j] * c[j];
		c[i] /= a[i][i];
	}
	return true;
}

/* In doubts: how far point p is from the curve. */
static double tlb_miss_hinge_residual(const struct hinge_point *p, double k,
				      const double c[TERMS], int m)
{
	double x[TERMS], d = p->ns;

	tlb_miss_hinge_terms(p->pages, k, x);
	for (int i = 0; i < m; i++)
		d -= c[i] * x[i];
	return fabs(d) / p->doubt;
}

/* One weighted least-squares fit of the first m terms, after the residuals of `c`. */
static bool tlb_miss_hinge_refit(const struct hinge_point *p, size_t n, double k,
				 double c[TERMS], int m, bool weighted)
{
	double a[TERMS][TERMS] = { 0 }, y[TERMS] = { 0 };

	for (size_t at = 0; at < n; at++) {
		double x[TERMS], w = 1 / (p[at].doubt * p[at].doubt);

		if (weighted)
			w /= fmax(tlb_miss_hinge_residual(&p[at], k, c, m), RESIDUAL_LEAST);
		tlb_miss_hinge_terms(p[at].pages, k, x);
		for (int i = 0; i < m; i++) {
			for (int j = 0; j < m; j++)
				a[i][j] += w * x[i] * x[j];
			y[i] += w * x[i] * p[at].ns;
		}
	}
	return tlb_miss_hinge_solve(a, y, m, c);
}

/* The sum of residuals of the best curve of m terms; infinite: none. */
static double tlb_miss_misfit(const struct hinge_point *p, size_t n, double k, double c[TERMS], int m)
{
	double sum = 0;

	for (int round = 0; round < ROUNDS; round++)
		if (!tlb_miss_hinge_refit(p, n, k, c, m, round > 0))
			return INFINITY;
	for (size_t at = 0; at < n; at++)
		sum += tlb_miss_hinge_residual(&p[at], k, c, m);
	return sum;
}

/* How much of a doubt a corner at k explains, per point; negative: nothing. */
static double tlb_miss_hinge_gain_at(const struct hinge_point *p, size_t n, double k)
{
	size_t from = 0, corner, to;
	double c[TERMS], straight, bent;

	while (from < n && p[from].pages <= k / BELOW)
		from++;
	for (corner = from; corner < n && p[corner].pages <= k; corner++)
		;
	for (to = corner; to < n && p[to].pages <= k * ABOVE; to++)
		;
	if (corner - from < SIDE_LEAST || to - corner < SIDE_LEAST)
		return -1;
	straight = tlb_miss_misfit(p + from, to - from, k, c, TERMS - 1);
	bent = tlb_miss_misfit(p + from, to - from, k, c, TERMS);
	if (isinf(bent) || c[TERMS - 1] <= 0)
		return -1;
	return (straight - bent) / (to - from);
}

double hinge_find(const struct hinge_point *p, size_t n, double from, double to)
{
	double best = 0, at = NAN;

	for (double k = from; k <= to; k *= STEP) {
		double gain = tlb_miss_hinge_gain_at(p, n, k);

		if (gain > best) {
			best = gain;
			at = k;
		}
	}
	return at;
}
