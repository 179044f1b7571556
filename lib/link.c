/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "safe.h"

#define TRACE_WIDTH 1500

static void link_trace(const struct link *l, char way,
		       enum frame_channel channel, const char *payload,
		       size_t len)
{
	char text[TRACE_WIDTH + 1];

	if (!l->trace)
		return;
	snprintf(text, sizeof(text), "%.*s", (int)len, payload);
	fprintf(stderr, "[proto] %.3f %c %s ", loop_now(), way,
		channel == FRAME_NODE ? "node" : "guest");
	text_put(stderr, text);
	fputs(len > TRACE_WIDTH ? "...\n" : "\n", stderr);
}

static void link_close_because(struct link *l, const struct err *why)
{
	if (!l->open)
		return;
	l->open = false;
	loop_remove(l->loop, l->in_id);
	loop_remove(l->loop, l->out_id);
	l->queued = 0;
	l->closed(l->arg, why);
}

static void link_take_frames(struct link *l, const char *bytes, size_t n)
{
	struct err err = ERR_INIT;
	struct frame f;
	int ret = frame_parser_feed(&l->parser, bytes, n, &err);

	while (!ret && l->open && (ret = frame_parser_next(&l->parser, &f, &err)) > 0) {
		link_trace(l, '<', f.channel, f.payload, f.len);
		l->frame(l->arg, &f);
		ret = 0;
	}
	if (ret < 0)
		link_close_because(l, &err);
}

static void link_on_input(struct loop *loop, int fd, unsigned events, void *arg)
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
		link_take_frames(l, bytes, n);
		return;
	}
	if (n < 0)
		err_sys(&err, errno, "cannot read from the link");
	else
		err_set(&err, EXIT_MACHINE, -ECONNRESET, "the other side closed the link");
	link_close_because(l, &err);
}

/* A closed socket must not raise SIGPIPE; for pipes main() has to ignore it. */
static ssize_t link_put(int fd, const char *bytes, size_t n)
{
	ssize_t w = send(fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);

	return w < 0 && errno == ENOTSOCK ? write(fd, bytes, n) : w;
}

/* Returns how much of it went out, or a negative errno. */
static ssize_t link_write(int fd, const char *bytes, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t w = link_put(fd, bytes + done, n - done);

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

static void link_send_queue(struct link *l)
{
	struct err err = ERR_INIT;
	ssize_t n = link_write(l->out, l->queue, l->queued);

	if (n < 0) {
		err_sys(&err, -n, "cannot write to the link");
		link_close_because(l, &err);
		return;
	}
	memmove(l->queue, l->queue + n, l->queued - n);
	l->queued -= n;
	loop_set_events(l->loop, l->out_id, l->queued ? POLLOUT : 0);
}

static void link_on_output(struct loop *loop, int fd, unsigned events, void *arg)
{
	struct link *l = arg;

	(void)loop;
	(void)fd;
	(void)events;
	if (l->queued)
		link_send_queue(l);
}

static int link_set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

static int link_watch(struct link *l)
{
	int ret = link_set_nonblocking(l->in);

	if (!ret)
		ret = link_set_nonblocking(l->out);
	if (ret)
		return ret;
	l->in_id = loop_add_fd(l->loop, l->in, POLLIN, link_on_input, l);
	l->out_id = loop_add_fd(l->loop, l->out, 0, link_on_output, l);
	return l->in_id < 0 || l->out_id < 0 ? -ENOMEM : 0;
}

int link_init(struct link *l, struct loop *loop, int in, int out,
	      uint64_t nonce, link_frame_fn frame, link_closed_fn closed,
	      void *arg, struct err *err)
{
	int ret;

	*l = (struct link){ .loop = loop, .in = in, .out = out, .frame = frame,
			    .closed = closed, .arg = arg, .open = true,
			    .writer = { .nonce = nonce } };
	frame_parser_init(&l->parser, nonce);
	ret = link_watch(l);
	if (ret) {
		link_release(l);
		return err_sys(err, -ret, "cannot use the stream to the other side");
	}
	return 0;
}

void link_release(struct link *l)
{
	if (!l->loop)
		return;
	loop_remove(l->loop, l->in_id);
	loop_remove(l->loop, l->out_id);
	close(l->in);
	if (l->out != l->in)
		close(l->out);
	frame_parser_release(&l->parser);
	free(l->queue);
	memset(l, 0, sizeof(*l));
}

static int link_enqueue(struct link *l, const char *bytes, size_t n)
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
	ret = link_enqueue(l, bytes, len);
	if (ret == -ENOMEM)
		return err_sys(err, ENOMEM, "cannot send a message");
	if (ret)
		return err_set(err, EXIT_MACHINE, ret, "the other side does not read what it is sent");
	link_send_queue(l);
	return 0;
}

int link_send_payload(struct link *l, enum frame_channel channel,
		      const char *payload, size_t len, struct err *err)
{
	char *bytes;
	size_t n;
	int ret;

	link_trace(l, '>', channel, payload, len);
	ret = frame_write(&l->writer, channel, payload, len, &bytes, &n, err);

	if (ret)
		return ret;
	ret = link_send_raw(l, bytes, n, err);
	free(bytes);
	return ret;
}

int link_send(struct link *l, enum frame_channel channel, json_t *msg,
	      struct err *err)
{
	char *text = msg ? json_dumps(msg, JSON_COMPACT) : NULL;
	int ret;

	json_decref(msg);
	if (!text)
		return err_sys(err, ENOMEM, "cannot make a message");
	ret = link_send_payload(l, channel, text, strlen(text), err);
	free(text);
	return ret;
}

int link_send_with(struct link *l, enum frame_channel channel, json_t *msg,
		   const char *key, const char *json, size_t len, struct err *err)
{
	char *head = msg ? json_dumps(msg, JSON_COMPACT) : NULL, *text = NULL;
	int n = head ? asprintf(&text, "%.*s,\"%s\":%.*s}", (int)strlen(head) - 1, head,
				key, (int)len, json) : -1;
	int ret;

	json_decref(msg);
	free(head);
	if (n < 0)
		return err_sys(err, ENOMEM, "cannot make a message");
	ret = link_send_payload(l, channel, text, n, err);
	free(text);
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
		link_send_queue(l);
	}
	return 0;
}
