/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum source_kind { SOURCE_FREE, SOURCE_FD, SOURCE_TIMER, SOURCE_CHILD, SOURCE_SIGNAL };

struct source {
	enum source_kind kind;
	uint32_t generation;	/* part of the id, so that an old id never names a new source */
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
	struct source *sources;
	struct pollfd *fds;	/* as many, for poll(2) */
	uint32_t count, next;
};

#define SOURCES_MAX 65535u
#define EVENTS_MAX 64		/* taken from the kernel at once */

double loop_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

int loop_new(struct loop **out, struct err *err)
{
	struct loop *l = calloc(1, sizeof(*l));
	if (!l)
		return err_sys(err, ENOMEM, "cannot wait for events");
	*out = l;
	return 0;
}

/* The signal has its old effect again, at once if one is pending. */
static void loop_end_signal(const struct source *s)
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
			loop_end_signal(&l->sources[i]);
	}
	free(l->sources);
	free(l->fds);
	free(l);
}

static int64_t loop_id_of(const struct loop *l, const struct source *s)
{
	return (int64_t)s->generation << 32 | (uint32_t)(s - l->sources + 1);
}

static struct source *loop_find(struct loop *l, int64_t id)
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

/* Room for one source more. */
static struct source *loop_add_one(struct loop *l)
{
	struct pollfd *fds = realloc(l->fds, (l->count + 1) * sizeof(*fds));
	struct source *s;

	if (!fds)
		return NULL;
	l->fds = fds;
	s = realloc(l->sources, (l->count + 1) * sizeof(*s));
	if (!s)
		return NULL;
	l->sources = s;
	s += l->count++;
	memset(s, 0, sizeof(*s));
	return s;
}

static struct source *loop_take(struct loop *l, enum source_kind kind, void *arg)
{
	struct source *s = NULL;

	for (uint32_t i = 0; i < l->count && !s; i++) {
		if (l->sources[i].kind == SOURCE_FREE)
			s = &l->sources[i];
	}
	if (!s && l->count == SOURCES_MAX)
		return NULL;
	if (!s) {
		s = loop_add_one(l);
		if (!s)
			return NULL;
	}
	/* 31 bits, so that an id is never negative. */
	*s = (struct source){ .kind = kind, .arg = arg, .fd = -1,
			      .generation = (s->generation + 1) & 0x7fffffff };
	return s;
}

static struct source *loop_take_fd(struct loop *l, enum source_kind kind, int fd,
			      unsigned events, void *arg)
{
	struct source *s = loop_take(l, kind, arg);

	if (!s)
		return NULL;
	s->fd = fd;
	s->events = events;
	return s;
}

int64_t loop_add_fd(struct loop *l, int fd, unsigned events, loop_fd_fn fn,
		    void *arg)
{
	struct source *s = loop_take_fd(l, SOURCE_FD, fd, events, arg);

	if (!s)
		return -ENOMEM;
	s->fn.fd = fn;
	return loop_id_of(l, s);
}

void loop_set_events(struct loop *l, int64_t id, unsigned events)
{
	struct source *s = loop_find(l, id);

	if (s && s->kind == SOURCE_FD)
		s->events = events;
}

int64_t loop_add_timer(struct loop *l, double seconds, loop_timer_fn fn,
		       void *arg)
{
	struct source *s = loop_take(l, SOURCE_TIMER, arg);

	if (!s)
		return -ENOMEM;
	s->fn.timer = fn;
	s->due = loop_now() + seconds;
	return loop_id_of(l, s);
}

void loop_set_timer(struct loop *l, int64_t id, double seconds)
{
	struct source *s = loop_find(l, id);

	if (s && s->kind == SOURCE_TIMER)
		s->due = loop_now() + seconds;
}

int64_t loop_add_child(struct loop *l, int pidfd, loop_child_fn fn, void *arg)
{
	struct source *s = loop_take_fd(l, SOURCE_CHILD, pidfd, POLLIN, arg);

	if (!s)
		return -ENOMEM;
	s->fn.child = fn;
	return loop_id_of(l, s);
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
	s = loop_take_fd(l, SOURCE_SIGNAL, fd, POLLIN, arg);
	if (!s) {
		close(fd);
		return -ENOMEM;
	}
	s->signo = signo;
	s->fn.signal = fn;
	return loop_id_of(l, s);
}

void loop_remove(struct loop *l, int64_t id)
{
	struct source *s = loop_find(l, id);

	if (!s)
		return;
	if (s->kind == SOURCE_SIGNAL)
		loop_end_signal(s);
	s->kind = SOURCE_FREE;
}

static int loop_call_child(struct loop *l, int64_t id, const struct source *s)
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

static int loop_call_signal(struct loop *l, const struct source *s)
{
	struct signalfd_siginfo info;

	if (read(s->fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	s->fn.signal(l, s->signo, s->arg);
	return 1;
}

/* Works on a copy of the source: its callback may remove it or move them. */
static int loop_call(struct loop *l, int64_t id, unsigned events)
{
	struct source *s = loop_find(l, id);
	struct source copy;

	/* An earlier callback of this step may have removed it or cleared its events. */
	if (!s || !s->events)
		return 0;
	copy = *s;
	switch (copy.kind) {
	case SOURCE_CHILD:
		return loop_call_child(l, id, &copy);
	case SOURCE_SIGNAL:
		return loop_call_signal(l, &copy);
	default:
		copy.fn.fd(l, copy.fd, events, copy.arg);
		return 1;
	}
}

static int loop_call_timers(struct loop *l)
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
static int64_t loop_next_wait(const struct loop *l, double seconds)
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

/* What the kernel is asked: the descriptor of source i is in fds[i]. */
static int loop_poll(struct loop *l, int64_t ms)
{
	int n;

	for (uint32_t i = 0; i < l->count; i++) {
		const struct source *s = &l->sources[i];
		bool waits = s->kind != SOURCE_FREE && s->kind != SOURCE_TIMER &&
			     s->events;

		l->fds[i] = (struct pollfd){ .fd = waits ? s->fd : -1,
					     .events = s->events };
	}
	n = poll(l->fds, l->count, ms < 0 ? -1 : ms > INT_MAX ? INT_MAX : (int)ms);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n;
}

struct event {
	int64_t id;
	unsigned events;
};

/*
 * Copies what happened, since a callback may step the loop itself. It begins
 * where the last step ended: a source that always has something to say does
 * not keep others from being heard.
 */
static int loop_collect(struct loop *l, struct event ev[EVENTS_MAX])
{
	uint32_t first = l->next;
	int n = 0;

	for (uint32_t k = 0; k < l->count && n < EVENTS_MAX; k++) {
		uint32_t i = (first + k) % l->count;

		if (l->fds[i].fd < 0 || !l->fds[i].revents)
			continue;
		ev[n++] = (struct event){ loop_id_of(l, &l->sources[i]),
					  l->fds[i].revents };
		l->next = i + 1;
	}
	return n;
}

int loop_step(struct loop *l, double seconds)
{
	struct event ev[EVENTS_MAX];
	int n = loop_poll(l, loop_next_wait(l, seconds));
	int calls = 0;

	if (n < 0)
		return n;
	n = n > 0 ? loop_collect(l, ev) : 0;
	for (int i = 0; i < n; i++)
		calls += loop_call(l, ev[i].id, ev[i].events);
	return calls + loop_call_timers(l);
}

#define LATE_STEPS 64	/* an endless stream must not become endless time */

int loop_run_until(struct loop *l, bool (*done)(void *arg), void *arg,
		   double seconds)
{
	double end = loop_now() + seconds;
	unsigned late = 0;

	while (!done(arg)) {
		double left = seconds < 0 ? -1 : end - loop_now();
		int ret;

		bool over = seconds >= 0 && left <= 0;

		/* A process that was suspended still handles what arrived meanwhile. */
		ret = loop_step(l, over ? 0 : left);
		if (ret < 0)
			return ret;
		if (over && (!ret || ++late == LATE_STEPS))
			return done(arg) ? 0 : -ETIME;
	}
	return 0;
}
