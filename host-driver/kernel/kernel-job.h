/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel build in progress: the lock that keeps others out, the log that all
 * programs write to, the progress reported to the watcher.
 *
 * The programs inherit the lock's descriptor: if kduel is killed, all of them are killed,
 * and the last one holds the lock until it is gone, so that nobody else writes into the
 * same object tree meanwhile.
 */
#ifndef KDUEL_KERNEL_JOB_H
#define KDUEL_KERNEL_JOB_H

#include <stdint.h>

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

#endif
