/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "loop.h"

#define LINE_MAX_BYTES (256u << 10)
/* More than a migration says before the first page of memory. */
#define STREAM_BEGUN (96u << 10)
#define POLL_S 0.02

void monitor_open(struct monitor *m, int fd)
{
	*m = (struct monitor)MONITOR_INIT;
	m->fd = fd;
}

static void monitor_close_stream(struct monitor *m)
{
	if (m->stream >= 0)
		close(m->stream);
	if (m->listener >= 0)
		close(m->listener);
	if (m->path[0])
		unlink(m->path);
	m->stream = m->listener = -1;
	m->path[0] = '\0';
}

void monitor_release(struct monitor *m)
{
	monitor_close_stream(m);
	if (m->fd >= 0)
		close(m->fd);
	free(m->text);
	view_release(&m->doc);
	*m = (struct monitor)MONITOR_INIT;
}

/* --- lines ---------------------------------------------------------------------- */

/* Waits for bytes on `fd` until `end`, and takes at most `size`. */
static ssize_t monitor_take(int fd, void *to, size_t size, double end, const char *what,
			    struct err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	double left = end - loop_now();
	ssize_t n;

	if (left <= 0 || poll(&p, 1, (int)(left * 1000) + 1) == 0)
		return err_set(err, EXIT_MACHINE, -ETIME, "%s: nothing came in %d seconds", what,
			       MONITOR_LIMIT_S);
	n = read(fd, to, size);
	if (n > 0)
		return n;
	return err_set(err, EXIT_MACHINE, -EPIPE, "%s: %s", what,
		       n ? strerror(errno) : "QEMU has closed it");
}

/* The next line, an object; it is valid until the next call. */
static int monitor_line(struct monitor *m, double end, const struct view **root,
			struct err *err)
{
	char *newline;
	ssize_t n;
	int ret;

	if (!m->text && !(m->text = malloc(LINE_MAX_BYTES)))
		return err_sys(err, ENOMEM, "QEMU's monitor");
	while (!(newline = memchr(m->text, '\n', m->len))) {
		if (m->len == LINE_MAX_BYTES)
			return err_set(err, EXIT_MACHINE, -EPROTO,
				       "QEMU's monitor: a line of more than %u bytes",
				       LINE_MAX_BYTES);
		n = monitor_take(m->fd, m->text + m->len, LINE_MAX_BYTES - m->len, end,
				 "QEMU's monitor", err);
		if (n < 0)
			return (int)n;
		m->len += (size_t)n;
	}
	ret = view_parse(&m->doc, m->text, (size_t)(newline - m->text), root, err);
	m->len -= (size_t)(newline + 1 - m->text);
	memmove(m->text, newline + 1, m->len);
	if (ret)
		err_prefix(err, "QEMU's monitor");
	return ret;
}

static int monitor_say(struct monitor *m, const char *line, struct err *err)
{
	size_t len = strlen(line);

	if (send(m->fd, line, len, MSG_NOSIGNAL) == (ssize_t)len)
		return 0;
	return err_sys(err, errno ? errno : EPIPE, "cannot write to QEMU's monitor");
}

/* Sends a command and reads what it returns; events in between are skipped. */
static int monitor_ask(struct monitor *m, const char *line, const struct view **value,
		       struct err *err)
{
	double end = loop_now() + MONITOR_LIMIT_S;
	const struct view *root, *failure;
	const char *text;
	int ret = monitor_say(m, line, err);

	while (!ret) {
		ret = monitor_line(m, end, &root, err);
		if (ret)
			break;
		failure = view_get(root, "error");
		*value = view_get(root, "return");
		if (failure) {
			if (view_string(failure, "desc", &text, NULL))
				text = "an error without a description";
			return err_machine(err, "QEMU refuses %.60s: %.200s", line, text);
		}
		if (*value)
			return 0;
	}
	return ret;
}

static int monitor_greet(struct monitor *m, struct err *err)
{
	const struct view *root;
	int ret;

	if (m->fd < 0)
		return err_config(err, "the guest was started without a monitor");
	if (m->greeted)
		return 0;
	ret = monitor_line(m, loop_now() + MONITOR_LIMIT_S, &root, err);
	if (!ret)
		ret = monitor_ask(m, "{\"execute\":\"qmp_capabilities\"}\n", &root, err);
	m->greeted = !ret;
	return ret;
}

/* --- dirty logging ---------------------------------------------------------------- */

/* Listens on a path that no other agent has, for QEMU to connect to. */
static int monitor_listen(struct monitor *m, struct err *err)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	const char *folder = access("/run", W_OK) ? "/tmp" : "/run";

	snprintf(m->path, sizeof(m->path), "%s/kduel-migrate-%d", folder, (int)getpid());
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", m->path);
	unlink(m->path);
	m->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (m->listener < 0 || bind(m->listener, (struct sockaddr *)&a, sizeof(a)) ||
	    listen(m->listener, 1))
		return err_sys(err, errno, "cannot listen on %s", m->path);
	return 0;
}

/* Until memory comes: KVM logs before QEMU sends the first page. */
static int monitor_wait_for_memory(struct monitor *m, struct err *err)
{
	struct pollfd p = { .fd = m->listener, .events = POLLIN };
	double end = loop_now() + MONITOR_LIMIT_S;
	static char rest[16 << 10];	/* nobody reads it */
	size_t got = 0;

	if (poll(&p, 1, MONITOR_LIMIT_S * 1000) == 1)
		m->stream = accept4(m->listener, NULL, NULL, SOCK_CLOEXEC);
	if (m->stream < 0)
		return err_set(err, EXIT_MACHINE, -ETIME,
			       "QEMU does not connect to %s to migrate", m->path);
	while (got < STREAM_BEGUN) {
		ssize_t n = monitor_take(m->stream, rest, sizeof(rest), end,
					 "the migration's stream", err);

		if (n < 0)
			return (int)n;
		got += (size_t)n;
	}
	return 0;
}

/* The migration's status: "active", "cancelled"; "none" where there was none. */
static int monitor_status(struct monitor *m, char *status, size_t size, struct err *err)
{
	const struct view *value;
	const char *text = "none";
	int ret = monitor_ask(m, "{\"execute\":\"query-migrate\"}\n", &value, err);

	if (!ret && view_string_or(value, "status", "none", &text, NULL))
		text = "none";
	snprintf(status, size, "%s", text);
	return ret;
}

static int monitor_wait_for_end(struct monitor *m, struct err *err)
{
	double end = loop_now() + MONITOR_LIMIT_S;
	char status[24] = "";
	int ret = monitor_status(m, status, sizeof(status), err);

	while (!ret && strcmp(status, "cancelled")) {
		if (!strcmp(status, "failed") || !strcmp(status, "completed") ||
		    loop_now() > end)
			return err_set(err, EXIT_MACHINE, -ETIME,
				       "the migration should be cancelled, but is '%s'", status);
		usleep(POLL_S * 1000000);
		ret = monitor_status(m, status, sizeof(status), err);
	}
	return ret;
}

bool monitor_logs(const struct monitor *m)
{
	return m->listener >= 0;
}

int monitor_log_start(struct monitor *m, struct err *err)
{
	const struct view *value;
	char line[160];
	int ret;

	if (monitor_logs(m))
		return err_config(err, "dirty logging is on already");
	ret = monitor_greet(m, err);
	if (!ret)
		ret = monitor_listen(m, err);
	if (!ret) {
		snprintf(line, sizeof(line), "{\"execute\":\"migrate\",\"arguments\":"
			 "{\"uri\":\"unix:%s\"}}\n", m->path);
		ret = monitor_ask(m, line, &value, err);
	}
	if (!ret)
		ret = monitor_wait_for_memory(m, err);
	if (ret)
		monitor_close_stream(m);
	return ret;
}

int monitor_log_stop(struct monitor *m, struct err *err)
{
	const struct view *value;
	int ret;

	if (!monitor_logs(m))
		return err_config(err, "dirty logging is not on");
	ret = monitor_ask(m, "{\"execute\":\"migrate_cancel\"}\n", &value, err);
	if (!ret)
		ret = monitor_wait_for_end(m, err);
	monitor_close_stream(m);
	return ret;
}
