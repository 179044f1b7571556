/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dirty logging over QEMU's monitor, against a child that speaks as QEMU does. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "guest-agent/vm.h"

/* What the child does that QEMU should not. */
enum fault { NONE, REFUSES, COMPLETES, GARBAGE, ENDS };

static void say(FILE *out, const char *text)
{
	fputs(text, out);
	fputs("\r\n", out);
	fflush(out);
}

/* Sends what a migration begins with, and stands still. */
static int child_migrate(const char *line)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	static char memory[128 << 10];
	const char *path = strstr(line, "unix:");
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%.*s", (int)strcspn(path + 5, "\""), path + 5);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		_exit(3);
	if (write(fd, memory, sizeof(memory)) != (ssize_t)sizeof(memory))
		_exit(4);
	return fd;
}

static void child(int fd, enum fault fault)
{
	FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");
	char line[400];
	int stream = -1, asked = 0;

	say(out, fault == GARBAGE ? "{\"QMP\":" : "{\"QMP\":{\"version\":{},\"capabilities\":[]}}");
	while (fgets(line, sizeof(line), in)) {
		if (fault == ENDS)
			_exit(0);
		if (strstr(line, "\"migrate\"") && fault == REFUSES) {
			say(out, "{\"error\":{\"class\":\"GenericError\",\"desc\":\"not now\"}}");
			continue;
		}
		if (strstr(line, "query-migrate")) {
			say(out, fault == COMPLETES ? "{\"return\":{\"status\":\"completed\"}}" :
			    !asked++ ? "{\"return\":{\"status\":\"cancelling\"}}" :
			    "{\"return\":{\"status\":\"cancelled\"}}");
			continue;
		}
		/* Events come whenever they like. */
		say(out, "{\"event\":\"RTC_CHANGE\",\"data\":{}}");
		say(out, "{\"return\":{}}");
		if (strstr(line, "\"migrate\""))
			stream = child_migrate(line);
		if (strstr(line, "migrate_cancel"))
			close(stream);
	}
	_exit(0);
}

static pid_t start(struct monitor *m, enum fault fault)
{
	int pair[2];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid = fork();
	if (!pid) {
		close(pair[0]);
		child(pair[1], fault);
	}
	close(pair[1]);
	monitor_open(m, pair[0]);
	return pid;
}

static void stop(struct monitor *m, pid_t pid)
{
	char path[80];

	snprintf(path, sizeof(path), "%s", m->path);
	monitor_release(m);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(!*path || access(path, F_OK));	/* nothing is left */
}

static void logging_goes_on_and_off(void **state)
{
	struct err err = ERR_INIT;
	struct monitor m;
	pid_t pid = start(&m, NONE);

	(void)state;
	assert_false(monitor_logs(&m));
	assert_int_equal(monitor_log_stop(&m, &err), -EINVAL);
	for (int i = 0; i < 2; i++) {
		if (monitor_log_start(&m, &err))
			fail_msg("%s", err.text);
		assert_true(monitor_logs(&m));
		assert_int_equal(monitor_log_start(&m, NULL), -EINVAL);
		if (monitor_log_stop(&m, &err))
			fail_msg("%s", err.text);
		assert_false(monitor_logs(&m));
		assert_int_not_equal(access(m.path, F_OK), 0);
	}
	stop(&m, pid);
}

static void what_qemu_refuses_is_said(void **state)
{
	struct err err = ERR_INIT;
	struct monitor m;
	pid_t pid = start(&m, REFUSES);

	(void)state;
	assert_true(monitor_log_start(&m, &err) < 0);
	assert_non_null(strstr(err.text, "not now"));
	assert_false(monitor_logs(&m));
	stop(&m, pid);
}

static void a_migration_that_ends_is_none(void **state)
{
	struct err err = ERR_INIT;
	struct monitor m;
	pid_t pid = start(&m, COMPLETES);

	(void)state;
	assert_int_equal(monitor_log_start(&m, &err), 0);
	assert_true(monitor_log_stop(&m, &err) < 0);
	assert_non_null(strstr(err.text, "is 'completed'"));
	stop(&m, pid);
}

static void nonsense_and_silence_are_errors(void **state)
{
	struct err err = ERR_INIT;
	struct monitor m;
	pid_t pid = start(&m, GARBAGE);

	(void)state;
	assert_true(monitor_log_start(&m, &err) < 0);
	assert_non_null(strstr(err.text, "not valid JSON"));
	stop(&m, pid);
	err = (struct err)ERR_INIT;
	pid = start(&m, ENDS);
	assert_true(monitor_log_start(&m, &err) < 0);
	assert_non_null(strstr(err.text, "closed"));
	stop(&m, pid);
	monitor_open(&m, -1);
	err = (struct err)ERR_INIT;
	assert_int_equal(monitor_log_start(&m, &err), -EINVAL);
	assert_non_null(strstr(err.text, "without a monitor"));
	monitor_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logging_goes_on_and_off),
		cmocka_unit_test(what_qemu_refuses_is_said),
		cmocka_unit_test(a_migration_that_ends_is_none),
		cmocka_unit_test(nonsense_and_silence_are_errors),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
