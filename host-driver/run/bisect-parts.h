/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a search, for its own files alone: what is kept (bisect-state.c),
 * what git says (bisect-git.c), one commit measured (bisect-step.c).
 */
#ifndef KDUEL_BISECT_PARTS_H
#define KDUEL_BISECT_PARTS_H

#include "bisect.h"

int bisect_save(const struct bisect *b, struct err *err);
int bisect_load(const char *folder, struct bisect *b, struct err *err);
/* Takes what is in `step`. */
int bisect_add_step(struct bisect *b, const struct bisect_step *step, struct err *err);
void bisect_step_release(struct bisect_step *step);

/*
 * The commit to be tested next, or the end: b->end and b->found. Only of the steps
 * that are in `b`, so that it does not matter when the last run was cut off.
 */
int bisect_git_next(struct bisect *b, char **commit, struct err *err);
/* Is good an ancestor of bad, and how many commits are between them? */
int bisect_git_check(const char *dir, const char *good, const char *bad, unsigned *commits,
		     struct err *err);
/* The first line of the commit's message; "" if it cannot be had. */
char *bisect_git_subject(const char *dir, const char *commit);

/*
 * Builds and measures `commit` against the good end; `step` is the caller's, also
 * where its mark is BISECT_OPEN: b->stopped, or of the ends: no difference was found.
 */
int bisect_measure(struct bisect *b, const char *commit, struct bisect_step *step,
		   struct err *err);

#endif
