/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another process's system calls: what they return, and that it never notices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-agent/inject.h"

#define ROUNDS 200
#define PAGE 4096

/* Counts to ROUNDS over a pipe, each step after a poll() that sleeps; 0 if none was lost. */
static int count_over(int in)
{
	for (unsigned char want = 0, got; want < ROUNDS; want++) {
		struct pollfd p = { .fd = in, .events = POLLIN };

		if (poll(&p, 1, 20000) != 1 || read(in, &got, 1) != 1 || got != want)
			return 1;
	}
	return 0;
}

static volatile unsigned *shared;

static pid_t start(int to[2])
{
	pid_t pid;

	assert_int_equal(pipe(to), 0);
	pid = fork();
	if (!pid)
		_exit(count_over(to[0]) || shared[0] != 7);
	close(to[0]);
	return pid;
}

static void skip_without_rights(struct err *err, pid_t pid, int to)
{
	if (err->code != -EPERM && err->code != -EACCES && err->code != -ENOSYS)
		fail_msg("%s", err->text);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(to);
	skip();
}

static void calls_are_made_and_not_noticed(void **state)
{
	struct err err = ERR_INIT;
	struct inject in;
	uint64_t word = 0x1122334455667788, back = 0;
	int to[2], status;
	pid_t pid = start(to);

	(void)state;
	for (unsigned char i = 0; i < ROUNDS; i++) {
		if (inject_open(&in, pid, &err))
			skip_without_rights(&err, pid, to[1]);
		assert_int_equal(inject_call(&in, SYS_getpid, 0, 0, 0), pid);
		assert_int_equal(inject_call(&in, SYS_madvise, (uintptr_t)shared, PAGE,
					     MADV_DONTNEED), 0);
		assert_int_equal(inject_call(&in, SYS_madvise, 1, PAGE, MADV_DONTNEED), -EINVAL);
		assert_int_equal(inject_put(&in, inject_room(&in), &word, sizeof(word)), 0);
		assert_int_equal(inject_get(&in, inject_room(&in), &back, sizeof(back)), 0);
		assert_true(back == word);
		inject_close(&in);
		assert_int_equal(write(to[1], &i, 1), 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(to[1]);
}

static void a_thread_that_is_gone_is_said(void **state)
{
	struct err err = ERR_INIT;
	struct inject in;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_true(inject_open(&in, pid, &err) < 0);
	assert_int_equal(err.exit, EXIT_MACHINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_made_and_not_noticed),
		cmocka_unit_test(a_thread_that_is_gone_is_said),
	};

	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	shared[0] = 7;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
