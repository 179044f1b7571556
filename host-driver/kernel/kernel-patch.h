/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From one series of patches to another in one source tree, so that make
 * sees only the files whose content differs as changed.
 *
 * The repository beside the tree has the hash of every file of the original, and
 * the content of those that a patch ever touched. A series is applied to the
 * original in an index, apart from the tree; only if all of it applies does git
 * check out the result. The tree then depends on the original and the series
 * alone: not on the previous series, nor on where the last checkout was
 * interrupted.
 */
#ifndef KDUEL_KERNEL_PATCH_H
#define KDUEL_KERNEL_PATCH_H

#include "kernel-job.h"
#include "kernel-spec.h"

/*
 * Makes <source>/tree the original with exactly `patches` applied, in order,
 * without fuzz. If a patch does not apply (EXIT_CONFIG), the error shows the
 * rejected hunk and git's message, and the tree is unchanged.
 */
int kernel_patch_tree(struct kernel_job *job, const char *source,
		      const struct kernel_text *patches, size_t n,
		      struct err *err);

/* The same check without changing the tree. Call with the build's lock held. */
int kernel_patch_check(struct kernel_job *job, const char *source,
		       const struct kernel_text *patches, size_t n, struct err *err);

/*
 * Brings <source>/tree to the tree or commit `id`, whose objects git must be
 * able to find: replaces the files that differ, and removes what is not in it.
 */
int kernel_patch_check_out(struct kernel_job *job, const char *source, const char *id,
			   struct err *err);

/*
 * Takes the files of <source>/tree as the original: all that are there, or
 * with `listed` those of the index "index" of <source>/git.
 */
int kernel_patch_import(struct kernel_job *job, const char *source,
			bool listed, struct err *err);

/* Was kernel_patch_import() done? */
bool kernel_patch_imported(const char *source);

#endif
