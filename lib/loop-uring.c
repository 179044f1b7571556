/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loop-backend.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>

/* Cancellations answer too; this user_data marks what nobody waits for. */
#define NOBODY 0

static int uring_open(void **state)
{
	struct io_uring *ring = calloc(1, sizeof(*ring));
	int ret;

	if (!ring)
		return -ENOMEM;
	ret = io_uring_queue_init(64, ring, 0);
	/* Without EXT_ARG a wait cannot carry its own time limit. */
	if (!ret && !(ring->features & IORING_FEAT_EXT_ARG)) {
		io_uring_queue_exit(ring);
		ret = -ENOSYS;
	}
	if (ret)
		free(ring);
	else
		*state = ring;
	return ret;
}

static void uring_close(void *state)
{
	io_uring_queue_exit(state);
	free(state);
}

static struct io_uring_sqe *take_sqe(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (sqe)
		return sqe;
	io_uring_submit(ring);
	return io_uring_get_sqe(ring);
}

/*
 * One-shot polls, armed again after the callback: a multishot poll reports
 * edges, and a callback that reads less than everything would then hang.
 */
static int uring_arm(void *state, int64_t key, int fd, unsigned events)
{
	struct io_uring_sqe *sqe = take_sqe(state);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_poll_add(sqe, fd, events);
	io_uring_sqe_set_data64(sqe, key);
	return 0;
}

/* Submitted at once: until then the kernel would hold the file open. */
static void uring_disarm(void *state, int64_t key)
{
	struct io_uring_sqe *sqe = take_sqe(state);

	if (!sqe)
		return;
	io_uring_prep_poll_remove(sqe, key);
	io_uring_sqe_set_data64(sqe, NOBODY);
	io_uring_submit(state);
}

static int collect(struct io_uring *ring, struct loop_event *ev, int max)
{
	struct io_uring_cqe *cqe;
	int found = 0;

	while (found < max && !io_uring_peek_cqe(ring, &cqe)) {
		int64_t key = io_uring_cqe_get_data64(cqe);

		if (key != NOBODY && cqe->res != -ECANCELED) {
			ev[found].key = key;
			ev[found++].events = cqe->res < 0 ? POLLERR : cqe->res;
		}
		io_uring_cqe_seen(ring, cqe);
	}
	return found;
}

static int uring_wait(void *state, int64_t ms, struct loop_event *ev, int max)
{
	struct __kernel_timespec ts = { ms / 1000, ms % 1000 * 1000000 };
	struct io_uring_cqe *cqe;
	int ret = io_uring_submit_and_wait_timeout(state, &cqe, 1,
						   ms < 0 ? NULL : &ts, NULL);

	if (ret < 0 && ret != -ETIME && ret != -EINTR)
		return ret;
	return collect(state, ev, max);
}

const struct loop_backend loop_uring = {
	.name = "io_uring",
	.open = uring_open,
	.close = uring_close,
	.arm = uring_arm,
	.disarm = uring_disarm,
	.wait = uring_wait,
};
