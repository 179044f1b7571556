/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work that falls into independent parts, on all processors at once.
 *
 *	parallel_each(n, on_part, arg);	// on_part(arg, i) writes what no other part does
 */
#ifndef KDUEL_PARALLEL_H
#define KDUEL_PARALLEL_H

#include <stddef.h>

/*
 * Calls `fn` once for each number below `n`, in the order of their beginnings, and returns
 * when all are done. As many run at once as this process may use processors; the calling
 * thread is one of them, so that it works where no other can be started. A part that fails
 * leaves word of that in its own place.
 */
void parallel_each(size_t n, void (*fn)(void *arg, size_t i), void *arg);

#endif
