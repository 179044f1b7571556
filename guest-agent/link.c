/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

static void close_because(struct link *l, const struct err *why)
{
	if (!l->open)
		return;
	l->open = false;
	loop_remove(l->loop, l->in_id);
	loop_remove(l->loop, l->out_id);
	l->queued = 0;
	l->closed(l, why, l->arg);
}

static void take_frames(struct link *l, const char *bytes, size_t n)
{
	struct err err = ERR_INIT;
	struct frame f;
	int ret = frame_parser_feed(&l->parser, bytes, n, &err);

	while (!ret && l->open && (ret = frame_parser_next(&l->parser, &f, &err)) > 0) {
		l->frame(l, &f, l->arg);
		ret = 0;
	}
	if (ret < 0)
		close_because(l, &err);
}

static void on_input(struct loop *loop, int fd, unsigned events, void *arg)
{
	static char bytes[64 << 10];
	struct link *l = arg;
	struct err err = ERR_INIT;
	ssize_t n = read(fd, bytes, sizeof(bytes));

	(void)loop;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		take_frames(l, bytes, n);
		return;
	}
	if (n < 0)
		err_sys(&err, errno, "cannot read from the link");
	else
		err_set(&err, EXIT_MACHINE, -ECONNRESET, "the other side closed the link");
	close_because(l, &err);
}

/* Returns how much of it went out, or a negative errno. */
static ssize_t write_some(int fd, const char *bytes, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t w = write(fd, bytes + done, n - done);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0 && errno != EAGAIN)
			return -errno;
		if (w <= 0)
			break;
		done += w;
	}
	return done;
}

static void send_queue(struct link *l)
{
	struct err err = ERR_INIT;
	ssize_t n = write_some(l->out, l->queue, l->queued);

	if (n < 0) {
		err_sys(&err, -n, "cannot write to the link");
		close_because(l, &err);
		return;
	}
	memmove(l->queue, l->queue + n, l->queued - n);
	l->queued -= n;
	loop_set_events(l->loop, l->out_id, l->queued ? POLLOUT : 0);
}

static void on_output(struct loop *loop, int fd, unsigned events, void *arg)
{
	struct link *l = arg;

	(void)loop;
	(void)fd;
	(void)events;
	if (l->queued)
		send_queue(l);
}

static int watch(struct link *l)
{
	int fd = dup(l->out);

	/* Of its own, since one descriptor may be both ends of the stream. */
	if (fd < 0)
		return -errno;
	if (l->out != l->in)
		close(l->out);
	l->out = fd;
	l->in_id = loop_add_fd(l->loop, l->in, POLLIN, on_input, l);
	l->out_id = loop_add_fd(l->loop, l->out, 0, on_output, l);
	return l->in_id < 0 || l->out_id < 0 ? -ENOMEM : 0;
}

int link_init(struct link *l, struct loop *loop, int in, int out,
	      uint64_t nonce, link_frame_fn frame, link_closed_fn closed,
	      void *arg, struct err *err)
{
	int ret;

	memset(l, 0, sizeof(*l));
	l->loop = loop;
	l->in = in;
	l->out = out;
	l->frame = frame;
	l->closed = closed;
	l->arg = arg;
	l->writer.nonce = nonce;
	if (fcntl(in, F_SETFL, fcntl(in, F_GETFL) | O_NONBLOCK) ||
	    fcntl(out, F_SETFL, fcntl(out, F_GETFL) | O_NONBLOCK))
		return err_sys(err, errno, "cannot use the link");
	ret = watch(l);
	if (ret)
		return err_sys(err, -ret, "cannot wait on the link");
	frame_parser_init(&l->parser, nonce);
	l->open = true;
	return 0;
}

void link_release(struct link *l)
{
	if (!l->loop)
		return;
	l->open = false;
	loop_remove(l->loop, l->in_id);
	loop_remove(l->loop, l->out_id);
	close(l->in);
	close(l->out);
	frame_parser_release(&l->parser);
	free(l->queue);
	memset(l, 0, sizeof(*l));
}

static int enqueue(struct link *l, const char *bytes, size_t n)
{
	if (l->queued + n > LINK_QUEUE_MAX)
		return -EMSGSIZE;
	if (l->queued + n > l->room) {
		char *more = realloc(l->queue, l->queued + n);

		if (!more)
			return -ENOMEM;
		l->queue = more;
		l->room = l->queued + n;
	}
	memcpy(l->queue + l->queued, bytes, n);
	l->queued += n;
	return 0;
}

int link_send_raw(struct link *l, const void *bytes, size_t len,
		  struct err *err)
{
	int ret;

	if (!l->open)
		return 0;
	ret = enqueue(l, bytes, len);
	if (ret)
		return err_sys(err, -ret, "the other side does not read");
	send_queue(l);
	return 0;
}

int link_send_payload(struct link *l, enum frame_channel channel,
		      const void *payload, size_t len, struct err *err)
{
	char *bytes;
	size_t n;
	int ret = frame_write(&l->writer, channel, payload, len, &bytes, &n, err);

	if (ret)
		return ret;
	ret = link_send_raw(l, bytes, n, err);
	free(bytes);
	return ret;
}

int link_send(struct link *l, enum frame_channel channel, const json_t *msg,
	      struct err *err)
{
	char *bytes;
	size_t n;
	int ret = message_encode(&l->writer, channel, msg, &bytes, &n, err);

	if (ret)
		return ret;
	ret = link_send_raw(l, bytes, n, err);
	free(bytes);
	return ret;
}

int link_flush(struct link *l, double seconds)
{
	double end = loop_now() + seconds;

	while (l->open && l->queued) {
		struct pollfd p = { .fd = l->out, .events = POLLOUT };
		double left = end - loop_now();

		if (left <= 0)
			return -ETIME;
		poll(&p, 1, (int)(left * 1000) + 1);
		send_queue(l);
	}
	return 0;
}
