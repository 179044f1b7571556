/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The statistics against published results, and their properties. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "host-driver/stats/stats.h"
#include "rng.h"
#include "order.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

/* Student's sleep data: differences of ten patients; R's t.test(paired). */
static const double sleep_data[] = { 1.2, 2.4, 1.3, 1.3, 0.0,
				     1.0, 1.8, 0.8, 4.6, 1.4 };

/* Darwin's maize, eighths of an inch, with Fisher's exact count. */
static const double maize[] = { 49, -67, 8,  16, 6,  23, 28, 41,
				14, 29,	 56, 24, 75, 60, -48 };

static void t_interval_and_p(void **state)
{
	struct stats_interval t;

	(void)state;
	stats_t_interval(sleep_data, N(sleep_data), 0.95, &t);
	near(t.mean, 1.58, 1e-12);
	near(t.lo, 0.7001142, 1e-6);
	near(t.hi, 2.4598858, 1e-6);
	near(stats_t_p(sleep_data, N(sleep_data)), 0.002833, 1e-6);
	near(stats_t_p(maize, N(maize)), 0.0497, 5e-5);
	stats_t_interval(sleep_data, 1, 0.95, &t);
	assert_true(isinf(t.lo) && isinf(t.hi));
}

static void flips(void **state)
{
	const double one[] = { 3 }, ties[] = { 1, 1, 1, 1 };
	double many[24], exact, random;

	(void)state;
	near(stats_flip_p(maize, N(maize), 1), 2 * 863 / 32768.0, 1e-12);
	near(stats_flip_p(one, 1, 1), 1, 0);
	near(stats_flip_p(ties, 4, 1), 2 / 16.0, 1e-12);
	/* Padding with zeros changes no sum: past 20, random patterns. */
	memset(many, 0, sizeof(many));
	memcpy(many, sleep_data, sizeof(sleep_data));
	exact = stats_flip_p(sleep_data, N(sleep_data), 1);
	random = stats_flip_p(many, N(many), 7);
	near(random, exact, 4 * sqrt(exact / 99999));
	near(random, stats_flip_p(many, N(many), 7), 0);
}

static void corrections(void **state)
{
	const double p[] = { 0.01, 0.02, 0.03, 0.04, 0.05 };
	const double holm[] = { 0.05, 0.08, 0.09, 0.09, 0.09 };
	const double with_nan[] = { 0.04, NAN, 0.01 };
	double out[5];

	(void)state;
	assert_int_equal(stats_holm(p, out, 5), 0);
	for (int i = 0; i < 5; i++)
		near(out[i], holm[i], 1e-12);
	assert_int_equal(stats_benjamini_hochberg(p, out, 5), 0);
	for (int i = 0; i < 5; i++)
		near(out[i], 0.05, 1e-12);
	stats_holm(with_nan, out, 3);
	near(out[0], 0.04, 1e-12);
	assert_true(isnan(out[1]));
	near(out[2], 0.02, 1e-12);
	assert_int_equal(stats_holm(p, out, 0), 0);
}

static void families(void **state)
{
	const double p[] = { 0.01, 0.01, 0.04, NAN, 0.2 };
	const bool gate[] = { true, false, true, false, false };
	const bool none[] = { false, false, false, false, false };
	double out[5];

	(void)state;
	assert_int_equal(stats_families(p, gate, out, 5), 0);
	near(out[0], 2 * 0.02, 1e-12);
	near(out[1], 2 * 0.02, 1e-12);
	near(out[2], 2 * 0.04, 1e-12);
	assert_true(isnan(out[3]));
	near(out[4], 2 * 0.2, 1e-12);
	assert_int_equal(stats_families(p, none, out, 5), 0);
	near(out[0], 0.02, 1e-12);
}

/* power.t.test(type = "one.sample"), and the sample size for d = 0.5. */
static void power(void **state)
{
	(void)state;
	near(stats_power(0.5, 1, 20, 0.05), 0.5645, 2e-4);
	near(stats_power(0, 1, 20, 0.05), 0.05, 1e-6);
	near(stats_power(1, 1, 20, 0.05), 0.98, 0.02);
	assert_int_equal(stats_blocks_needed(expm1(0.5), 1, 0.05, 0.8, 100), 34);
	assert_int_equal(stats_blocks_needed(expm1(0.5), 1, 0.05, 0.8, 33), 0);
	near(stats_power(0.1, 0, 5, 0.05), 1, 0);
	for (size_t n = 2; n < 40; n += 5) {
		double found = log1p(stats_sde(0.02, n, 0.05, 0.8));

		near(stats_power(found, 0.02, n, 0.05), 0.8, 1e-3);
	}
	near(stats_sde(0, 5, 0.05, 0.8), 0, 0);
	assert_true(isnan(stats_sde(1, 1, 0.05, 0.8)));
	assert_true(stats_sde(0.01, 6, 0.014, 0.8) > stats_sde(0.01, 6, 0.05, 0.8));
}

static void reducing(void **state)
{
	const double v[] = { 4, 1, 3, 2 }, sorted[] = { 1, 2, 3, 4 };
	const double saw[] = { 1, -1, 1, -1, 1, -1 };

	(void)state;
	near(stats_median(v, 4), 2.5, 0);
	near(v[0], 4, 0);
	near(order_quantile(sorted, 4, 0.9), 3.7, 1e-12);	/* R type 7 */
	near(order_quantile(sorted, 4, 1), 4, 0);
	assert_true(isnan(stats_median(v, 0)));
	near(stats_boot(v, 4, true), 2.5, 0);
	near(stats_boot(v, 4, false), log(24) / 4, 1e-12);
	assert_true(stats_autocorrelation(saw, 6) < -0.8);
}

static struct stats_effect effect_of(const double *base, const double *arm,
				     size_t n, bool count, bool deterministic,
				     const char **why)
{
	struct stats_pairs p = { .base = base, .arm = arm, .n = n, .count = count,
				 .deterministic = deterministic, .flip = true };
	struct stats_effect e;

	*why = stats_effect(&p, &e);
	return e;
}

static void an_effect(void **state)
{
	const double base[] = { 0.00, 0.01, 0.02, 0.01, 0.00 };
	double arm[5];
	const char *why;
	struct stats_effect e;

	(void)state;
	for (int i = 0; i < 5; i++)
		arm[i] = base[i] + log(1.1) + (i - 2) * 0.001;
	e = effect_of(base, arm, 5, false, false, &why);
	assert_null(why);
	near(e.effect, 0.1, 1e-9);
	assert_true(e.lo < 0.1 && e.hi > 0.1 && e.lo > 0.09);
	assert_int_equal(e.method, STATS_LOG_RATIO);
	near(e.p_flip, 2 / 32.0, 1e-12);
	assert_true(e.sde > 0 && e.sde < 0.01);
}

static void refusals(void **state)
{
	const double a[] = { 1, 1 }, b[] = { 1, NAN }, c[] = { 2, -INFINITY };
	const char *why;
	struct stats_effect e;

	(void)state;
	e = effect_of(a, a, 1, false, false, &why);
	assert_non_null(strstr(why, "fewer than 2"));
	effect_of(a, b, 2, false, false, &why);
	assert_non_null(strstr(why, "finite"));
	effect_of(a, c, 2, false, false, &why);
	assert_non_null(strstr(why, "finite"));
	e = effect_of(a, a, 2, false, false, &why);
	assert_non_null(strstr(why, "no spread"));
	assert_int_equal(e.n, 0);
}

static void zero_spread_is_exact(void **state)
{
	const double a[] = { 500, 500, 500, 500 }, b[] = { 501, 501, 501, 501 };
	const double zero[] = { 0, 0, 0, 0 };
	const char *why;
	struct stats_effect e = effect_of(a, a, 4, true, false, &why);

	(void)state;
	assert_null(why);
	assert_int_equal(e.method, STATS_EXACT);
	near(e.effect, 0, 0);
	near(e.p, 1, 0);
	/* A count may come out equal by chance: 2 of the 70 ways to deal. */
	e = effect_of(a, b, 4, true, false, &why);
	near(e.effect, 0.002, 1e-12);
	near(e.p, 2 / 70.0, 1e-12);
	/* An instruction count may not: 2 blocks are a proof. */
	e = effect_of(a, b, 2, true, true, &why);
	near(e.p, 0, 0);
	near(e.lo, e.hi, 0);
	e = effect_of(zero, b, 4, true, false, &why);
	assert_true(e.absolute);
	near(e.effect, 501, 0);
	e = effect_of(zero, zero, 4, true, false, &why);
	assert_false(e.absolute);
	near(e.effect, 0, 0);
}

static void counts_with_zeros(void **state)
{
	const double a[] = { 0, 0, 0, 0 }, b[] = { 9, 10, 11, 10 };
	const double c[] = { 10, 0, 20, 10 }, d[] = { 20, 10, 30, 21 };
	const char *why;
	struct stats_effect e = effect_of(a, b, 4, true, false, &why);

	(void)state;
	assert_null(why);
	assert_int_equal(e.method, STATS_DIFFERENCE);
	assert_true(e.absolute);
	near(e.effect, 10, 1e-12);
	assert_true(isnan(e.p_worse));	/* no share to hold against D */
	assert_int_equal(stats_verdict(&e, e.p, e.p_worse, 0.05, STATS_LOWER, 0.01),
			 VERDICT_REGRESSED);
	e = effect_of(c, d, 4, true, false, &why);
	assert_false(e.absolute);
	near(e.effect, 10.25 / 10, 1e-12);
}

static void percentiles_need_ten(void **state)
{
	double a[12], b[12];
	struct stats_pairs p = { .base = a, .arm = b, .n = 9, .percentile = true,
				 .seed = 3 };
	struct stats_effect e, again;

	(void)state;
	for (int i = 0; i < 12; i++) {
		a[i] = 0.01 * (i % 3);
		b[i] = a[i] + 0.05 + 0.001 * (i % 5);
	}
	assert_non_null(strstr(stats_effect(&p, &e), "needs 10"));
	p.n = 12;
	assert_null(stats_effect(&p, &e));
	assert_int_equal(e.method, STATS_RESAMPLED);
	assert_true(e.lo < e.effect && e.effect < e.hi);
	assert_null(stats_effect(&p, &again));
	near(e.lo, again.lo, 0);
	near(e.p, 2 / 4096.0, 1e-12);
}

static void verdicts(void **state)
{
	static const struct {
		double effect, lo, hi, p, p_worse;
		enum stats_better better;
		enum verdict is;
	} t[] = {
		{ .05, .03, .07, .001, .9, STATS_LOWER, VERDICT_REGRESSED },
		{ .05, .03, .07, .001, .001, STATS_HIGHER, VERDICT_IMPROVED },
		{ -.05, -.07, -.03, .001, .001, STATS_LOWER, VERDICT_IMPROVED },
		{ -.05, -.07, -.03, .001, .9, STATS_HIGHER, VERDICT_REGRESSED },
		{ .05, .03, .07, .2, .9, STATS_LOWER, VERDICT_INCONCLUSIVE },
		{ .002, -.004, .008, .4, .01, STATS_LOWER, VERDICT_NOT_WORSE },
		/* Its interval alone would do; corrected for many it does not. */
		{ .002, -.004, .008, .4, .03, STATS_LOWER, VERDICT_INCONCLUSIVE },
		{ -.05, -.07, -.03, .1, .1, STATS_LOWER, VERDICT_INCONCLUSIVE },
		/* Not shown to be better, but shown not to be worse. */
		{ -.05, -.07, -.03, .1, .02, STATS_LOWER, VERDICT_NOT_WORSE },
		/* Significant, and shown to be smaller than D. */
		{ .002, .001, .003, .001, .001, STATS_LOWER, VERDICT_NOT_WORSE },
		{ .002, -.004, .008, .4, NAN, STATS_LOWER, VERDICT_INCONCLUSIVE },
		{ .05, .03, .07, .001, NAN, STATS_NEITHER, VERDICT_DESCRIBED },
	};

	(void)state;
	for (size_t i = 0; i < N(t); i++) {
		struct stats_effect e = { .n = 5, .effect = t[i].effect,
					  .lo = t[i].lo, .hi = t[i].hi };

		assert_int_equal(stats_verdict(&e, t[i].p, t[i].p_worse, 0.05,
					       t[i].better, 0.01), t[i].is);
	}
	assert_string_equal(verdict_name(VERDICT_NOT_COMPARABLE), "not comparable");
}

/* Mean 0, spread 1, near enough to normal. */
static double noise(struct rng *r)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += rng_uniform(r);
	return sum;
}

/* p_worse is below half of alpha where the interval's worse end is better than D. */
static void worse_agrees_with_the_interval(void **state)
{
	struct rng r;

	(void)state;
	rng_init(&r, 5);
	for (int k = 0; k < 3000; k++) {
		double base[12], arm[12];
		bool count = k % 3 == 2, percentile = k % 3 == 1;
		struct stats_pairs p = { .base = base, .arm = arm, .n = 12,
					 .count = count, .percentile = percentile,
					 .better = k % 2 ? STATS_LOWER : STATS_HIGHER,
					 .margin = 0.01, .seed = (uint64_t)k };
		struct stats_effect e;
		double worst;

		for (int i = 0; i < 12; i++) {
			base[i] = 0.01 * noise(&r);
			arm[i] = 0.01 * noise(&r);
			if (count) {
				base[i] = i ? 100 + round(300 * base[i]) : 0;
				arm[i] = i ? 100 + round(300 * arm[i]) : 0;
			}
		}
		assert_null(stats_effect(&p, &e));
		worst = p.better == STATS_LOWER ? e.hi : -e.lo;
		assert_true((e.p_worse < 0.025) == (worst < 0.01));
	}
}

/* Tables from reports of t tests that were certain of rounded numbers. */
static void rounded_times(void **state)
{
	double base[4] = { log(100), log(101), log(100), log(101) }, arm[4];
	struct stats_pairs p = { .base = base, .arm = arm, .n = 2, .margin = 0.01 };
	struct stats_effect e;

	(void)state;
	/* The same readings in both arms say nothing about how they spread. */
	memcpy(arm, base, sizeof(arm));
	for (p.n = 2; p.n <= 4; p.n++)
		assert_non_null(strstr(stats_effect(&p, &e), "same in every block"));
	/* Twice as slow in each of two blocks, to the last digit or nearly. */
	p.n = 2;
	base[0] = log(100), base[1] = log(110);
	arm[0] = log(200), arm[1] = log(220);
	assert_non_null(strstr(stats_effect(&p, &e), "same in every block"));
	assert_int_equal(e.n, 0);
	arm[1] = log(220.0001);
	assert_non_null(strstr(stats_effect(&p, &e), "same in every block"));
	/* Instructions are counted, not read from a clock. */
	p.deterministic = true;
	assert_null(stats_effect(&p, &e));
	assert_true(e.p < 1e-6 && e.p_worse > 0.999);
	/* Whole numbers near 10: a step is 10%, whatever the differences say. */
	p = (struct stats_pairs){ .base = base, .arm = arm, .n = 3, .margin = 0.01 };
	base[0] = log(10), base[1] = log(11), base[2] = log(10);
	arm[0] = log(11), arm[1] = log(12), arm[2] = log(11);
	assert_non_null(strstr(stats_effect(&p, &e), "same in every block"));
	/* By one step more in one of them, they are of two steps, and judged. */
	base[2] = log(11), arm[2] = log(10);
	base[0] = log(11), arm[0] = log(12);
	base[1] = log(10), arm[1] = log(11);
	assert_null(stats_effect(&p, &e));
	assert_true(e.p > 0.5 && e.lo < 0);
	base[0] = log(10), base[1] = log(11), base[2] = log(10);
	arm[0] = log(11), arm[1] = log(12), arm[2] = log(13);
	assert_null(stats_effect(&p, &e));
	assert_true(e.sd > hypot(1 / cbrt(1100), 1 / cbrt(1716)) / sqrt(12) - 1e-9);
	assert_true(e.p > 0.05 && e.lo < 0);
	assert_true(e.p_worse > 0.025);
}

struct rounded {
	double base[6], arm[6], unit;	/* known to whole units of it */
	size_t n;
	const char *why;		/* what is said, or NULL: judged, */
	double p;			/* with this one */
};

/* Whatever the unit, the arm that is constant, or the last place in which they differ. */
static void differences_that_agree_to_rounding(void **state)
{
	static const char same[] = "same in every block", still[] = "no spread";
	static const struct rounded tables[] = {
		{ { 12, 13 }, { 13, 14 }, 0.1, 2, same, 1 },
		{ { 95, 96, 95 }, { 96, 97, 96 }, 0.1, 3, same, 1 },
		{ { 123, 246, 492 }, { 135, 271, 541 }, 0.01, 3, same, 1 },	/* times 1.1 */
		{ { 2000, 2000 }, { 2100, 2101 }, 1e6, 2, same, 1 },	/* one arm constant */
		{ { 10, 10, 10 }, { 10, 10, 11 }, 1e-6, 3, same, 1 },
		{ { 31, 31, 31 }, { 42, 42, 42 }, 1e-9, 3, still, 1 },
		{ { 1000, 1001 }, { 1050, 1051 }, 1 / 3.0, 2, same, 1 },
		{ { 100, 101, 100 }, { 105, 106, 106 }, 1 / 7.0, 3, same, 1 },
		/* Five blocks, but the arms overlap: five signs are one of 16. */
		{ { 100, 140, 120, 130, 110 }, { 101, 141, 121, 131, 112 }, 1, 5, same, 1 },
		{ { 100, 140, 120, 130, 110, 150 }, { 101, 141, 121, 131, 112, 151 }, 1, 6, NULL, 2 / 64.0 },
		/* All of one beyond all of the other: one of 126 ways, and they spread as boots do. */
		{ { 100, 101, 100, 102, 101 }, { 105, 106, 105, 107, 107 }, 1, 5, NULL, 2 / 252.0 },
	};

	(void)state;
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (int swapped = 0; swapped < 2; swapped++) {
			const struct rounded *r = &tables[t];
			double base[6], arm[6];
			struct stats_pairs p = { .base = swapped ? arm : base, .n = r->n,
						 .arm = swapped ? base : arm, .margin = 0.01 };
			struct stats_effect e;
			const char *why;

			for (size_t i = 0; i < r->n; i++) {
				base[i] = log(r->base[i] * r->unit);
				arm[i] = log(r->arm[i] * r->unit);
			}
			why = stats_effect(&p, &e);
			assert_int_equal(!why, !r->why);
			if (why)
				assert_non_null(strstr(why, r->why));
			else
				assert_true(e.p >= r->p - 1e-12 && e.p_worse >= pow(0.5, (double)r->n));
			/* The same with all digits that a clock has is judged. */
			for (size_t i = 0; i < r->n; i++)
				arm[i] += 1e-3 * (sqrt(2 + (double)i) - (double)i);
			assert_null(stats_effect(&p, &e));
			p.deterministic = true;
			assert_null(stats_effect(&p, &e));
		}
}

/* Counts are exact, but n equal differences are one of 2^n ways to be so. */
static void equal_differences_of_counts(void **state)
{
	const double base[] = { 800, 811, 805, 830, 801, 802 };
	double arm[6];
	struct stats_pairs p = { .base = base, .arm = arm, .n = 2, .count = true,
				 .margin = 0.01 };
	struct stats_effect e;

	(void)state;
	memcpy(arm, base, sizeof(arm));
	assert_null(stats_effect(&p, &e));
	near(e.p, 1, 0);
	near(e.p_worse, 1 / 4.0, 1e-12);
	for (int i = 0; i < 6; i++)
		arm[i] = 1.01 * base[i];	/* apart at first, and overlapping */
	assert_null(stats_effect(&p, &e));
	near(e.p, 2 / 4.0, 1e-12);
	p.n = 6;
	assert_null(stats_effect(&p, &e));
	near(e.p, 2 / 64.0, 1e-12);
	for (int i = 0; i < 6; i++)
		arm[i] = 2 * base[i];
	assert_null(stats_effect(&p, &e));
	near(e.p, 2 / 924.0, 1e-12);
	/* But for one fault they are the same number more in each block. */
	for (int i = 0; i < 6; i++)
		arm[i] = base[i] + 7 + (i == 3);
	assert_null(stats_effect(&p, &e));
	near(e.p, 2 / 64.0, 1e-12);
	arm[5] += 1;	/* that many more are two of them */
	arm[4] -= 1;
	assert_null(stats_effect(&p, &e));
	assert_true(e.p < 2 / 64.0);
	for (int i = 0; i < 6; i++)
		arm[i] = 2 * base[i];
	p.deterministic = true;
	p.n = 2;
	assert_null(stats_effect(&p, &e));
	assert_true(e.p < 1e-6);
}

static void worse_without_spread(void **state)
{
	const double a[] = { 7, 7, 7, 7 }, b[] = { 7, 7, 7, 7 }, c[] = { 9, 9, 9, 9 };
	struct stats_pairs p = { .base = a, .arm = b, .n = 4, .count = true,
				 .margin = 0.01 };
	struct stats_effect e;

	(void)state;
	assert_null(stats_effect(&p, &e));
	near(e.p_worse, 1 / 70.0, 1e-12);
	p.deterministic = true;
	assert_null(stats_effect(&p, &e));
	near(e.p_worse, 0, 0);
	p.arm = c;
	assert_null(stats_effect(&p, &e));
	near(e.p_worse, 1, 0);
	p.better = STATS_HIGHER;
	assert_null(stats_effect(&p, &e));
	near(e.p_worse, 0, 0);
	p.better = STATS_NEITHER;
	assert_null(stats_effect(&p, &e));
	assert_true(isnan(e.p_worse));
}

static void looks(void **state)
{
	(void)state;
	assert_int_equal(stats_until_next(0), 6);
	assert_int_equal(stats_until_next(6), 8);
	assert_int_equal(stats_until_next(13), 16);
	assert_int_equal(stats_until_next(20), 0);
}

static void change_points(void **state)
{
	double v[120];
	struct rng r;
	struct stats_changes c;

	(void)state;
	rng_init(&r, 11);
	for (int i = 0; i < 120; i++)
		v[i] = 1 + 0.01 * noise(&r) + (i >= 40 && i < 80 ? 0.05 : 0);
	v[20] = 9;	/* an outlier is no level */
	assert_int_equal(stats_change_points(v, 120, 0, &c), 0);
	assert_int_equal(c.n, 2);
	assert_true(c.change[0].at >= 38 && c.change[0].at <= 42);
	assert_true(c.change[1].at >= 78 && c.change[1].at <= 82);
	near(c.change[0].before, 1, 0.01);
	near(c.change[0].after, 1.05, 0.01);
	assert_true(c.change[0].score > 1);
	stats_changes_release(&c);
	for (int i = 0; i < 120; i++)
		v[i] = 3;
	assert_int_equal(stats_change_points(v, 120, 0, &c), 0);
	assert_int_equal(c.n, 0);
	stats_changes_release(&c);
	v[3] = NAN;
	assert_true(stats_change_points(v, 120, 0, &c) < 0);
	assert_true(stats_change_points(v, 5, 0, &c) < 0);
}

/* A level that lasts 6 campaigns, and one odd campaign, with another least length. */
static void change_segments(void **state)
{
	static const size_t least[] = { STATS_SEGMENT, 6, 8 };
	static const size_t want[] = { 1, 1, 0 };
	struct stats_changes c;
	double v[60];
	struct rng r;

	(void)state;
	for (int k = 0; k < 3; k++) {
		rng_init(&r, 13);
		for (int i = 0; i < 60; i++)
			v[i] = 1 + 0.005 * noise(&r) + (i >= 54 ? 0.2 : 0) + (i == 30 ? 0.9 : 0);
		assert_int_equal(stats_change_points(v, 60, least[k], &c), 0);
		assert_int_equal(c.n, want[k]);
		for (size_t i = 0; i < c.n; i++)
			assert_int_equal(c.change[i].at, 54);
		stats_changes_release(&c);
	}
}

static void slope(void **state)
{
	double v[] = { 1, 2, 3, NAN, 5.1, 6 }, b, p;

	(void)state;
	stats_slope(v, 6, &b, &p);
	near(b, 1.008, 0.002);
	assert_true(p > 0 && p < 1e-4);
	stats_slope(v, 3, &b, &p);	/* too few */
	assert_true(isnan(b) && isnan(p));
	for (int i = 0; i < 6; i++)
		v[i] = 4;
	stats_slope(v, 6, &b, &p);	/* no spread */
	assert_true(isnan(p));
}

/* Clopper and Pearson's own tables: 5 of 100, and the ends. */
static void share_interval(void **state)
{
	double lo, hi;

	(void)state;
	stats_share_interval(5, 100, 0.95, &lo, &hi);
	near(lo, 0.0164, 0.0001);
	near(hi, 0.1128, 0.0001);
	stats_share_interval(0, 20, 0.95, &lo, &hi);
	assert_true(lo == 0);
	near(hi, 0.1684, 0.0001);
	stats_share_interval(20, 20, 0.95, &lo, &hi);
	near(lo, 0.8316, 0.0001);
	assert_true(hi == 1);
}

/* A regression that was repaired after 16 of 48 campaigns is no wandering. */
static void change_and_back(void **state)
{
	double v[48];
	unsigned found = 0;
	struct rng r;
	struct stats_changes c;

	(void)state;
	rng_init(&r, 12);
	for (int k = 0; k < 100; k++) {
		for (int i = 0; i < 48; i++)
			v[i] = 1 + 0.01 * noise(&r) + (i >= 16 && i < 32 ? 0.06 : 0);
		assert_int_equal(stats_change_points(v, 48, 0, &c), 0);
		found += c.n == 2;
		stats_changes_release(&c);
	}
	assert_true(found > 50);
}

static void generator(void **state)
{
	struct rng a, b;
	double sum = 0, square = 0;

	(void)state;
	rng_init(&a, 5);
	rng_init(&b, 5);
	for (int i = 0; i < 100000; i++) {
		double x = rng_uniform(&a);

		near(x, rng_uniform(&b), 0);
		assert_true(x > 0 && x < 1);
		sum += x;
		square += x * x;
	}
	near(sum / 1e5, 1 / 2.0, 0.004);
	near(square / 1e5, 1 / 3.0, 0.004);
}

/* --- others' rules ------------------------------------------------------------ */

/* Welch's example with unequal spreads, as SciPy 1.10 has it. */
static const double welch_a[] = { 27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1,
				  21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4 };
static const double welch_b[] = { 27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0,
				  24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.4 };
/* Permeability of membranes: Hollander and Wolfe, and R's example of wilcox.test. */
static const double membrane_a[] = { 0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46 };
static const double membrane_b[] = { 1.15, 0.88, 0.90, 0.74, 1.21 };

static void rules_of_others(void **state)
{
	const double low[] = { 1, 2, 3 }, high[] = { 4, 5, 6 }, across[] = { 3, 5 }, one[] = { 2 };

	(void)state;
	near(stats_welch_p(welch_a, N(welch_a), welch_b, N(welch_b)), 0.008071938172194901, 1e-12);
	near(stats_mann_whitney_p(membrane_a, N(membrane_a), membrane_b, N(membrane_b)),
	     0.2544122544122544, 1e-12);
	near(stats_mann_whitney_p(membrane_b, N(membrane_b), membrane_a, N(membrane_a)),
	     0.2544122544122544, 1e-12);
	/* ties: the normal approximation, as SciPy has it */
	near(stats_mann_whitney_p(welch_a, N(welch_a), welch_b, N(welch_b)),
	     0.005788641486744119, 1e-12);
	near(stats_mann_whitney_p(low, 3, high, 3), 0.1, 1e-12);	/* 2 of 20 */
	near(stats_mann_whitney_p(low, 3, low, 3), 1, 0);
	assert_true(isnan(stats_welch_p(one, 1, high, 3)));
	assert_true(isnan(stats_mann_whitney_p(low, 0, high, 3)));
	assert_true(stats_ranges_part(low, 3, high, 3));
	assert_true(stats_ranges_part(high, 3, low, 3));
	assert_false(stats_ranges_part(low, 3, across, 2));	/* they touch at 3 */
	assert_false(stats_ranges_part(low, 3, low, 0));
}

/* Whatever is decided, and however often, the levels add up to at most the whole. */
static void search_levels(void **state)
{
	(void)state;
	assert_int_equal(stats_search_decisions(1), 0);
	assert_int_equal(stats_search_decisions(2), 1);
	assert_int_equal(stats_search_decisions(16), 4);
	assert_int_equal(stats_search_decisions(17), 5);
	for (enum stats_search_kind kind = 0; kind < STATS_SEARCH_KINDS; kind++) {
		const unsigned *looks = stats_search_looks(kind);
		double sum = 0;
		unsigned n = 0;

		while (looks[n])
			n++;
		for (unsigned i = 0; i < 60; i++)
			sum += n * stats_search_level(5, i, looks);
		assert_true(sum <= STATS_SEARCH_ALPHA + 1e-12 && sum > 0.99 * STATS_SEARCH_ALPHA);
		assert_true(stats_search_is_look(looks, stats_search_last(looks)));
		assert_int_equal(stats_search_is_look(looks, 1), kind == STATS_SEARCH_ALONE);
	}
}

static struct stats_effect search_effect(double effect, double sd, unsigned n)
{
	return (struct stats_effect){ .method = sd > 0 ? STATS_LOG_RATIO : STATS_EXACT, .n = n,
				      .effect = effect, .lo = effect, .hi = effect, .sd = sd };
}

static void search_sides(void **state)
{
	struct stats_effect ends = search_effect(0.10, 0.01, 6), e;
	double p;

	(void)state;
	e = search_effect(0.10, 0.01, 6);
	assert_int_equal(stats_search_side(&ends, &e, 0.001, &p), STATS_SIDE_BAD);
	e = search_effect(0, 0.01, 6);
	assert_int_equal(stats_search_side(&ends, &e, 0.001, &p), STATS_SIDE_GOOD);
	/* no difference from the good end, and none from the bad one: more blocks */
	e = search_effect(0.02, 0.3, 6);
	assert_int_equal(stats_search_side(&ends, &e, 0.001, &p), STATS_SIDE_OPEN);
	assert_true(p > 0.001);
	/* the other way is not the effect that is looked for */
	e = search_effect(-0.10, 0.01, 6);
	assert_int_equal(stats_search_side(&ends, &e, 0.001, NULL), STATS_SIDE_GOOD);
	/* between the ends: the nearer one */
	e = search_effect(0.06, 0.001, 6);
	assert_int_equal(stats_search_side(&ends, &e, 0.001, NULL), STATS_SIDE_BAD);
	/* counts that repeat each other */
	ends = search_effect(0.5, 0, 2);
	e = search_effect(0.5, 0, 2);
	assert_int_equal(stats_search_side(&ends, &e, 0.001, NULL), STATS_SIDE_BAD);
	e = search_effect(0, 0, 2);
	assert_int_equal(stats_search_side(&ends, &e, 0.001, NULL), STATS_SIDE_GOOD);
	/* a baseline of 0: differences, against none */
	ends.absolute = true;
	assert_int_equal(stats_search_side(&ends, &e, 0.001, NULL), STATS_SIDE_GOOD);
	e = search_effect(0.2, 0.1, 6);
	assert_int_equal(stats_search_side(&ends, &e, 0.001, NULL), STATS_SIDE_OPEN);
	e.n = 0;
	assert_int_equal(stats_search_side(&ends, &e, 0.001, NULL), STATS_SIDE_OPEN);
}

/* Student's t with 2 degrees of freedom has a formula: P(T > t). */
static double t2_above(double t)
{
	return 0.5 - t / (2 * sqrt(2 + t * t));
}

/* One boot against three of each end: means 100 and 200, spreads 1 and 5. */
static void search_alone(void **state)
{
	const double good[] = { 99, 100, 101 }, bad[] = { 195, 200, 205 };
	const double at[] = { 190, 104, 90, 155, NAN, 0 };
	struct stats_ends ends;
	struct stats_effect e;
	double p, two;

	(void)state;
	assert_null(stats_search_ends(good, 3, bad, 3, true, &ends));
	assert_true(fabs(ends.good.sd - 1) < 1e-12 && fabs(ends.bad.sd - 5) < 1e-12);
	/* bad: it differs from the good end, by that end's spread */
	assert_int_equal(stats_search_alone(&ends, at, 1, 0.001, &e, &p), STATS_SIDE_BAD);
	assert_true(fabs(p - t2_above(90 / sqrt(4.0 / 3))) < 1e-9);
	assert_true(e.n == 1 && fabs(e.effect - 0.9) < 1e-12 && fabs(e.p - 2 * p) < 1e-12);
	/* the interval: 31.6 spreads of 1.15 to each side, t for 0.0005 */
	assert_true(fabs(e.hi - 0.9 - 0.31599 * sqrt(4.0 / 3)) < 1e-4 && fabs(e.hi + e.lo - 1.8) < 1e-12);
	/* good: it differs from the bad end, by the other spread; more boots reach the level */
	assert_int_equal(stats_search_alone(&ends, at + 1, 1, 0.01, &e, &p), STATS_SIDE_GOOD);
	assert_true(fabs(p - t2_above(96 / (5 * sqrt(4.0 / 3)))) < 1e-9);
	assert_int_equal(stats_search_alone(&ends, at + 1, 1, 0.9 * p, &e, NULL), STATS_SIDE_OPEN);
	assert_int_equal(stats_search_alone(&ends, (const double[]){ 104, 104 }, 2, 0.9 * p, &e, &two),
			 STATS_SIDE_GOOD);
	assert_true(fabs(two - t2_above(96 / (5 * sqrt(5.0 / 6)))) < 1e-9);
	/* beyond the good end is not the effect that is looked for; in between, the nearer one */
	assert_int_equal(stats_search_alone(&ends, at + 2, 1, 0.01, &e, NULL), STATS_SIDE_GOOD);
	assert_int_equal(stats_search_alone(&ends, at + 3, 1, 0.01, &e, NULL), STATS_SIDE_BAD);
	assert_int_equal(stats_search_alone(&ends, at + 4, 1, 0.5, &e, &p), STATS_SIDE_OPEN);
	assert_true(e.n == 0 && isnan(p));
	assert_int_equal(stats_search_alone(&ends, at, 0, 0.5, &e, NULL), STATS_SIDE_OPEN);
	/* as times they are compared by ratios, and 0 has none */
	assert_null(stats_search_ends(good, 3, bad, 3, false, &ends));
	assert_int_equal(stats_search_alone(&ends, at, 1, 0.001, &e, NULL), STATS_SIDE_BAD);
	assert_true(fabs(e.effect - (190 / exp((log(99) + log(100) + log(101)) / 3) - 1)) < 1e-9);
	assert_int_equal(stats_search_alone(&ends, at + 5, 1, 0.5, &e, NULL), STATS_SIDE_OPEN);
}

/* Counts that repeat each other: the nearer end, whatever the level. */
static void search_alone_still(void **state)
{
	const double good[] = { 0, 0, 0 }, bad[] = { 8, 8, 8 }, at[] = { 8, 3 };
	struct stats_ends ends;
	struct stats_effect e;
	double p;

	(void)state;
	assert_null(stats_search_ends(good, 3, bad, 3, true, &ends));
	assert_true(stats_search_one_decides(&ends, 1e-9));
	assert_int_equal(stats_search_alone(&ends, at, 1, 1e-9, &e, &p), STATS_SIDE_BAD);
	assert_true(p == 0 && e.absolute && e.effect == 8 && e.lo == 8 && e.hi == 8);
	assert_int_equal(stats_search_alone(&ends, at + 1, 1, 1e-9, &e, NULL), STATS_SIDE_GOOD);
}

static void search_ends_refused(void **state)
{
	const double good[] = { 99, 100, 101 }, bad[] = { 109, 110, 111 }, odd[] = { 99, NAN, 0 };
	struct stats_ends ends;

	(void)state;
	assert_string_equal(stats_search_ends(good, 2, bad, 3, false, &ends),
			    "an end has fewer than 3 good boots");
	assert_int_equal(ends.good.n, 0);
	assert_false(stats_search_one_decides(&ends, 0.5));
	assert_non_null(stats_search_ends(good, 3, bad, 2, false, &ends));
	assert_non_null(stats_search_ends(odd, 3, bad, 3, true, &ends));
	assert_string_equal(stats_search_ends(good, 3, good, 3, false, &ends), "the ends are equal");
	assert_int_equal(ends.good.n, 0);
	/* ends that are too near for one boot at a strict level: t is 6.96 and 22.3 */
	assert_null(stats_search_ends(good, 3, bad, 3, true, &ends));
	assert_true(stats_search_one_decides(&ends, 0.01));
	assert_false(stats_search_one_decides(&ends, 0.001));
}

static void search_differs(void **state)
{
	struct stats_effect e = search_effect(0.005, 0, 2);

	(void)state;
	e.p = 0;
	assert_false(stats_search_differ(&e, 0.01, 0.001));	/* too small to be looked for */
	e = search_effect(-0.05, 0.01, 6);
	e.p = 0.01;
	assert_false(stats_search_differ(&e, 0.01, 0.001));
	e.p = 0.0005;
	assert_true(stats_search_differ(&e, 0.01, 0.001));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_interval_and_p),
		cmocka_unit_test(flips),
		cmocka_unit_test(corrections),
		cmocka_unit_test(families),
		cmocka_unit_test(power),
		cmocka_unit_test(reducing),
		cmocka_unit_test(an_effect),
		cmocka_unit_test(refusals),
		cmocka_unit_test(zero_spread_is_exact),
		cmocka_unit_test(counts_with_zeros),
		cmocka_unit_test(percentiles_need_ten),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(worse_agrees_with_the_interval),
		cmocka_unit_test(rounded_times),
		cmocka_unit_test(differences_that_agree_to_rounding),
		cmocka_unit_test(equal_differences_of_counts),
		cmocka_unit_test(worse_without_spread),
		cmocka_unit_test(looks),
		cmocka_unit_test(change_points),
		cmocka_unit_test(change_and_back),
		cmocka_unit_test(change_segments),
		cmocka_unit_test(share_interval),
		cmocka_unit_test(slope),
		cmocka_unit_test(generator),
		cmocka_unit_test(rules_of_others),
		cmocka_unit_test(search_levels),
		cmocka_unit_test(search_sides),
		cmocka_unit_test(search_alone),
		cmocka_unit_test(search_alone_still),
		cmocka_unit_test(search_ends_refused),
		cmocka_unit_test(search_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
