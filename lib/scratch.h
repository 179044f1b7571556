/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Temporary folders of which nothing stays, even after a kill: whoever makes
 * one holds a lock on it (flock(2)), and the next one of the same name and user
 * removes those that are no longer locked.
 *
 *	char folder[] = "/tmp/kduel-example-XXXXXX";
 *	int held = scratch_make(folder, err);
 *
 *	if (held < 0)
 *		return held;
 *	puts(folder);
 *	scratch_remove(folder, held);
 */
#ifndef KDUEL_SCRATCH_H
#define KDUEL_SCRATCH_H

#include "err.h"

/*
 * Makes a folder as mkdtemp(3) does, for its owner alone, after removing
 * abandoned ones. Returns the descriptor that holds it, not inherited by
 * programs that are started, or a negative errno.
 */
int scratch_make(char *template, struct err *err);

/* Removes the folder with all that is in it, and unlocks it. */
void scratch_remove(const char *folder, int held);

/* TMPDIR, where that is an absolute path, else /tmp. */
const char *scratch_place(void);

#endif
