/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run in a child of its own. The child sends lines over a socket: JSON that
 * says {"progress"}, {"hold"} or {"error"}, or RESULT and the result's text,
 * which the parent hands on as it is. The parent answers a hold with one byte.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "clock.h"

#define RESULT 'r'

static int send_all(int fd, const char *at, size_t left)
{
	while (left) {
		ssize_t n = send(fd, at, left, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? n : 0;
		left -= n > 0 ? n : 0;
	}
	return 0;
}

static int say(int fd, const char *key, json_t *value)
{
	json_t *line = json_pack("{s:o}", key, value);
	char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	int ret = text ? send_all(fd, text, strlen(text)) : -ENOMEM;

	free(text);
	json_decref(line);
	return ret ? ret : send_all(fd, "\n", 1);
}

static int say_result(int fd, const char *text)
{
	int ret = send_all(fd, (const char[]){ RESULT }, 1);

	if (!ret)
		ret = send_all(fd, text, strlen(text));
	return ret ? ret : send_all(fd, "\n", 1);
}

/* --- the child --- */

struct child {
	int fd;
	bool wants_hold;
};

static int child_hold(void *arg, const json_t *proof, struct err *err)
{
	struct child *c = arg;
	char go;

	if (!c->wants_hold)
		return 0;
	if (say(c->fd, "hold", json_deep_copy(proof)))
		return err_sys(err, EPIPE, "nobody waits for this run");
	if (recv(c->fd, &go, 1, MSG_WAITALL) != 1)
		return err_sys(err, ECANCELED, "the run was called off");
	return 0;
}

static void child_progress(void *arg, const char *text)
{
	say(((struct child *)arg)->fd, "progress", json_string(text));
}

static int child_main(const struct bench_request *rq, int fd, bool wants_hold)
{
	struct child c = { .fd = fd, .wants_hold = wants_hold };
	const struct bench_hooks hooks = {
		.hold = child_hold, .progress = child_progress, .arg = &c,
	};
	struct err err = ERR_INIT;
	char *text = NULL;
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (bench_run_text(rq, &hooks, &text, &err))
		ret = say(fd, "error", json_pack("{s:i, s:i, s:s}", "code", err.code,
						 "exit", err.exit, "text", err.text));
	else
		ret = say_result(fd, text);
	free(text);
	return ret ? 1 : 0;
}

/* --- the parent --- */

struct parent {
	int fd;
	const struct bench_hooks *hooks;
	double timeout_s;
	uint64_t deadline_ns;	/* 0 = none */
	char *buf;
	size_t used, room;
	char **result;
	bool done;
};

static int wait_readable(struct parent *p)
{
	struct pollfd pfd = { .fd = p->fd, .events = POLLIN };
	int ms = -1, n;

	if (p->deadline_ns) {
		uint64_t now = clock_raw_ns();

		if (now >= p->deadline_ns)
			return -ETIMEDOUT;
		ms = (p->deadline_ns - now) / 1000000 + 1;
	}
	n = poll(&pfd, 1, ms);
	return n > 0 ? 0 : n == 0 ? -ETIMEDOUT : -errno;
}

/* More bytes into the buffer; 0 at the end of the stream, else how many. */
static ssize_t fill(struct parent *p)
{
	int ret = wait_readable(p);

	if (ret)
		return ret == -EINTR ? 1 : ret;
	if (p->used == p->room) {
		size_t room = p->room ? 2 * p->room : 65536;
		char *more = realloc(p->buf, room);

		if (!more)
			return -ENOMEM;
		p->buf = more;
		p->room = room;
	}
	ret = recv(p->fd, p->buf + p->used, p->room - p->used, 0);
	if (ret < 0)
		return errno == EINTR ? 1 : -errno;
	p->used += ret;
	return ret;
}

static int on_error(json_t *e, struct err *err)
{
	return err_set(err, json_integer_value(json_object_get(e, "exit")),
		       json_integer_value(json_object_get(e, "code")), "%s",
		       json_string_value(json_object_get(e, "text")));
}

static int on_line(struct parent *p, json_t *line, struct err *err)
{
	const struct bench_hooks *h = p->hooks;
	json_t *value;
	int ret;

	if ((value = json_object_get(line, "error")))
		return on_error(value, err);
	if ((value = json_object_get(line, "progress")) && h && h->progress)
		h->progress(h->arg, json_string_value(value));
	if ((value = json_object_get(line, "hold"))) {
		ret = h->hold(h->arg, value, err);
		if (ret)
			return ret;
		if (send(p->fd, "g", 1, MSG_NOSIGNAL) == 1 && p->timeout_s > 0)
			p->deadline_ns = clock_raw_ns() + p->timeout_s * 1e9;
	}
	return 0;
}

static int take_result(struct parent *p, size_t len, struct err *err)
{
	*p->result = strndup(p->buf + 1, len - 1);
	p->done = *p->result;
	return p->done ? 0 : err_sys(err, ENOMEM, "the result");
}

static int take_line(struct parent *p, size_t len, struct err *err)
{
	json_t *line;
	int ret;

	if (*p->buf == RESULT)
		return take_result(p, len, err);
	line = json_loadb(p->buf, len, 0, NULL);
	ret = line ? on_line(p, line, err)
		   : err_set(err, EXIT_MACHINE, -EBADMSG, "the run sent garbage");
	json_decref(line);
	p->used -= len + 1;
	memmove(p->buf, p->buf + len + 1, p->used);
	return ret;
}

static int listen_to(struct parent *p, struct err *err)
{
	size_t searched = 0;
	int ret = 0;

	while (!ret && !p->done) {
		char *end = p->used > searched
			? memchr(p->buf + searched, '\n', p->used - searched) : NULL;
		ssize_t n;

		if (end) {
			ret = take_line(p, end - p->buf, err);
			searched = 0;
			continue;
		}
		searched = p->used;
		n = fill(p);
		if (n == -ETIMEDOUT)
			ret = err_set(err, EXIT_MACHINE, -ETIMEDOUT,
				      "the run took more than %g s and was stopped",
				      p->timeout_s);
		else if (n < 0)
			ret = err_sys(err, -n, "cannot listen to the run");
		else if (!n)
			return 0;	/* its exit tells why */
	}
	return ret;
}

/* Signals by which the kernel says that it has no page left. */
static const char *often_means(int sig)
{
	switch (sig) {
	case SIGKILL:
		return ": often the kernel's answer when memory runs out, here or in the "
		       "control group (see its log)";
	case SIGBUS:
		return ": a page could not be had: a file cut short, or no huge page left on "
		       "the node";
	default:
		return "";
	}
}

static int judge_exit(pid_t pid, const struct parent *p, int ret, struct err *err)
{
	int status;

	if (ret)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(err, errno, "waitpid");
	if (ret || p->done)
		return ret;
	if (WIFSIGNALED(status))
		return err_set(err, EXIT_MACHINE, -ECHILD, "the run died of signal %d (%s)%s",
			       WTERMSIG(status), strsignal(WTERMSIG(status)),
			       often_means(WTERMSIG(status)));
	return err_set(err, EXIT_MACHINE, -ECHILD,
		       "the run ended with exit code %d and no result",
		       WEXITSTATUS(status));
}

int bench_run_forked(const struct bench_request *rq,
		     const struct bench_hooks *hooks, double timeout_s,
		     char **result, struct err *err)
{
	bool wants_hold = hooks && hooks->hold;
	struct parent p = { .hooks = hooks, .timeout_s = timeout_s, .result = result };
	int fds[2], ret;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return err_sys(err, errno, "socketpair");
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		ret = err_sys(err, errno, "fork");
		close(fds[0]);
		close(fds[1]);
		return ret;
	}
	if (!pid) {
		close(fds[0]);
		_exit(child_main(rq, fds[1], wants_hold));
	}
	close(fds[1]);
	p.fd = fds[0];
	if (hooks && hooks->started)
		hooks->started(hooks->arg, pid);
	if (timeout_s > 0 && !wants_hold)
		p.deadline_ns = clock_raw_ns() + timeout_s * 1e9;
	ret = judge_exit(pid, &p, listen_to(&p, err), err);
	close(p.fd);
	free(p.buf);
	return ret;
}
