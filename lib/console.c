/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct console {
	struct loop *loop;
	int fd, log;
	int64_t id;
	bool echo, closed;
	uint64_t bytes;
	char line[CONSOLE_LINE_MAX + 1];	/* the one being read */
	size_t len;
	char last[CONSOLE_LINES][CONSOLE_LINE_MAX + 1];
	unsigned lines;				/* how many there ever were */
	char panic[CONSOLE_LINE_MAX + 1];
};

static const char *const death[] = {
	"Kernel panic - not syncing",
	"BUG: unable to handle",
	"Oops:",
	"general protection fault",
};

static void console_watch(struct console *c, const char *line)
{
	/* "Oops" says more than the "not syncing" that follows it. */
	for (size_t i = 0; i < sizeof(death) / sizeof(*death); i++) {
		if (!c->panic[0] && strstr(line, death[i]))
			strcpy(c->panic, line);
	}
}

static void console_end_line(struct console *c)
{
	c->line[c->len] = '\0';
	c->len = 0;
	if (!c->line[0])
		return;
	strcpy(c->last[c->lines++ % CONSOLE_LINES], c->line);
	console_watch(c, c->line);
	if (c->echo)
		fprintf(stderr, "[vm] %s\n", c->line);
}

/* Terminal sequences and bytes that are not text do not belong in a record. */
static void console_take(struct console *c, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char ch = data[i];

		if (ch == '\n')
			console_end_line(c);
		else if (c->len < CONSOLE_LINE_MAX && (ch >= ' ' || ch == '\t'))
			c->line[c->len++] = ch < 0x7f ? ch : '?';
	}
}

static void console_keep(struct console *c, const char *data, size_t n)
{
	size_t room = c->bytes < CONSOLE_LOG_MAX ? CONSOLE_LOG_MAX - c->bytes : 0;

	if (c->log >= 0 && room && write(c->log, data, n < room ? n : room) < 0) {
		close(c->log);
		c->log = -1;	/* the log is a help, not a result */
	}
	c->bytes += n;
	console_take(c, data, n);
}

static bool console_read_some(struct console *c)
{
	char buf[4096];
	ssize_t n = c->closed ? 0 : read(c->fd, buf, sizeof(buf));

	if (n > 0)
		console_keep(c, buf, n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		c->closed = true;
	return n > 0;
}

static void console_on_readable(struct loop *l, int fd, unsigned events, void *arg)
{
	struct console *c = arg;

	(void)fd;
	(void)events;
	console_read_some(c);
	if (c->closed)
		loop_remove(l, c->id);
}

static int console_open_log(struct console *c, const char *log, struct err *err)
{
	if (!log)
		return 0;
	c->log = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return c->log < 0 ? err_sys(err, errno, "cannot write %s", log) : 0;
}

int console_new(struct console **out, struct loop *l, int fd, const char *log,
		bool echo, struct err *err)
{
	struct console *c = calloc(1, sizeof(*c));
	int ret;

	if (!c) {
		close(fd);
		return err_sys(err, ENOMEM, "cannot read the console");
	}
	*c = (struct console){ .loop = l, .fd = fd, .log = -1, .echo = echo };
	ret = console_open_log(c, log, err);
	if (!ret) {
		fcntl(fd, F_SETFL, O_NONBLOCK);
		c->id = loop_add_fd(l, fd, POLLIN, console_on_readable, c);
		if (c->id < 0)
			ret = err_sys(err, ENOMEM, "cannot read the console");
	}
	if (ret)
		console_free(c);
	else
		*out = c;
	return ret;
}

void console_free(struct console *c)
{
	if (!c)
		return;
	loop_remove(c->loop, c->id);
	close(c->fd);
	if (c->log >= 0)
		close(c->log);
	free(c);
}

void console_drain(struct console *c)
{
	uint64_t limit = c->bytes + CONSOLE_FLOOD;

	while (c->bytes < limit && console_read_some(c))
		;
	if (c->len)
		console_end_line(c);
}

const char *console_panic(const struct console *c)
{
	return c->panic[0] ? c->panic : NULL;
}

bool console_flooded(const struct console *c)
{
	return c->bytes > CONSOLE_FLOOD;
}

uint64_t console_bytes(const struct console *c)
{
	return c->bytes;
}

json_t *console_tail(const struct console *c)
{
	unsigned first = c->lines > CONSOLE_LINES ? c->lines - CONSOLE_LINES : 0;
	json_t *a = json_array();

	for (unsigned i = first; a && i < c->lines; i++)
		json_array_append_new(a, json_string(c->last[i % CONSOLE_LINES]));
	return a;
}
