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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/loop.h"
#include "lib/proc.h"

static void run_captures_both_streams(void **state)
{
	static const char *const argv[] = { "sh", "-c", "echo out; echo bad >&2", NULL };
	char *text;

	(void)state;
	assert_int_equal(proc_run(argv, 10, &text, NULL), 0);
	assert_string_equal(text, "out\nbad\n");
	free(text);
}

static void run_reports_failures(void **state)
{
	static const char *const exits[] = { "sh", "-c", "echo why; exit 3", NULL };
	static const char *const dies[] = { "sh", "-c", "kill -9 $$", NULL };
	static const char *const none[] = { "/nonexistent/kduel", NULL };
	struct err err = ERR_INIT;

	(void)state;
	assert_true(proc_run(exits, 10, NULL, &err) < 0);
	assert_string_equal(err.text, "sh failed: exit 3\nwhy");
	err.code = 0;
	assert_true(proc_run(dies, 10, NULL, &err) < 0);
	assert_string_equal(err.text, "sh failed: killed by signal 9 (Killed)");
	err.code = 0;
	assert_int_equal(proc_run(none, 10, NULL, &err), -ENOENT);
	assert_non_null(strstr(err.text, "cannot run /nonexistent/kduel"));
}

static void run_has_a_time_limit(void **state)
{
	static const char *const argv[] = { "sleep", "60", NULL };
	struct err err = ERR_INIT;
	double start = loop_now();

	(void)state;
	assert_int_equal(proc_run(argv, 0.05, NULL, &err), -ETIME);
	assert_true(loop_now() - start < 30);
	assert_string_equal(err.text, "sleep did not end in 0.05 s");
}

static void pipes_carry_bytes(void **state)
{
	static const char *const argv[] = { "cat", NULL };
	struct proc_options o = { .argv = argv, .in = PROC_PIPE, .out = PROC_PIPE };
	struct pollfd fd = { .events = POLLIN };
	struct proc p;
	char buf[8];
	int status;

	(void)state;
	assert_int_equal(proc_spawn(&p, &o, NULL), 0);
	assert_int_equal(write(p.in, "hello", 5), 5);
	fd.fd = p.out;
	assert_int_equal(poll(&fd, 1, 5000), 1);
	assert_int_equal(read(p.out, buf, sizeof(buf)), 5);
	close(p.in);
	p.in = -1;
	assert_int_equal(proc_wait(&p, 5, &status), 0);
	assert_int_equal(status, 0);
	proc_release(&p);
	proc_release(&p);
}

static void wait_has_a_time_limit(void **state)
{
	static const char *const argv[] = { "sleep", "60", NULL };
	struct proc_options o = { .argv = argv };
	struct proc p;
	int status;

	(void)state;
	assert_int_equal(proc_spawn(&p, &o, NULL), 0);
	assert_int_equal(proc_wait(&p, 0.02, &status), -ETIME);
	assert_true(p.pid > 0);
	proc_release(&p);
	assert_int_equal(p.pid, 0);
}

/* A child of a killed parent is killed too: the grandchild's pipe closes. */
static void check_nothing_outlives(const char *const argv[], bool tree)
{
	struct pollfd fd = { .events = POLLIN };
	int pipefd[2], keep[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(pipefd), 0);
	pid = fork();
	if (pid == 0) {
		struct proc_options o = { .argv = argv, .keep = keep, .tree = tree };
		struct proc p;

		keep[0] = pipefd[1];
		keep[1] = -1;
		close(pipefd[0]);
		if (proc_spawn(&p, &o, NULL) || write(pipefd[1], "r", 1) != 1)
			_exit(1);
		pause();
	}
	close(pipefd[1]);
	assert_int_equal(read(pipefd[0], &c, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fd.fd = pipefd[0];
	assert_int_equal(poll(&fd, 1, 5000), 1);
	assert_int_equal(read(pipefd[0], &c, 1), 0);
	close(pipefd[0]);
}

static const char *const makes_two[] = { "sh", "-c", "trap '' INT; echo; sleep 60 & sleep 60", NULL };

static void nothing_outlives_a_killed_parent(void **state)
{
	static const char *const argv[] = { "sleep", "60", NULL };

	(void)state;
	check_nothing_outlives(argv, false);
	check_nothing_outlives(makes_two, true);
}

static void a_tree_ends_as_one(void **state)
{
	int ends[2], keep[2] = { -1, -1 };
	struct proc_options o = { .argv = makes_two, .out = PROC_PIPE, .keep = keep, .tree = true };
	struct pollfd fd = { .events = POLLIN };
	struct proc p;
	char c;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	keep[0] = ends[1];
	assert_int_equal(proc_spawn(&p, &o, NULL), 0);
	close(ends[1]);
	fd.fd = p.out;
	assert_int_equal(poll(&fd, 1, 5000), 1);
	fd.fd = ends[0];
	proc_signal_group(&p, SIGINT);	/* which they ignore */
	assert_int_equal(poll(&fd, 1, 50), 0);
	proc_release(&p);
	assert_int_equal(poll(&fd, 1, 5000), 1);
	assert_int_equal(read(ends[0], &c, 1), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);	/* no child is left */
	close(ends[0]);
}

static void a_child_hears_an_interrupt(void **state)
{
	static const char *const argv[] = { "sleep", "60", NULL };
	struct proc_options o = { .argv = argv, .tree = true };
	struct proc p;
	int status;

	(void)state;
	signal(SIGINT, SIG_IGN);	/* as in a background job of a shell */
	assert_int_equal(proc_spawn(&p, &o, NULL), 0);
	signal(SIGINT, SIG_DFL);
	proc_signal_group(&p, SIGINT);
	assert_int_equal(proc_wait(&p, 5, &status), 0);
	assert_int_equal(status, SIGINT);
	proc_release(&p);
}

static void command_text_is_for_a_shell(void **state)
{
	static const char *const argv[] = { "q", "-m", "3G,a=b", "a b", "it's", "", NULL };
	char *text = proc_command_text(argv);

	(void)state;
	assert_string_equal(text, "q -m 3G,a=b 'a b' 'it'\\''s' ''");
	free(text);
}

static void find_seeks_in_path(void **state)
{
	char *path = proc_find("sh");

	(void)state;
	assert_non_null(path);
	assert_int_equal(access(path, X_OK), 0);
	free(path);
	assert_null(proc_find("kduel-no-such-program"));
	assert_null(proc_find("/nonexistent/sh"));
}

static void a_clean_child_knows_no_settings(void **state)
{
	static const char *const argv[] = {
		"sh", "-c", "umask; echo \"$KDUEL_T-$LC_ALL-$ADDED-$TMPDIR\"",
		NULL,
	};
	static const char *const env[] = { "ADDED=x", "TMPDIR=/over", NULL };
	struct proc_options o = { .argv = argv, .env = env };
	mode_t mask = umask(077);
	char *text;

	(void)state;
	setenv("KDUEL_T", "ours", 1);
	setenv("TMPDIR", "/tmp", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	assert_int_equal(proc_capture(&o, 10, &text, NULL, NULL), 0);
	assert_string_equal(text, "0077\nours-C.UTF-8-x-/over\n");
	free(text);
	o.clean = true;
	assert_int_equal(proc_capture(&o, 10, &text, NULL, NULL), 0);
	assert_string_equal(text, "0022\n-C-x-/over\n");
	free(text);
	o.env = NULL;
	assert_int_equal(proc_capture(&o, 10, &text, NULL, NULL), 0);
	assert_string_equal(text, "0022\n-C--/tmp\n");
	free(text);
	umask(mask);
	unsetenv("KDUEL_T");
	unsetenv("TMPDIR");
	unsetenv("LC_ALL");
}

static void capture_takes_data_and_tells_what_was_said(void **state)
{
	static const char *const data[] = {
		"sh", "-c", "echo warning >&2; printf 'a\\0b'", NULL,
	};
	static const char *const bad[] = {
		"sh", "-c", "echo data; echo why >&2; exit 1", NULL,
	};
	struct proc_options o = { .argv = data };
	struct err err = ERR_INIT;
	size_t len;
	char *text;

	(void)state;
	assert_int_equal(proc_capture(&o, 10, &text, &len, NULL), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(text, "a\0b", 4);
	free(text);
	o.argv = bad;
	assert_true(proc_capture(&o, 10, &text, &len, &err) < 0);
	assert_null(text);
	assert_non_null(strstr(err.text, "exit 1\nwhy"));
	assert_null(strstr(err.text, "data"));
}

static int stop_at_third(void *arg, struct err *err)
{
	return ++*(int *)arg < 3 ? 0 : err_set(err, EXIT_INCOMPLETE, -EINTR, "enough");
}

static void a_capture_can_be_stopped(void **state)
{
	static const char *const argv[] = { "sleep", "600", NULL };
	int asked = 0;
	struct proc_options o = { .argv = argv, .stop = stop_at_third, .stop_arg = &asked };
	struct err err = ERR_INIT;
	char *text;

	(void)state;
	assert_int_equal(proc_capture(&o, 500, &text, NULL, &err), -EINTR);
	assert_string_equal(err.text, "enough");
	assert_int_equal(asked, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_captures_both_streams),
		cmocka_unit_test(run_reports_failures),
		cmocka_unit_test(run_has_a_time_limit),
		cmocka_unit_test(a_clean_child_knows_no_settings),
		cmocka_unit_test(capture_takes_data_and_tells_what_was_said),
		cmocka_unit_test(a_capture_can_be_stopped),
		cmocka_unit_test(pipes_carry_bytes),
		cmocka_unit_test(wait_has_a_time_limit),
		cmocka_unit_test(nothing_outlives_a_killed_parent),
		cmocka_unit_test(a_tree_ends_as_one),
		cmocka_unit_test(a_child_hears_an_interrupt),
		cmocka_unit_test(command_text_is_for_a_shell),
		cmocka_unit_test(find_seeks_in_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
