/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With which page sizes a range of a process is really mapped in its page
 * table: not what was asked for, what is there.
 *
 * In this order, per mapping:
 *   hugetlb and device DAX   the page size of the mapping (smaps): the kernel
 *                            cannot map these with another one
 *   PAGEMAP_SCAN (6.7+)      per page-table entry
 *   smaps AnonHugePages, ShmemPmdMapped   bytes in PMD entries
 * FilePmdMapped is 0 for DAX files up to 6.12 even where they are huge, and
 * kpageflags tells how memory was allocated, not how it is mapped: neither is
 * used. A DAX file on a kernel without PAGEMAP_SCAN cannot be told: -ENOTSUP.
 */
#ifndef KDUEL_PAGES_H
#define KDUEL_PAGES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

struct page_bytes {
	uint64_t b4k, b2m, b1g;	/* bytes mapped by entries of this size */
	uint64_t absent;	/* bytes not mapped */
	const char *method;	/* "PAGEMAP_SCAN", "smaps", ... */
};

/* `pid` 0 is this process. Adds to `*p`, which starts as all zero. */
int pages_read(pid_t pid, uint64_t addr, uint64_t len, struct page_bytes *p,
	       struct err *err);

#endif
