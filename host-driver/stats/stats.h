/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The statistics: pure functions of arrays of numbers, which know nothing of
 * storage, kernels or units. docs/statistics.md says why each was chosen and
 * what its error rates are; `make check-stats` measures those rates.
 *
 * The design of a campaign is block > boot > process > iteration, and only
 * blocks are independent. So everything below a boot is first reduced to one
 * number per boot (stats_boot), two arms become one difference per block
 * (stats_effect takes those), and all uncertainty comes from the spread of
 * the differences between blocks.
 *
 * Effects are relative: +0.02 is 2% more than the baseline. Whether more is
 * worse is the caller's knowledge (enum stats_better).
 */
#ifndef KDUEL_STATS_H
#define KDUEL_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_ALPHA 0.05	/* of every two-sided test */
#define STATS_POWER 0.80	/* of the smallest detectable effect */
#define STATS_MARGIN 0.01	/* D, where the user gives none */
#define STATS_PERCENTILE_BLOCKS 10	/* blocks a percentile needs */

/*
 * Genuine measurements of time never agree more closely than this share; those
 * that do were rounded, or read from a clock that is too coarse.
 */
#define STATS_RESOLUTION 1e-6
/* Values are multiples of a step if they are to within this share of the greatest. */
#define STATS_GRID 1e-9

/* --- reducing ----------------------------------------------------------- */

/* NaN for n = 0. The median does not reorder `v`. */
double stats_mean(const double *v, size_t n);
double stats_sd(const double *v, size_t n);	/* divides by n - 1 */
double stats_median(const double *v, size_t n);
double stats_autocorrelation(const double *v, size_t n);	/* lag 1 */

/*
 * One number for a boot from the medians of its processes: the mean of their
 * logs, or for counts, which may be 0, the mean of the medians themselves.
 */
double stats_boot(const double *medians, size_t processes, bool count);

/*
 * Least squares of v[i] on i: the slope, and the two-sided p of a slope of 0, both
 * NaN with fewer than 4 values or without spread. NaN values are left out.
 */
void stats_slope(const double *v, size_t n, double *slope, double *p);

/* --- one effect ----------------------------------------------------------- */

enum stats_better { STATS_LOWER, STATS_HIGHER, STATS_NEITHER };	/* as enum better */

/* How the differences of the blocks became an interval. */
enum stats_method {
	STATS_LOG_RATIO,	/* mean of log ratios, t interval; the rule */
	STATS_DIFFERENCE,	/* counts with a 0 among them: t interval of the
				 * differences, relative to the baseline's mean */
	STATS_RESAMPLED,	/* percentiles: blocks resampled */
	STATS_EXACT,		/* no spread in either arm: counts */
};
const char *stats_method_name(enum stats_method m);	/* "log-ratio", ... */

struct stats_effect {
	enum stats_method method;
	unsigned n;		/* blocks with both arms */
	double effect, lo, hi;	/* relative, with the interval's ends */
	bool absolute;		/* baseline is 0: the three above are differences */
	double sd;		/* of the per-block (log) differences */
	double p;		/* two-sided: t, or sign-flip where resampled */
	double p_flip;		/* the sign-flip test beside it; NaN if not asked for */
	double p_worse;		/* one-sided, H0: worse by the margin or more; NaN
				 * if neither direction is worse, or if absolute */
	double sde;		/* smallest effect detected with power STATS_POWER */
};

struct stats_pairs {		/* what stats_effect() judges */
	const double *base;	/* per block: stats_boot() of the baseline */
	const double *arm;	/* and of the other arm */
	size_t n;
	bool count;		/* counts: `base` and `arm` are not logs */
	bool percentile;	/* resample the blocks; needs 10 */
	bool deterministic;	/* equal values in all blocks mean what they say:
				 * times that are instruction counts */
	bool flip;		/* compute p_flip: 2^(n-1) sums, 1 ms for n = 20 */
	double confidence;	/* 0 = 1 - STATS_ALPHA */
	enum stats_better better;	/* for p_worse */
	double margin;		/* D, for p_worse */
	uint64_t seed;		/* for resampling and random sign flips */
};

/*
 * Returns NULL, or why no effect can be given (too few blocks, values that
 * are not finite, no spread where there should be some): a static string.
 *
 * For times and rates, unless deterministic, the standard deviation is at least
 * what rounding to the smallest step between two values of an arm causes, and
 * differences that agree within STATS_RESOLUTION are not judged at all. Where all
 * values are multiples of one step, and the differences (or ratios) the same in every
 * block to that step, their spread was not seen: p is never smaller than what the
 * signs of n differences can show, 2^(1-n), or, if all boots of one arm are greater
 * than all of the other, all ways to assign 2n boots to two arms. Times and rates then
 * have the spread of the arms, and are not judged with too few blocks for STATS_ALPHA.
 */
const char *stats_effect(const struct stats_pairs *p, struct stats_effect *e);

/* The effect on the scale its blocks were averaged on: a log ratio, or a difference. */
double stats_effect_scaled(const struct stats_effect *e);

/*
 * The degrees of freedom of the difference of two means, from the variances of the means
 * and how many numbers each averages (Satterthwaite, see stats_shift()). Infinite if both
 * variances are 0.
 */
double stats_welch_freedom(double va, double na, double vb, double nb);

/*
 * How far the effect of one campaign, `b`, is from that of another, `a`: each is the
 * mean of its own blocks' log ratios to its own baseline, so their difference is the
 * log of a ratio of ratios. Blocks of different campaigns are not paired, so the
 * interval and p are Welch's for two means of unequal spread (B. L. Welch, "The
 * generalization of Student's problem when several different population variances
 * are involved", Biometrika 34, 1947), with the degrees of freedom of Satterthwaite
 * (Biometrics Bulletin 2, 1946). Effects that are differences of shares (counts with a 0
 * among them) are subtracted instead. out->n is that of the smaller campaign; two
 * effects without any spread give an exact shift. Returns NULL, or a static string
 * that says why there is no shift.
 */
const char *stats_shift(const struct stats_effect *a, const struct stats_effect *b,
			double confidence, enum stats_better better, double margin,
			struct stats_effect *out);

/* The mean of v with its t interval; for n = 1 the ends are infinite. */
struct stats_interval {
	double mean, sd, lo, hi;
	size_t n;
};
void stats_t_interval(const double *v, size_t n, double confidence,
		      struct stats_interval *out);
double stats_t_p(const double *v, size_t n);	/* H0: mean 0, two-sided */

/*
 * The sign-flip test of mean 0: the share of the 2^n sign patterns whose
 * |sum| is at least the observed one. All of them up to n = 20; beyond, 99,999
 * random ones and the observed one.
 */
double stats_flip_p(const double *d, size_t n, uint64_t seed);

/* --- many tests ----------------------------------------------------------- */

/* Adjusted p values; `adjusted` may be `p`. NaN entries do not count. 0 or -ENOMEM. */
int stats_holm(const double *p, double *adjusted, size_t n);
int stats_benjamini_hochberg(const double *p, double *adjusted, size_t n);

/*
 * A campaign's tests: Holm over the gates, Benjamini-Hochberg over the rest.
 * Where there are both, each gets half of the level, so that the campaign as
 * a whole keeps it. 0 or -ENOMEM.
 */
int stats_families(const double *p, const bool *gate, double *adjusted, size_t n);

/* The exact interval of a share, from k of n independent trials (Clopper, Pearson 1934). */
void stats_share_interval(unsigned k, unsigned n, double confidence, double *lo, double *hi);

/* --- power ---------------------------------------------------------------- */

/* Power of the two-sided t test over n blocks for a log effect `delta`. */
double stats_power(double delta, double sd, size_t n, double alpha);
/* The smallest relative effect detected with `power`; 0 if sd is 0. */
double stats_sde(double sd, size_t n, double alpha, double power);
/* Blocks needed to detect a relative effect; 0 if `most` are not enough. */
size_t stats_blocks_needed(double effect, double sd, double alpha,
			   double power, size_t most);

/* --- verdicts ------------------------------------------------------------- */

enum verdict {
	VERDICT_NONE,		/* the baseline itself: nothing is judged */
	VERDICT_DESCRIBED,	/* neither direction is better: never judged */
	VERDICT_REGRESSED,
	VERDICT_IMPROVED,
	VERDICT_NOT_WORSE,	/* than D */
	VERDICT_INCONCLUSIVE,
	VERDICT_UNSTABLE,	/* an arm failed in some boots */
	VERDICT_NOT_COMPARABLE,
};
const char *verdict_name(enum verdict v);	/* "not worse", ... */

/*
 * From p and p_worse, both corrected for many tests. regressed, improved:
 * p <= alpha, and the interval is not wholly inside -D..D. not worse than D:
 * p_worse <= alpha / 2; the interval's worse end is then also better than D.
 */
enum verdict stats_verdict(const struct stats_effect *e, double p, double p_worse,
			   double alpha, enum stats_better better,
			   double margin);

/* --- optional stopping ---------------------------------------------------- */

/*
 * Looking at the data after 6, 8, 10, 12, 16 and 20 blocks, each time at the level
 * STATS_UNTIL_ALPHA, keeps the overall level at 5%.
 */
#define STATS_UNTIL_ALPHA 0.014
extern const unsigned stats_until_looks[];	/* ends with 0 */
/* The first look after `blocks`; 0 if that was the last. */
unsigned stats_until_next(unsigned blocks);

/* --- a search through history --------------------------------------------- */

/*
 * A bisection decides about one commit after another: does it have the effect by
 * which the good end and the bad end differ? It blames a wrong commit if any of
 * its decisions is wrong, so the overall level is divided among them and among
 * the looks at each one (Bonferroni; Boole's inequality holds however dependent
 * the decisions are, and these share the good end and the measured effect of the
 * bad one). With k = ceil(log2 n) decisions expected for n commits there are
 * k + 2 equal shares: one for the ends, one for each decision, and one that those
 * beyond k divide by halves, 1/2, 1/4, ... (skipped commits can make a search
 * longer). O. J. Dunn, "Multiple comparisons among means", JASA 56, 1961.
 *
 * A commit has the effect ("bad") if it differs from the good end, by the
 * t test over its blocks, and is nearer to the bad end; it lacks it ("good") if it
 * differs from the bad end, by Welch's test of the two campaigns' means
 * (stats_shift() has the source), and is nearer to the good one. Both tests are
 * one-sided; where neither holds, more blocks are needed. A commit between the
 * ends belongs to the nearer one.
 */
#define STATS_SEARCH_ALPHA 0.05		/* of blaming a wrong commit */

unsigned stats_search_decisions(size_t commits);	/* k */

/*
 * Blocks before each look, terminated by 0: few where counts repeat exactly; early
 * looks for claims, since those on page sizes need only two blocks. For struct
 * stats_ends there are three blocks of the ends at least; a commit alone is looked at
 * after each of its boots.
 */
enum stats_search_kind {
	STATS_SEARCH_TIME, STATS_SEARCH_EXACT, STATS_SEARCH_CLAIM,
	STATS_SEARCH_ENDS, STATS_SEARCH_ALONE, STATS_SEARCH_KINDS,
};
const unsigned *stats_search_looks(enum stats_search_kind kind);
bool stats_search_is_look(const unsigned *looks, unsigned blocks);
unsigned stats_search_last(const unsigned *looks);

/* The level at each look: for the ends (decision 0), or for decision 1, 2, ... */
double stats_search_level(unsigned expected, unsigned decision, const unsigned *looks);

/* Do the ends differ, by more than `margin`? */
bool stats_search_differ(const struct stats_effect *ends, double margin, double level);

enum stats_side { STATS_SIDE_OPEN, STATS_SIDE_GOOD, STATS_SIDE_BAD };
/* *p (`p` may be NULL): of the test that decides, or that would with more blocks. */
enum stats_side stats_search_side(const struct stats_effect *ends,
				  const struct stats_effect *tested, double level, double *p);

/*
 * Where counted instructions are the time, a commit can be booted alone: they do not
 * drift (the same boot counts the same next week), so the boots of the ends, made once,
 * stand for all later ones. The mean of m boots of a commit that is like an end of n
 * boots differs from that end's mean with the variance s^2 (1/m + 1/n), where s^2 is the
 * variance of that end's boots, with n - 1 degrees of freedom: the prediction of the mean
 * of m further observations (G. J. Hahn, "Additional factors for calculating prediction
 * intervals for samples from a normal distribution", JASA 65, 1970). So even m = 1
 * decides, where the ends are far enough apart. The commit's side is that of the nearer
 * end if it differs from the other one. The two spreads are not pooled: an effect often
 * brings a spread of its own, and with a ratio of 5 between them pooling blamed a wrong
 * commit in up to 5.0% of simulated searches.
 */
#define STATS_ENDS_LEAST 3	/* boots of each end */

struct stats_end {
	unsigned n;		/* boots; 0: there are no ends */
	double mean, sd;	/* of their logs, or of counts as they are */
};

struct stats_ends {
	struct stats_end good, bad;
	bool count;
};

/* Returns NULL, or a static string: why no boot can be compared with them. */
const char *stats_search_ends(const double *good, size_t good_n, const double *bad,
			      size_t bad_n, bool count, struct stats_ends *ends);
/* Does one boot decide, with the power STATS_POWER? */
bool stats_search_one_decides(const struct stats_ends *ends, double level);
/*
 * The side of a commit with the boots v[0..n), and its effect against the good end
 * with an interval of this level; e->n is n, and 0 if there is none. `p` may be NULL.
 */
enum stats_side stats_search_alone(const struct stats_ends *ends, const double *v, size_t n,
				   double level, struct stats_effect *e, double *p);

/* --- others' rules ---------------------------------------------------------- */

/*
 * The tests by which other tools call a difference, for comparison with ours. They
 * treat every number as independent, which the numbers of one boot are not.
 *
 * Welch's t test of two means (Welch 1947), two-sided; NaN for fewer than 2 numbers.
 */
double stats_welch_p(const double *a, size_t n, const double *b, size_t m);
/*
 * The test of Mann and Whitney (1947), two-sided, as R's wilcox.test has it: exact
 * for fewer than 50 numbers a side without ties, else the normal approximation
 * with corrections for ties and continuity. NaN if a side is empty or memory is short.
 */
double stats_mann_whitney_p(const double *a, size_t n, const double *b, size_t m);
/* Is every number of one side below every number of the other? LKP's rule. */
bool stats_ranges_part(const double *a, size_t n, const double *b, size_t m);

/* --- change points -------------------------------------------------------- */

struct stats_change {
	size_t at;		/* first point of the new level */
	double before, after;	/* medians of the two segments */
	double score;		/* statistic over its critical value, > 1 */
};

struct stats_changes {
	struct stats_change *change;	/* by `at`; stats_changes_release() */
	size_t n;
	double autocorrelation;	/* estimated lag 1, steps removed */
};

/*
 * Change points of a series of at least 12 values. It works on ranks, so outliers
 * hardly matter, and removes autocorrelation, so a wandering series is not cut to
 * pieces. False points in at most 2% of series without a change. -EINVAL for a
 * shorter series or a value that is not finite; -ENOMEM. On either side of a point
 * are at least `segment` values, and never fewer than STATS_SEGMENT: with more, fewer
 * positions are tried, so false points become rarer.
 */
#define STATS_SEGMENT 4
int stats_change_points(const double *v, size_t n, size_t segment, struct stats_changes *out);
void stats_changes_release(struct stats_changes *c);

/*
 * For the calibration of the change point search: the statistic of a series, and
 * the value it stays below in 99% of series without a change.
 */

double stats_change_score(const double *v, size_t n);
double stats_change_critical(size_t n);

#endif
