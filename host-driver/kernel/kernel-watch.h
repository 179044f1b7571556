/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel's build as a user follows it: one wording for every verb, and where
 * there is no terminal, a line when the phase changes and now and then while
 * it lasts, so that a log of a long build is never silent.
 */
#ifndef KDUEL_KERNEL_WATCH_H
#define KDUEL_KERNEL_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel.h"

struct kernel_watch {		/* starts as zeros */
	char last[256];		/* the kernel and phase that were last seen */
	double shown;		/* when a line was due, seconds */
};

/* "6.1: compiling, 120 of about 1300 files" */
void kernel_watch_text(const struct kernel_progress *p, char *text, size_t size);

/* Is a plain line due? To be asked at each progress. */
bool kernel_watch_due(struct kernel_watch *w, const struct kernel_progress *p);

#endif
