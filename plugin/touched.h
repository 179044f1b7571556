/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pages of the machine's memory were touched, and how many bytes were
 * transferred: a set of page numbers, emptied where a region begins.
 *
 *	struct touched t = { 0 };
 *
 *	touched_add(&t, 0x100234 >> 12, 8);
 *	printf("%zu pages, %lu bytes", t.n, t.bytes);
 *	touched_empty(&t);
 */
#ifndef KDUEL_PLUGIN_TOUCHED_H
#define KDUEL_PLUGIN_TOUCHED_H

#include <stddef.h>
#include <stdint.h>

struct touched {
	uint64_t *slots;	/* 1 + the page's number */
	size_t n_slots, n;
	uint64_t last;		/* 1 + the page added last, which is likely the next one, too */
	uint64_t bytes;		/* of all accesses, repeated ones included */
};

void touched_add(struct touched *t, uint64_t page, uint64_t bytes);
void touched_empty(struct touched *t);
void touched_release(struct touched *t);

#endif
