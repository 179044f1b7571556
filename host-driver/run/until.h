/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stopping once the verdicts are decided. Looking often finds differences that do not
 * exist, so there are few looks, at fixed numbers of blocks, each at a level that
 * keeps the overall level at 5% (stats.h).
 */
#ifndef KDUEL_UNTIL_H
#define KDUEL_UNTIL_H

#include <stdbool.h>

#include "lib/err.h"

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
