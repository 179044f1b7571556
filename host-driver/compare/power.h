/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many blocks a campaign needs to detect an effect.
 *
 * The spread of a series is that of its differences over blocks, measured in a
 * results folder, or sqrt(2) times a given spread between boots. The level is
 * that of the strictest of the campaign's tests: with k gate tests Holm requires
 * alpha/k of the first (half of that if there are other tests, see
 * stats_families()). The number for that test is printed beside the number for a
 * single test.
 */
#ifndef KDUEL_POWER_H
#define KDUEL_POWER_H

#include "compare.h"
#include "plan/plan.h"

#define POWER_BLOCKS_MAX 1000

struct power_row {
	char name[256];		/* of the series, or "stated" */
	double sd;		/* of the log differences between blocks */
	size_t alone, family;	/* blocks for a single test, for the strictest; 0: too many */
	double sde;		/* with the plan's blocks, strictest test */
};

struct power {
	struct power_row *row;
	size_t n;
	size_t tests;		/* gate tests of the plan, at least 1 */
	double alpha;		/* of the strictest test */
};

/* Sets the plan's tests and level, without rows. */
void power_init(struct power *p, const struct plan *plan);
void power_release(struct power *p);

/* Adds a row for a given spread between boots, or one for each series of `c`. */
int power_add(struct power *p, const struct plan *plan, const char *name,
	      double sd, double effect, double power, struct err *err);
int power_add_series(struct power *p, const struct plan *plan,
		     const struct comparison *c, double effect, double power,
		     struct err *err);

/* The most blocks that any row needs; 0 if some row needs too many. */
size_t power_blocks(const struct power *p);

#endif
