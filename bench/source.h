/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a workload's buffer comes from. One table line a source; a buffer is
 * not handed out before its page size and its node have been read back from
 * the kernel.
 */
#ifndef KDUEL_SOURCE_H
#define KDUEL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct buffer {
	void *addr;
	size_t size;		/* what was asked for */
	size_t page;		/* bytes a page of the source: 4096, 2M, 1G */
	size_t mapped;		/* size rounded up to whole pages */
	size_t others;		/* bytes that other buffers of the run have yet to touch */
	const struct source *source;
	void *base;		/* of the whole reservation */
	size_t reserved;
	int fd;			/* -1 = memory */
	int map_flags;		/* of mmap, and the madvise that followed (0 = none) */
	int advice;
};

#define SOURCE_EVERY 1.0
#define SOURCE_MOST 0.95
#define SOURCE_ANY 0.0

struct source {
	const char *name;	/* "hugetlb-2m" */
	const char *help;
	size_t page;		/* page size wanted in this kernel's page table */
	/*
	 * Share of the mapped bytes that must have pages of that size, in a
	 * buffer and in a proof: SOURCE_EVERY, SOURCE_MOST, or SOURCE_ANY where
	 * others decide about the pages (a file system, a device), and what is
	 * found is reported, not judged.
	 */
	double share;
	bool path;		/* it lies at --path */
	const char *place;	/* its path on a guest's NVDIMM; NULL */
	/* Can a buffer with `source`, `mapped` and `others` be mapped? */
	int (*check)(const struct buffer *buf, const char *path, struct err *err);
	int (*map)(const struct source *s, const char *path,
		   struct buffer *buf, struct err *err);
};

/* The table; ends with a NULL name. */
extern const struct source sources[];

/*
 * Huge pages that a buffer needs and the kernel's pool lacks are added to the
 * pool: for machines that are ours. Whoever sets it puts the pools back.
 */
extern bool source_reserves;

/* EXIT_CONFIG, with the nearest name and all of them, if there is none. */
int source_find(const char *name, const struct source **s, struct err *err);

/*
 * Bytes of memory available now: MemAvailable, or what the limits of our
 * control group leave, if that is less (`limited`, which may be NULL).
 */
uint64_t source_memory(bool *limited);

/*
 * Maps, does not touch. What is not available is refused, saying what to do;
 * `others` bytes of memory are promised to other buffers and not touched yet.
 */
int source_map(const struct source *s, size_t size, size_t others, const char *path,
	       struct buffer *buf, struct err *err);
void source_unmap(struct buffer *buf);

/* Maps the same range again, as it was at first: every page is untouched. */
int source_renew(struct buffer *buf, struct err *err);

/*
 * Maps an ordinary file into `buf` (no DAX wanted, and none proved): for the
 * tests of workloads that want a DAX file. There is no table line for it.
 */
int source_map_file(const char *path, size_t size, struct buffer *buf,
		    struct err *err);

#endif
