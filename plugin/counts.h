/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the plugin counts. Segments are runs of instructions of which either all are executed or none,
 * each with a counter of how often. QEMU translates the same code many times
 * (after a flush, from another entry, in shorter blocks); a segment is
 * identified by what it is, not by when it was translated, and lives as long as
 * the plugin, since translated code adds to its counter by address.
 *
 * Counters lie side by side, apart from what they count: a region's begin and
 * end go over hundreds of thousands of them, and those translated one after the
 * other are neighbours in memory, too.
 */
#ifndef KDUEL_PLUGIN_COUNTS_H
#define KDUEL_PLUGIN_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum segment_what { SEGMENT_RUN, SEGMENT_ACCESSES, SEGMENT_READS };

struct segment {
	enum segment_what what;	/* what is counted */
	uint64_t vaddr;
	uint32_t insns;
	uint32_t hash;		/* of the bytes: programs share addresses */
	bool guest;
	uint64_t sizes;		/* of its instructions in bytes, 4 bits each, the first one's lowest */
	uint32_t line;		/* for who writes it: 1 + the number of its line; 0: it has none */
};

#define SEGMENT_INSNS 16	/* at most, for their sizes' sake */

struct segments {
	struct segments_chunk **chunks;
	size_t n;
	uint64_t *slots;	/* half a hash and 1 + the number of a segment */
	size_t n_slots;
};

/* The counter of a segment: times executed, or memory accessed, since the last region began. */
uint64_t *segments_get(struct segments *t, const struct segment *like);

void segments_begin(struct segments *t);	/* a region: all counters are 0 */
void segments_each(const struct segments *t,
		   void (*fn)(struct segment *s, uint64_t times, void *arg), void *arg);

uint32_t segment_hash(uint32_t so_far, const void *bytes, size_t size);

/* --- pages touched --- */

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
