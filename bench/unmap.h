/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operations of the workload unmap, and the proof that one was done:
 * shared with its test only.
 */
#ifndef KDUEL_UNMAP_H
#define KDUEL_UNMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct unmap_op {
	const char *name;
	int (*call)(void *addr, size_t len);
	/* How many bytes of the range it was not done to, as far as can be told. */
	size_t (*missed)(const void *addr, size_t len, size_t page);
	bool file;	/* only for shared mappings of files, and only if asked for by name */
};

/* Ends with a NULL name. */
extern const struct unmap_op unmap_ops[];

/* Was `op` done to every page of the range? Says how many it missed. */
int unmap_check(const struct unmap_op *op, const void *addr, size_t len,
		size_t page, struct err *err);

#endif
