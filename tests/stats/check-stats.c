/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The error rates of the statistics, measured: prints a table of check,
 * bound, figure and outcome, and fails if a bound is not kept.
 *
 *	check-stats [--campaigns N] [--seed S] [--critical]
 *		    [--aa FOLDER] [--inject FOLDER]
 *
 * The folders hold results of configs/aa-instructions.yaml and
 * configs/inject.yaml: the real campaigns among the rows.
 *
 * With fewer campaigns than 10,000 every bound is widened by three standard
 * errors of the figure, and the table shows the widened ones.
 */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "order.h"
#include "simulate.h"
#include "stats/stats.h"
#include "table.h"

#define FULL 10000
#define POINTS 200

static struct {
	unsigned campaigns;
	uint64_t seed;
	unsigned row;
	bool critical;
	const char *aa, *inject;	/* results folders */
} run = { .campaigns = FULL, .seed = 20181029 };

/* --- the table ------------------------------------------------------------- */

/* Every row has its own stream, so that one row can change without the rest. */
static struct rng row_rng(void)
{
	struct rng r;

	rng_init(&r, run.seed + 1000003 * (uint64_t)++run.row);
	return r;
}

static double slack(double bound, unsigned n)
{
	return n >= FULL || bound <= 0 || bound >= 1
		? 0 : 3 * sqrt(bound * (1 - bound) / n);
}

/* hits of n must be a share in [lo, hi]. */
static void row(const char *check, double lo, double hi, unsigned hits, unsigned n)
{
	double share = (double)hits / n, error = sqrt(share * (1 - share) / n);
	char bound[40], figure[40], spread[40];

	lo -= slack(lo, n);
	hi += slack(hi, n);
	if (lo <= 0 && hi >= 1)
		snprintf(bound, sizeof(bound), "printed");
	else if (lo <= 0)
		snprintf(bound, sizeof(bound), "<= %.1f%%", 100 * hi);
	else if (hi >= 1)
		snprintf(bound, sizeof(bound), ">= %.1f%%", 100 * lo);
	else
		snprintf(bound, sizeof(bound), "%.1f-%.1f%%", 100 * lo, 100 * hi);
	snprintf(figure, sizeof(figure), "%.2f%%", 100 * share);
	snprintf(spread, sizeof(spread), "%.2f", 100 * error);
	table_row(check, bound, figure, spread,
		  share >= lo && share <= hi);
}

/* --- judging one simulated campaign ------------------------------------------ */

static struct stats_effect effect(const struct campaign *c, size_t n, bool count)
{
	struct stats_pairs p = { .base = c->base, .arm = c->arm, .n = n,
				 .count = count, .margin = STATS_MARGIN };
	struct stats_effect e;

	if (stats_effect(&p, &e))
		e.n = 0;
	return e;
}

static bool judged_different(const struct stats_effect *e, double p)
{
	enum verdict v = stats_verdict(e, p, NAN, STATS_ALPHA, STATS_LOWER, 0);

	return e->n && (v == VERDICT_REGRESSED || v == VERDICT_IMPROVED);
}

/* --- rows -------------------------------------------------------------------- */

static unsigned count_alarms(struct rng *r, const struct model *m, size_t n)
{
	unsigned alarms = 0;

	for (unsigned k = 0; k < run.campaigns; k++) {
		struct campaign c;
		struct stats_effect e;

		simulate(r, m, n, &c);
		e = effect(&c, n, false);
		alarms += judged_different(&e, e.p);
	}
	return alarms;
}

static void false_alarms(size_t n)
{
	struct rng r = row_rng();
	char name[80];

	snprintf(name, sizeof(name), "A/A, false alarms of one metric, %zu blocks", n);
	row(name, .045, .055, count_alarms(&r, &model_usual, n), run.campaigns);
}

/* A clock whose step is `step` times the spread between boots. */
static void coarse_clock(double step, size_t n)
{
	struct model m = { .shape = NORMAL, .boot = 0.01 };
	struct rng r = row_rng();
	unsigned alarms = 0;
	char name[80];

	for (unsigned k = 0; k < run.campaigns; k++) {
		struct campaign c;
		struct stats_effect e;

		simulate(&r, &m, n, &c);
		simulate_clock(step * m.boot, n, &c);
		e = effect(&c, n, false);
		alarms += judged_different(&e, e.p);
	}
	snprintf(name, sizeof(name), "A/A, false alarms, clock of %g spread%s, %zu blocks",
		 step, step == 1 ? "" : "s", n);
	row(name, 0, .055, alarms, run.campaigns);
}

/* 30 metrics, the first `gates` of them declared. */
static bool family_alarm(struct rng *r, size_t n, unsigned gates)
{
	struct model m = { .shape = NORMAL, .boot = 0.0104 };
	struct stats_effect e[30];
	double p[30];
	bool gate[30];

	for (unsigned i = 0; i < 30; i++) {
		struct campaign c;

		simulate(r, &m, n, &c);
		e[i] = effect(&c, n, false);
		p[i] = e[i].p;
		gate[i] = i < gates;
	}
	if (stats_families(p, gate, p, 30))
		return true;
	for (unsigned i = 0; i < 30; i++)
		if (judged_different(&e[i], p[i]))
			return true;
	return false;
}

static void family(size_t n, unsigned gates)
{
	struct rng r = row_rng();
	unsigned alarms = 0;
	char name[80];

	for (unsigned k = 0; k < run.campaigns; k++)
		alarms += family_alarm(&r, n, gates);
	snprintf(name, sizeof(name), "A/A, any false alarm in 30 metrics, %u gates, %zu blocks",
		 gates, n);
	row(name, 0, .055, alarms, run.campaigns);
}

static void counts(double mean, size_t n)
{
	struct rng r = row_rng();
	unsigned alarms = 0;
	char name[80];

	for (unsigned k = 0; k < run.campaigns; k++) {
		struct campaign c;
		struct stats_effect e;

		simulate_counts(&r, mean, n, &c);
		e = effect(&c, n, true);
		alarms += judged_different(&e, e.p);
	}
	snprintf(name, sizeof(name), "A/A, false alarms, counts of mean %g, %zu blocks",
		 mean, n);
	row(name, 0, .055, alarms, run.campaigns);
}

static void coverage(enum shape shape, size_t n)
{
	struct model m = { .shape = shape, .boot = 0.01, .effect = log(1.03) };
	struct rng r = row_rng();
	unsigned covered = 0;
	char name[80];

	for (unsigned k = 0; k < run.campaigns; k++) {
		struct campaign c;
		struct stats_effect e;

		simulate(&r, &m, n, &c);
		e = effect(&c, n, false);
		covered += e.lo <= 0.03 && 0.03 <= e.hi;
	}
	snprintf(name, sizeof(name), "95%% interval covers, %s, %zu blocks",
		 shape_name(shape), n);
	row(name, .94, .99, covered, run.campaigns);
}

static void resampled_coverage(size_t n)
{
	struct model m = { .shape = LOGNORMAL, .boot = 0.03, .effect = log(1.03) };
	struct rng r = row_rng();
	unsigned covered = 0;
	char name[80];

	for (unsigned k = 0; k < run.campaigns; k++) {
		struct campaign c;
		struct stats_pairs p = { .base = c.base, .arm = c.arm, .n = n,
					 .percentile = true, .seed = k };
		struct stats_effect e;

		simulate(&r, &m, n, &c);
		if (!stats_effect(&p, &e))
			covered += e.lo <= 0.03 && 0.03 <= e.hi;
	}
	snprintf(name, sizeof(name), "95%% interval covers, percentile, lognormal, %zu blocks", n);
	row(name, .92, .99, covered, run.campaigns);
}

static void power(void)
{
	struct model m = model_usual;
	struct rng r = row_rng();

	m.effect = log(1.015);
	row("power at 1.5%, boot sigma 1%, 10 blocks", .78, 1,
	    count_alarms(&r, &m, 10), run.campaigns);
}

/* "not worse than 1%" said of an arm that is worse by exactly that; `step` is the clock's. */
static void not_worse(double step, size_t n)
{
	struct model m = model_usual;
	struct rng r = row_rng();
	unsigned said = 0;
	char name[80];

	m.boot = 0.003;
	m.effect = log(1.01);
	for (unsigned k = 0; k < run.campaigns; k++) {
		struct campaign c;
		struct stats_effect e;

		simulate(&r, &m, n, &c);
		if (step > 0)
			simulate_clock(step, n, &c);
		e = effect(&c, n, false);
		said += e.n && stats_verdict(&e, e.p, e.p_worse, STATS_ALPHA, STATS_LOWER,
				      STATS_MARGIN) == VERDICT_NOT_WORSE;
	}
	snprintf(name, sizeof(name), "\"not worse%s of an arm worse by 1%%, %s%zu blocks",
		 step > 0 ? "\"" : " than 1%\"", step > 0 ? "coarse clock, " : "", n);
	row(name, 0, .03, said, run.campaigns);
}

/*
 * 30 metrics, the first `worse` of them worse by exactly 1%, the first `gates`
 * declared: how many are called not worse, and how many of those wrongly.
 */
static unsigned not_worse_family(struct rng *r, unsigned worse,
				 unsigned gates, unsigned *wrong)
{
	struct model m = { .shape = NORMAL, .boot = 0.005 };
	double p[30];
	bool gate[30];
	unsigned said = 0;

	for (unsigned i = 0; i < 30; i++) {
		struct campaign c;

		m.effect = i < worse ? log(1.01) : 0;
		simulate(r, &m, 10, &c);
		p[i] = effect(&c, 10, false).p_worse;
		gate[i] = i < gates;
	}
	*wrong = 0;
	if (stats_families(p, gate, p, 30))
		return 0;
	for (unsigned i = 0; i < 30; i++)
		if (p[i] <= STATS_ALPHA / 2) {
			said++;
			*wrong += i < worse;
		}
	return said;
}

static void any_wrongly_not_worse(unsigned gates)
{
	struct rng r = row_rng();
	unsigned campaigns = 0, wrong;
	char name[80];

	for (unsigned k = 0; k < run.campaigns; k++) {
		not_worse_family(&r, 30, gates, &wrong);
		campaigns += wrong > 0;
	}
	snprintf(name, sizeof(name), "any wrong \"not worse\" in 30 metrics, %u gates", gates);
	row(name, 0, .03, campaigns, run.campaigns);
}

/* The share of wrong ones is that of a wrong one if one is picked at random. */
static void some_not_worse(unsigned worse)
{
	struct rng r = row_rng();
	unsigned picked = 0, right = 0, wrong;
	char name[80];

	for (unsigned k = 0; k < run.campaigns; k++) {
		unsigned said = not_worse_family(&r, worse, 0, &wrong);

		picked += said && rng_next(&r) % said < wrong;
		right += said - wrong;
	}
	snprintf(name, sizeof(name), "wrong among the \"not worse\", %u of 30 worse by 1%%", worse);
	row(name, 0, .03, picked, run.campaigns);
	snprintf(name, sizeof(name), "\"not worse\" said of the %u equal ones", 30 - worse);
	row(name, 0, 1, right, run.campaigns * (30 - worse));
}

/* Does any look at the p value that `of` takes reach `level`? */
static bool stopped_early(struct rng *r, const struct model *m, double level,
			  double (*of)(const struct stats_effect *e))
{
	struct campaign c;

	simulate(r, m, BLOCKS_MAX, &c);
	for (unsigned n = stats_until_next(0); n; n = stats_until_next(n)) {
		struct stats_effect e = effect(&c, n, false);

		if (of(&e) <= level)
			return true;
	}
	return false;
}

static double p_of(const struct stats_effect *e)
{
	return e->p;
}

static double p_worse_of(const struct stats_effect *e)
{
	return e->p_worse;
}

static void optional_not_worse(void)
{
	struct model m = model_usual;
	struct rng r = row_rng();
	unsigned said = 0;

	m.boot = 0.003;
	m.effect = log(1.01);
	for (unsigned k = 0; k < run.campaigns; k++)
		said += stopped_early(&r, &m, STATS_UNTIL_ALPHA / 2, p_worse_of);
	row("\"not worse\" of an arm worse by 1%, --until verdict", 0, .03, said,
	    run.campaigns);
}

static void optional_stopping(double alpha, double bound, const char *how)
{
	struct rng r = row_rng();
	unsigned alarms = 0;
	char name[80];

	for (unsigned k = 0; k < run.campaigns; k++)
		alarms += stopped_early(&r, &model_usual, alpha, p_of);
	snprintf(name, sizeof(name), "A/A, looks at 6..20 blocks, %s", how);
	row(name, 0, bound, alarms, run.campaigns);
}

static void change_null(enum noise kind)
{
	struct rng r = row_rng();
	unsigned cut = 0;
	double v[POINTS];
	char name[80];

	for (unsigned k = 0; k < run.campaigns; k++) {
		struct stats_changes c;

		simulate_series(&r, kind, v, POINTS);
		if (stats_change_points(v, POINTS, 0, &c))
			continue;
		cut += c.n > 0;
		stats_changes_release(&c);
	}
	snprintf(name, sizeof(name), "change points in 200 null points, %s", noise_name(kind));
	row(name, 0, .02, cut, run.campaigns);
}

static bool found_near(const double *v, size_t at)
{
	struct stats_changes c;
	bool found = false;

	if (stats_change_points(v, POINTS, 0, &c))
		return false;
	for (size_t i = 0; i < c.n; i++)
		found |= c.change[i].at + 6 >= at && c.change[i].at <= at + 6;
	stats_changes_release(&c);
	return found;
}

static void change_power(enum noise kind, double bound)
{
	struct rng r = row_rng();
	unsigned found = 0;
	double v[POINTS];
	char name[80];

	for (unsigned k = 0; k < run.campaigns; k++) {
		size_t at = 20 + rng_next(&r) % (POINTS - 40);

		simulate_series(&r, kind, v, POINTS);
		for (size_t i = at; i < POINTS; i++)
			v[i] += 2;
		found += found_near(v, at);
	}
	snprintf(name, sizeof(name), "2-sigma step found within 6 points, %s", noise_name(kind));
	row(name, bound, 1, found, run.campaigns);
}

/* A level that rises and later falls again: is its fall, or rise, seen, and where? */
static void change_back(enum noise kind)
{
	struct rng r = row_rng();
	unsigned found = 0;
	double v[POINTS];
	char name[80];

	for (unsigned k = 0; k < run.campaigns; k++) {
		size_t at = 20 + rng_next(&r) % (POINTS / 2 - 20);
		size_t back = at + 20 + rng_next(&r) % (POINTS / 2 - 40);

		simulate_series(&r, kind, v, POINTS);
		for (size_t i = at; i < back; i++)
			v[i] += 2;
		found += found_near(v, at) && found_near(v, back);
	}
	snprintf(name, sizeof(name), "2-sigma step and its way back found, %s", noise_name(kind));
	row(name, kind == WHITE ? .5 : 0, 1, found, run.campaigns);
}

/* --- two campaigns --------------------------------------------------------------- */

/*
 * Two campaigns with the same effect, `change` apart, the second `wider` times as
 * spread: how often the shift is called different, and how often its interval covers.
 */
static void shift(size_t n, size_t m, double wider, double change, double bound)
{
	struct model first = { .shape = NORMAL, .boot = 0.01, .effect = log(1.05) };
	struct model second = first;
	struct rng r = row_rng();
	unsigned called = 0, covered = 0;
	char name[96];

	second.boot *= wider;
	second.effect += log1p(change);
	for (unsigned k = 0; k < run.campaigns; k++) {
		struct stats_effect a, b, e;
		struct campaign c;

		simulate(&r, &first, n, &c);
		a = effect(&c, n, false);
		simulate(&r, &second, m, &c);
		b = effect(&c, m, false);
		if (stats_shift(&a, &b, 1 - STATS_ALPHA, STATS_LOWER, STATS_MARGIN, &e))
			continue;
		called += e.p <= STATS_ALPHA;
		covered += e.lo <= change && change <= e.hi;
	}
	snprintf(name, sizeof(name), "A to B, %s, %zu and %zu blocks, spread x%g",
		 change > 0 ? "2% found" : "equal, called changed", n, m, wider);
	row(name, change > 0 ? bound : 0, change > 0 ? 1 : bound, called, run.campaigns);
	snprintf(name, sizeof(name), "A to B, 95%% interval covers, %zu and %zu blocks, x%g",
		 n, m, wider);
	row(name, .94, .99, covered, run.campaigns);
}

/* --- kduel bisect ------------------------------------------------------------------ */

#define SEARCHES 2000

/* A share of the searches, and its bound, which is not widened. */
static void search_row(const char *name, double hi, unsigned hits)
{
	double share = (double)hits / SEARCHES;
	char bound[40], figure[40], spread[40];

	if (hi < 1)
		snprintf(bound, sizeof(bound), "<= %.1f%%", 100 * hi);
	else
		snprintf(bound, sizeof(bound), "printed");
	snprintf(figure, sizeof(figure), "%.2f%%", 100 * share);
	snprintf(spread, sizeof(spread), "%.2f", 100 * sqrt(share * (1 - share) / SEARCHES));
	table_row(name, bound, figure, spread, share <= hi);
}

static void search_rows(const char *name, double change, const unsigned *ends)
{
	char text[128];

	if (change == 0) {
		snprintf(text, sizeof(text), "%s, equal ends, search begun", name);
		search_row(text, STATS_SEARCH_ALPHA, SEARCHES - ends[SEARCH_NOT_BEGUN]);
		return;
	}
	snprintf(text, sizeof(text), "%s, change of %g%%, wrong one blamed", name, 100 * change);
	search_row(text, STATS_SEARCH_ALPHA, ends[SEARCH_WRONG]);
	snprintf(text, sizeof(text), "%s, change of %g%%, the right one", name, 100 * change);
	search_row(text, 1, ends[SEARCH_RIGHT]);
}

/* Boots spread by 1%. */
static void searches(unsigned commits, double change)
{
	struct model m = { .shape = NORMAL, .boot = 0.01, .effect = log1p(change) };
	struct rng r = row_rng();
	unsigned ends[SEARCH_NOT_BEGUN + 1] = { 0 };
	char name[64];

	for (unsigned k = 0; k < SEARCHES; k++)
		ends[simulate_search(&r, &m, commits)]++;
	snprintf(name, sizeof(name), "bisect, %u commits", commits);
	search_rows(name, change, ends);
}

/* Counted instructions, commits booted alone. */
static void searches_exact(unsigned commits, double change, double spread, double wider)
{
	struct model m = { .shape = NORMAL, .boot = spread, .effect = log1p(change) };
	struct rng r = row_rng();
	unsigned ends[SEARCH_NOT_BEGUN + 1] = { 0 };
	char name[64], more[24] = "";

	for (unsigned k = 0; k < SEARCHES; k++)
		ends[simulate_search_exact(&r, &m, wider, commits)]++;
	if (wider != 1)
		snprintf(more, sizeof(more), ", bad x%g", wider);
	snprintf(name, sizeof(name), "bisect --exact, %u commits, spread %g%%%s", commits, 100 * spread,
		 more);
	search_rows(name, change, ends);
}

static void all_rows(void)
{
	static const size_t aa[] = { 5, 10, 20 }, cover[] = { 6, 10, 20 };

	for (int i = 0; i < 3; i++)
		false_alarms(aa[i]);
	for (int i = 0; i < 3; i++)
		family(aa[i], 0);
	for (int i = 0; i < 3; i++)
		family(aa[i], 8);
	for (int i = 0; i < 3; i++)
		counts((const double[]){ 2, 30, 10000 }[i], 5);
	for (enum shape s = 0; s < SHAPES; s++)
		for (int i = 0; i < 3; i++)
			coverage(s, cover[i]);
	resampled_coverage(10);
	resampled_coverage(20);
	power();
	not_worse(0, 10);
	any_wrongly_not_worse(0);
	any_wrongly_not_worse(8);
	some_not_worse(3);
	optional_stopping(STATS_UNTIL_ALPHA, .055, "--until verdict");
	optional_stopping(STATS_ALPHA, 1, "uncorrected");
	optional_not_worse();
	for (enum noise k = 0; k < NOISES; k++)
		change_null(k);
	for (enum noise k = 0; k < NOISES; k++)
		change_power(k, k == WHITE ? .75 : 0);
	for (enum noise k = 0; k < NOISES; k++)
		change_back(k);
	for (size_t n = 2; n <= 4; n += 2) {
		coarse_clock(1, n);
		coarse_clock(3, n);
		not_worse(0.01, n);
	}
	shift(5, 5, 1, 0, .055);
	shift(10, 10, 1, 0, .055);
	shift(10, 5, 3, 0, .06);	/* an approximation, the more so for few and uneven */
	shift(20, 6, 3, 0, .06);
	shift(20, 20, 1, 0.02, .9);
	searches(16, 0);
	searches(16, 0.02);
	searches(16, 0.05);
	searches(1000, 0.02);
	searches(1000, 0.05);
	searches_exact(16, 0, 0.01, 1);
	searches_exact(16, 0.02, 0.01, 1);
	searches_exact(16, 0.02, 0.004, 1);
	searches_exact(16, 0.02, 0.002, 1);
	searches_exact(1000, 0.02, 0.004, 1);
	searches_exact(1000, 0.02, 0.002, 1);
	searches_exact(16, 0.02, 0.001, 5);
	searches_exact(16, 0.02, 0.005, 0.2);
	searches_exact(1000, 0.02, 0.005, 0.2);
}

/* --- the critical values of stats-change.c ------------------------------------ */

static void critical_values(void)
{
	static const size_t lengths[] = { 12, 16, 20, 24, 32, 48, 64, 96, 128,
					  200, 300, 500, 1000 };
	double *score = malloc(run.campaigns * sizeof(*score)), v[1000];

	printf("| points | 99%% of null scores are below | in use |\n");
	for (size_t i = 0; score && i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct rng r = row_rng();

		for (unsigned k = 0; k < run.campaigns; k++) {
			simulate_series(&r, WHITE, v, lengths[i]);
			score[k] = stats_change_score(v, lengths[i]);
		}
		order_sort(score, run.campaigns);
		printf("| %6zu | %.3f | %.3f |\n", lengths[i],
		       order_quantile(score, run.campaigns, 0.99),
		       stats_change_critical(lengths[i]));
	}
	free(score);
}

static int options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "campaigns", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "critical", no_argument, NULL, 'c' },
		{ "aa", required_argument, NULL, 'a' },
		{ "inject", required_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	int o;

	while ((o = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		if (o == 'n')
			run.campaigns = (unsigned)strtoul(optarg, NULL, 10);
		else if (o == 's')
			run.seed = strtoull(optarg, NULL, 10);
		else if (o == 'c')
			run.critical = true;
		else if (o == 'a')
			run.aa = optarg;
		else if (o == 'i')
			run.inject = optarg;
		else
			return -1;
	}
	return run.campaigns >= 100 && optind == argc ? 0 : -1;
}

/* What real campaigns came to. */
static int real_rows(void)
{
	struct err err = ERR_INIT;
	int ret = 0;

	if (run.aa)
		ret = chain_aa(run.aa, &err);
	if (!ret && run.inject)
		ret = chain_inject(run.inject, &err);
	if (ret)
		fprintf(stderr, "check-stats: %s\n", err.text);
	return ret;
}

int main(int argc, char **argv)
{
	if (options(argc, argv)) {
		fprintf(stderr, "usage: %s [--campaigns N (at least 100)] [--seed S] [--critical] "
			"[--aa FOLDER] [--inject FOLDER]\n", argv[0]);
		return 2;
	}
	if (run.critical) {
		critical_values();
		return 0;
	}
	printf("seed %llu, %u campaigns a row\n\n", (unsigned long long)run.seed,
	       run.campaigns);
	table_head();
	all_rows();
	if (real_rows())
		return 3;
	return table_end() != 0;
}
