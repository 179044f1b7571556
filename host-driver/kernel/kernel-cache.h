/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cache: finished kernels (kernels/<key>/) and what is recorded about each, what else
 * it holds, and how that goes.
 */
#ifndef KDUEL_KERNEL_CACHE_H
#define KDUEL_KERNEL_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "kernel-source.h"
#include "kernel.h"

/*
 * Sets k->key from everything that goes into the kernel. Names do not count, only
 * contents: two descriptions with the same input are one kernel.
 */
int kernel_cache_key(struct kernel *k, const struct kernel_tree *t,
		     const char *compiler, struct err *err);

/*
 * Fills in image, config, release and identity: 0, or -ENOENT, without an
 * error text, if the cache does not hold a complete kernel for the key.
 */
int kernel_cache_take(struct kernel *k, const struct kernel_tree *t,
		      const char *compiler, struct err *err);

/* The same for a ready image, which is used in place. */
int kernel_cache_take_image(struct kernel *k, const struct kernel_tree *t,
			    struct err *err);

/*
 * Adds the log to the folder `fresh` (bzImage, config) and publishes it as the
 * finished kernel by one rename. A kernel that was there before is then in `fresh`.
 */
int kernel_cache_publish(const struct kernel *k, const char *fresh,
			 const char *log_path, struct err *err);

/*
 * The release (uname -r) of the bzImage `path` by its setup header, malloc()ed; "" if it has no
 * version. An error if the file is not a Linux boot image.
 */
int kernel_image_release(const char *path, char **release, struct err *err);

/* --- kernel-prune.c --- */

/*
 * What the cache holds, how large each item is and when it was last used; and
 * the removal of items.
 *
 *	struct cache_list l;
 *	const struct cache_prune p = { .older = 30 * 86400.0, .keep = UINT64_MAX };
 *
 *	if (cache_scan(&l, err))
 *		return err->code;
 *	ret = cache_prune(&l, &p, err);		// l.v[i].gone: what it removed
 *	cache_list_free(&l);
 */
enum cache_kind { CACHE_KERNEL, CACHE_SOURCE, CACHE_OBJECTS, CACHE_IMAGE,
		  CACHE_UNFINISHED };

struct cache_item {
	enum cache_kind kind;
	char *path;
	char *name;		/* a kernel's release; else the name in the cache */
	uint64_t bytes;		/* on disk */
	double idle;		/* seconds since it was last used */
	bool busy;		/* in use: it is kept */
	bool gone;
};

struct cache_list {
	struct cache_item *v;	/* longest unused first */
	size_t n;
	uint64_t bytes;		/* of all */
	bool building;		/* a build is running: sources and objects are kept */
};

struct cache_prune {
	double older;		/* seconds: removes what is unused for longer; or INFINITY */
	uint64_t keep;		/* bytes: then the longest unused, down to this; or UINT64_MAX */
	bool dry_run;		/* only marks what would be removed */
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

/*
 * Seconds after which no campaign uses an image: each boot marks its own as used.
 * Until then nobody removes it.
 */
#define CACHE_IMAGE_IDLE 86400.0

/* Marks the folder or image `path` of the cache as used now. */
void cache_used(const char *path);

/*
 * The folder of images, locked, or -1; the caller closes it. Held while one is marked as
 * used, or the unused ones are removed: else one could go just after it was marked.
 */
int cache_images_lock(void);

/* Is it there? Then it is marked as used, and stays; one in a cache that is another's is only used. */
bool cache_take_image(const char *path);

#endif
