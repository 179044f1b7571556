/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the cache holds, how much of it and since when it was not used; and
 * room made in it.
 *
 *	struct cache_list l;
 *	const struct cache_prune p = { .older = 30 * 86400.0, .keep = UINT64_MAX };
 *
 *	if (cache_scan(&l, err))
 *		return err->code;
 *	ret = cache_prune(&l, &p, err);		// l.v[i].gone: what it removed
 *	cache_list_free(&l);
 */
#ifndef KDUEL_KERNEL_PRUNE_H
#define KDUEL_KERNEL_PRUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum cache_kind { CACHE_KERNEL, CACHE_SOURCE, CACHE_OBJECTS, CACHE_IMAGE,
		  CACHE_UNFINISHED };

struct cache_item {
	enum cache_kind kind;
	char *path;
	char *name;		/* a kernel's release; else the name in the cache */
	uint64_t bytes;		/* on disk */
	double idle;		/* seconds since it was used last */
	bool busy;		/* somebody uses it now: it stays */
	bool gone;
};

struct cache_list {
	struct cache_item *v;	/* longest unused first */
	size_t n;
	uint64_t bytes;		/* of all */
	bool building;		/* somebody builds: sources and objects stay */
};

struct cache_prune {
	double older;		/* seconds; what was not used for longer goes; INFINITY: nothing */
	uint64_t keep;		/* bytes; then the longest unused, until no more are left; UINT64_MAX */
	bool dry_run;		/* only says what would go */
};

int cache_scan(struct cache_list *l, struct err *err);
int cache_prune(struct cache_list *l, const struct cache_prune *how,
		struct err *err);
void cache_list_free(struct cache_list *l);

const char *cache_kind_name(enum cache_kind kind);	/* "kernel", "source", ... */

/*
 * Removes what builds that were killed have left half made. Under the build's lock:
 * nobody is making any of it.
 */
int cache_sweep(struct err *err);

/* How much is on disk below `path`, in bytes. */
uint64_t cache_disk_usage(const char *path);

/* Was used now: a folder of the cache. */
void cache_used(const char *path);

#endif
