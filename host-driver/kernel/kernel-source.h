/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The source trees in the cache, one a source, named by the source's hash:
 * of the package or tarball the SHA-256, of a git revision the commit.
 *
 *	sources/<hash>/tree/	the tree, with the patches of the last arm built
 *	sources/<hash>/git/	what it was before any patch: see kernel-patch.h
 *	sources/<name>.json	which package a name stood for when it was fetched
 *
 * What a package name stands for is looked up once and then kept, so that
 * arms built on different days have the same source, and so that nothing is
 * downloaded to find out that a kernel is in the cache.
 */
#ifndef KDUEL_KERNEL_SOURCE_H
#define KDUEL_KERNEL_SOURCE_H

#include <jansson.h>
#include <stdbool.h>

#include "kernel-job.h"
#include "kernel-spec.h"

struct kernel_tree {
	char hash[FILE_HASH_MAX];
	json_t *facts;		/* {kind, hash, package, version, ...}: for the record */
	char *dir;		/* sources/<hash>; NULL until it is unpacked */
};

#define KERNEL_TREE_INIT { "", NULL, NULL }

/*
 * The hash and the facts as far as they are known here: -ENOENT, without an
 * error text, for a package that was never fetched.
 */
int kernel_source_identify(const struct kernel_spec *spec,
			   struct kernel_tree *t, struct err *err);

/*
 * Makes sure that the tree is there. `update` asks again what the package's
 * name stands for. Under the job's lock.
 */
int kernel_source_get(struct kernel_job *job, const struct kernel_spec *spec,
		      bool update, struct kernel_tree *t, struct err *err);

void kernel_tree_release(struct kernel_tree *t);

#endif
