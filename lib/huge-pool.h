/* SPDX-License-Identifier: GPL-2.0-or-later */
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
#ifndef KDUEL_HUGE_POOL_H
#define KDUEL_HUGE_POOL_H

#include <stdint.h>

#include "err.h"

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
