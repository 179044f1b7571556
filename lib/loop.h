/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One loop that waits on everything: streams, timers, children, signals. It
 * waits with poll(2): for the ten descriptors of a campaign io_uring is not
 * faster (6 us a message either way), and a sysctl can forbid it.
 *
 * Callers add sources and get an id > 0. Callbacks run inside loop_step() and
 * may add and remove any source, their own too, and may step the loop
 * themselves; a source that was removed is never called again, even if its
 * event was already taken from the kernel.
 * File descriptors stay the caller's: remove the source, then close.
 *
 * The loop does not own a thread of control: code that must wait for
 * something states what, and everything else goes on meanwhile:
 *
 *	loop_add_fd(loop, fd, POLLIN, on_bytes, me);
 *	ret = loop_run_until(loop, have_reply, me, 5.0);	// -ETIME after 5 s
 */
#ifndef KDUEL_LOOP_H
#define KDUEL_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct loop;

/* An event on a descriptor; `events` are poll(2)'s POLLIN, POLLHUP, ... */
typedef void (*loop_fd_fn)(struct loop *l, int fd, unsigned events, void *arg);
typedef void (*loop_timer_fn)(struct loop *l, void *arg);
/* A child ended; `status` is as from waitpid(2). It has been reaped. */
typedef void (*loop_child_fn)(struct loop *l, int status, void *arg);
typedef void (*loop_signal_fn)(struct loop *l, int signo, void *arg);

int loop_new(struct loop **l, struct err *err);
void loop_free(struct loop *l);

/*
 * Level triggered: called again while the condition lasts. `events` 0 keeps
 * the source but waits for nothing. Returns the id or -ENOMEM.
 */
int64_t loop_add_fd(struct loop *l, int fd, unsigned events, loop_fd_fn fn,
		    void *arg);
void loop_set_events(struct loop *l, int64_t id, unsigned events);

/* Called once, `seconds` from now. loop_set_timer() starts it again. */
int64_t loop_add_timer(struct loop *l, double seconds, loop_timer_fn fn,
		       void *arg);
void loop_set_timer(struct loop *l, int64_t id, double seconds);

/* Called once when the child behind `pidfd` has ended; reaps it. */
int64_t loop_add_child(struct loop *l, int pidfd, loop_child_fn fn, void *arg);

/*
 * Blocks `signo` in this process and delivers it here, one call per signal,
 * until it is removed or the loop freed: then it is unblocked again.
 */
int64_t loop_add_signal(struct loop *l, int signo, loop_signal_fn fn,
			void *arg);

/* Ids that are no longer there, and 0, are ignored. */
void loop_remove(struct loop *l, int64_t id);

/*
 * Waits for at least one event, at most `seconds` (negative: for ever), and
 * calls what is due. Returns the number of calls made, 0 when the time is over,
 * or a negative errno when the kernel refuses to wait.
 */
int loop_step(struct loop *l, double seconds);

/* Steps until done(arg) or `seconds` are over: 0, -ETIME, or as loop_step. */
int loop_run_until(struct loop *l, bool (*done)(void *arg), void *arg,
		   double seconds);

/* CLOCK_MONOTONIC in seconds: what timers and time limits are counted in. */
double loop_now(void);

#endif
