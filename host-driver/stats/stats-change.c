/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Change points: binary segmentation on ranks.
 *
 * A segment's values become normal scores, so that one outlier weighs little;
 * what the neighbour predicts is taken away (a first-order autoregression,
 * its coefficient estimated with the best step removed), so that a wandering
 * series is not taken for a stepping one; and the largest standardised step
 * over all places, in the segment and in halves of it (a level that rises and
 * falls again shows there), is held against a critical value. What is left
 * after that has nearly the same distribution whatever the values were, so
 * one table of critical values serves: it comes from white noise sent through
 * this file (make check-stats, --critical), and the check measures what it
 * yields for other series.
 */
#include "stats.h"
#include "stats-change.h"

#include <Rmath.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 4			/* least points on either side of a step */
#define SHORTEST 12		/* least points of a series */
#define PHI_MAX 0.95

struct value {
	double v;
	size_t at;
};

static int by_value(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	return (x->v > y->v) - (x->v < y->v);
}

/* Normal scores; equal values share the score of their middle rank. */
static int scores(const double *v, size_t n, double *z)
{
	struct value *s = malloc(n * sizeof(*s));

	if (!s)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		s[i] = (struct value){ v[i], i };
	qsort(s, n, sizeof(*s), by_value);
	for (size_t i = 0, j; i < n; i = j) {
		for (j = i; j < n && s[j].v == s[i].v; j++)
			;
		for (size_t k = i; k < j; k++)
			z[s[k].at] = qnorm(((double)(i + j) / 2) / (double)n,
					   0, 1, 1, 0);
	}
	free(s);
	return 0;
}

struct best {
	size_t at;
	double score;
};

/* The largest step in z[lo..hi), in units of its standard error. */
static void largest_step(const double *z, size_t lo, size_t hi, double sd,
			 struct best *best)
{
	double total = 0, left = 0, n = (double)(hi - lo);

	for (size_t i = lo; i < hi; i++)
		total += z[i];
	for (size_t i = lo; i + SIDE < hi; i++) {
		double k = (double)(i + 1 - lo), score;

		left += z[i];
		if (k < SIDE)
			continue;
		score = fabs(left - total * k / n) / sqrt(k * (n - k) / n) / sd;
		if (score > best->score)
			*best = (struct best){ i + 1, score };
	}
}

/* The whole, and windows of half the length, a quarter, ... */
static struct best search(const double *z, size_t n)
{
	struct best best = { 0, 0 };
	double sd = stats_sd(z, n);

	if (!(sd > 0))
		return best;
	for (size_t len = n; len >= 3 * SIDE; len /= 2) {
		for (size_t lo = 0; lo + len < n; lo += (len + 1) / 2)
			largest_step(z, lo, lo + len, sd, &best);
		largest_step(z, n - len, n, sd, &best);
	}
	return best;
}

/*
 * Lag-1 autocorrelation with the best step taken out. Taking it out, and the
 * mean, makes the estimate too small by about (1 + 4 phi)/n. It is moved up by
 * that and by its standard error, since too small a value makes false points
 * and one a little too large costs a little power.
 */
static double wander(const double *z, size_t n, size_t step, double *rest)
{
	double a = stats_mean(z, step), b = stats_mean(z + step, n - step), phi;

	for (size_t i = 0; i < n; i++)
		rest[i] = z[i] - (i < step ? a : b);
	phi = stats_autocorrelation(rest, n);
	phi += (1 + 4 * phi) / (double)n;
	phi += sqrt(fmax(0, 1 - phi * phi) / (double)n);
	return fmin(PHI_MAX, phi);
}

static double *buffers(size_t n)
{
	return calloc(3 * n, sizeof(double));
}

/* The best step of v[0..n), on what is left when the wandering is removed. */
static int best_step(const double *v, size_t n, struct best *best, double *phi)
{
	double *z = buffers(n), *rest = z + n, *white = z + 2 * n;
	int rc;

	if (!z)
		return -ENOMEM;
	rc = scores(v, n, z);
	if (!rc) {
		*best = search(z, n);
		*phi = wander(z, n, best->at, rest);
		if (*phi > 0 && best->at) {
			rest[0] = z[0];
			for (size_t i = 1; i < n; i++)
				rest[i] = z[i] - *phi * z[i - 1];
			rest[0] *= sqrt(1 - *phi * *phi);
			rc = scores(rest, n, white);
			*best = search(white, n);
		}
	}
	free(z);
	return rc;
}

double stats_change_score(const double *v, size_t n)
{
	struct best best = { 0, 0 };
	double phi;

	return best_step(v, n, &best, &phi) ? NAN : best.score;
}

double stats_change_critical(size_t n)
{
	static const struct {
		double n, critical;
	} table[] = {
		{ 12, 2.49 }, { 16, 2.70 }, { 20, 2.83 }, { 24, 2.98 },
		{ 32, 3.14 }, { 48, 3.34 }, { 64, 3.45 }, { 96, 3.60 },
		{ 128, 3.73 }, { 200, 3.87 }, { 300, 4.03 }, { 500, 4.22 },
		{ 1000, 4.47 },
	};
	size_t last = sizeof(table) / sizeof(table[0]) - 1, i = 0;
	double share;

	while (i + 1 < last && (double)n > table[i + 1].n)
		i++;
	share = (log((double)n) - log(table[i].n)) /
		(log(table[i + 1].n) - log(table[i].n));
	return table[i].critical +
	       share * (table[i + 1].critical - table[i].critical);
}

static int add(struct stats_changes *out, size_t at, double score)
{
	struct stats_change *c;

	c = realloc(out->change, (out->n + 1) * sizeof(*c));
	if (!c)
		return -ENOMEM;
	out->change = c;
	c[out->n++] = (struct stats_change){ .at = at, .score = score };
	return 0;
}

static int divide(const double *v, size_t lo, size_t hi,
		  struct stats_changes *out)
{
	struct best best = { 0, 0 };
	double phi = 0, critical;
	int rc;

	if (hi - lo < SHORTEST)
		return 0;
	critical = stats_change_critical(hi - lo);
	rc = best_step(v + lo, hi - lo, &best, &phi);
	if (rc || !(best.score > critical))
		return rc;
	rc = divide(v, lo, lo + best.at, out);
	if (!rc)
		rc = add(out, lo + best.at, best.score / critical);
	return rc ? rc : divide(v, lo + best.at, hi, out);
}

/* The levels around each point, and the wandering that is left without them. */
static int describe(const double *v, size_t n, struct stats_changes *out)
{
	double *rest = malloc(n * sizeof(*rest));
	size_t lo = 0;

	if (!rest)
		return -ENOMEM;
	for (size_t k = 0; k <= out->n; k++) {
		size_t hi = k < out->n ? out->change[k].at : n;
		double level = stats_median(v + lo, hi - lo);

		for (size_t i = lo; i < hi; i++)
			rest[i] = v[i] - level;
		if (k < out->n)
			out->change[k].before = level;
		if (k)
			out->change[k - 1].after = level;
		lo = hi;
	}
	out->autocorrelation = stats_autocorrelation(rest, n);
	free(rest);
	return 0;
}

int stats_change_points(const double *v, size_t n, struct stats_changes *out)
{
	int rc;

	*out = (struct stats_changes){ .n = 0 };
	if (n < SHORTEST)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return -EINVAL;
	rc = divide(v, 0, n, out);
	if (!rc)
		rc = describe(v, n, out);
	if (rc)
		stats_changes_release(out);
	return rc;
}

void stats_changes_release(struct stats_changes *c)
{
	free(c->change);
	*c = (struct stats_changes){ .n = 0 };
}
