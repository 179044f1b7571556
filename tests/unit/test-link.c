/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links: big messages through small buffers, damage, ends. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <sys/socket.h>

#include "lib/link.h"
#include "worker.h"
#include "message.h"

#define NONCE 5

struct side {
	struct link link;
	unsigned frames;
	size_t bytes;
	int ended;	/* the code, once */
	int ends;
};

static void on_frame(void *arg, const struct frame *f)
{
	struct side *s = arg;

	s->frames++;
	s->bytes += f->len;
}

static void on_closed(void *arg, const struct err *why)
{
	struct side *s = arg;

	s->ended = why->code;
	s->ends++;
}

static void open_pair(struct loop *loop, struct side *a, struct side *b)
{
	int fd[2];

	memset(a, 0, sizeof(*a));
	memset(b, 0, sizeof(*b));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(link_init(&a->link, loop, fd[0], fd[0], NONCE,
				   on_frame, on_closed, a, NULL), 0);
	assert_int_equal(link_init(&b->link, loop, fd[1], fd[1], NONCE,
				   on_frame, on_closed, b, NULL), 0);
}

static bool has_three(void *arg)
{
	return ((struct side *)arg)->frames == 3;
}

static bool has_ended(void *arg)
{
	return ((struct side *)arg)->ends > 0;
}

static void carries_more_than_the_stream_holds(void **state)
{
	struct loop *loop;
	struct side a, b;
	char *big = calloc(1, FRAME_PAYLOAD_MAX);

	(void)state;
	assert_int_equal(loop_new(&loop, NULL), 0);
	open_pair(loop, &a, &b);
	for (int i = 0; i < 3; i++)
		assert_int_equal(link_send_payload(&a.link, FRAME_NODE, big,
						   FRAME_PAYLOAD_MAX, NULL), 0);
	assert_true(a.link.queued > 0);
	assert_int_equal(loop_run_until(loop, has_three, &b, 20), 0);
	assert_int_equal(b.bytes, 3 * FRAME_PAYLOAD_MAX);
	assert_int_equal(a.link.queued, 0);
	link_release(&a.link);
	assert_int_equal(loop_run_until(loop, has_ended, &b, 5), 0);
	assert_int_equal(b.ended, -ECONNRESET);
	link_release(&b.link);
	loop_free(loop);
	free(big);
}

static void a_peer_that_does_not_read_is_refused(void **state)
{
	struct loop *loop;
	struct side a, b;
	char *big = calloc(1, FRAME_PAYLOAD_MAX);
	int ret = 0;

	(void)state;
	assert_int_equal(loop_new(&loop, NULL), 0);
	open_pair(loop, &a, &b);
	for (int i = 0; i < 10 && !ret; i++)
		ret = link_send_payload(&a.link, FRAME_NODE, big, FRAME_PAYLOAD_MAX, NULL);
	assert_int_equal(ret, -EMSGSIZE);
	assert_true(a.link.queued <= LINK_QUEUE_MAX);
	link_release(&a.link);
	link_release(&b.link);
	loop_free(loop);
	free(big);
}

static void damage_ends_it_once(void **state)
{
	struct loop *loop;
	struct side a, b;

	(void)state;
	assert_int_equal(loop_new(&loop, NULL), 0);
	open_pair(loop, &a, &b);
	assert_int_equal(link_send(&a.link, FRAME_NODE, message_event("hello"), NULL), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(link_send_raw(&a.link, "this is no frame at all, is it? ", 32, NULL), 0);
	assert_int_equal(loop_run_until(loop, has_ended, &b, 5), 0);
	for (int i = 0; i < 5; i++)
		loop_step(loop, 0);
	assert_int_equal(b.ends, 1);
	assert_int_equal(b.ended, -EPROTO);
	assert_int_equal(b.frames, 1);
	link_release(&a.link);
	link_release(&b.link);
	loop_free(loop);
}

/* --- a worker's result ------------------------------------------------------ */

#define LONG_RESULT (9u << 20)	/* more than two frames */

static int long_child(void *arg, int fd)
{
	char *text = malloc(LONG_RESULT + 1);
	struct err err = ERR_INIT;
	struct work w;

	(void)arg;
	memset(text, '7', LONG_RESULT);
	text[LONG_RESULT] = '\0';
	return work_open(&w, fd, fd, &err) || work_close(&w, text, &err);
}

static void long_done(void *arg, const char *result, size_t len, const struct err *why)
{
	if (!result)
		fail_msg("%s", why->text);
	assert_int_equal(len, LONG_RESULT);
	assert_int_equal(strspn(result, "7"), LONG_RESULT);
	*(bool *)arg = true;
}

static bool long_is_done(void *arg)
{
	return *(bool *)arg;
}

static void a_result_may_be_longer_than_a_frame(void **state)
{
	static const struct worker_calls calls = { .done = long_done };
	struct loop *l;
	struct worker w;
	bool done = false;

	(void)state;
	assert_int_equal(loop_new(&l, NULL), 0);
	assert_int_equal(worker_fork(&w, l, long_child, NULL, &calls, &done, NULL), 0);
	assert_int_equal(loop_run_until(l, long_is_done, &done, 60), 0);
	worker_release(&w);
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_more_than_the_stream_holds),
		cmocka_unit_test(a_peer_that_does_not_read_is_refused),
		cmocka_unit_test(damage_ends_it_once),
		cmocka_unit_test(a_result_may_be_longer_than_a_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
