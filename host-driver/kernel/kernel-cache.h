/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finished kernels: kernels/<key>/ in the cache, and what is recorded of one.
 */
#ifndef KDUEL_KERNEL_CACHE_H
#define KDUEL_KERNEL_CACHE_H

#include "err.h"
#include "kernel-source.h"
#include "kernel.h"

/*
 * Sets k->key from everything that goes in. Names do not count, only what
 * they stand for: two descriptions with the same input are one kernel.
 */
int kernel_cache_key(struct kernel *k, const struct kernel_tree *t,
		     const char *compiler, struct err *err);

/*
 * Fills in image, config, release and identity: 0, or -ENOENT, without an
 * error text, if the cache does not hold the whole key.
 */
int kernel_cache_take(struct kernel *k, const struct kernel_tree *t,
		      const char *compiler, struct err *err);

/* The same for a ready image, which is used where it lies. */
int kernel_cache_take_image(struct kernel *k, const struct kernel_tree *t,
			    struct err *err);

/*
 * Makes the folder `fresh` (bzImage, config) with the log the finished
 * kernel, by one rename. What was there before is in `fresh` then.
 */
int kernel_cache_publish(const struct kernel *k, const char *fresh,
			 const char *log_path, struct err *err);

/* What a bzImage says about itself in its setup header. */

/*
 * The release (uname -r) of the bzImage `path`, malloc()ed; "" if it has no
 * version. An error if the file is not a Linux boot image.
 */
int kernel_image_release(const char *path, char **release, struct err *err);

#endif
