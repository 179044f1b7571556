/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Effects, corrections, verdicts. Every (series, arm) is one test; see
 * stats_families() for the correction. An A/A pair in the campaign tests no
 * kernel, and is corrected separately.
 */
#include "compare-memory.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

static uint64_t judge_seed_of(const struct comparison *c, size_t series, size_t arm)
{
	return c->seed * 0x9e3779b97f4a7c15 + series * 1024 + arm;
}

/* The values of blocks that have both arms; logs, except for counts. */
static size_t judge_pair_up(const struct comparison *c, const struct compare_series *s,
			    size_t arm, bool count, double *base, double *other)
{
	const double *x = s->est[c->baseline].boot, *y = s->est[arm].boot;
	size_t n = 0;

	for (size_t b = 0; b < c->n_block_ids; b++) {
		if (isnan(x[b]) || isnan(y[b]))
			continue;
		base[n] = count ? x[b] : log(x[b]);
		other[n++] = count ? y[b] : log(y[b]);
	}
	return n;
}

/* The arm or baseline that has no values; NULL: both have some. */
static const struct compare_estimate *judge_empty(const struct comparison *c,
						  const struct compare_series *s,
						  size_t arm)
{
	if (!s->est[arm].boots)
		return &s->est[arm];
	return s->est[c->baseline].boots ? NULL : &s->est[c->baseline];
}

static void compare_judge_measure(struct comparison *c, size_t series, size_t arm, double *work)
{
	struct compare_series *s = &c->series[series];
	struct compare_result *r = &s->vs[arm];
	const struct compare_estimate *none = judge_empty(c, s, arm);
	struct stats_pairs p = {
		.base = work, .arm = work + c->n_block_ids,
		.count = !strcmp(s->kind, "count"),
		.percentile = plan_metric_is_percentile(s->metric),
		.deterministic = c->deterministic, .flip = true,
		.confidence = 1 - c->alpha, .seed = judge_seed_of(c, series, arm),
		.better = s->better, .margin = c->margin,
	};
	const char *why;

	p.n = judge_pair_up(c, s, arm, p.count, work, work + c->n_block_ids);
	r->margin = c->margin;
	r->p_adjusted = r->p_worse_adjusted = NAN;
	why = stats_effect(&p, &r->e);
	if (!why)
		return;
	r->e.p = r->e.p_worse = NAN;
	if (none && none->voids)
		r->reason = compare_text(c, "all %u samples of %s are void: %s",
					 none->voids, c->arms[none - s->est].name,
					 none->void_reason);
	else
		r->reason = compare_text(c, "%s", why);
}

/* --- corrections ----------------------------------------------------------- */

static bool judge_belongs(const struct comparison *c, const struct compare_series *s,
			  size_t arm, bool control)
{
	return arm != c->baseline && s->better != STATS_NEITHER &&
	       c->arms[arm].control == control && s->vs[arm].e.n &&
	       !isnan(s->vs[arm].e.p);
}

/* The input of stats_families(), and where its results go. */
struct tests {
	struct compare_result **of;
	double *p, *p_worse;
	bool *gate;
	size_t n;
};

static void judge_tests_release(struct tests *t)
{
	free(t->of);
	free(t->p);
	free(t->p_worse);
	free(t->gate);
}

static int judge_tests_init(struct tests *t, const struct comparison *c, bool control)
{
	size_t most = c->n_series * c->n_arms + 1;

	*t = (struct tests){ .of = calloc(most, sizeof(*t->of)),
			     .p = calloc(most, sizeof(*t->p)),
			     .p_worse = calloc(most, sizeof(*t->p_worse)),
			     .gate = calloc(most, sizeof(*t->gate)) };
	if (!t->of || !t->p || !t->p_worse || !t->gate)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_series; i++)
		for (size_t a = 0; a < c->n_arms; a++)
			if (judge_belongs(c, &c->series[i], a, control)) {
				t->of[t->n] = &c->series[i].vs[a];
				t->gate[t->n] = c->series[i].gate;
				t->p_worse[t->n] = c->series[i].vs[a].e.p_worse;
				t->p[t->n++] = c->series[i].vs[a].e.p;
			}
	return 0;
}

static int judge_correct(struct comparison *c, bool control)
{
	struct tests t;
	int rc = judge_tests_init(&t, c, control);

	if (!rc)
		rc = stats_families(t.p, t.gate, t.p, t.n);
	if (!rc)
		rc = stats_families(t.p_worse, t.gate, t.p_worse, t.n);
	for (size_t i = 0; !rc && i < t.n; i++) {
		t.of[i]->p_adjusted = t.p[i];
		t.of[i]->p_worse_adjusted = t.p_worse[i];
		if (!control)
			*(t.gate[i] ? &c->gate_tests : &c->other_tests) += 1;
	}
	if (control)
		c->control_tests = (unsigned)t.n;
	judge_tests_release(&t);
	return rc;
}

/* --- verdicts -------------------------------------------------------------- */

/* In how many processes of the arm or the baseline did the cell's workload fail? */
static unsigned judge_failed_cells(const struct comparison *c, const char *cell,
				   size_t arm, const struct store_cell *list, size_t n)
{
	unsigned failed = 0;

	for (size_t i = 0; i < n; i++)
		failed += (list[i].arm == arm || list[i].arm == c->baseline) &&
			  !strcmp(list[i].class, "failed") &&
			  !strcmp(list[i].cell, cell);
	return failed;
}

static char *judge_why_unstable(struct comparison *c, const struct compare_series *s,
				size_t arm, const struct store_cell *cells, size_t n)
{
	const size_t both[] = { arm, c->baseline };
	unsigned failed;

	for (int i = 0; i < 2; i++) {
		const struct compare_arm *a = &c->arms[both[i]];

		if (a->failed)
			return compare_text(c, "%s failed in %u of %u boots: %s",
					    a->name, a->failed, a->boots, a->failures);
	}
	failed = judge_failed_cells(c, s->cell, arm, cells, n);
	return failed ? compare_text(c, "%u process%s of this workload failed", failed,
				     failed == 1 ? "" : "es")
		      : NULL;
}

/* How many tests a result is corrected for; gates and other metrics share the level. */
static void judge_among(const struct comparison *c, const struct compare_series *s, size_t arm,
			char text[static 64])
{
	bool control = c->arms[arm].control;
	unsigned n = control ? c->control_tests : s->gate ? c->gate_tests : c->other_tests;

	snprintf(text, 64, "%u test%s%s", n, n == 1 ? "" : "s",
		 !control && c->gate_tests && c->other_tests ? " with half of the level" : "");
}

/* Why there is no stronger verdict: D, rounded values, or the correction for many tests. */
static char *judge_why_not_more(struct comparison *c, const struct compare_result *r,
				enum stats_better better, const char *among)
{
	bool worse = (r->e.effect > 0) == (better == STATS_LOWER);

	if (r->verdict != VERDICT_INCONCLUSIVE && r->verdict != VERDICT_NOT_WORSE)
		return NULL;
	if (r->p_adjusted <= c->alpha && r->verdict == VERDICT_NOT_WORSE)
		return compare_text(c, "%s, but by less than %.3g%%",
				    worse ? "worse" : "better", 100 * r->margin);
	if (r->e.p <= c->alpha)
		return compare_text(c, "not called %s: p %.2g alone, %.2g among %s",
				    worse ? "regressed" : "improved", r->e.p,
				    r->p_adjusted, among);
	if (r->e.method != STATS_RESAMPLED && (r->e.lo > 0 || r->e.hi < 0))
		return compare_text(c, "not called %s: its blocks agree to rounding, so only their signs count: p %.2g for %u blocks; more blocks can decide it",
				    worse ? "regressed" : "improved", r->e.p, r->e.n);
	if (r->verdict == VERDICT_INCONCLUSIVE && r->e.p_worse <= c->alpha / 2)
		return compare_text(c, "not called 'not worse than %.3g%%': its interval alone would do, but not among %s",
				    100 * r->margin, among);
	return NULL;
}

static void judge(struct comparison *c, struct compare_series *s, size_t arm,
		  const char *unstable)
{
	struct compare_result *r = &s->vs[arm];

	if (arm == c->baseline) {
		r->verdict = VERDICT_NONE;
	} else if (c->refused) {
		r->verdict = VERDICT_NOT_COMPARABLE;
	} else if (unstable) {
		r->verdict = VERDICT_UNSTABLE;
		r->reason = compare_text(c, "%s", unstable);
	} else if (!r->e.n) {
		r->verdict = VERDICT_NOT_COMPARABLE;
	} else {
		char *why, among[64];

		judge_among(c, s, arm, among);
		r->verdict = stats_verdict(&r->e, r->p_adjusted,
					   r->p_worse_adjusted, c->alpha,
					   s->better, r->margin);
		why = judge_why_not_more(c, r, s->better, among);
		if (!why && s->gate && !compare_measurable(c, s))
			why = compare_text(c, "domain %s cannot show it: the walks, caches and memory are not a processor's",
					   c->domain);
		if (why)
			r->reason = why;
	}
}

static void judge_count_control(struct comparison *c)
{
	for (size_t i = 0; i < c->n_series; i++)
		for (size_t a = 0; a < c->n_arms; a++) {
			const struct compare_result *r = &c->series[i].vs[a];

			if (!c->arms[a].control || isnan(r->p_adjusted))
				continue;
			c->control_nominal += r->e.p <= c->alpha;
			c->control_alarms += r->verdict == VERDICT_REGRESSED ||
					     r->verdict == VERDICT_IMPROVED;
		}
}

int compare_judge(struct comparison *c, struct store *st, struct err *err)
{
	const struct store_cell *cells = NULL;
	size_t n = 0;
	double *work;
	int rc = st ? store_cells(st, &cells, &n, err) : 0;

	if (rc)
		return rc;
	work = calloc(2 * (size_t)c->n_block_ids + 1, sizeof(*work));
	if (!work)
		return err_sys(err, ENOMEM, "cannot compare");
	for (size_t i = 0; i < c->n_series; i++)
		for (size_t a = 0; a < c->n_arms; a++)
			if (a != c->baseline)
				compare_judge_measure(c, i, a, work);
	free(work);
	if (judge_correct(c, false) || judge_correct(c, true))
		return err_sys(err, ENOMEM, "cannot compare");
	for (size_t i = 0; i < c->n_series; i++)
		for (size_t a = 0; a < c->n_arms; a++) {
			struct compare_series *s = &c->series[i];

			judge(c, s, a, judge_why_unstable(c, s, a, cells, n));
		}
	judge_count_control(c);
	return 0;
}

/* --- drift -------------------------------------------------------------------- */

/*
 * Did the machine change while the campaign ran? For each judged series, a line
 * is fitted to the logs of the baseline's value over the blocks; Holm over the
 * series. Arms are interleaved within blocks, so a drift does not bias an effect;
 * it widens intervals, and shows that the machine was not left alone.
 */

struct drift {
	const struct compare_series **series;
	double *slope, *p, *log;
	size_t n;
};

static void judge_drift_release(struct drift *d)
{
	free(d->series);
	free(d->slope);
	free(d->log);
}

static int judge_drift_init(struct drift *d, const struct comparison *c)
{
	*d = (struct drift){ .series = calloc(c->n_series + 1, sizeof(*d->series)),
			     .slope = calloc(2 * c->n_series + 1, sizeof(*d->slope)),
			     .log = calloc(c->n_block_ids + 1, sizeof(*d->log)) };
	d->p = d->slope + c->n_series;
	return d->series && d->slope && d->log ? 0 : -ENOMEM;
}

static void judge_drift_add(struct drift *d, const struct comparison *c, const struct compare_series *s)
{
	const struct compare_estimate *e = &s->est[c->baseline];

	if (s->counter || s->better == STATS_NEITHER || !e->boots)
		return;
	for (unsigned b = 0; b < c->n_block_ids; b++)
		d->log[b] = e->boot[b] > 0 ? log(e->boot[b]) : NAN;
	stats_slope(d->log, c->n_block_ids, &d->slope[d->n], &d->p[d->n]);
	if (isfinite(d->p[d->n]))
		d->series[d->n++] = s;
}

int compare_drift(struct comparison *c, struct err *err)
{
	struct drift d;
	size_t first = 0, found = 0;
	char name[256];
	int rc = judge_drift_init(&d, c);

	for (size_t i = 0; !rc && i < c->n_series; i++)
		judge_drift_add(&d, c, &c->series[i]);
	if (!rc)
		rc = stats_holm(d.p, d.p, d.n);
	for (size_t i = 0; !rc && i < d.n; i++) {
		found += d.p[i] <= c->alpha;
		if (d.p[i] < d.p[first])
			first = i;
	}
	if (!rc && found) {
		compare_series_name(d.series[first], name, sizeof(name));
		c->drift = compare_text(c, "the machine drifted: %zu of %zu series of the baseline "
			"change with the block, most clearly %s, by %+.2g%% a block (p = %.2g, Holm)",
			found, d.n, name, 100 * expm1(d.slope[first]), d.p[first]);
		compare_note(c, "%s", c->drift);
	}
	c->drift_tests = (unsigned)d.n;
	judge_drift_release(&d);
	return rc ? err_sys(err, ENOMEM, "cannot compare") : 0;
}
