/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a package, an archive or a git revision to a source tree, ready for
 * patches. The tree is what the archive or the commit holds, byte by byte:
 * no attribute, filter or line-end setting of git's has a part in it.
 */
#ifndef KDUEL_KERNEL_UNPACK_H
#define KDUEL_KERNEL_UNPACK_H

#include "kernel-job.h"
#include "kernel-source.h"

/*
 * Where the objects of a local git repository are, and in which format.
 * -EINVAL for a folder that is below a repository's top; git's own message
 * if it is none or belongs to someone else.
 */
struct kernel_repository {
	char *objects;
	char format[16];	/* "sha1", "sha256" */
};

int kernel_repository_open(const char *path, struct kernel_repository *r,
			   struct err *err);
/* The full hash of the commit that `revision` names; the caller frees it. */
int kernel_repository_commit(const char *path, const char *revision,
			     char **commit, struct err *err);
void kernel_repository_release(struct kernel_repository *r);

/*
 * Fills the empty folder `dir` with tree/ and git/. `archive` is the package
 * or tarball, NULL for git; `commit` is the git commit. EXIT_CONFIG if what
 * comes out is no Linux source tree.
 */
int kernel_unpack(struct kernel_job *job, const struct kernel_spec *spec,
		  const char *archive, const char *commit, const char *dir,
		  struct err *err);

#endif
