/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/loop.h"
#include "lib/proc.h"

static int count;
static int last_status;

static int open_loop(void **state)
{
	count = 0;
	return loop_new((struct loop **)state, NULL);
}

static int close_loop(void **state)
{
	loop_free(*state);
	return 0;
}

static bool reached(void *arg)
{
	return count >= *(int *)arg;
}

static int run_until(struct loop *l, int n, double seconds)
{
	return loop_run_until(l, reached, &n, seconds);
}

static void read_one(struct loop *l, int fd, unsigned events, void *arg)
{
	char c;

	(void)l;
	(void)arg;
	assert_true(events & POLLIN);
	assert_int_equal(read(fd, &c, 1), 1);
	count++;
}

/* A callback that leaves data behind is called again. */
static void level_triggered(void **state)
{
	struct loop *l = *state;
	int p[2];
	int64_t id;

	assert_int_equal(pipe(p), 0);
	id = loop_add_fd(l, p[0], POLLIN, read_one, NULL);
	assert_true(id > 0);
	assert_int_equal(write(p[1], "abc", 3), 3);
	assert_int_equal(run_until(l, 3, 2), 0);
	assert_int_equal(run_until(l, 4, 0.02), -ETIME);
	loop_remove(l, id);
	assert_int_equal(write(p[1], "d", 1), 1);
	assert_int_equal(run_until(l, 4, 0.02), -ETIME);
	close(p[0]);
	close(p[1]);
}

static void events_can_be_turned_off_and_on(void **state)
{
	struct loop *l = *state;
	int p[2];
	int64_t id;

	assert_int_equal(pipe(p), 0);
	id = loop_add_fd(l, p[0], POLLIN, read_one, NULL);
	for (int i = 0; i < 200; i++) {
		loop_set_events(l, id, i & 1 ? POLLIN : 0);
		if (i % 7 == 0)
			loop_step(l, 0);
	}
	loop_set_events(l, id, 0);
	assert_int_equal(write(p[1], "ab", 2), 2);
	assert_int_equal(run_until(l, 1, 0.02), -ETIME);
	loop_set_events(l, id, POLLIN);
	assert_int_equal(run_until(l, 2, 2), 0);
	assert_int_equal(run_until(l, 3, 0.02), -ETIME);
	close(p[0]);
	close(p[1]);
}

struct pair {
	int64_t id[2];
};

static void remove_both(struct loop *l, int fd, unsigned events, void *arg)
{
	struct pair *p = arg;

	(void)fd;
	(void)events;
	loop_remove(l, p->id[0]);
	loop_remove(l, p->id[1]);
	count++;
}

/* Both are ready in one step; the first removes the second. */
static void a_removed_source_is_not_called(void **state)
{
	struct loop *l = *state;
	struct pair pair;
	int a[2], b[2];

	assert_int_equal(pipe(a), 0);
	assert_int_equal(pipe(b), 0);
	assert_int_equal(write(a[1], "x", 1), 1);
	assert_int_equal(write(b[1], "x", 1), 1);
	pair.id[0] = loop_add_fd(l, a[0], POLLIN, remove_both, &pair);
	pair.id[1] = loop_add_fd(l, b[0], POLLIN, remove_both, &pair);
	assert_int_equal(run_until(l, 2, 0.05), -ETIME);
	assert_int_equal(count, 1);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}

static void on_timer(struct loop *l, void *arg)
{
	int64_t *again = arg;

	count++;
	if (again && count < 3)
		loop_set_timer(l, *again, 0.01);
}

static void timers_fire_once_in_time(void **state)
{
	struct loop *l = *state;
	double start = loop_now();
	int64_t id;

	assert_true(loop_add_timer(l, 0.03, on_timer, NULL) > 0);
	assert_int_equal(run_until(l, 1, 2), 0);
	assert_true(loop_now() - start >= 0.03);
	assert_int_equal(run_until(l, 2, 0.05), -ETIME);
	count = 0;
	id = loop_add_timer(l, 0.01, on_timer, &id);
	assert_int_equal(run_until(l, 3, 2), 0);
	assert_int_equal(run_until(l, 4, 0.03), -ETIME);
}

static void on_child(struct loop *l, int status, void *arg)
{
	(void)l;
	proc_reaped(arg);
	last_status = status;
	count++;
}

static void children_are_reaped(void **state)
{
	static const char *const bad_end[] = { "sh", "-c", "exit 7", NULL };
	static const char *const killed[] = { "sleep", "100", NULL };
	struct proc_options o = { .argv = bad_end };
	struct loop *l = *state;
	struct proc p;

	assert_int_equal(proc_spawn(&p, &o, NULL), 0);
	assert_true(loop_add_child(l, p.pidfd, on_child, &p) > 0);
	assert_int_equal(run_until(l, 1, 5), 0);
	assert_int_equal(WEXITSTATUS(last_status), 7);
	proc_release(&p);

	o.argv = killed;
	assert_int_equal(proc_spawn(&p, &o, NULL), 0);
	assert_true(loop_add_child(l, p.pidfd, on_child, &p) > 0);
	proc_signal(&p, SIGTERM);
	assert_int_equal(run_until(l, 2, 5), 0);
	assert_true(WIFSIGNALED(last_status));
	assert_int_equal(WTERMSIG(last_status), SIGTERM);
	proc_release(&p);
}

static void on_signal(struct loop *l, int signo, void *arg)
{
	(void)l;
	(void)arg;
	assert_int_equal(signo, SIGUSR1);
	count++;
}

static void signals_arrive(void **state)
{
	struct loop *l = *state;
	int64_t id = loop_add_signal(l, SIGUSR1, on_signal, NULL);
	sigset_t blocked;

	assert_true(id > 0);
	raise(SIGUSR1);
	assert_int_equal(run_until(l, 1, 2), 0);
	loop_remove(l, id);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &blocked), 0);
	assert_false(sigismember(&blocked, SIGUSR1));
}

static void old_ids_name_nothing(void **state)
{
	struct loop *l = *state;
	int64_t old = loop_add_timer(l, 0.01, on_timer, NULL), id;

	loop_remove(l, old);
	id = loop_add_timer(l, 0.01, on_timer, NULL);
	assert_true(id != old);
	loop_remove(l, old);
	loop_remove(l, 0);
	loop_remove(l, -5);
	assert_int_equal(run_until(l, 1, 2), 0);
}

static void many_sources(void **state)
{
	struct loop *l = *state;
	int p[100][2];

	for (int i = 0; i < 100; i++) {
		assert_int_equal(pipe(p[i]), 0);
		assert_true(loop_add_fd(l, p[i][0], POLLIN, read_one, NULL) > 0);
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(p[i][1], "y", 1), 1);
	assert_int_equal(run_until(l, 100, 2), 0);
	for (int i = 0; i < 100; i++) {
		close(p[i][0]);
		close(p[i][1]);
	}
}

static void step_within(struct loop *l, int fd, unsigned events, void *arg)
{
	int other = *(int *)arg, n = 3;

	read_one(l, fd, events, NULL);
	if (count == 1) {
		assert_int_equal(write(other, "b", 1), 1);
		assert_int_equal(loop_run_until(l, reached, &n, 5), 0);
	}
}

/* The inner step hears the same source and others; none is heard twice. */
static void callbacks_may_step_the_loop(void **state)
{
	struct loop *l = *state;
	int a[2], b[2];

	assert_int_equal(pipe(a), 0);
	assert_int_equal(pipe(b), 0);
	assert_int_equal(write(a[1], "aa", 2), 2);
	assert_true(loop_add_fd(l, a[0], POLLIN, step_within, &b[1]) > 0);
	assert_true(loop_add_fd(l, b[0], POLLIN, read_one, NULL) > 0);
	assert_int_equal(run_until(l, 3, 5), 0);
	assert_int_equal(run_until(l, 4, 0.02), -ETIME);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}

static void chat(struct loop *l, int fd, unsigned events, void *arg)
{
	(void)l;
	(void)fd;
	(void)events;
	(void)arg;	/* reads nothing: there is always more */
}

static void a_chatty_source_lets_others_speak(void **state)
{
	struct loop *l = *state;
	int chatty[2], quiet[2];

	assert_int_equal(pipe(chatty), 0);
	assert_int_equal(pipe(quiet), 0);
	assert_int_equal(write(chatty[1], "x", 1), 1);
	for (int i = 0; i < 200; i++)
		assert_true(loop_add_fd(l, chatty[0], POLLIN, chat, NULL) > 0);
	assert_true(loop_add_fd(l, quiet[0], POLLIN, read_one, NULL) > 0);
	assert_int_equal(write(quiet[1], "y", 1), 1);
	for (int i = 0; i < 5 && !count; i++)
		loop_step(l, 0);
	assert_int_equal(count, 1);
	for (int i = 0; i < 2; i++) {
		close(chatty[i]);
		close(quiet[i]);
	}
}

#define IN_LOOP(test) cmocka_unit_test_setup_teardown(test, open_loop, close_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LOOP(level_triggered),
		IN_LOOP(events_can_be_turned_off_and_on),
		IN_LOOP(a_removed_source_is_not_called),
		IN_LOOP(timers_fire_once_in_time),
		IN_LOOP(children_are_reaped),
		IN_LOOP(signals_arrive),
		IN_LOOP(old_ids_name_nothing),
		IN_LOOP(many_sources),
		IN_LOOP(callbacks_may_step_the_loop),
		IN_LOOP(a_chatty_source_lets_others_speak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
