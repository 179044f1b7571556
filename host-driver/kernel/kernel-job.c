/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "kernel-cache.h"
#include "loop.h"
#include "proc.h"
#include "size.h"

#define TICK 0.25	/* seconds between looks at a running program */
#define STOP_MS 5000	/* for make to end when it is stopped */
#define SAID_MAX 1800	/* bytes of a failed program's output in the error */

static int job_tell(struct kernel_job *job, struct err *err)
{
	struct kernel_progress p = {
		.kernel = job->name, .phase = job->phase, .text = job->text,
		.done = job->compiled, .expected = job->expected,
		.seconds = loop_now() - job->began,
	};

	if (!job->fn || !job->fn(&p, job->arg))
		return 0;
	return err_set(err, EXIT_INCOMPLETE, -EINTR,
		       "stopped while building %s; the next build continues from there",
		       job->name);
}

int job_watch(void *job, struct err *err)
{
	return job_tell(job, err);
}

int job_phase(struct kernel_job *job, enum kernel_phase phase, struct err *err,
	      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(job->text, sizeof(job->text), fmt, ap);
	va_end(ap);
	job->phase = phase;
	job->compiled = job->expected = 0;
	return job_tell(job, err);
}

/* --- the lock and the log --------------------------------------------------- */

static int job_take_lock(struct kernel_job *job, const char *path,
			 struct err *err)
{
	struct timespec pause = { 0, (long)(TICK * 1e9) };
	char pid[32] = "";

	job->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (job->lock < 0)
		return err_sys(err, errno, "cannot open %s", path);
	while (flock(job->lock, LOCK_EX | LOCK_NB)) {
		ssize_t n = pread(job->lock, pid, sizeof(pid) - 1, 0);
		int ret;

		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(err, errno, "cannot lock %s", path);
		pid[n > 0 ? n : 0] = '\0';
		ret = job_phase(job, KERNEL_WAIT, err,
				"waiting for the build of process %.20s", pid);
		if (ret)
			return ret;
		nanosleep(&pause, NULL);
	}
	if (!ftruncate(job->lock, 0))
		dprintf(job->lock, "%d", (int)getpid());
	return 0;
}

static int job_open_log(struct kernel_job *job, struct err *err)
{
	char *folder = file_cache_path("logs");
	int ret = folder ? file_mkdirs(folder, err) : -ENOMEM;

	if (!ret && asprintf(&job->log_path, "%s/%s.log", folder,
			     job->name) < 0) {
		job->log_path = NULL;
		ret = err_sys(err, ENOMEM, "%s", job->name);
	}
	free(folder);
	if (ret)
		return ret;
	job->log = open(job->log_path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND |
			O_CLOEXEC, 0644);
	return job->log < 0 ? err_sys(err, errno, "cannot write %s",
				      job->log_path) : 0;
}

int job_open(struct kernel_job *job, const char *name, kernel_progress_fn fn,
	     void *arg, struct err *err)
{
	char *root, *path;
	int ret;

	*job = (struct kernel_job){
		.name = name, .fn = fn, .arg = arg, .began = loop_now(),
		.lock = -1, .log = -1,
	};
	root = file_cache_path("");
	path = file_cache_path("build.lock");
	if (!root || !path)
		ret = err_sys(err, ENOMEM, "%s", name);
	else
		ret = file_mkdirs(root, err);
	if (!ret)
		ret = job_take_lock(job, path, err);
	if (!ret)
		ret = cache_sweep(err);
	if (!ret)
		ret = job_open_log(job, err);
	free(root);
	free(path);
	return ret;
}

void job_close(struct kernel_job *job)
{
	if (job->log >= 0)
		close(job->log);
	if (job->lock >= 0)
		close(job->lock);
	job->log = job->lock = -1;
	free(job->log_path);
	job->log_path = NULL;
}

/* --- programs --------------------------------------------------------------- */

/* Counts what was compiled in the log from `*at` on. */
static void job_follow(struct kernel_job *job, off_t *at)
{
	char buf[8192];
	ssize_t n;

	while ((n = pread(job->log, buf, sizeof(buf) - 1, *at)) > 0) {
		char *line = buf, *end;

		buf[n] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1)
			job->compiled += !strncmp(line, "  CC ", 5) ||
					 !strncmp(line, "  AS ", 5);
		if (line == buf)	/* no whole line yet, or a huge one */
			line += n == sizeof(buf) - 1 ? n : 0;
		if (line == buf)
			return;
		*at += line - buf;
	}
}

/* Cuts `text` down to what follows its first error, or else to its end. */
static void job_cut(char *text)
{
	char *line = strstr(text, "error:");

	if (!line)
		line = strstr(text, "Error");
	for (; line && line > text && line[-1] != '\n'; line--)
		;
	if (!line)
		line = strchr(text + strlen(text) - SAID_MAX, '\n');
	if (line)
		memmove(text, line, strlen(line) + 1);
	if (strlen(text) > SAID_MAX)
		text[SAID_MAX] = '\0';
}

/* What the program wrote, cut to SAID_MAX bytes. */
static char *job_said(const struct kernel_job *job, off_t from)
{
	off_t end = lseek(job->log, 0, SEEK_END);
	char *text = calloc(1, (size_t)(end - from) + 1);

	if (!text || pread(job->log, text, end - from, from) < 0)
		return text;
	if (strlen(text) > SAID_MAX)
		job_cut(text);
	for (size_t n = strlen(text); n && text[n - 1] == '\n'; n--)
		text[n - 1] = '\0';
	return text;
}

static int job_failed(struct kernel_job *job, const char *program, int status,
		      off_t from, struct err *err)
{
	char *text = job_said(job, from), how[64];
	int ret;

	ret = err_set(err, EXIT_MACHINE, -EIO, "%s: %s failed: %s\n%s\nThe full log is %s",
		      job->text, program,
		      proc_status_text(status, how, sizeof(how)),
		      text ? text : "", job->log_path);
	free(text);
	return ret;
}

/* On SIGINT make removes half-written files; allow it time to do so. */
static void job_stop(struct proc *p)
{
	struct pollfd end = { .fd = p->pidfd, .events = POLLIN };

	proc_signal_group(p, SIGINT);
	poll(&end, 1, STOP_MS);
}

int job_run(struct kernel_job *job, const char *dir, const char *const env[],
	    const char *const argv[], struct err *err)
{
	const int keep[] = { job->lock, -1 };
	struct proc_options o = {
		.argv = argv, .dir = dir ? dir : "/", .out = job->log,
		.err = job->log, .keep = keep, .clean = true, .env = env,
		.tree = true,
	};
	char *command = proc_command_text(argv);
	off_t from, at;
	struct proc p;
	int status, ret;

	if (command)
		dprintf(job->log, "$ %s\n", command);
	free(command);
	from = at = lseek(job->log, 0, SEEK_END);
	ret = proc_spawn(&p, &o, err);
	if (ret)
		return ret;
	while ((ret = proc_wait(&p, TICK, &status)) == -ETIME) {
		job_follow(job, &at);
		ret = job_tell(job, err);
		if (ret)
			break;
	}
	if (ret)
		job_stop(&p);
	job_follow(job, &at);
	proc_release(&p);
	if (ret)
		return err_sys(err, -ret, "cannot follow %s", argv[0]);
	return status ? job_failed(job, argv[0], status, from, err) : 0;
}

/* --- what the machine must have ----------------------------------------------- */

int job_need_disk(const char *path, uint64_t need, const char *what,
		  struct err *err)
{
	char have_text[SIZE_TEXT_MAX], need_text[SIZE_TEXT_MAX];
	struct statvfs fs;
	uint64_t have;

	if (statvfs(path, &fs))
		return err_sys(err, errno, "cannot determine the free space of %s", path);
	have = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (have >= need)
		return 0;
	return err_machine(err, "too little disk space for %s: %s has %s free and %s are needed; free some, or set XDG_CACHE_HOME to another disk",
			   what, path, size_format(have >> 20 << 20, have_text),
			   size_format(need, need_text));
}

int job_need_path(struct err *err)
{
	char *path = file_cache_path("");
	const unsigned char *c = (const unsigned char *)path;
	int ret = 0;

	if (!path)
		return err_machine(err, "there is no home folder for the cache; set HOME, or set XDG_CACHE_HOME to an absolute path");
	while (*c > ' ' && *c != 0x7f && !strchr(":;#$%&*?|<>(){}[]\\'\"`!^~=,", *c))
		c++;
	if (*c)
		ret = err_machine(err, "cannot build a kernel below %s: make does not support '%c' in a path; set XDG_CACHE_HOME to a path without it",
				  path, *c < ' ' || *c == 0x7f ? '?' : *c);
	free(path);
	return ret;
}

int job_need_programs(const char *what, const char *const programs[][2], struct err *err)
{
	for (size_t i = 0; programs[i][0]; i++) {
		char *found = proc_find(programs[i][0]);

		if (!found)
			return err_machine(err, "%s needs %s (Debian package %s); make deps installs it",
					   what, programs[i][0], programs[i][1]);
		free(found);
	}
	return 0;
}

int job_need_git(struct err *err)
{
	static const char *const programs[][2] = { { "git", "git" }, { NULL, NULL } };

	return job_need_programs("reading a git repository or applying a patch", programs, err);
}
