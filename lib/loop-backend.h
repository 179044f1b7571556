/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lib/loop.c needs from a way of waiting: a table of functions, one for
 * io_uring (loop-uring.c) and one for poll (loop-poll.c). Nobody else
 * includes this.
 *
 * A source is armed for one event; loop.c arms it again after its callback.
 * `key` is the source's id: the backend hands it back and knows no more.
 */
#ifndef KDUEL_LOOP_BACKEND_H
#define KDUEL_LOOP_BACKEND_H

#include <stddef.h>
#include <stdint.h>

struct loop_event {
	int64_t key;
	unsigned events;
};

struct loop_backend {
	const char *name;
	/* 0 or a negative errno: this way of waiting cannot be had. */
	int (*open)(void **state);
	void (*close)(void *state);
	int (*arm)(void *state, int64_t key, int fd, unsigned events);
	void (*disarm)(void *state, int64_t key);
	/*
	 * Waits at most `ms` milliseconds (negative: for ever); fills up to
	 * `max` events, each of which is thereby disarmed. Returns how many.
	 */
	int (*wait)(void *state, int64_t ms, struct loop_event *ev, int max);
};

extern const struct loop_backend loop_uring;
extern const struct loop_backend loop_poll;

#endif
