/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Change points: binary segmentation on ranks.
 *
 * A segment's values become normal scores, so that an outlier has little
 * weight. What the neighbour predicts is subtracted (a first-order
 * autoregression, its coefficient estimated after removing the best step, or
 * the best two), so that a wandering series is not mistaken for a stepping
 * one, or the reverse. The statistic is the largest standardised step over all
 * positions, in the segment and in ever smaller windows of it (where a level
 * that rises and falls again shows up). Its distribution hardly depends on
 * that of the values, so one table of critical values serves: it was simulated
 * by sending white noise through this file (make check-stats, --critical), and
 * the check measures the error rate for other kinds of series.
 */
#include "stats.h"

#include <Rmath.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIDE STATS_SEGMENT	/* fewest points on either side of a step */
#define SHORTEST 12		/* fewest points in a series */
#define PHI_MAX 0.95

struct value {
	double v;
	size_t at;
};

static int change_by_value(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	return (x->v > y->v) - (x->v < y->v);
}

/* Normal scores; equal values share the score of their middle rank. */
static int change_scores(const double *v, size_t n, double *z)
{
	struct value *s = malloc(n * sizeof(*s));

	if (!s)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		s[i] = (struct value){ v[i], i };
	qsort(s, n, sizeof(*s), change_by_value);
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

/* Where a step may be: the new level begins at z[from] or later, up to z[to]. */
struct places {
	size_t from, to;
};

/* The largest step in z[lo..hi), in units of its standard error. */
static void change_largest_step(const double *z, size_t lo, size_t hi, double sd,
				struct places where, struct best *best)
{
	double total = 0, left = 0, n = (double)(hi - lo);

	for (size_t i = lo; i < hi; i++)
		total += z[i];
	for (size_t i = lo; i + SIDE < hi; i++) {
		double k = (double)(i + 1 - lo), score;

		left += z[i];
		if (k < SIDE || i + 1 < where.from || i + 1 > where.to)
			continue;
		score = fabs(left - total * k / n) / sqrt(k * (n - k) / n) / sd;
		if (score > best->score)
			*best = (struct best){ i + 1, score };
	}
}

/* The whole, and windows of half the length, a quarter, ... */
static struct best change_search(const double *z, size_t n, struct places where)
{
	struct best best = { 0, 0 };
	double sd = stats_sd(z, n);

	if (!(sd > 0))
		return best;
	for (size_t len = n; len >= 3 * SIDE; len /= 2) {
		for (size_t lo = 0; lo + len < n; lo += (len + 1) / 2)
			change_largest_step(z, lo, lo + len, sd, where, &best);
		change_largest_step(z, n - len, n, sd, where, &best);
	}
	return best;
}

/*
 * The pair of steps that explains the most variance: z[0, a), z[a, b) and z[b, n)
 * each have their own mean. b = n: a single step.
 */
static void change_two_steps(const double *z, size_t n, double *sum, size_t *a, size_t *b)
{
	double most = -1;

	sum[0] = 0;
	for (size_t i = 0; i < n; i++)
		sum[i + 1] = sum[i] + z[i];
	for (size_t i = SIDE; i + SIDE <= n; i++) {
		double first = sum[i] * sum[i] / i;

		for (size_t j = i + SIDE; j <= n; j++) {
			double mid = sum[j] - sum[i], last = sum[n] - sum[j], square;

			if (j < n && j + SIDE > n)
				continue;
			square = first + mid * mid / (j - i) + (j < n ? last * last / (n - j) : 0);
			if (square > most) {
				most = square;
				*a = i;
				*b = j;
			}
		}
	}
}

static void change_take_mean(const double *z, size_t from, size_t to, double *rest)
{
	double mean = to > from ? stats_mean(z + from, to - from) : 0;

	for (size_t i = from; i < to; i++)
		rest[i] = z[i] - mean;
}

/* The estimate plus one standard error, that of n values divided by `slope`. */
static double change_moved_up(double phi, size_t n, double slope)
{
	return phi + sqrt(fmax(0, 1 - phi * phi) / (double)n) / slope;
}

/*
 * Lag-1 autocorrelation after removing the best step. Removing the step and the
 * mean biases the estimate by about -(1 + 4 phi)/n. It is corrected for that and
 * raised by its standard error: an underestimate yields false change points, a
 * slight overestimate only costs a little power.
 */
static double change_wander_one(const double *z, size_t n, size_t step, double *rest)
{
	double phi;

	change_take_mean(z, 0, step, rest);
	change_take_mean(z, step, n, rest);
	phi = stats_autocorrelation(rest, n);
	return change_moved_up(phi + (1 + 4 * phi) / (double)n, n, 1);
}

/*
 * The same after removing the two best steps: a level that rises and falls again
 * looks like wandering while either is left in. The bias is larger,
 * -(LEVEL + SLOPE phi)/n, fitted to simulated first-order autoregressions of 12
 * to 200 values. With fewer than TWO_LEAST values the estimate is useless.
 */
#define TWO_LEAST 32
#define LEVEL(n) (2.3 * log(n) - 2.6)
#define SLOPE(n) (16 - 85 / (n))

static double change_wander_two(const double *z, size_t n, double *rest)
{
	double slope = 1 - SLOPE((double)n) / (double)n;
	size_t a = 0, b = n;

	change_two_steps(z, n, rest, &a, &b);
	change_take_mean(z, 0, a, rest);
	change_take_mean(z, a, b, rest);
	change_take_mean(z, b, n, rest);
	return change_moved_up((stats_autocorrelation(rest, n) + LEVEL((double)n) / (double)n) /
				       slope,
			       n, slope);
}

static double change_wander(const double *z, size_t n, size_t step, double *rest)
{
	double phi = change_wander_one(z, n, step, rest);

	if (n >= TWO_LEAST)
		phi = fmin(phi, change_wander_two(z, n, rest));
	return fmin(PHI_MAX, phi);
}

/*
 * The best step of v[0..n), at least `segment` values from either end, after
 * removing the autocorrelation, which is estimated without the best step anywhere.
 */
static int change_best_step(const double *v, size_t n, size_t segment, struct best *best,
			    double *phi)
{
	struct places all = { 0, n }, where = { segment, n > segment ? n - segment : 0 };
	double *z = calloc(3 * n + 1, sizeof(*z)), *white = z + n, *rest = z + 2 * n;
	int rc;

	if (!z)
		return -ENOMEM;
	rc = change_scores(v, n, z);
	if (!rc) {
		*best = change_search(z, n, all);
		*phi = change_wander(z, n, best->at, rest);
		if (*phi > 0 && best->at) {
			rest[0] = z[0];
			for (size_t i = 1; i < n; i++)
				rest[i] = z[i] - *phi * z[i - 1];
			rest[0] *= sqrt(1 - *phi * *phi);
			rc = change_scores(rest, n, white);
			*best = change_search(white, n, where);
		} else if (segment > SIDE) {
			*best = change_search(z, n, where);
		}
	}
	free(z);
	return rc;
}

double stats_change_score(const double *v, size_t n)
{
	struct best best = { 0, 0 };
	double phi;

	return change_best_step(v, n, SIDE, &best, &phi) ? NAN : best.score;
}

double stats_change_critical(size_t n)
{
	static const struct {
		double n, critical;
	} table[] = {
		{ 12, 2.49 }, { 16, 2.70 }, { 20, 2.83 }, { 24, 2.98 },
		{ 32, 3.02 }, { 48, 3.31 }, { 64, 3.40 }, { 96, 3.62 },
		{ 128, 3.73 }, { 200, 3.90 }, { 300, 4.08 }, { 500, 4.31 },
		{ 1000, 4.50 },
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

static int change_add(struct stats_changes *out, size_t at, double score)
{
	struct stats_change *c;

	c = realloc(out->change, (out->n + 1) * sizeof(*c));
	if (!c)
		return -ENOMEM;
	out->change = c;
	c[out->n++] = (struct stats_change){ .at = at, .score = score };
	return 0;
}

static int change_divide(const double *v, size_t lo, size_t hi, size_t segment,
			 struct stats_changes *out)
{
	struct best best = { 0, 0 };
	double phi = 0, critical;
	int rc;

	if (hi - lo < SHORTEST)
		return 0;
	critical = stats_change_critical(hi - lo);
	rc = change_best_step(v + lo, hi - lo, segment, &best, &phi);
	if (rc || !(best.score > critical))
		return rc;
	rc = change_divide(v, lo, lo + best.at, segment, out);
	if (!rc)
		rc = change_add(out, lo + best.at, best.score / critical);
	return rc ? rc : change_divide(v, lo + best.at, hi, segment, out);
}

/* The levels on either side of each point, and the autocorrelation without them. */
static int change_describe(const double *v, size_t n, struct stats_changes *out)
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

int stats_change_points(const double *v, size_t n, size_t segment,
			struct stats_changes *out)
{
	int rc;

	*out = (struct stats_changes){ .n = 0 };
	if (n < SHORTEST)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return -EINVAL;
	rc = change_divide(v, 0, n, segment > SIDE ? segment : SIDE, out);
	if (!rc)
		rc = change_describe(v, n, out);
	if (rc)
		stats_changes_release(out);
	return rc;
}

void stats_changes_release(struct stats_changes *c)
{
	free(c->change);
	*c = (struct stats_changes){ .n = 0 };
}
