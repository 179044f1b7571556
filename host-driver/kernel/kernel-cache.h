/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finished kernels: kernels/<key>/ in the cache, and what is recorded about each.
 */
#ifndef KDUEL_KERNEL_CACHE_H
#define KDUEL_KERNEL_CACHE_H

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

/* What a bzImage says about itself in its setup header. */

/*
 * The release (uname -r) of the bzImage `path`, malloc()ed; "" if it has no
 * version. An error if the file is not a Linux boot image.
 */
int kernel_image_release(const char *path, char **release, struct err *err);

#endif
