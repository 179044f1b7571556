/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A first look at a diff's lines: is there a diff, and is there anything that
 * git would skip although it is a change?
 */
#ifndef KDUEL_KERNEL_DIFF_H
#define KDUEL_KERNEL_DIFF_H

#include <stddef.h>

struct kernel_diff {
	unsigned headers;	/* "diff --git", "--- ", "@@ " */
	unsigned cr_headers;	/* those that end in CR LF */
	unsigned line;		/* of what is wrong; 0: nothing */
	const char *wrong;	/* a phrase for after "file:line: " */
};

void kernel_diff_scan(const char *text, size_t len, struct kernel_diff *d);

/*
 * The hunk of a diff that begins at line `at` of the old file `path`: points
 * into `text`, `*len` bytes; NULL if there is none.
 */
const char *kernel_diff_hunk(const char *text, const char *path,
			     unsigned long at, size_t *len);

#endif
