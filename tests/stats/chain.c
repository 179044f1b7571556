/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host-driver/compare/compare.h"
#include "host-driver/store/store.h"
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

int chain_aa(const char *folder, struct err *err)
{
	struct store *store;
	struct comparison c;
	struct spread s = { 0 };
	char check[80], figure[40];
	int ret = load(folder, &store, &c, err);

	if (ret)
		return ret;
	for (size_t a = 0; a < c.n_arms; a++)
		if (c.arms[a].control)
			s = spread_of(&c, a);
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
	comparison_release(&c);
	store_close(store);
	return 0;
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

/* "spin-36" goes round 36 times. */
static double rounds_of(const struct compare_arm *arm)
{
	return strncmp(arm->name, "spin-", strlen("spin-")) ? 0
		: atof(arm->name + strlen("spin-"));
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
	comparison_release(&c);
	store_close(store);
	return ret;
}
