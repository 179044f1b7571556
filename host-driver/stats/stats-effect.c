/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From blocks to an effect, with its interval and its tests. */
#include "stats.h"

#include <Rmath.h>
#include <math.h>
#include <stdlib.h>

#include "rng.h"
#include "order.h"

#define RESAMPLES 4000
#define FLIP_EXACT 20		/* 2^20 sign patterns */
#define FLIP_RANDOM 99999

const char *stats_method_name(enum stats_method m)
{
	static const char *const names[] = {
		[STATS_LOG_RATIO] = "log-ratio",
		[STATS_DIFFERENCE] = "difference",
		[STATS_RESAMPLED] = "resampled",
		[STATS_EXACT] = "exact",
	};

	return names[m];
}

/* The ends of the interval, from its mean and standard deviation. */
static void effect_ends(struct stats_interval *t, double confidence)
{
	double half = t->n < 2 ? INFINITY :
		      qt(0.5 + confidence / 2, (double)(t->n - 1), 1, 0) *
		      t->sd / sqrt((double)t->n);

	t->lo = t->mean - half;
	t->hi = t->mean + half;
}

void stats_t_interval(const double *v, size_t n, double confidence,
		      struct stats_interval *out)
{
	*out = (struct stats_interval){ .mean = stats_mean(v, n),
					.sd = stats_sd(v, n), .n = n };
	effect_ends(out, confidence);
}

static double effect_p(const struct stats_interval *t)
{
	if (t->n < 2)
		return NAN;
	if (t->sd == 0)
		return t->mean == 0 ? 1 : 0;
	return 2 * pt(-fabs(t->mean) / t->sd * sqrt((double)t->n),
		      (double)(t->n - 1), 1, 0);
}

double stats_t_p(const double *v, size_t n)
{
	struct stats_interval t = { .mean = stats_mean(v, n),
				    .sd = stats_sd(v, n), .n = n };

	return effect_p(&t);
}

/* Sums that differ from the observed one only by rounding count as equal. */
static bool effect_reaches(double sum, double seen)
{
	return fabs(sum) >= seen * (1 - 1e-9);
}

/* Each step of a Gray code flips one sign; by symmetry the last one never flips. */
static double effect_flip_all(const double *d, size_t n, double seen)
{
	uint64_t patterns = (uint64_t)1 << (n - 1), hits = 0;
	double sum = 0;
	bool minus[FLIP_EXACT] = { false };

	for (size_t i = 0; i < n; i++)
		sum += d[i];
	for (uint64_t step = 1; ; step++) {
		int bit;

		hits += effect_reaches(sum, seen);
		if (step == patterns)
			break;
		bit = __builtin_ctzll(step);
		sum += minus[bit] ? 2 * d[bit] : -2 * d[bit];
		minus[bit] = !minus[bit];
	}
	return (double)hits / (double)patterns;
}

static double effect_flip_some(const double *d, size_t n, double seen, uint64_t seed)
{
	struct rng r;
	unsigned hits = 1;

	rng_init(&r, seed);
	for (int k = 0; k < FLIP_RANDOM; k++) {
		uint64_t bits = 0;
		double sum = 0;

		for (size_t i = 0; i < n; i++, bits >>= 1) {
			if (i % 64 == 0)
				bits = rng_next(&r);
			sum += bits & 1 ? d[i] : -d[i];
		}
		hits += effect_reaches(sum, seen);
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
	return n <= FLIP_EXACT ? effect_flip_all(d, n, seen)
			       : effect_flip_some(d, n, seen, seed);
}

/*
 * Percentile bootstrap of the mean over blocks, its tails widened so that with
 * few blocks it has the width of the t interval, not of the normal one.
 */
static int effect_resampled(const double *d, size_t n, double confidence,
			    uint64_t seed, struct stats_effect *e)
{
	double *mean = malloc(RESAMPLES * sizeof(*mean)), tail;
	struct rng r;

	if (!mean)
		return -1;
	rng_init(&r, seed);
	for (int k = 0; k < RESAMPLES; k++) {
		double sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += d[rng_below(&r, n)];
		mean[k] = sum / (double)n;
	}
	order_sort(mean, RESAMPLES);
	tail = pnorm(-sqrt((double)n / (double)(n - 1)) *
		     qt(0.5 + confidence / 2, (double)(n - 1), 1, 0),
		     0, 1, 1, 0);
	e->lo = expm1(order_quantile(mean, RESAMPLES, tail));
	e->hi = expm1(order_quantile(mean, RESAMPLES, 1 - tail));
	free(mean);
	return 0;
}

static bool effect_all_equal(const double *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (v[i] != v[0])
			return false;
	return true;
}

static bool effect_all_finite(const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return false;
	return true;
}

static bool effect_all_positive(const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(v[i] > 0))
			return false;
	return true;
}

/* --- rounded values ---------------------------------------------------------- */

/* Do the differences agree more closely than real measurements ever do? */
static bool effect_agrees(const double *d, const struct stats_pairs *p, bool logs)
{
	double unit = logs ? 1 : fmax(stats_mean(p->base, p->n), stats_mean(p->arm, p->n));

	return !p->deterministic && stats_sd(d, p->n) <= STATS_RESOLUTION * unit;
}

/*
 * The greatest step of which a and b are multiples, to a share that no clock shows:
 * Euclid's, which ends about there for values that are no multiples of anything.
 */
static double effect_common_step(double a, double b, double least)
{
	while (b > least) {
		double rest = fmod(a, b);

		a = b;
		b = b - rest <= least ? 0 : rest;
	}
	return a;
}

static double effect_value(const struct stats_pairs *p, double v)
{
	return p->count ? v : exp(v);
}

/*
 * The step to which all these values were rounded, or of which their clock is: 1 for
 * counts and whole nanoseconds. Values with all their digits have one of next to nothing.
 */
static double effect_grid(const struct stats_pairs *p)
{
	double greatest = 0, step = 0;

	for (size_t i = 0; i < p->n; i++)
		greatest = fmax(greatest, fmax(fabs(effect_value(p, p->base[i])),
					       fabs(effect_value(p, p->arm[i]))));
	for (size_t i = 0; i < 2 * p->n; i++) {
		double v = fabs(effect_value(p, i < p->n ? p->base[i] : p->arm[i - p->n]));

		step = effect_common_step(fmax(v, step), fmin(v, step), greatest * STATS_GRID);
	}
	return step;
}

struct effect_range { double lo, hi; };

static struct effect_range effect_range(const struct stats_pairs *p, const double *v)
{
	struct effect_range r = { INFINITY, -INFINITY };

	for (size_t i = 0; i < p->n; i++) {
		r.lo = fmin(r.lo, effect_value(p, v[i]));
		r.hi = fmax(r.hi, effect_value(p, v[i]));
	}
	return r;
}

/*
 * Are the differences, or the ratios, the same in every block but for one unit in the
 * last place? Then how much they vary was not seen, and it is not known to be little.
 */
static bool effect_same_to_rounding(const struct stats_pairs *p, double step)
{
	double lo = INFINITY, hi = -INFINITY, least = INFINITY, most = -INFINITY;
	double base_share = 0, arm_share = 0;

	for (size_t i = 0; i < p->n; i++) {
		double b = effect_value(p, p->base[i]), a = effect_value(p, p->arm[i]);
		double ratio = b > 0 && a > 0 ? log(a / b) : NAN;

		lo = fmin(lo, a - b);
		hi = fmax(hi, a - b);
		least = isnan(ratio) ? -INFINITY : fmin(least, ratio);
		most = isnan(ratio) ? INFINITY : fmax(most, ratio);
		base_share += step / b / (double)p->n;
		arm_share += step / a / (double)p->n;
	}
	return hi - lo <= step * (1 + STATS_RESOLUTION) ||
	       most - least <= fmax(base_share, arm_share);
}

/* The smallest step between two different values of one arm; 0 if all are equal. */
static double effect_step(double *work, const double *logs, size_t n)
{
	double step = 0;

	for (size_t i = 0; i < n; i++)
		work[i] = exp(logs[i]);
	order_sort(work, n);
	for (size_t i = 1; i < n; i++) {
		double gap = work[i] - work[i - 1];

		if (gap > work[i] * STATS_RESOLUTION && (step == 0 || gap < step))
			step = gap;
	}
	return step;
}

/*
 * The standard deviation of the differences that rounding alone causes. A value
 * rounded to a step is uniformly distributed within it: a variance of step^2 / 12.
 * `work` has room for n.
 */
static double effect_least_sd(const struct stats_pairs *p, double *work)
{
	double base = effect_step(work, p->base, p->n);
	double arm = effect_step(work, p->arm, p->n);
	double step = base > 0 && arm > 0 ? fmin(base, arm) : fmax(base, arm);

	return step * hypot(exp(-stats_mean(p->base, p->n)),
			    exp(-stats_mean(p->arm, p->n))) / sqrt(12);
}

/*
 * No spread in either arm. On a deterministic machine the effect is exact;
 * elsewhere counts may be equal by chance, see effect_chance().
 */
static void effect_exact(const struct stats_pairs *p, double base, double arm,
			 struct stats_effect *e)
{
	bool same = base == arm;

	e->method = STATS_EXACT;
	e->absolute = p->count && base == 0 && !same;
	e->effect = p->count ? (e->absolute ? arm : same ? 0 : arm / base - 1)
			     : expm1(arm - base);
	e->lo = e->hi = e->effect;
	e->sd = e->sde = 0;
	e->p = same ? 1 : 0;
}

/* What p values, on one side, are never below: 0 where blocks do not agree by chance. */
struct effect_least {
	double p, worse;
};

/*
 * How likely n blocks that agree to `step` are by chance: one of all signs that n
 * differences can have. Where both arms are without a spread it is one of all ways to
 * deal 2n boots to two arms; and for p also where all boots of one are beyond all of
 * the other, which says nothing about how far they are from D.
 */
static struct effect_least effect_chance(const struct stats_pairs *p, double step)
{
	struct effect_range base = effect_range(p, p->base), arm = effect_range(p, p->arm);
	double n = (double)p->n, dealt = 1 / choose(2 * n, n), signs = pow(0.5, n);
	bool still = fmax(base.hi - base.lo, arm.hi - arm.lo) <= step * (1 + STATS_RESOLUTION);
	bool apart = base.hi < arm.lo || arm.hi < base.lo;

	if (p->deterministic)
		return (struct effect_least){ 0, 0 };
	return (struct effect_least){ still || apart ? dealt : signs, still ? dealt : signs };
}

/* The differences of counts, as shares of the baseline's mean unless that is 0. */
static void effect_difference(const double *d, const struct stats_pairs *p,
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

static void effect_log_ratio(const double *d, const struct stats_pairs *p,
			     double least_sd, double confidence, struct stats_effect *e)
{
	struct stats_interval t = { .mean = stats_mean(d, p->n), .n = p->n,
				    .sd = fmax(stats_sd(d, p->n), least_sd) };

	effect_ends(&t, confidence);
	e->method = STATS_LOG_RATIO;
	e->effect = expm1(t.mean);
	e->lo = expm1(t.lo);
	e->hi = expm1(t.hi);
	e->sd = t.sd;
	e->p = effect_p(&t);
	e->sde = stats_sde(t.sd, p->n, 1 - confidence, STATS_POWER);
}

static const char *effect_percentile(const double *d, const struct stats_pairs *p,
				     double confidence, struct stats_effect *e)
{
	if (p->n < STATS_PERCENTILE_BLOCKS)
		return "a percentile needs 10 blocks";
	effect_log_ratio(d, p, 0, confidence, e);
	e->method = STATS_RESAMPLED;
	e->p = stats_flip_p(d, p->n, p->seed);
	return effect_resampled(d, p->n, confidence, p->seed, e) ? "out of memory" : NULL;
}

/* `d` has room for 2n. Sets *least: no p value can be smaller. */
static const char *effect_judge(double *d, const struct stats_pairs *p,
				double confidence, struct stats_effect *e,
				struct effect_least *least)
{
	bool logs = !p->count || (effect_all_positive(p->base, p->n) &&
				  effect_all_positive(p->arm, p->n));
	double step = p->deterministic ? 0 : effect_grid(p), sd = 0;
	bool agree, same;

	for (size_t i = 0; i < p->n; i++)
		d[i] = p->count && logs ? log(p->arm[i] / p->base[i])
					: p->arm[i] - p->base[i];
	e->p_flip = p->flip ? stats_flip_p(d, p->n, p->seed) : NAN;
	if (effect_all_equal(p->base, p->n) && effect_all_equal(p->arm, p->n)) {
		if (!p->count && !p->deterministic)
			return "no spread between blocks: the clock is too coarse for this metric";
		effect_exact(p, p->base[0], p->arm[0], e);
		*least = effect_chance(p, step);
		return NULL;
	}
	agree = effect_agrees(d, p, logs);
	same = agree || (!p->deterministic && effect_same_to_rounding(p, step));
	if (same)
		*least = effect_chance(p, step);
	if (!p->count && (agree || 2 * least->p > STATS_ALPHA))
		return "the differences between the arms are the same in every block, to rounding: the clock is too coarse for this";
	if (p->percentile && logs)
		return effect_percentile(d, p, confidence, e);
	if (!p->count && !p->deterministic)
		sd = same ? hypot(stats_sd(p->base, p->n), stats_sd(p->arm, p->n))
			  : effect_least_sd(p, d + p->n);
	if (logs)
		effect_log_ratio(d, p, sd, confidence, e);
	else
		effect_difference(d, p, confidence, e);
	return NULL;
}

/*
 * The probability of an effect at least this good if the arm is worse by exactly
 * the margin. It is derived from the interval, whose worse end just reaches the
 * margin at this level, so that test and interval never disagree. NaN for an
 * absolute difference: D is a share.
 */
static double effect_worse_p(const struct stats_pairs *p, double confidence,
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
	if (half == 0)
		return sign * room > 0 ? 0 : 1;
	return pt(sign * room / fabs(half) * qt(0.5 + confidence / 2, df, 1, 0),
		  df, 0, 0);
}

const char *stats_effect(const struct stats_pairs *p, struct stats_effect *e)
{
	double confidence = p->confidence > 0 ? p->confidence : 1 - STATS_ALPHA;
	struct effect_least least = { 0, 0 };
	double *d;
	const char *why;

	*e = (struct stats_effect){ .n = 0 };
	if (p->n < 2)
		return "fewer than 2 blocks have both arms";
	if (!effect_all_finite(p->base, p->n) || !effect_all_finite(p->arm, p->n))
		return "a value is not a finite positive number";
	d = malloc(2 * p->n * sizeof(*d));
	if (!d)
		return "out of memory";
	why = effect_judge(d, p, confidence, e, &least);
	e->n = why ? 0 : (unsigned)p->n;
	e->p_worse = why ? NAN : effect_worse_p(p, confidence, e);
	if (least.p > 0) {
		e->p = fmax(e->p, 2 * least.p);
		if (!isnan(e->p_worse))
			e->p_worse = fmax(e->p_worse, least.worse);
	}
	free(d);
	return why;
}
