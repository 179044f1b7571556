/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/message.h"

#define READ_SIZE (64u << 10)
/* More than this unread by the other side: it is not there any more. */
#define QUEUE_MAX (16u << 20)
#define DEBUG_WIDTH 1500

struct peer {
	struct loop *loop;
	int in, out;
	int64_t in_id, out_id;
	struct frame_parser parser;
	struct frame_writer writer;
	struct peer_calls calls;
	void *arg;
	bool ended, debug;
	char *queue;
	size_t queued, sent;
};

static void end(struct peer *p, int error, const char *why)
{
	if (p->ended)
		return;
	p->ended = true;
	loop_remove(p->loop, p->in_id);
	loop_remove(p->loop, p->out_id);
	p->calls.ended(p->arg, error, why);
}

static void show(const struct peer *p, const char *way,
		 enum frame_channel channel, const json_t *msg)
{
	char *text = p->debug ? json_dumps(msg, JSON_COMPACT) : NULL;

	if (!text)
		return;
	fprintf(stderr, "[proto] %.3f %s %s %.*s%s\n", loop_now(), way,
		channel == FRAME_NODE ? "node" : "guest", DEBUG_WIDTH, text,
		strlen(text) > DEBUG_WIDTH ? "..." : "");
	free(text);
}

static void take_frames(struct peer *p)
{
	struct err err = ERR_INIT;
	struct frame f;
	int ret;

	while (!p->ended && (ret = frame_parser_next(&p->parser, &f, &err)) > 0) {
		json_t *msg = message_decode(&f, &err);

		if (!msg) {
			end(p, -EPROTO, err.text);
			return;
		}
		show(p, "<", f.channel, msg);
		p->calls.message(p->arg, f.channel, msg);
		json_decref(msg);
	}
	if (!p->ended && ret < 0)
		end(p, -EPROTO, err.text);
}

static void on_readable(struct loop *l, int fd, unsigned events, void *arg)
{
	struct peer *p = arg;
	struct err err = ERR_INIT;
	static char buf[READ_SIZE];
	ssize_t n = read(fd, buf, sizeof(buf));

	(void)l;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end(p, -EPIPE, n ? strerror(errno) : "the stream was closed");
		return;
	}
	if (frame_parser_feed(&p->parser, buf, n, &err)) {
		end(p, -EPROTO, err.text);
		return;
	}
	take_frames(p);
}

/* A socket write must not raise SIGPIPE; a pipe's is ignored by main(). */
static ssize_t put(int fd, const void *data, size_t len)
{
	ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	return n < 0 && errno == ENOTSOCK ? write(fd, data, len) : n;
}

static void flush(struct peer *p)
{
	while (p->sent < p->queued) {
		ssize_t n = put(p->out, p->queue + p->sent, p->queued - p->sent);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			end(p, -EPIPE, strerror(errno));
			return;
		}
		p->sent += n;
	}
	if (p->sent == p->queued)
		p->sent = p->queued = 0;
	loop_set_events(p->loop, p->out_id, p->queued ? POLLOUT : 0);
}

static void on_writable(struct loop *l, int fd, unsigned events, void *arg)
{
	(void)l;
	(void)fd;
	(void)events;
	flush(arg);
}

int peer_send(struct peer *p, enum frame_channel channel, json_t *msg,
	      struct err *err)
{
	char *bytes = NULL, *more;
	size_t len;
	int ret = msg ? 0 : err_sys(err, ENOMEM, "cannot make a message");

	if (!ret && p->ended)
		ret = err_set(err, EXIT_INCOMPLETE, -EPIPE, "the stream has ended");
	if (!ret) {
		show(p, ">", channel, msg);
		ret = message_encode(&p->writer, channel, msg, &bytes, &len, err);
	}
	json_decref(msg);
	if (ret)
		return ret;
	more = p->queued + len > QUEUE_MAX ? NULL
					   : realloc(p->queue, p->queued + len);
	if (!more) {
		free(bytes);
		return err_sys(err, ENOBUFS, "the other side reads nothing");
	}
	p->queue = more;
	memcpy(p->queue + p->queued, bytes, len);
	p->queued += len;
	free(bytes);
	flush(p);
	return 0;
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int peer_new(struct peer **out, struct loop *l, int in, int out_fd,
	     uint64_t nonce, const struct peer_calls *calls, void *arg,
	     struct err *err)
{
	struct peer *p = calloc(1, sizeof(*p));
	int ret = -ENOMEM;

	if (!p)
		goto fail;
	*p = (struct peer){ .loop = l, .in = in, .out = out_fd,
			    .writer = { .nonce = nonce }, .calls = *calls,
			    .arg = arg };
	frame_parser_init(&p->parser, nonce);
	ret = set_nonblocking(in);
	if (!ret)
		ret = set_nonblocking(out_fd);
	if (ret)
		goto fail;
	p->in_id = loop_add_fd(l, in, POLLIN, on_readable, p);
	p->out_id = loop_add_fd(l, out_fd, 0, on_writable, p);
	if (p->in_id > 0 && p->out_id > 0) {
		*out = p;
		return 0;
	}
	ret = -ENOMEM;
fail:
	if (p)
		peer_free(p);
	return err_sys(err, -ret, "cannot open the stream to the agent");
}

void peer_free(struct peer *p)
{
	if (!p)
		return;
	loop_remove(p->loop, p->in_id);
	loop_remove(p->loop, p->out_id);
	frame_parser_release(&p->parser);
	close(p->in);
	if (p->out != p->in)
		close(p->out);
	free(p->queue);
	free(p);
}

void peer_set_debug(struct peer *p, bool on)
{
	p->debug = on;
}
