/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * git as a tool, with the settings given here and no others. The user's and the
 * machine's git configuration, attributes, hooks and GIT_* variables do not affect
 * the resulting tree.
 *
 *	struct kernel_git g;
 *	const char *const argv[] = { "git", "write-tree", "--missing-ok", NULL };
 *	struct kernel_bytes id;
 *
 *	kernel_git_init(&g, NULL, "/cache/sources/0123", "index");
 *	if (kernel_git_run(&g, argv, NULL, &id, err))
 *		return err->code;
 *	free(id.data);
 */
#ifndef KDUEL_KERNEL_GIT_H
#define KDUEL_KERNEL_GIT_H

#include "err.h"
#include "kernel-job.h"

struct kernel_bytes {
	char *data;		/* free() */
	size_t len;
};

struct kernel_git {
	char dir[4200], tree[4200], index[4200];
	const char *env[12];	/* for proc_options.env and job_run() */
	struct kernel_job *job;	/* its watcher can stop git; NULL: none */
	const int *keep;	/* as in proc_options */
};

/*
 * git on the repository <source>/git, with <source>/tree as the work tree and
 * <source>/git/<index> as the index. `source` NULL: without a repository.
 * `job` may be NULL.
 */
void kernel_git_init(struct kernel_git *g, struct kernel_job *job, const char *source,
		     const char *index);

/*
 * Creates the repository with the object format `format` ("sha1", "sha256").
 * Attributes in the tree do not change what git reads or writes.
 */
int kernel_git_create(struct kernel_git *g, const char *source,
		      const char *format, struct err *err);

/*
 * Runs a git command with `in` as its input and its output in `out` (free
 * out->data); either may be NULL. The error holds all that git printed; -EINTR if
 * it was stopped.
 */
int kernel_git_run(const struct kernel_git *g, const char *const argv[],
		   const struct kernel_bytes *in, struct kernel_bytes *out,
		   struct err *err);

#endif
