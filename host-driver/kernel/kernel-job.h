/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One kernel build at work: the lock that keeps others out, the log that all
 * programs write to, what is told to whoever watches.
 *
 * The programs inherit the lock's descriptor. Were kduel killed outright, what
 * is left of a make would keep the lock until it is gone too, and nobody else
 * would write into the same object tree meanwhile.
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
 * Waits for the lock (telling the watcher), then opens the log
 * logs/<name>.log anew. To be closed whatever the outcome.
 */
int job_open(struct kernel_job *job, const char *name, kernel_progress_fn fn,
	     void *arg, struct err *err);
void job_close(struct kernel_job *job);

/* Begins a phase. -EINTR, as in everything below, if the watcher says stop. */
int job_phase(struct kernel_job *job, enum kernel_phase phase, struct err *err,
	      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* For proc_options.stop: tells the watcher, and -EINTR if it says stop. */
int job_watch(void *job, struct err *err);

/*
 * Runs a program in `dir` (NULL: /) with its output in the log, and waits. It
 * has a clean environment and what `env` (may be NULL) adds; see proc.h.
 * A failure names the program, shows what it said and names the log.
 */
int job_run(struct kernel_job *job, const char *dir, const char *const env[],
	    const char *const argv[], struct err *err);

/*
 * Is there room for `need` bytes more where `path` is? If not, the error says
 * how much is there and how much is needed, for what.
 */
int job_need_disk(const char *path, uint64_t need, const char *what,
		  struct err *err);

/*
 * Can a kernel be built below the cache's folder? Its Makefiles take no blank
 * and no other byte that means something to make or a shell.
 */
int job_need_path(struct err *err);

/* All of `programs` (name, Debian package, ..., NULL) must be in PATH. */
int job_need_programs(const char *const programs[][2], struct err *err);

#endif
