/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop.h"

/* What becomes of the child's descriptors 0, 1 and 2. */
struct stdio_plan {
	int child[3];	/* what the child dups; -1: inherit */
	int ours[3];	/* our pipe ends, -1: none */
	bool owned[3];	/* child[i] was opened here and is closed after fork */
};

static int proc_plan_one(struct stdio_plan *s, int i, int wish)
{
	int ends[2];

	switch (wish) {
	case PROC_INHERIT:
		return 0;
	case PROC_NULL:
		s->child[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
		s->owned[i] = true;
		return s->child[i] < 0 ? -errno : 0;
	case PROC_PIPE:
		if (pipe2(ends, O_CLOEXEC))
			return -errno;
		s->child[i] = ends[i ? 1 : 0];
		s->ours[i] = ends[i ? 0 : 1];
		s->owned[i] = true;
		return fcntl(s->ours[i], F_SETFL, O_NONBLOCK) ? -errno : 0;
	}
	s->child[i] = wish;
	return 0;
}

static void proc_close_child_ends(struct stdio_plan *s)
{
	for (int i = 0; i < 3; i++) {
		if (s->owned[i] && s->child[i] >= 0)
			close(s->child[i]);
	}
}

static void proc_close_our_ends(struct stdio_plan *s)
{
	for (int i = 0; i < 3; i++) {
		if (s->ours[i] >= 0)
			close(s->ours[i]);
	}
}

static int proc_plan_stdio(struct stdio_plan *s, const struct proc_options *o)
{
	int wish[3] = { o->in, o->out, o->err };
	int ret = 0;

	for (int i = 0; i < 3; i++) {
		s->child[i] = s->ours[i] = -1;
		s->owned[i] = false;
	}
	for (int i = 0; i < 3 && !ret; i++)
		ret = proc_plan_one(s, i, wish[i]);
	if (ret) {
		proc_close_child_ends(s);
		proc_close_our_ends(s);
	}
	return ret;
}

static int proc_place_stdio(const struct stdio_plan *s)
{
	int fd[3];

	/* Out of the way of 0..2 first, so that no dup2 overwrites a source. */
	for (int i = 0; i < 3; i++) {
		fd[i] = s->child[i];
		if (fd[i] >= 0 && fd[i] < 3)
			fd[i] = fcntl(fd[i], F_DUPFD_CLOEXEC, 3);
	}
	for (int i = 0; i < 3; i++) {
		if (fd[i] >= 0 && dup2(fd[i], i) < 0)
			return -1;
	}
	return 0;
}

/*
 * In the child: dies with its parent, has its signals as at login, and belongs to the
 * process group `group` (0: one of its own).
 */
static int proc_bind_to(pid_t parent, pid_t group)
{
	sigset_t none;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return errno;
	/* The parent may have died before the line above. */
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	signal(SIGINT, SIG_DFL);	/* which a shell's background jobs ignore */
	/* Ctrl-C is for the driver, which then ends its children in order. */
	return setpgid(0, group) ? errno : 0;
}

/* --- the guard of a process group ------------------------------------------- */

/*
 * Leads the group that a program and all that it starts are in, and kills it, and so
 * itself, when `parent` dies. It holds no file of ours.
 */
static void proc_guard_wait(pid_t parent)
{
	sigset_t all;

	setpgid(0, 0);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	close_range(0, ~0U, 0);
	if (!prctl(PR_SET_PDEATHSIG, SIGUSR1) && getppid() == parent)
		while (sigwaitinfo(&all, NULL) != SIGUSR1)
			;
	kill(0, SIGKILL);
	_exit(127);
}

static int proc_guard_start(struct proc *p)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		proc_guard_wait(parent);
	/* In both, so that the group is there whoever runs first. */
	setpgid(pid, pid);
	p->guard = pid;
	return 0;
}

/* --- the environment ----------------------------------------------------- */

static bool proc_env_has_name(const char *entry, const char *const names[])
{
	size_t n = strcspn(entry, "=");

	for (size_t i = 0; names[i]; i++) {
		if (!strncmp(names[i], entry, n) &&
		    (!names[i][n] || names[i][n] == '='))
			return true;
	}
	return false;
}

static bool proc_env_passes(const char *entry, const struct proc_options *o)
{
	static const char *const clean[] = {
		"PATH", "HOME", "TMPDIR", "http_proxy", "https_proxy",
		"ftp_proxy", "all_proxy", "no_proxy", "HTTP_PROXY",
		"HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY", NULL,
	};

	if (o->env && proc_env_has_name(entry, o->env))
		return false;
	return !o->clean || proc_env_has_name(entry, clean);
}

static size_t proc_env_count(const char *const list[])
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* The child's environment; the caller frees the array, not the strings. */
static const char **proc_env_make(const struct proc_options *o)
{
	const char *const *ours = (const char *const *)environ;
	const char **env = calloc(proc_env_count(ours) + proc_env_count(o->env) + 2,
				  sizeof(*env));
	size_t n = 0;

	if (!env)
		return NULL;
	if (o->clean)
		env[n++] = "LC_ALL=C";
	for (size_t i = 0; ours && ours[i]; i++)
		if (proc_env_passes(ours[i], o))
			env[n++] = ours[i];
	for (size_t i = 0; o->env && o->env[i]; i++)
		env[n++] = o->env[i];
	return env;
}

/* --- the start ------------------------------------------------------------- */

/* Runs in the child; only returns to report what failed, as an errno. */
static int proc_become(const struct proc_options *o, const struct stdio_plan *s,
		       const char *const env[], pid_t parent, pid_t group)
{
	int error = proc_bind_to(parent, group);

	if (error)
		return error;
	if (proc_place_stdio(s))
		return errno;
	for (const int *k = o->keep; k && *k >= 0; k++)
		fcntl(*k, F_SETFD, 0);
	if (o->root && (chroot(o->root) || chdir("/")))
		return errno;
	if (o->dir && chdir(o->dir))
		return errno;
	if (o->clean)
		umask(022);
	if (o->cpus && sched_setaffinity(0, sizeof(*o->cpus), o->cpus->set))
		return errno;
	if (o->as_user && (setgroups(0, NULL) || setgid(o->gid) || setuid(o->uid)))
		return errno;
	/* A change of user clears the parent-death signal. */
	if (o->as_user && prctl(PR_SET_PDEATHSIG, SIGKILL))
		return errno;
	execvpe(o->argv[0], (char *const *)o->argv, (char *const *)env);
	return errno;
}

/* Forks; `report` gets the child's errno if it could not become argv[0]. */
static int proc_fork_child(struct proc *p, const struct proc_options *o,
			   const struct stdio_plan *s, const char *const env[],
			   int report[2])
{
	pid_t parent = getpid();
	int ret = o->tree ? proc_guard_start(p) : 0;

	if (ret)
		return ret;
	p->pid = fork();
	if (p->pid < 0) {
		p->pid = 0;
		return -errno;
	}
	if (p->pid == 0) {
		int error = proc_become(o, s, env, parent, p->guard);
		ssize_t n = write(report[1], &error, sizeof(error));

		_exit(n == sizeof(error) ? 127 : 126);
	}
	p->pidfd = pidfd_open(p->pid, 0);
	return p->pidfd < 0 ? -errno : 0;
}

int proc_spawn(struct proc *p, const struct proc_options *o, struct err *err)
{
	struct stdio_plan s;
	const char **env = proc_env_make(o);
	int report[2], error = 0, ret;

	*p = (struct proc)PROC_INIT;
	ret = env ? proc_plan_stdio(&s, o) : -ENOMEM;
	if (ret) {
		free(env);
		return err_sys(err, -ret, "cannot run %s", o->argv[0]);
	}
	if (pipe2(report, O_CLOEXEC)) {
		ret = -errno;
		free(env);
		proc_close_child_ends(&s);
		proc_close_our_ends(&s);
		return err_sys(err, -ret, "cannot run %s", o->argv[0]);
	}
	ret = proc_fork_child(p, o, &s, env, report);
	free(env);
	close(report[1]);
	proc_close_child_ends(&s);
	p->in = s.ours[0];
	p->out = s.ours[1];
	p->err = s.ours[2];
	if (!ret && read(report[0], &error, sizeof(error)) == sizeof(error))
		ret = -error;
	close(report[0]);
	if (ret) {
		proc_release(p);
		return err_sys(err, -ret, "cannot run %s", o->argv[0]);
	}
	return 0;
}

int proc_fork(struct proc *p, int (*fn)(void *arg), void *arg, struct err *err)
{
	pid_t parent = getpid();

	*p = (struct proc)PROC_INIT;
	p->pid = fork();
	if (p->pid == 0)
		_exit(proc_bind_to(parent, 0) ? 127 : fn(arg));
	if (p->pid > 0)
		p->pidfd = pidfd_open(p->pid, 0);
	else
		p->pid = 0;
	if (p->pidfd < 0) {
		int ret = err_sys(err, errno, "cannot start a process");

		proc_release(p);
		return ret;
	}
	return 0;
}

int proc_socketpair(int ends[2], struct err *err)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return err_sys(err, errno, "cannot open a stream to a process");
	return 0;
}

static int proc_reap(struct proc *p, int *status)
{
	pid_t pid;

	do {
		pid = waitpid(p->pid, status, 0);
	} while (pid < 0 && errno == EINTR);
	p->pid = 0;
	return pid < 0 ? -errno : 0;
}

int proc_wait(struct proc *p, double seconds, int *status)
{
	struct pollfd fd = { .fd = p->pidfd, .events = POLLIN };
	double end = loop_now() + seconds;

	if (!p->pid)
		return -ECHILD;
	while (seconds >= 0) {
		double left = end - loop_now();
		int n = poll(&fd, 1, left > 0 ? (int)(left * 1000) + 1 : 0);

		if (n > 0)
			break;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (loop_now() >= end)
			return -ETIME;
	}
	return proc_reap(p, status);
}

void proc_reaped(struct proc *p)
{
	p->pid = 0;
}

void proc_signal(struct proc *p, int signo)
{
	if (p->pid)
		pidfd_send_signal(p->pidfd, signo, NULL, 0);
}

void proc_signal_group(struct proc *p, int signo)
{
	/* The leader is not reaped before its group is done with: the number is ours. */
	if (p->guard || p->pid)
		kill(-(p->guard ? p->guard : p->pid), signo);
}

static void proc_close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void proc_release(struct proc *p)
{
	int status;

	if (p->guard) {
		kill(-p->guard, SIGKILL);
		while (waitpid(p->guard, NULL, 0) < 0 && errno == EINTR)
			;
		p->guard = 0;
	}
	if (p->pid) {
		kill(p->pid, SIGKILL);
		proc_reap(p, &status);
	}
	proc_close_one(&p->pidfd);
	proc_close_one(&p->in);
	proc_close_one(&p->out);
	proc_close_one(&p->err);
}
