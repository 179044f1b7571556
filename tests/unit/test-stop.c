/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/proc.h"

/* How a process ends that gets `first`, then `second`, with SIGHUP as `hup`. */
static int end_after(void (*hup)(int), int first, int second)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGHUP, hup);
		stop_catch();
		raise(first);
		if (!stop_asked())
			_exit(1);
		raise(second);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void the_second_signal_ends_at_once(void **state)
{
	(void)state;
	assert_int_equal(end_after(SIG_DFL, SIGINT, SIGTERM), SIGTERM);
	assert_int_equal(end_after(SIG_DFL, SIGHUP, SIGINT), SIGINT);
	assert_int_equal(end_after(SIG_DFL, SIGINT, SIGHUP), SIGHUP);
}

static void nohup_is_respected(void **state)
{
	(void)state;
	assert_int_equal(end_after(SIG_IGN, SIGINT, SIGHUP), 0);
	assert_int_equal(end_after(SIG_IGN, SIGHUP, SIGINT), 1 << 8);	/* it is no wish */
	assert_int_equal(end_after(SIG_IGN, SIGTERM, SIGINT), SIGINT);
}

static void afterwards_it_is_as_before(void **state)
{
	struct sigaction now;

	(void)state;
	signal(SIGINT, SIG_IGN);
	stop_catch();
	raise(SIGINT);
	assert_true(stop_asked());
	stop_release();
	sigaction(SIGINT, NULL, &now);
	assert_ptr_equal(now.sa_handler, SIG_IGN);
	signal(SIGINT, SIG_DFL);
	stop_catch();
	assert_false(stop_asked());
	stop_release();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_signal_ends_at_once),
		cmocka_unit_test(nohup_is_respected),
		cmocka_unit_test(afterwards_it_is_as_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
