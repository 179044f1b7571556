/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loop-backend.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

struct poll_state {
	struct pollfd *fds;
	int64_t *keys;
	int used, room;
};

static int poll_open(void **state)
{
	*state = calloc(1, sizeof(struct poll_state));
	return *state ? 0 : -ENOMEM;
}

static void poll_close(void *state)
{
	struct poll_state *s = state;

	free(s->fds);
	free(s->keys);
	free(s);
}

static int grow(struct poll_state *s)
{
	int room = s->room ? 2 * s->room : 16;
	struct pollfd *fds = realloc(s->fds, room * sizeof(*fds));
	int64_t *keys;

	if (!fds)
		return -ENOMEM;
	s->fds = fds;
	keys = realloc(s->keys, room * sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	s->keys = keys;
	s->room = room;
	return 0;
}

static int poll_arm(void *state, int64_t key, int fd, unsigned events)
{
	struct poll_state *s = state;

	if (s->used == s->room && grow(s))
		return -ENOMEM;
	s->fds[s->used] = (struct pollfd){ .fd = fd, .events = events };
	s->keys[s->used++] = key;
	return 0;
}

static void drop(struct poll_state *s, int i)
{
	s->used--;
	s->fds[i] = s->fds[s->used];
	s->keys[i] = s->keys[s->used];
}

static void poll_disarm(void *state, int64_t key)
{
	struct poll_state *s = state;

	for (int i = 0; i < s->used; i++) {
		if (s->keys[i] == key) {
			drop(s, i);
			return;
		}
	}
}

static int poll_wait(void *state, int64_t ms, struct loop_event *ev, int max)
{
	struct poll_state *s = state;
	int timeout = ms < 0 ? -1 : ms > INT_MAX ? INT_MAX : (int)ms;
	int n = poll(s->fds, s->used, timeout);
	int found = 0;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = s->used - 1; i >= 0 && found < max; i--) {
		if (!s->fds[i].revents)
			continue;
		ev[found].key = s->keys[i];
		ev[found++].events = s->fds[i].revents;
		drop(s, i);
	}
	return found;
}

const struct loop_backend loop_poll = {
	.name = "poll",
	.open = poll_open,
	.close = poll_close,
	.arm = poll_arm,
	.disarm = poll_disarm,
	.wait = poll_wait,
};
