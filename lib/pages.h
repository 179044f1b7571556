/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With which page sizes a range of a process is really mapped in its page
 * table: what is there, not what was asked for.
 *
 * In this order, per mapping:
 *   hugetlb and device DAX   the page size of the mapping (smaps): the kernel
 *                            cannot map these with another one
 *   PAGEMAP_SCAN (6.7+)      per page-table entry
 *   smaps AnonHugePages, ShmemPmdMapped   bytes in PMD entries
 * FilePmdMapped is 0 for DAX files up to 6.12 even where they are huge, and
 * kpageflags tells how memory was allocated, not how it is mapped: neither is
 * used. How a DAX file is mapped cannot be told without PAGEMAP_SCAN: -ENOTSUP.
 */
#ifndef KDUEL_PAGES_H
#define KDUEL_PAGES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "err.h"

struct page_bytes {
	uint64_t b4k, b2m, b1g;	/* bytes mapped by entries of this size */
	uint64_t absent;	/* bytes not mapped */
	const char *method;	/* "PAGEMAP_SCAN", "smaps", ... */
};

/* `pid` 0 is this process. Adds to `*p`, which starts as all zero. */
int pages_read(pid_t pid, uint64_t addr, uint64_t len, struct page_bytes *p,
	       struct err *err);

/*
 * What was read of a layer as an object for the record (docs/record-format.md):
 * {"layer":..,"bytes":{"4k":..,"2m":..,"1g":..},"method":..}
 */
json_t *pages_proof(const char *layer, const struct page_bytes *p);
/* {"layer":..,"unavailable":reason} */
json_t *pages_no_proof(const char *layer, const char *reason);

/* --- nodes --- */

/*
 * On which NUMA node memory is wanted, and on which it is. The wish goes to
 * mbind(2); the truth comes from move_pages(2) without target nodes, which only
 * queries.
 */

#define PLACEMENT_NODES 64

struct placement {
	size_t asked;		/* pages looked at */
	size_t on[PLACEMENT_NODES];	/* how many are on each node */
	size_t absent;		/* not mapped yet */
	size_t unknown;		/* the kernel does not say (device memory) */
};

/* Binds a range to a node, before its first touch. -1 = no wish. */
int placement_bind(void *addr, size_t len, int node, struct err *err);

/* Looks at no more than 4096 pages, evenly spread over the range. */
int placement_read(const void *addr, size_t len, struct placement *p,
		   struct err *err);

/* 0 if every page that is mapped and known is on `node` (-1: anywhere). */
int placement_verify(const struct placement *p, int node, struct err *err);

/* --- pools of huge pages --- */

/*
 * The kernel's pools of huge pages, one for each page size (bytes).
 *
 *	struct huge_pool pool;
 *
 *	if (huge_pool_read(2 << 20, &pool, err))
 *		return err->code;
 *	ret = huge_pool_resize(2 << 20, pool.pages + 16, err);
 *	...
 *	huge_pool_resize(2 << 20, pool.pages, NULL);
 */
struct huge_pool {
	uint64_t pages;		/* in use or not */
	uint64_t free;		/* neither used nor promised to a mapping */
};

/* Where the kernel shows them; a test has a folder of its own. */
extern const char *huge_pool_folder;

/* -ENOENT with EXIT_MACHINE where the kernel has no pages of that size. */
int huge_pool_read(uint64_t page, struct huge_pool *pool, struct err *err);

/*
 * Pages in use stay, whatever `pages` says. EXIT_MACHINE if the kernel finds
 * fewer than that; it keeps those.
 */
int huge_pool_resize(uint64_t page, uint64_t pages, struct err *err);

#endif
