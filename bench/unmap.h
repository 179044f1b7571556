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
	int (*call)(void *addr, size_t len);	/* NULL: unmap_truncate() of the file */
	/* How many bytes of the range it was not done to, as far as can be told. */
	size_t (*missed)(const void *addr, size_t len, size_t page);
	bool file;	/* only for shared mappings of files, and only if asked for by name */
};

/* Ends with a NULL name. */
extern const struct unmap_op unmap_ops[];

/* Shortens a file of `len` bytes to none, from its end, `call` bytes a call. 0, or an errno. */
int unmap_truncate(int fd, size_t len, size_t call);

/* Was `op` done to every page of the range? Says how many it missed. */
int unmap_check(const struct unmap_op *op, const void *addr, size_t len,
		size_t page, struct err *err);

#endif
