/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments: runs of instructions of which either all are executed or none,
 * each with a counter of how often. QEMU translates the same code many times
 * (after a flush, from another entry, in shorter blocks); a segment is one by
 * what it is, not by when it was translated, and lives as long as the plugin,
 * since translated code adds to its counter by address.
 */
#ifndef KDUEL_PLUGIN_SEGMENT_H
#define KDUEL_PLUGIN_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct segment {
	uint64_t count;		/* times executed since the machine's start */
	uint64_t base;		/* of these, before the open region */
	uint64_t vaddr;
	uint32_t insns;
	uint32_t hash;		/* of the bytes: programs share addresses */
	bool guest;
	struct segment *next;	/* in its bucket */
};

struct segments {
	struct segment **buckets;
	size_t n_buckets, n;
	struct segment *chunk;	/* where new ones are cut from */
	size_t left;
};

/* What tells one segment from another; count and base are not looked at. */
struct segment *segments_get(struct segments *t, const struct segment *like);

void segments_each(const struct segments *t, void (*fn)(struct segment *s, void *arg),
		   void *arg);

uint32_t segment_hash(uint32_t so_far, const void *bytes, size_t size);

#endif
