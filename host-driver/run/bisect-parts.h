/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The internals of a search, for bisect*.c only: its saved state (bisect-state.c),
 * git (bisect-git.c), the measurement of one commit (bisect-step.c).
 */
#ifndef KDUEL_BISECT_PARTS_H
#define KDUEL_BISECT_PARTS_H

#include "bisect.h"

/* Are commits between the ends booted alone, and compared with the ends' boots? */
static inline bool bisect_boots_alone(const struct bisect *b)
{
	return b->claim_is_fixed || b->ends.good.n;
}

int bisect_save(const struct bisect *b, struct err *err);
int bisect_load(const char *folder, struct bisect *b, struct err *err);
/* Takes ownership of what is in `step`. */
int bisect_add_step(struct bisect *b, const struct bisect_step *step, struct err *err);
void bisect_step_release(struct bisect_step *step);

/*
 * The commit to be tested next, or the end: b->end and b->found. It depends only on the
 * steps in `b`, so that it does not matter when the last run was interrupted.
 */
int bisect_git_next(struct bisect *b, char **commit, struct err *err);
/* Checks that `good` is an ancestor of `bad`, and counts the commits in good..bad. */
int bisect_git_check(const char *dir, const char *good, const char *bad, unsigned *commits,
		     struct err *err);
/* The first line of the commit's message; "" if it cannot be read. */
char *bisect_git_subject(const char *dir, const char *commit);

/*
 * Builds and measures `commit` against the good end. The caller releases `step`. Its
 * mark is BISECT_OPEN if a signal came (b->stopped), or if the ends do not differ.
 */
int bisect_measure(struct bisect *b, const char *commit, struct bisect_step *step,
		   struct err *err);

#endif
