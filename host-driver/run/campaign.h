/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A campaign: kernels, machine, store, and then boot after boot in the plan's
 * order. A boot that fails is recorded with its class, and the next one follows. A
 * campaign that was stopped, by the user or by a crash, can be resumed from its
 * folder: boots that ended are never run again.
 *
 * The first SIGINT or SIGTERM lets the running boot finish; the second abandons it.
 * Either way everything recorded is kept.
 */
#ifndef KDUEL_CAMPAIGN_H
#define KDUEL_CAMPAIGN_H

#include <stdbool.h>

#include "err.h"
#include "plan/plan.h"

/*
 * A rule for when there are enough blocks, instead of until_verdict's: called after each
 * block whose boots have all ended. If it looks at the measurements it sets `*looked`,
 * which is recorded, since any later comparison must use the corrected level.
 */
struct campaign_rule {
	int (*enough)(void *arg, const char *folder, unsigned block, bool *enough, bool *looked,
		      struct err *err);
	void *arg;
};

struct campaign_options {
	const char *out;	/* the results folder; NULL: by name and time */
	const char *resume;	/* a results folder to continue; else NULL */
	double stop_after;	/* seconds: begin no boot that would end later; 0: no limit */
	bool allow_differences;	/* resume although conditions have changed */
	bool until_verdict;	/* stop once every gate has its verdict */
	const struct campaign_rule *rule;	/* instead of until_verdict; or NULL */
	/*
	 * Run only the boots of this arm, to be compared with the boots in the results folder
	 * `like`: same plan but for this arm's kernel, same conditions. Or both NULL.
	 */
	const char *only, *like;
	bool keep_on_fail;	/* leave a machine that failed up until the user has looked */
	double patience;	/* multiplies all time limits */
	bool verbose;
	const char *own;	/* a device of a real machine that may be overwritten; NULL */
	bool debug_vm, debug_proto, debug_proof;
};

struct campaign_result {
	char *folder;		/* the caller frees it; NULL if stopped before there was one */
	bool complete;		/* every wanted boot has ended */
	bool interrupted;	/* by a signal */
	bool abandoned;		/* by a second signal, in the middle of a boot */
	bool decided;		/* until_verdict, rule: no more boots were needed */
	unsigned boots, failed, voids;	/* of this run, not of earlier ones */
};

/*
 * Runs what is left of `plan`, which must be the folder's own with `resume`. Returns 0
 * even if it was stopped; r->complete tells.
 */
int campaign_run(const struct plan *plan, const struct campaign_options *o,
		 struct campaign_result *r, struct err *err);

/* --- resume.c --- */

/*
 * The plan of a resumed campaign is that of its journal. A plan.json or a config that
 * differs is refused, and the error names the place.
 *
 * Blocks can be added to a plan, because a plan of more blocks begins with that of
 * fewer. Whoever adds them has seen the results so far, so this counts as a look
 * before the end: every verdict then has the level of --until.
 */

/* The plan in `folder`; the caller calls plan_free(). */
int resume_plan(const char *folder, struct plan **plan, struct err *err);

/* Checks that `config` with these options still makes this plan. */
int resume_check(const struct plan *plan, const char *config,
		 const struct plan_options *o, struct err *err);

/*
 * Extends the folder's plan to `blocks`, and `plan` as well. A new journal is written
 * beside the old one, with the longer plan in its first record and everything else
 * unchanged, and renamed.
 */
int resume_extend(const char *folder, struct plan *plan, unsigned blocks,
		  struct err *err);

/* --- until.c --- */

/*
 * Stopping once the verdicts are decided. Looking often finds differences that do not
 * exist, so there are few looks, at fixed numbers of blocks, each at a level that
 * keeps the overall level at 5% (stats.h).
 */

/* Is this number of blocks one of the looks? */
bool until_is_look(unsigned blocks);

/* Blocks before the first look, and at the last one. */
unsigned until_first(void);
unsigned until_last(void);

/*
 * Does every gate of the folder's campaign have a verdict other than
 * inconclusive? Without gates: every series.
 */
int until_decided(const char *folder, bool *decided, struct err *err);

#endif
