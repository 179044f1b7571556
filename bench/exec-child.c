/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of a command: its streams read within bounds, its time, its end and its largest mapping. */
#include "exec.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "loop.h"
#include "proc.h"

/*
 * The largest mapping of a command and its children while they run. What counts
 * is memory that is there: of each process of the group the mapping with the most
 * resident bytes, and of all looks the one that had the most.
 */

/* The parent and group are what follows the name, which may hold anything but ends with ')'. */
static bool child_watch_relations(const char *pid, pid_t *parent, pid_t *group)
{
	char path[64], *text, *end;
	bool known;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	if (file_read(path, &text, NULL, NULL))
		return false;
	end = strrchr(text, ')');
	known = end && sscanf(end + 1, " %*c %d %d", parent, group) == 2;
	free(text);
	return known;
}

static bool child_watch_in_group(const char *pid, pid_t group)
{
	pid_t parent, of;

	return child_watch_relations(pid, &parent, &of) && of == group;
}

/* A child of this process, running or ended; 0: there is none, or /proc does not tell. */
static pid_t child_watch_child(void)
{
	const pid_t self = getpid();
	siginfo_t any;
	DIR *d;
	struct dirent *e;
	pid_t found = 0, parent, group;

	/* Mostly there is none, and then /proc need not be searched. */
	if (waitid(P_ALL, 0, &any, WEXITED | WNOHANG | WNOWAIT) && errno == ECHILD)
		return 0;
	d = opendir("/proc");
	while (d && !found && (e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]) &&
		    child_watch_relations(e->d_name, &parent, &group) && parent == self)
			found = atoi(e->d_name);
	if (d)
		closedir(d);
	return found;
}

struct mapping {
	uint64_t start, end, rss;
};

static void child_watch_line(const char *line, struct mapping *now, struct mapping *most)
{
	uint64_t start, end, kb;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2)
		*now = (struct mapping){ start, end, 0 };
	else if (sscanf(line, "Rss: %" SCNu64 " kB", &kb) == 1)
		now->rss = kb << 10;
	if (now->rss > most->rss)
		*most = *now;
}

static struct mapping child_watch_largest(const char *pid)
{
	struct mapping now = { 0 }, most = { 0 };
	char path[64], *text, *line, *rest;

	snprintf(path, sizeof(path), "/proc/%.20s/smaps", pid);
	if (file_read(path, &text, NULL, NULL))
		return most;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		child_watch_line(line, &now, &most);
	free(text);
	return most;
}

static void child_watch_process(struct exec_watch *w, const char *pid)
{
	const struct mapping m = child_watch_largest(pid);
	struct page_bytes p = { 0 };
	struct err err = ERR_INIT;

	if (m.rss <= w->pages.b4k + w->pages.b2m + w->pages.b1g)
		return;
	if (pages_read(atoi(pid), m.start, m.end - m.start, &p, &err)) {
		snprintf(w->why, sizeof(w->why), "%.190s", err.text);
		return;
	}
	if (p.b4k + p.b2m + p.b1g <= w->pages.b4k + w->pages.b2m + w->pages.b1g)
		return;
	w->pages = p;
	w->start = m.start;
	w->end = m.end;
	w->readings++;
}

/* Looks once at the processes of group `pgid`. */
static void child_watch_look(struct exec_watch *w, pid_t pgid)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	if (!d) {
		snprintf(w->why, sizeof(w->why), "/proc cannot be read");
		return;
	}
	while ((e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]) && child_watch_in_group(e->d_name, pgid))
			child_watch_process(w, e->d_name);
	closedir(d);
}

#define TOLD_MAX 500	/* bytes of its output in an error */
#define LOOK_MOST_MS 50

/* The process group of the run in progress; 0: none. */
static volatile pid_t child_group;

void exec_child_kill(void)
{
	if (child_group)
		kill(-child_group, SIGKILL);
}

struct stream {
	int fd;			/* -1: at its end */
	char *text;
	size_t n, room;
};

struct child {
	const struct exec_spec *spec;
	struct exec_watch *watch;
	const struct exec_timer *timer;
	struct exec_run *run;
	struct proc proc;
	pid_t group;
	struct stream streams[2];
	int status;
	bool flood, late, ended;
};

/* 0, or -ENOMEM. Output above the bound sets `flood`. */
static int child_read(struct child *c, struct stream *s)
{
	ssize_t n;

	if (s->room - s->n < 4096) {
		size_t room = s->room ? 2 * s->room : 16384;
		char *more = realloc(s->text, room);

		if (!more)
			return -ENOMEM;
		s->text = more;
		s->room = room;
	}
	n = read(s->fd, s->text + s->n, s->room - s->n - 1);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		s->fd = -1;
	s->n += n > 0 ? (size_t)n : 0;
	s->text[s->n] = '\0';
	c->flood |= s->n > c->spec->output;
	return 0;
}

static int child_take(struct child *c, struct pollfd p[3])
{
	int ret = 0;

	for (int i = 0; i < 2 && !ret; i++)
		if (p[i].fd >= 0 && p[i].revents)
			ret = child_read(c, &c->streams[i]);
	return ret;
}

static double child_now(struct child *c, double t0)
{
	return c->timer ? c->timer->end(c->timer->arg) : (loop_now() - t0) * 1e9;
}

/* Until it has ended, printed too much, or taken too long. */
static int child_follow(struct child *c, double t0)
{
	double until = t0 + c->spec->limit_s;
	int look = 1, ret = 0;

	while (!ret && !c->ended && !c->flood && !c->late) {
		struct pollfd p[3] = { { c->streams[0].fd, POLLIN, 0 },
				       { c->streams[1].fd, POLLIN, 0 },
				       { c->proc.pidfd, POLLIN, 0 } };
		double left = until - loop_now();
		int wait_ms = left > 0 ? (int)(left < 1e6 ? left * 1000 : 1e9) + 1 : 0;

		if (c->watch && wait_ms > look)
			wait_ms = look;
		if (poll(p, 3, wait_ms) < 0 && errno != EINTR)
			return -errno;
		c->ended = p[2].revents;
		if (c->ended)
			c->run->wall_ns = child_now(c, t0);
		ret = child_take(c, p);
		c->late = !c->ended && loop_now() >= until;
		if (c->watch && !c->ended) {
			child_watch_look(c->watch, c->group);
			look = look < LOOK_MOST_MS ? 2 * look : LOOK_MOST_MS;
		}
	}
	return ret;
}

/* What it had written before it ended; others may hold its streams open for ever. */
static int child_drain(struct child *c)
{
	int ret = 0;

	for (int i = 0; i < 2; i++) {
		struct stream *s = &c->streams[i];
		size_t before;

		do {
			before = s->n;
			if (s->fd >= 0)
				ret = child_read(c, s);
		} while (!ret && s->fd >= 0 && s->n > before && !c->flood);
	}
	return ret;
}

/*
 * Kills what left the group, as a daemon does with setsid(): an orphan is a child of
 * ours, and so are its own children once it is gone.
 */
static void child_end_strays(void)
{
	pid_t pid;

	while ((pid = child_watch_child()) > 0) {
		kill(pid, SIGKILL);
		if (waitpid(pid, NULL, 0) < 0 && errno != EINTR)
			break;
	}
}

/* Kills it, and whatever it started and left behind. */
static void child_end(struct child *c)
{
	pid_t pid;

	kill(-c->group, SIGKILL);
	if (wait4(c->proc.pid, &c->status, 0, &c->run->usage) == c->proc.pid)
		proc_reaped(&c->proc);
	proc_release(&c->proc);
	/* Those that lost their parent are ours now. */
	do {
		pid = waitpid(-c->group, NULL, 0);
	} while (pid > 0 || (pid < 0 && errno == EINTR));
	child_end_strays();
}

static int child_judge(struct child *c, struct err *err)
{
	const char *name = c->spec->argv.v[0];
	struct exec_output *o = &c->run->output;
	/* What went wrong is mostly on stderr. */
	struct exec_output told = { .out = o->err && *o->err ? o->err : o->out };
	char first[TOLD_MAX], how[64];

	exec_first_lines(&told, first, sizeof(first));
	if (c->flood)
		return err_set(err, EXIT_MACHINE, EXEC_FLOOD,
			       "%s printed more than %llu bytes, and was stopped; let it print less, or raise output: its output begins: '%s'",
			       name, (unsigned long long)c->spec->output, first);
	if (c->late)
		return err_set(err, EXIT_MACHINE, EXEC_LIMIT,
			       "%s did not end in %g s, and was stopped; give it less to do, or raise limit%s%s%s",
			       name, c->spec->limit_s, *first ? ": it said: '" : "", first,
			       *first ? "'" : "");
	if (!c->status)
		return 0;
	return err_set(err, EXIT_MACHINE, WIFSIGNALED(c->status) ? EXEC_SIGNAL : EXEC_EXIT,
		       "%s: %s%s%s%s", name, proc_status_text(c->status, how, sizeof(how)),
		       *first ? "; it said: '" : "", first, *first ? "'" : "");
}

static int child_start(struct child *c, const struct proc_cpus *cpus, struct err *err)
{
	const struct exec_spec *s = c->spec;
	const struct proc_options o = {
		.argv = args_argv(&s->argv), .root = s->root, .dir = s->folder,
		.out = PROC_PIPE, .err = PROC_PIPE, .env = args_argv(&s->env),
		.as_user = s->as_user, .uid = s->uid, .gid = s->gid, .cpus = cpus,
	};
	int ret = proc_spawn(&c->proc, &o, err);

	if (ret && s->folder)
		err_prefix(err, "in %s", s->folder);
	return ret;
}

int exec_child_run(const struct exec_spec *s, const struct proc_cpus *cpus, struct exec_watch *watch,
		   const struct exec_timer *timer, struct exec_run *run, struct err *err)
{
	struct child c = { .spec = s, .watch = watch, .timer = timer, .run = run };
	double t0;
	int ret;

	memset(run, 0, sizeof(*run));
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (timer)
		timer->begin(timer->arg);
	t0 = loop_now();
	ret = child_start(&c, cpus, err);
	if (ret)
		return ret;
	c.group = child_group = c.proc.pid;
	c.streams[0].fd = c.proc.out;
	c.streams[1].fd = c.proc.err;
	ret = child_follow(&c, t0);
	if (!ret && c.ended)
		ret = child_drain(&c);
	child_end(&c);
	child_group = 0;
	run->output = (struct exec_output){ c.streams[0].text, c.streams[1].text,
					    c.streams[0].n, c.streams[1].n };
	return ret ? err_sys(err, -ret, "cannot read the output of %s",
			     s->argv.v[0]) : child_judge(&c, err);
}

void exec_run_release(struct exec_run *run)
{
	free(run->output.out);
	free(run->output.err);
	memset(run, 0, sizeof(*run));
}

/* --- what is measured of it --------------------------------------------------------- */

static double child_ns(const struct timeval *t)
{
	return (double)t->tv_sec * 1e9 + (double)t->tv_usec * 1e3;
}

int exec_run_values(const struct exec_spec *s, const struct proc_cpus *cpus, struct exec_watch *watch,
		    const struct exec_timer *timer, double *v, struct err *err)
{
	struct exec_run run;
	int ret = exec_child_run(s, cpus, watch, timer, &run, err);

	v[EXEC_WALL] = run.wall_ns * 1e-6;
	v[EXEC_CPU] = (child_ns(&run.usage.ru_utime) + child_ns(&run.usage.ru_stime)) * 1e-6;
	v[EXEC_MINOR] = (double)run.usage.ru_minflt;
	v[EXEC_MAJOR] = (double)run.usage.ru_majflt;
	v[EXEC_RSS] = (double)run.usage.ru_maxrss;
	for (size_t i = 0; !ret && i < s->n_metrics; i++)
		ret = exec_value_of(&s->metrics[i], &run.output, &v[EXEC_ALWAYS + i], err);
	exec_run_release(&run);
	return ret;
}
