/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks to an effect with its interval and its tests. */
#include "stats.h"

#include <Rmath.h>
#include <math.h>
#include <stdlib.h>

#define RESAMPLES 4000
#define FLIP_EXACT 20		/* 2^20 sign patterns */
#define FLIP_RANDOM 99999

void stats_t_interval(const double *v, size_t n, double confidence,
		      struct stats_interval *out)
{
	double half = INFINITY;

	*out = (struct stats_interval){ .mean = stats_mean(v, n),
					.sd = stats_sd(v, n), .n = n };
	if (n >= 2)
		half = qt(0.5 + confidence / 2, (double)(n - 1), 1, 0) *
		       out->sd / sqrt((double)n);
	out->lo = out->mean - half;
	out->hi = out->mean + half;
}

double stats_t_p(const double *v, size_t n)
{
	double mean = stats_mean(v, n), sd = stats_sd(v, n);

	if (n < 2)
		return NAN;
	if (sd == 0)
		return mean == 0 ? 1 : 0;
	return 2 * pt(-fabs(mean) / sd * sqrt((double)n), (double)(n - 1), 1, 0);
}

/* Sums that differ from the one seen by rounding alone count as equal. */
static bool reaches(double sum, double seen)
{
	return fabs(sum) >= seen * (1 - 1e-9);
}

/* Each step of a Gray code flips one sign; the last one never needs to. */
static double flip_all(const double *d, size_t n, double seen)
{
	uint64_t patterns = (uint64_t)1 << (n - 1), hits = 0;
	double sum = 0;
	bool minus[FLIP_EXACT] = { false };

	for (size_t i = 0; i < n; i++)
		sum += d[i];
	for (uint64_t step = 1; ; step++) {
		int bit;

		hits += reaches(sum, seen);
		if (step == patterns)
			break;
		bit = __builtin_ctzll(step);
		sum += minus[bit] ? 2 * d[bit] : -2 * d[bit];
		minus[bit] = !minus[bit];
	}
	return (double)hits / (double)patterns;
}

static double flip_some(const double *d, size_t n, double seen, uint64_t seed)
{
	struct stats_rng r;
	unsigned hits = 1;

	stats_rng_init(&r, seed);
	for (int k = 0; k < FLIP_RANDOM; k++) {
		uint64_t bits = 0;
		double sum = 0;

		for (size_t i = 0; i < n; i++, bits >>= 1) {
			if (i % 64 == 0)
				bits = stats_rng_next(&r);
			sum += bits & 1 ? d[i] : -d[i];
		}
		hits += reaches(sum, seen);
	}
	return hits / (FLIP_RANDOM + 1.0);
}

double stats_flip_p(const double *d, size_t n, uint64_t seed)
{
	double seen = 0;

	if (!n)
		return NAN;
	for (size_t i = 0; i < n; i++)
		seen += d[i];
	seen = fabs(seen);
	return n <= FLIP_EXACT ? flip_all(d, n, seen)
			       : flip_some(d, n, seen, seed);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/*
 * Percentile bootstrap of the mean over blocks, its tails widened so that a
 * few blocks give the t interval's width and not the normal's.
 */
static int resampled(const double *d, size_t n, double confidence,
		     uint64_t seed, struct stats_effect *e)
{
	double *mean = malloc(RESAMPLES * sizeof(*mean)), tail;
	struct stats_rng r;

	if (!mean)
		return -1;
	stats_rng_init(&r, seed);
	for (int k = 0; k < RESAMPLES; k++) {
		double sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += d[stats_rng_next(&r) % n];
		mean[k] = sum / (double)n;
	}
	qsort(mean, RESAMPLES, sizeof(*mean), ascending);
	tail = pnorm(-sqrt((double)n / (double)(n - 1)) *
		     qt(0.5 + confidence / 2, (double)(n - 1), 1, 0),
		     0, 1, 1, 0);
	e->lo = expm1(stats_quantile_sorted(mean, RESAMPLES, tail));
	e->hi = expm1(stats_quantile_sorted(mean, RESAMPLES, 1 - tail));
	free(mean);
	return 0;
}

static bool all_equal(const double *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (v[i] != v[0])
			return false;
	return true;
}

static bool all_finite(const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return false;
	return true;
}

static bool all_positive(const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(v[i] > 0))
			return false;
	return true;
}

/*
 * No spread in either arm. Where the machine is deterministic that is the
 * whole truth. Counts of a machine that is not could have come out equal by
 * chance: the p value is that of all ways to deal 2n boots to two arms.
 */
static void exact(const struct stats_pairs *p, double base, double arm,
		  struct stats_effect *e)
{
	bool same = base == arm;

	e->method = STATS_EXACT;
	e->absolute = p->count && base == 0 && !same;
	e->effect = p->count ? (e->absolute ? arm : same ? 0 : arm / base - 1)
			     : expm1(arm - base);
	e->lo = e->hi = e->effect;
	e->sd = e->sde = 0;
	e->p = same ? 1 : p->deterministic ? 0 :
	       2 / choose(2.0 * (double)p->n, (double)p->n);
}

/* The differences of counts, as shares of the baseline's mean if it has one. */
static void difference(const double *d, const struct stats_pairs *p,
		       double confidence, struct stats_effect *e)
{
	double base = stats_mean(p->base, p->n), unit = base > 0 ? base : 1;
	struct stats_interval t;

	stats_t_interval(d, p->n, confidence, &t);
	e->method = STATS_DIFFERENCE;
	e->absolute = !(base > 0);
	e->effect = t.mean / unit;
	e->lo = t.lo / unit;
	e->hi = t.hi / unit;
	e->sd = t.sd / unit;
	e->p = stats_t_p(d, p->n);
	e->sde = log1p(stats_sde(e->sd, p->n, 1 - confidence, STATS_POWER));
}

static void log_ratio(const double *d, const struct stats_pairs *p,
		      double confidence, struct stats_effect *e)
{
	struct stats_interval t;

	stats_t_interval(d, p->n, confidence, &t);
	e->method = STATS_LOG_RATIO;
	e->effect = expm1(t.mean);
	e->lo = expm1(t.lo);
	e->hi = expm1(t.hi);
	e->sd = t.sd;
	e->p = stats_t_p(d, p->n);
	e->sde = stats_sde(t.sd, p->n, 1 - confidence, STATS_POWER);
}

static const char *percentile(const double *d, const struct stats_pairs *p,
			      double confidence, struct stats_effect *e)
{
	if (p->n < STATS_PERCENTILE_BLOCKS)
		return "a percentile needs 10 blocks";
	log_ratio(d, p, confidence, e);
	e->method = STATS_RESAMPLED;
	e->p = stats_flip_p(d, p->n, p->seed);
	return resampled(d, p->n, confidence, p->seed, e) ? "out of memory" : NULL;
}

static const char *judge(double *d, const struct stats_pairs *p,
			 double confidence, struct stats_effect *e)
{
	bool logs = !p->count || (all_positive(p->base, p->n) &&
				  all_positive(p->arm, p->n));

	for (size_t i = 0; i < p->n; i++)
		d[i] = p->count && logs ? log(p->arm[i] / p->base[i])
					: p->arm[i] - p->base[i];
	e->p_flip = p->flip ? stats_flip_p(d, p->n, p->seed) : NAN;
	if (all_equal(p->base, p->n) && all_equal(p->arm, p->n)) {
		if (!p->count && !p->deterministic)
			return "no spread between blocks: the clock is too coarse for this";
		exact(p, p->base[0], p->arm[0], e);
		return NULL;
	}
	if (p->percentile && logs)
		return percentile(d, p, confidence, e);
	(logs ? log_ratio : difference)(d, p, confidence, e);
	return NULL;
}

/*
 * How likely is so good an effect if the arm is worse by the margin: the level
 * of the interval whose worse end just reaches it, so that the test and the
 * interval never disagree. An absolute difference has no share to hold against D.
 */
static double worse_p(const struct stats_pairs *p, double confidence,
		      const struct stats_effect *e)
{
	double sign = p->better == STATS_LOWER ? 1 : -1, df = (double)p->n - 1;
	double end = sign > 0 ? e->hi : e->lo;
	bool logs = e->method != STATS_DIFFERENCE;
	double room = logs ? log1p(fmax(-1, sign * p->margin)) - log1p(e->effect)
			   : sign * p->margin - e->effect;
	double half = logs ? log1p(end) - log1p(e->effect) : end - e->effect;

	if (p->better == STATS_NEITHER || e->absolute)
		return NAN;
	if (half == 0)		/* no spread: see exact() */
		return !(sign * room > 0) ? 1 :
		       e->method != STATS_EXACT || p->deterministic ? 0 :
		       1 / choose(2.0 * (double)p->n, (double)p->n);
	return pt(sign * room / fabs(half) * qt(0.5 + confidence / 2, df, 1, 0),
		  df, 0, 0);
}

const char *stats_effect(const struct stats_pairs *p, struct stats_effect *e)
{
	double confidence = p->confidence > 0 ? p->confidence : 1 - STATS_ALPHA;
	const char *why;
	double *d;

	*e = (struct stats_effect){ .n = 0 };
	if (p->n < 2)
		return "fewer than 2 blocks have both arms";
	if (!all_finite(p->base, p->n) || !all_finite(p->arm, p->n))
		return "a value is not a finite positive number";
	d = malloc(p->n * sizeof(*d));
	if (!d)
		return "out of memory";
	why = judge(d, p, confidence, e);
	e->n = why ? 0 : (unsigned)p->n;
	e->p_worse = why ? NAN : worse_p(p, confidence, e);
	free(d);
	return why;
}
