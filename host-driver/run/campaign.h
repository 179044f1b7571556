/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A campaign: kernels, machine, store, and then boot after boot in the plan's
 * order. A boot that ends badly is recorded with its class and the next one
 * follows. A campaign that was stopped, by the user or by a crash, goes on
 * from its folder: boots that ended are never run again.
 *
 * The first SIGINT or SIGTERM lets the running boot finish; the second
 * abandons it. Either way everything that was recorded is kept.
 */
#ifndef KDUEL_CAMPAIGN_H
#define KDUEL_CAMPAIGN_H

#include <stdbool.h>

#include "lib/err.h"
#include "plan/plan.h"

/*
 * Another rule for when the blocks are enough than until_verdict's: asked after each
 * block whose boots have all ended. A look at what was measured is part of the record
 * (`*looked`), for whoever compares later has to judge by the corrected level.
 */
struct campaign_rule {
	int (*enough)(void *arg, const char *folder, unsigned block, bool *enough, bool *looked,
		      struct err *err);
	void *arg;
};

struct campaign_options {
	const char *out;	/* the results folder; NULL: by name and time */
	const char *resume;	/* a results folder to go on with; else NULL */
	double stop_after;	/* seconds; begin no boot that would end later; 0: none */
	bool allow_differences;	/* go on although what it was begun with has changed */
	bool until_verdict;	/* stop once every gate has its verdict */
	const struct campaign_rule *rule;	/* instead of it; NULL */
	bool keep_on_fail;	/* leave a machine that failed up until the user has looked */
	double patience;	/* multiplies all time limits */
	bool verbose;
	const char *own;	/* a device of a real machine that may be overwritten; NULL */
	bool debug_vm, debug_proto, debug_proof;
};

struct campaign_result {
	char *folder;		/* the caller's; NULL if stopped before there was one */
	bool complete;		/* every boot that was wanted has ended */
	bool interrupted;	/* by a signal */
	bool abandoned;		/* by a second one: at once, in the middle of a boot */
	bool decided;		/* until_verdict, rule: no more boots were needed */
	unsigned boots, failed, voids;	/* of this run, not of those before */
};

/*
 * Runs what is left of `plan`, which on `resume` is that folder's. Returns 0
 * also when it was stopped; `r->complete` tells.
 */
int campaign_run(const struct plan *plan, const struct campaign_options *o,
		 struct campaign_result *r, struct err *err);

#endif
