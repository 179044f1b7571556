/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of a resumed campaign is that of its journal. A plan.json or a config that
 * differs is refused, and the error names the place.
 *
 * Blocks can be added to a plan, because a plan of more blocks begins with that of
 * fewer. Whoever adds them has seen the results so far, so this counts as a look
 * before the end: every verdict then has the level of --until.
 */
#ifndef KDUEL_RESUME_H
#define KDUEL_RESUME_H

#include "err.h"
#include "plan/plan.h"

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

#endif
