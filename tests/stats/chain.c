/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host-driver/compare/compare.h"
#include "host-driver/store/store.h"
#include "host-driver/why/gather.h"
#include "size.h"
#include "table.h"

static int load(const char *folder, struct store **s, struct comparison *c,
		struct err *err)
{
	int ret = store_open(s, folder, STORE_READ, err);

	if (ret)
		return ret;
	ret = compare_run(*s, NULL, c, err);
	if (!ret && c->refused) {
		ret = err_config(err, "%s: no comparison: %s", folder, c->refused);
		comparison_release(c);
	}
	if (ret)
		store_close(*s);
	return ret;
}

struct spread {
	unsigned series, equal;	/* judged; without any difference in any block */
	double worst;		/* the widest, of per-block log differences */
};

static struct spread spread_of(const struct comparison *c, size_t arm)
{
	struct spread s = { 0 };

	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_result *r = &c->series[i].vs[arm];

		if (c->series[i].better == STATS_NEITHER || !r->e.n)
			continue;
		s.series++;
		s.equal += r->e.effect == 0 && r->e.sd == 0;
		s.worst = fmax(s.worst, r->e.sd);
	}
	return s;
}

/* "spin-36" goes round 36 times. */
static double rounds_of(const struct compare_arm *arm)
{
	return strncmp(arm->name, "spin-", strlen("spin-")) ? 0
		: atof(arm->name + strlen("spin-"));
}

/* --- functions ------------------------------------------------------------------- */

struct alike {
	size_t functions, equal;	/* of each block's pair of boots */
	double worst;			/* instructions */
};

static void alike_add(struct alike *a, const struct why *w)
{
	for (size_t i = 0; i < w->n; i++)
		for (unsigned b = 0; b < w->n_blocks; b++) {
			double diff = fabs(w->v[i].count[WHY_OTHER][b] -
					   w->v[i].count[WHY_BASE][b]);

			if (!w->things[WHY_BASE][b] || !w->things[WHY_OTHER][b])
				continue;
			a->functions++;
			a->equal += diff == 0;
			a->worst = fmax(a->worst, diff);
		}
}

/* Two boots of one kernel, function by function, in every timed region. */
static int alike_rows(struct store *store, const char *control, struct err *err)
{
	struct why_request rq = { .arm = control };
	struct why_groups g;
	struct alike a = { 0 };
	char figure[60];
	int ret = store_plan(store)->profile ? why_gather(store, &rq, &g, err) : -ENODATA;

	if (ret)
		return ret == -ENODATA ? 0 : ret;
	for (size_t i = 0; i < g.n; i++)
		alike_add(&a, &g.v[i].why);
	why_groups_release(&g);
	snprintf(figure, sizeof(figure), "%.2f%% of %zu",
		 a.functions ? 100.0 * a.equal / a.functions : 0, a.functions);
	table_row("real A/A: functions equal to the instruction in a pair", "printed",
		  figure, "", a.functions > 0);
	snprintf(figure, sizeof(figure), "%.0f instructions", a.worst);
	table_row("real A/A: largest difference of a function in a pair", "printed", figure,
		  "", true);
	return 0;
}

/*
 * The function that spins must be the first of the table, and its difference
 * two instructions for each round and fault: a whole number of faults.
 */
static void spin_row(const struct why_group *g, const char *arm, double rounds)
{
	const struct why_function *f = &g->why.v[0];
	double each = 2 * rounds, faults = 0, wrong = 0;
	char check[80], figure[60], error[40];

	for (unsigned b = 0; b < g->why.n_blocks; b++) {
		double diff = f->count[WHY_OTHER][b] - f->count[WHY_BASE][b];

		faults += diff / each;
		wrong = fmax(wrong, fabs(diff - each * round(diff / each)));
	}
	snprintf(check, sizeof(check), "%s: first function, and instructions beyond whole faults",
		 arm);
	snprintf(figure, sizeof(figure), "%.40s", f->name);
	snprintf(error, sizeof(error), "%.0f", wrong);
	table_row(check, "kvm_mmu_page_fault, 100", figure, error,
		  !strcmp(f->name, "kvm_mmu_page_fault") && faults > 0 &&
		  wrong <= fmax(100, 0.001 * faults * each));
}

static int spin_rows(struct store *store, const struct comparison *c, struct err *err)
{
	struct why_request rq = { .cell = "*/first-touch" };
	struct why_groups g;
	int ret = store_plan(store)->profile ? why_gather(store, &rq, &g, err) : -ENODATA;

	if (ret)
		return ret == -ENODATA ? 0 : ret;
	for (size_t i = 0; i < g.n; i++) {
		const struct compare_arm *arm = &c->arms[g.v[i].arm];
		double rounds = rounds_of(arm) - rounds_of(&c->arms[c->baseline]);

		if (rounds > 0 && g.v[i].why.n && !strncmp(g.v[i].metric, "ns_per_page", 11) &&
		    !strstr(g.v[i].metric, "again"))
			spin_row(&g.v[i], arm->name, rounds);
	}
	why_groups_release(&g);
	return 0;
}

int chain_aa(const char *folder, struct err *err)
{
	struct store *store;
	struct comparison c;
	struct spread s = { 0 };
	const char *control = NULL;
	char check[80], figure[40];
	int ret = load(folder, &store, &c, err);

	if (ret)
		return ret;
	for (size_t a = 0; a < c.n_arms; a++)
		if (c.arms[a].control) {
			s = spread_of(&c, a);
			control = c.arms[a].name;
		}
	snprintf(check, sizeof(check), "real A/A, %s, %u pairs: called different, of %u",
		 c.domain, c.blocks, c.control_tests);
	snprintf(figure, sizeof(figure), "%u", c.control_alarms);
	table_row(check, "0", figure, "", c.control_tests && !c.control_alarms &&
		  c.blocks >= 10);
	snprintf(figure, sizeof(figure), "%u of %u", s.equal, s.series);
	table_row("real A/A: metrics equal to the last bit in every pair", "printed",
		  figure, "", true);
	snprintf(figure, sizeof(figure), "%.4f%%", 100 * s.worst);
	table_row("real A/A: spread of the pairs, widest metric", "printed", figure, "",
		  true);
	ret = alike_rows(store, control, err);
	comparison_release(&c);
	store_close(store);
	return ret;
}

/* The bytes that the campaign's first-touch goes through, as text, or NULL. */
static const char *touched(const struct plan *p)
{
	for (size_t i = 0; i < p->n_cells; i++)
		if (!strcmp(p->cells[i].workload, "first-touch"))
			return json_string_value(json_object_get(p->cells[i].params, "size"));
	return NULL;
}

/* What KVM counted, from go to the result, for each page touched; NaN: nothing. */
static double faults_per_page(const struct comparison *c, const struct plan *p, size_t arm)
{
	const char *size = touched(p);
	uint64_t bytes;

	if (!size || size_parse(size, &bytes, NULL))
		return NAN;
	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];

		if (!strcmp(s->workload, "first-touch") && s->counter &&
		    !strcmp(s->counter, "mut-vcpu.second_level_faults"))
			return s->est[arm].value / (bytes / 4096.0);
	}
	return NAN;
}

/*
 * What share of time is the timers': a pass of null's loop is a whole number of
 * instructions, and what it costs beyond that is theirs. A touch that takes
 * longer has more of them.
 */
static double timer_share(const struct comparison *c)
{
	const struct compare_series *s = compare_find(c, "*/null", "ns_per_iteration", NULL);
	double ns = s ? s->est[c->baseline].value : NAN;

	return isnan(ns) ? 0 : ns / floor(ns) - 1;
}

/* Each round is 2 instructions at each second-level fault. */
static void inject_row(const struct comparison *c, const struct compare_series *s,
		       size_t arm, double faults)
{
	const struct compare_result *r = &s->vs[arm];
	double rounds = rounds_of(&c->arms[arm]) - rounds_of(&c->arms[c->baseline]);
	double expected = 2 * rounds * faults / s->est[c->baseline].value * (1 + timer_share(c));
	bool found = expected ? r->verdict == VERDICT_REGRESSED
			      : r->verdict == VERDICT_NOT_WORSE;
	char check[80], figure[40], error[40];

	snprintf(check, sizeof(check), "injected %.3f%%, %u pairs: found as", 100 * expected,
		 r->e.n);
	snprintf(figure, sizeof(figure), "%.3f%%", 100 * r->e.effect);
	snprintf(error, sizeof(error), "%.3f", 50 * (r->e.hi - r->e.lo));
	table_row(check, "the interval", figure, error,
		  found && r->e.lo <= expected && expected <= r->e.hi);
}

int chain_inject(const char *folder, struct err *err)
{
	const struct compare_series *s;
	struct store *store;
	struct comparison c;
	int ret = load(folder, &store, &c, err);

	if (ret)
		return ret;
	s = compare_find(&c, "*/first-touch", "ns_per_page", NULL);
	if (!s)
		ret = err_config(err, "%s: nothing of first-touch.ns_per_page", folder);
	for (size_t a = 0; s && a < c.n_arms; a++)
		if (a != c.baseline && !strncmp(c.arms[a].name, "spin-", strlen("spin-")))
			inject_row(&c, s, a, faults_per_page(&c, store_plan(store), a));
	if (!ret)
		ret = spin_rows(store, &c, err);
	comparison_release(&c);
	store_close(store);
	return ret;
}
