/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of a campaign that goes on: that of its journal. A plan.json or a
 * config that says something else is refused, and the place is named.
 *
 * Blocks can be added to a plan, because a plan of more blocks begins with
 * that of fewer. Whoever adds them has seen the results so far, so it counts
 * as a look before the end: every verdict then has the level of --until.
 */
#ifndef KDUEL_RESUME_H
#define KDUEL_RESUME_H

#include "err.h"
#include "plan/plan.h"

/* The plan in `folder`, for plan_free(). */
int resume_plan(const char *folder, struct plan **plan, struct err *err);

/* Does `config` with these options still make this plan? */
int resume_check(const struct plan *plan, const char *config,
		 const struct plan_options *o, struct err *err);

/*
 * Makes the folder's plan `blocks` long, in place, and `plan` too. The journal
 * is written anew beside the old one, with the longer plan in its first
 * record and everything else as it was, and renamed.
 */
int resume_extend(const char *folder, struct plan *plan, unsigned blocks,
		  struct err *err);

#endif
