/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel build in progress: the lock that keeps others out, the log that all
 * programs write to, the progress reported to the watcher, and git as one of the programs.
 *
 * The programs inherit the lock's descriptor: if kduel is killed, all of them are killed,
 * and the last one holds the lock until it is gone, so that nobody else writes into the
 * same object tree meanwhile.
 */
#ifndef KDUEL_KERNEL_JOB_H
#define KDUEL_KERNEL_JOB_H

#include <stdint.h>

#include "err.h"
#include "kernel.h"

struct kernel_job {
	const char *name;
	kernel_progress_fn fn;
	void *arg;
	double began;
	enum kernel_phase phase;
	char text[256];		/* the phase in words */
	unsigned compiled;	/* "CC" and "AS" lines in the log since the phase began */
	unsigned expected;
	int lock, log;
	char *log_path;
};

/*
 * Waits for the lock (telling the watcher), then truncates and opens the log
 * logs/<name>.log. To be closed whatever the outcome.
 */
int job_open(struct kernel_job *job, const char *name, kernel_progress_fn fn,
	     void *arg, struct err *err);
void job_close(struct kernel_job *job);

/* Begins a phase. -EINTR, here and below, if the watcher asks to stop. */
int job_phase(struct kernel_job *job, enum kernel_phase phase, struct err *err,
	      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* For proc_options.stop: reports to the watcher; -EINTR if it asks to stop. */
int job_watch(void *job, struct err *err);

/*
 * Runs a program in `dir` (NULL: /), with its output in the log, and waits. Its
 * environment is clean but for what `env` (may be NULL) adds; see proc.h.
 * An error names the program and the log, and shows what the program printed.
 */
int job_run(struct kernel_job *job, const char *dir, const char *const env[],
	    const char *const argv[], struct err *err);

/*
 * Checks that the file system of `path` has `need` bytes free. The error says how
 * much is free, how much is needed, and for what.
 */
int job_need_disk(const char *path, uint64_t need, const char *what,
		  struct err *err);

/*
 * Checks that a kernel can be built below the cache's folder: its Makefiles do not
 * support blanks or other characters in a path that are special to make or a shell.
 */
int job_need_path(struct err *err);

/*
 * All of `programs` (name, Debian package, ..., NULL) must be in PATH; the error says
 * that `what` ("building a kernel") needs the one that is not.
 */
int job_need_programs(const char *what, const char *const programs[][2], struct err *err);
int job_need_git(struct err *err);

/* --- kernel-git.c --- */

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
