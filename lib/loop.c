/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loop.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "loop-backend.h"

enum source_kind { SOURCE_FREE, SOURCE_FD, SOURCE_TIMER, SOURCE_CHILD, SOURCE_SIGNAL };

struct source {
	enum source_kind kind;
	uint32_t generation;	/* part of the id: an old id names no new source */
	int64_t key;		/* of the wait in flight; 0: none */
	int fd;
	unsigned events;
	double due;		/* SOURCE_TIMER; infinite once it has fired */
	int signo;
	union {
		loop_fd_fn fd;
		loop_timer_fn timer;
		loop_child_fn child;
		loop_signal_fn signal;
	} fn;
	void *arg;
};

struct loop {
	const struct loop_backend *backend;
	void *state;
	char name[96];
	struct source *sources;
	uint32_t count;
	int64_t waits;		/* how many were ever armed */
};

/* Each wait has a key of its own, so a late event of an old one is known. */
#define KEY_INDEX_BITS 16
#define SOURCES_MAX ((1u << KEY_INDEX_BITS) - 1)

double loop_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static int open_backend(struct loop *l)
{
	const char *wish = getenv("KDUEL_LOOP");
	const char *why = "asked for by KDUEL_LOOP";
	int ret;

	if (!wish || strcmp(wish, "poll")) {
		l->backend = &loop_uring;
		ret = loop_uring.open(&l->state);
		if (!ret) {
			snprintf(l->name, sizeof(l->name), "%s", loop_uring.name);
			return 0;
		}
		why = strerror(-ret);
	}
	l->backend = &loop_poll;
	snprintf(l->name, sizeof(l->name), "poll (no io_uring: %s)", why);
	return loop_poll.open(&l->state);
}

int loop_new(struct loop **out, struct err *err)
{
	struct loop *l = calloc(1, sizeof(*l));
	int ret = l ? open_backend(l) : -ENOMEM;

	if (ret) {
		free(l);
		return err_sys(err, -ret, "cannot wait for events");
	}
	*out = l;
	return 0;
}

/* The signal does again what it did before, now also to one that is pending. */
static void end_signal(const struct source *s)
{
	sigset_t set;

	close(s->fd);
	sigemptyset(&set);
	sigaddset(&set, s->signo);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	for (uint32_t i = 0; i < l->count; i++) {
		if (l->sources[i].kind == SOURCE_SIGNAL)
			end_signal(&l->sources[i]);
	}
	l->backend->close(l->state);
	free(l->sources);
	free(l);
}

const char *loop_backend(const struct loop *l)
{
	return l->name;
}

static int64_t id_of(const struct loop *l, const struct source *s)
{
	return (int64_t)s->generation << 32 | (uint32_t)(s - l->sources + 1);
}

static struct source *find(struct loop *l, int64_t id)
{
	uint32_t index = (uint32_t)id - 1;
	struct source *s;

	if (id <= 0 || index >= l->count)
		return NULL;
	s = &l->sources[index];
	if (s->kind == SOURCE_FREE || s->generation != (uint64_t)id >> 32)
		return NULL;
	return s;
}

static struct source *take(struct loop *l, enum source_kind kind, void *arg)
{
	struct source *s = NULL;

	for (uint32_t i = 0; i < l->count && !s; i++) {
		if (l->sources[i].kind == SOURCE_FREE)
			s = &l->sources[i];
	}
	if (!s && l->count == SOURCES_MAX)
		return NULL;
	if (!s) {
		s = realloc(l->sources, (l->count + 1) * sizeof(*s));
		if (!s)
			return NULL;
		l->sources = s;
		s += l->count++;
		memset(s, 0, sizeof(*s));
	}
	/* 31 bits, so that an id is never negative. */
	*s = (struct source){ .kind = kind, .arg = arg, .fd = -1,
			      .generation = (s->generation + 1) & 0x7fffffff };
	return s;
}

static struct source *find_key(struct loop *l, int64_t key)
{
	uint32_t index = key & SOURCES_MAX;

	if (index >= l->count || l->sources[index].key != key)
		return NULL;
	return &l->sources[index];
}

static int arm(struct loop *l, struct source *s)
{
	int64_t key = ++l->waits << KEY_INDEX_BITS | (s - l->sources);
	int ret;

	if (s->key || !s->events)
		return 0;
	ret = l->backend->arm(l->state, key, s->fd, s->events);
	if (!ret)
		s->key = key;
	return ret;
}

static void disarm(struct loop *l, struct source *s)
{
	if (s->key)
		l->backend->disarm(l->state, s->key);
	s->key = 0;
}

static struct source *take_fd(struct loop *l, enum source_kind kind, int fd,
			      unsigned events, void *arg)
{
	struct source *s = take(l, kind, arg);

	if (!s)
		return NULL;
	s->fd = fd;
	s->events = events;
	if (!arm(l, s))
		return s;
	s->kind = SOURCE_FREE;
	return NULL;
}

int64_t loop_add_fd(struct loop *l, int fd, unsigned events, loop_fd_fn fn,
		    void *arg)
{
	struct source *s = take_fd(l, SOURCE_FD, fd, events, arg);

	if (!s)
		return -ENOMEM;
	s->fn.fd = fn;
	return id_of(l, s);
}

void loop_set_events(struct loop *l, int64_t id, unsigned events)
{
	struct source *s = find(l, id);

	if (!s || s->kind != SOURCE_FD || s->events == events)
		return;
	disarm(l, s);
	s->events = events;
	arm(l, s);
}

int64_t loop_add_timer(struct loop *l, double seconds, loop_timer_fn fn,
		       void *arg)
{
	struct source *s = take(l, SOURCE_TIMER, arg);

	if (!s)
		return -ENOMEM;
	s->fn.timer = fn;
	s->due = loop_now() + seconds;
	return id_of(l, s);
}

void loop_set_timer(struct loop *l, int64_t id, double seconds)
{
	struct source *s = find(l, id);

	if (s && s->kind == SOURCE_TIMER)
		s->due = loop_now() + seconds;
}

int64_t loop_add_child(struct loop *l, int pidfd, loop_child_fn fn, void *arg)
{
	struct source *s = take_fd(l, SOURCE_CHILD, pidfd, POLLIN, arg);

	if (!s)
		return -ENOMEM;
	s->fn.child = fn;
	return id_of(l, s);
}

int64_t loop_add_signal(struct loop *l, int signo, loop_signal_fn fn, void *arg)
{
	struct source *s;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, signo);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	s = take_fd(l, SOURCE_SIGNAL, fd, POLLIN, arg);
	if (!s) {
		close(fd);
		return -ENOMEM;
	}
	s->signo = signo;
	s->fn.signal = fn;
	return id_of(l, s);
}

void loop_remove(struct loop *l, int64_t id)
{
	struct source *s = find(l, id);

	if (!s)
		return;
	disarm(l, s);
	if (s->kind == SOURCE_SIGNAL)
		end_signal(s);
	s->kind = SOURCE_FREE;
}

static int call_child(struct loop *l, int64_t id, const struct source *s)
{
	siginfo_t info = { 0 };
	int status;

	if (waitid(P_PIDFD, s->fd, &info, WEXITED | WNOHANG) || !info.si_pid)
		return 0;
	status = info.si_code == CLD_EXITED ? info.si_status << 8
					    : info.si_status;
	loop_remove(l, id);
	s->fn.child(l, status, s->arg);
	return 1;
}

static int call_signal(struct loop *l, const struct source *s)
{
	struct signalfd_siginfo info;

	if (read(s->fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	s->fn.signal(l, s->signo, s->arg);
	return 1;
}

/* Works on a copy of the source: its callback may remove it or move them. */
static int call(struct loop *l, const struct loop_event *ev)
{
	struct source *s = find_key(l, ev->key);
	struct source copy;
	int64_t id;
	int calls = 1;

	if (!s)
		return 0;
	s->key = 0;
	copy = *s;
	id = id_of(l, s);
	switch (copy.kind) {
	case SOURCE_CHILD:
		calls = call_child(l, id, &copy);
		break;
	case SOURCE_SIGNAL:
		calls = call_signal(l, &copy);
		break;
	default:
		copy.fn.fd(l, copy.fd, ev->events, copy.arg);
	}
	s = find(l, id);
	if (s)
		arm(l, s);
	return calls;
}

static int call_timers(struct loop *l)
{
	double now = loop_now();
	int calls = 0;

	for (uint32_t i = 0; i < l->count; i++) {
		struct source *s = &l->sources[i];

		if (s->kind != SOURCE_TIMER || s->due > now)
			continue;
		s->due = INFINITY;
		s->fn.timer(l, s->arg);
		calls++;
	}
	return calls;
}

/* Milliseconds until the next timer, at most `seconds`; -1: for ever. */
static int64_t next_wait(const struct loop *l, double seconds)
{
	double now = loop_now();
	double wait = seconds < 0 ? INFINITY : seconds;

	for (uint32_t i = 0; i < l->count; i++) {
		const struct source *s = &l->sources[i];

		if (s->kind == SOURCE_TIMER && s->due - now < wait)
			wait = s->due > now ? s->due - now : 0;
	}
	return isinf(wait) ? -1 : (int64_t)ceil(wait * 1000);
}

int loop_step(struct loop *l, double seconds)
{
	struct loop_event ev[32];
	int n = l->backend->wait(l->state, next_wait(l, seconds), ev, 32);
	int calls = 0;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		calls += call(l, &ev[i]);
	return calls + call_timers(l);
}

int loop_run_until(struct loop *l, bool (*done)(void *arg), void *arg,
		   double seconds)
{
	double end = loop_now() + seconds;

	while (!done(arg)) {
		double left = seconds < 0 ? -1 : end - loop_now();
		int ret;

		if (seconds >= 0 && left <= 0)
			return -ETIME;
		ret = loop_step(l, left);
		if (ret < 0)
			return ret;
	}
	return 0;
}
