/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a comparison of other programs' numbers, and applies others' rules to them. */
#include "foreign.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare/compare-memory.h"
#include "order.h"
#include "rng.h"
#include "size.h"

#define RELABEL_MAX 200
#define METRICS_NAMED 256	/* among which the nearest is looked for */

/* --- sorting ------------------------------------------------------------------- */

static int judge_by_place(const void *a, const void *b)
{
	const struct foreign_value *x = a, *y = b;

	if (x->series != y->series)
		return x->series < y->series ? -1 : 1;
	if (x->arm != y->arm)
		return x->arm < y->arm ? -1 : 1;
	return (x->block > y->block) - (x->block < y->block);
}

/* A sorted copy, which the caller frees; NULL if out of memory. */
static struct foreign_value *judge_sorted(const struct foreign *f)
{
	struct foreign_value *v = malloc((f->n_values + 1) * sizeof(*v));

	if (!v)
		return NULL;
	memcpy(v, f->values, f->n_values * sizeof(*v));
	qsort(v, f->n_values, sizeof(*v), judge_by_place);
	return v;
}

/* How many values from `from` on have the same series and arm (and block). */
static size_t judge_same(const struct foreign_value *v, size_t from, size_t n, bool block)
{
	size_t i = from;

	while (i < n && v[i].series == v[from].series && v[i].arm == v[from].arm &&
	       (!block || v[i].block == v[from].block))
		i++;
	return i - from;
}

/* --- the comparison ------------------------------------------------------------- */

static const char *judge_kind(const char *unit)
{
	static const char *const times[] = { "ns", "us", "ms", "s" };
	size_t len = strlen(unit);

	for (int i = 0; i < 4; i++)
		if (!strcmp(unit, times[i]))
			return "time";
	return len > 2 && !strcmp(unit + len - 2, "/s") ? "rate" : "count";
}

static int judge_describe(const struct foreign *f, struct comparison *c, size_t i)
{
	const struct foreign_series *from = &f->series[i];
	struct compare_series *s = &c->series[i];

	s->cell = compare_text(c, "%s", f->format);
	s->backing = s->source = s->workload = s->point_text = compare_text(c, "%s", "");
	s->metric = compare_text(c, "%s", from->metric);
	s->point = compare_hold(c, NULL);
	s->unit = compare_text(c, "%s", from->unit);
	s->kind = compare_text(c, "%s", judge_kind(from->unit));
	s->scale = 1;
	s->better = from->better;
	s->gate = f->gate && !fnmatch(f->gate, from->metric, 0);
	s->est = compare_alloc(c, c->n_arms, sizeof(*s->est));
	s->vs = compare_alloc(c, c->n_arms, sizeof(*s->vs));
	if (!s->est || !s->vs)
		return -ENOMEM;
	for (size_t a = 0; a < c->n_arms; a++) {
		s->est[a].boot = compare_alloc(c, c->n_block_ids, sizeof(double));
		s->est[a].void_reason = compare_text(c, "%s", "");
		s->vs[a].reason = compare_text(c, "%s", "");
		if (!s->est[a].boot)
			return -ENOMEM;
		for (size_t b = 0; b < c->n_block_ids; b++)
			s->est[a].boot[b] = NAN;
	}
	return 0;
}

/* A time or rate that is not positive has no logarithm: that metric is a count. */
static void judge_check_positive(const struct foreign *f, struct comparison *c)
{
	for (size_t i = 0; i < f->n_values; i++)
		if (!(f->values[i].value > 0))
			c->series[f->values[i].series].kind = compare_text(c, "%s", "count");
}

static int judge_fill(const struct foreign *f, struct comparison *c)
{
	struct foreign_value *v = judge_sorted(f);
	size_t most = f->n_values > c->n_block_ids ? f->n_values : c->n_block_ids;
	double *work = malloc((most + 1) * sizeof(*work));

	for (size_t i = 0, n; v && work && i < f->n_values; i += n) {
		n = judge_same(v, i, f->n_values, true);
		for (size_t k = 0; k < n; k++)
			work[k] = v[i + k].value;
		c->series[v[i].series].est[v[i].arm].boot[v[i].block] = stats_median(work, n);
		c->arms[v[i].arm].samples += (unsigned)n;
	}
	for (size_t i = 0; v && work && i < c->n_series; i++)
		for (size_t a = 0; a < c->n_arms; a++)
			compare_estimate(c, &c->series[i], &c->series[i].est[a], work);
	free(work);
	free(v);
	return v && work ? 0 : -ENOMEM;
}

static bool judge_has(const struct comparison *c, size_t arm, size_t block)
{
	for (size_t i = 0; i < c->n_series; i++)
		if (!isnan(c->series[i].est[arm].boot[block]))
			return true;
	return false;
}

/* Counts the blocks in which every arm has a number; notes the others. */
static void judge_count_blocks(const struct foreign *f, struct comparison *c)
{
	size_t odd = 0, who = 0;

	for (size_t b = 0; b < c->n_block_ids; b++) {
		bool all = true;

		for (size_t a = 0; a < c->n_arms; a++) {
			bool any = judge_has(c, a, b);

			c->arms[a].boots += any;
			if (!any && all && c->blocks == b) {	/* the first such block */
				odd = b;
				who = a;
			}
			all &= any;
		}
		c->blocks += all;
	}
	if (c->blocks < c->n_block_ids)
		compare_note(c, "left out: %u of %u blocks, in which an arm has no number (%.80s has none in block %.80s)",
			     c->n_block_ids - c->blocks, c->n_block_ids, c->arms[who].name,
			     f->blocks.name[odd]);
	if (c->blocks >= 2)
		return;
	compare_refuse(c, "%u block%s in which every arm has a number, and a comparison needs at least 2",
		       c->blocks, c->blocks == 1 ? "" : "s");
	c->refused_exit = EXIT_INCOMPLETE;
}

static void judge_note(const struct foreign *f, struct comparison *c)
{
	unsigned guessed = 0;

	if (!f->baseline)
		compare_note(c, "the baseline is %.100s, the first arm; --baseline names another one",
			     c->arms[c->baseline].name);
	if (f->rows_as_blocks)
		compare_note(c, "the numbers of one file were taken as blocks, in their order: that is right only if each comes from a fresh run and the arms took turns");
	if (f->left_out)
		compare_note(c, "%u rows are left out: the program that wrote them marked them as failed or void",
			     f->left_out);
	for (size_t i = 0; i < f->n_series; i++)
		guessed += !f->series[i].stated;
	if (guessed)
		compare_note(c, "for %u metric%s no file says which direction is better: assumed higher for rates, lower for all others; --higher and --lower state it",
			     guessed, guessed == 1 ? "" : "s");
}

static int judge_arms(const struct foreign *f, struct comparison *c, struct err *err)
{
	c->n_arms = f->arms.n;
	c->baseline = 0;
	for (size_t a = 0; f->baseline && a < c->n_arms; a++)
		if (!strcmp(f->arms.name[a], f->baseline))
			c->baseline = a;
	if (c->n_arms < 2)
		return err_config(err, "there is only one arm, %.100s, and a comparison needs two; --arm NAME=FILE says which arm a file belongs to",
				  f->arms.name[0]);
	if (f->baseline && strcmp(f->arms.name[c->baseline], f->baseline)) {
		err_unknown(err, "arm", f->baseline, (const char *const *)f->arms.name, f->arms.n);
		err_prefix(err, "--baseline");
		return -EINVAL;
	}
	c->arms = compare_alloc(c, c->n_arms, sizeof(*c->arms));
	if (!c->arms)
		return err_sys(err, ENOMEM, "cannot judge");
	for (size_t a = 0; a < c->n_arms; a++)
		c->arms[a] = (struct compare_arm){
			.name = compare_text(c, "%s", f->arms.name[a]),
			.kernel = compare_text(c, "%s", ""), .baseline = a == c->baseline,
			.second_level = compare_text(c, "%s", ""),
			.failures = compare_text(c, "%s", ""), .identity = compare_hold(c, NULL),
		};
	return 0;
}

/* A glob without a match is a mistake that would silently disable a gate or a direction. */
static int judge_check_glob(const struct foreign *f, const char *option, const char *glob,
			    struct err *err)
{
	const char *known[METRICS_NAMED], *near;
	size_t n = 0;

	for (size_t i = 0; glob && i < f->n_series; i++) {
		if (!fnmatch(glob, f->series[i].metric, 0))
			return 0;
		if (n < METRICS_NAMED)
			known[n++] = f->series[i].metric;
	}
	if (!glob)
		return 0;
	near = nearest_word(glob, known, n);
	return err_config(err, near ? "%s: '%.80s' matches none of the metrics; did you mean '%.100s'?"
				    : "%s: '%.80s' matches none of the metrics, e.g. %.100s",
			  option, glob, near ? near : f->series[0].metric);
}

static int judge_check_globs(const struct foreign *f, struct err *err)
{
	int rc = judge_check_glob(f, "--gate", f->gate, err);

	if (!rc)
		rc = judge_check_glob(f, "--higher", f->higher, err);
	return rc ? rc : judge_check_glob(f, "--lower", f->lower, err);
}

int foreign_compare(const struct foreign *f, struct comparison *c, struct err *err)
{
	int rc;

	*c = (struct comparison){ .n_block_ids = (unsigned)f->blocks.n,
				  .blocks_planned = (unsigned)f->blocks.n,
				  .margin = f->margin > 0 ? f->margin : STATS_MARGIN,
				  .alpha = STATS_ALPHA, .seed = 1 };
	c->name = compare_text(c, "%s", f->format);
	c->question = compare_text(c, "%s", "");
	c->plan_hash = compare_text(c, "%s", "");
	c->domain = compare_text(c, "%s", "foreign");
	rc = judge_arms(f, c, err);
	if (!rc) {
		c->series = compare_alloc(c, f->n_series, sizeof(*c->series));
		rc = c->series ? 0 : err_sys(err, ENOMEM, "cannot judge");
	}
	for (; !rc && c->n_series < f->n_series; c->n_series++)
		if (judge_describe(f, c, c->n_series))
			rc = err_sys(err, ENOMEM, "cannot judge");
	if (!rc)
		rc = judge_check_globs(f, err);
	if (!rc) {
		judge_check_positive(f, c);
		rc = judge_fill(f, c) ? err_sys(err, ENOMEM, "cannot judge") : 0;
	}
	if (!rc) {
		judge_count_blocks(f, c);
		judge_note(f, c);
		rc = compare_judge(c, NULL, err);
	}
	if (!rc && compare_out_of_memory(c))
		rc = err_sys(err, ENOMEM, "cannot judge");
	if (rc)
		comparison_release(c);
	return rc;
}

/* --- others' rules ----------------------------------------------------------------- */

static const char *const rule_names[] = {
	[RULE_THRESHOLD] = "threshold", [RULE_WELCH] = "welch",
	[RULE_MANN_WHITNEY] = "mann-whitney", [RULE_RANGE] = "range", [RULE_OURS] = "kduel",
};

int foreign_rule_parse(const char *text, struct foreign_rule *rule, struct err *err)
{
	*rule = (struct foreign_rule){ .threshold = NAN };
	if (!strncmp(text, "threshold:", strlen("threshold:"))) {
		rule->kind = RULE_THRESHOLD;
		return share_parse(text + strlen("threshold:"), &rule->threshold, err);
	}
	for (int i = RULE_WELCH; i <= RULE_RANGE; i++)
		if (!strcmp(text, rule_names[i])) {
			rule->kind = (enum foreign_rule_kind)i;
			return 0;
		}
	return err_unknown(err, "rule", text, rule_names, RULE_OURS);
}

const char *foreign_rule_text(const struct foreign_rule *rule, char buf[static 64])
{
	if (rule->kind == RULE_THRESHOLD)
		snprintf(buf, 64, "threshold:%.4g%%", 100 * rule->threshold);
	else
		snprintf(buf, 64, "%s", rule_names[rule->kind]);
	return buf;
}

/* Two arms of one metric: all numbers by block, and one number for each block. */
struct judge_pair {
	const struct foreign_value *of[2];
	size_t n[2];
	const double *boot[2];
	size_t blocks;
	bool count;
};

struct judge_sides {		/* the numbers of both sides after a relabelling */
	double *v[2];
	size_t n[2];
};

/* Swaps the sides of blocks that have `swap` set; `boots`: one number per block. */
static void judge_deal(const struct judge_pair *p, const bool *swap, bool boots,
		       struct judge_sides *s)
{
	s->n[0] = s->n[1] = 0;
	for (int side = 0; side < 2; side++) {
		for (size_t b = 0; boots && b < p->blocks; b++)
			if (!isnan(p->boot[0][b]) && !isnan(p->boot[1][b]))
				s->v[side][s->n[side]++] = p->boot[side ^ swap[b]][b];
		for (size_t i = 0; !boots && i < p->n[side]; i++) {
			int to = side ^ swap[p->of[side][i].block];

			s->v[to][s->n[to]++] = p->of[side][i].value;
		}
	}
}

static bool judge_ours(const struct judge_pair *p, struct judge_sides *s)
{
	struct stats_pairs pairs = { .base = s->v[0], .arm = s->v[1], .n = s->n[0],
				     .count = p->count, .better = STATS_NEITHER };
	struct stats_effect e;

	for (size_t i = 0; !p->count && i < s->n[0]; i++) {
		s->v[0][i] = log(s->v[0][i]);
		s->v[1][i] = log(s->v[1][i]);
	}
	return !stats_effect(&pairs, &e) && e.p <= STATS_ALPHA;
}

static bool judge_calls(const struct foreign_rule *rule, const struct judge_pair *p,
			const bool *swap, struct judge_sides *s)
{
	bool boots = rule->kind == RULE_RANGE || rule->kind == RULE_OURS;
	double base;

	judge_deal(p, swap, boots, s);
	switch (rule->kind) {
	case RULE_THRESHOLD:
		base = stats_mean(s->v[0], s->n[0]);
		return fabs(stats_mean(s->v[1], s->n[1]) - base) > rule->threshold * fabs(base);
	case RULE_WELCH:
		return stats_welch_p(s->v[0], s->n[0], s->v[1], s->n[1]) <= STATS_ALPHA;
	case RULE_MANN_WHITNEY:
		return stats_mann_whitney_p(s->v[0], s->n[0], s->v[1], s->n[1]) <= STATS_ALPHA;
	case RULE_RANGE:
		return stats_ranges_part(s->v[0], s->n[0], s->v[1], s->n[1]);
	default:
		return judge_ours(p, s);
	}
}

/* The signs of the k-th relabelling; by symmetry the first block is never swapped. */
static void judge_relabel(const struct judge_pair *p, unsigned k, bool all, struct rng *r,
			  bool *swap)
{
	for (size_t b = 1; b < p->blocks; b++)
		swap[b] = all ? k >> (b - 1) & 1 : rng_next(r) & 1;
}

static void judge_rate_pair(const struct foreign_rule *rule, const struct judge_pair *p,
			    bool equal, bool *swap, struct judge_sides *s,
			    struct foreign_rate *rate)
{
	bool all = p->blocks <= 8;	/* 2^7 of them */
	unsigned times = all ? 1u << (p->blocks - 1) : RELABEL_MAX;
	struct rng r;

	rng_init(&r, 1);
	memset(swap, 0, p->blocks * sizeof(*swap));
	rate->tests++;
	rate->called += judge_calls(rule, p, swap, s);
	for (unsigned k = 0; equal && k < times; k++) {
		judge_relabel(p, k, all, &r, swap);
		rate->relabelled++;
		rate->alarms += judge_calls(rule, p, swap, s);
	}
}

int foreign_rate(const struct foreign *f, const struct comparison *c,
		 const struct foreign_rule *rule, bool equal, struct foreign_rate *rate,
		 struct err *err)
{
	size_t room = f->n_values + c->n_block_ids + 1;
	struct judge_sides s = { { malloc(room * sizeof(double)), malloc(room * sizeof(double)) },
				 { 0, 0 } };
	bool *swap = calloc(c->n_block_ids + 1, sizeof(*swap));
	struct foreign_value *v = judge_sorted(f);
	int rc = s.v[0] && s.v[1] && swap && v ? 0 : err_sys(err, ENOMEM, "cannot judge");

	*rate = (struct foreign_rate){ 0 };
	for (size_t i = 0, n; !rc && i < f->n_values; i += n) {	/* each arm but the baseline */
		const struct compare_series *of = &c->series[v[i].series];
		struct judge_pair p = { .of = { v, v + i }, .blocks = c->n_block_ids,
					.count = !strcmp(of->kind, "count") };
		size_t first = 0;

		n = judge_same(v, i, f->n_values, false);
		if (v[i].arm == c->baseline || of->better == STATS_NEITHER ||
		    !of->vs[v[i].arm].e.n)
			continue;
		while (v[first].series != v[i].series || v[first].arm != c->baseline)
			first++;
		p.of[0] = v + first;
		p.n[0] = judge_same(v, first, f->n_values, false);
		p.n[1] = n;
		p.boot[0] = of->est[c->baseline].boot;
		p.boot[1] = of->est[v[i].arm].boot;
		judge_rate_pair(rule, &p, equal, swap, &s, rate);
	}
	free(s.v[0]);
	free(s.v[1]);
	free(swap);
	free(v);
	return rc;
}
