/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From one series of patches to another in one source tree, so that make
 * sees only the files whose text differs as changed.
 *
 * Before a patch touches a file for the first time, the file as it was goes
 * to orig/. A series is always applied to those, in a scratch folder; only if
 * all of it applies are the files that then differ from the tree's replaced
 * in the tree, one rename each. So a patch that does not apply, or an end in
 * the middle, leaves no tree that the next build could not put right.
 */
#ifndef KDUEL_KERNEL_PATCH_H
#define KDUEL_KERNEL_PATCH_H

#include "kernel-job.h"
#include "kernel-spec.h"

/*
 * Makes <dir>/tree the original with exactly `patches` applied, in order,
 * without fuzz. `*changed` (may be NULL) is the number of files replaced.
 * An error of a patch shows the hunk that was rejected.
 */
int kernel_patch_tree(struct kernel_job *job, const char *dir,
		      const struct kernel_text *patches, size_t n,
		      unsigned *changed, struct err *err);

/*
 * The files that a unified diff touches, without their first folder, as
 * "a\0b\0\0"; malloc()ed. Refuses paths that lead out of the tree, and diffs
 * that touch nothing.
 */
int kernel_patch_files(const struct kernel_text *patch, char **files,
		       struct err *err);

#endif
