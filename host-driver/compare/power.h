/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many blocks a campaign needs to find an effect.
 *
 * The spread of a series is that of its differences between blocks, measured
 * in a results folder, or sqrt(2) times a stated spread between boots. The
 * level is what is left for the hardest of the campaign's tests: with k gate
 * tests Holm asks the first for alpha/k (half of it where there are other
 * tests, see stats_families()); the most careful answer is printed beside the
 * one for a single test.
 */
#ifndef KDUEL_POWER_H
#define KDUEL_POWER_H

#include "compare.h"
#include "plan/plan.h"

#define POWER_BLOCKS_MAX 1000

struct power_row {
	char name[256];		/* of the series, or "stated" */
	double sd;		/* of the log differences between blocks */
	size_t alone, family;	/* blocks for one test, for the hardest; 0: over the maximum */
	double sde;		/* with the plan's blocks, hardest test */
};

struct power {
	struct power_row *row;
	size_t n;
	size_t tests;		/* gate tests of the plan, at least 1 */
	double alpha;		/* of the hardest test */
};

/* Tests and level of the plan; no rows yet. */
void power_init(struct power *p, const struct plan *plan);
void power_release(struct power *p);

/* A row for a stated spread between boots, or for each series of `c`. */
int power_add(struct power *p, const struct plan *plan, const char *name,
	      double sd, double effect, double power, struct err *err);
int power_add_series(struct power *p, const struct plan *plan,
		     const struct comparison *c, double effect, double power,
		     struct err *err);

/* The most blocks that any row needs; 0 if some row needs too many. */
size_t power_blocks(const struct power *p);

#endif
