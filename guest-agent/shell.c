/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ops.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent.h"
#include "message.h"
#include "proc.h"

#define READ_MAX 4096

struct shell {
	struct agent *agent;
	struct proc proc;
	int fd;			/* our end; -1: the shell's is closed */
	int64_t fd_id, child_id;
	int64_t asked;		/* the request that waits for output; 0: none does */
	bool ended;
	int status;
};

void shell_free(struct shell *s)
{
	if (!s)
		return;
	loop_remove(s->agent->loop, s->fd_id);
	loop_remove(s->agent->loop, s->child_id);
	if (s->fd >= 0)
		close(s->fd);
	/* Also what was started in it. */
	if (s->proc.pid > 0)
		kill(-s->proc.pid, SIGKILL);
	proc_release(&s->proc);
	free(s);
}

/* Answers the request that waits, if there is something to say. */
static void shell_tell(struct shell *s)
{
	char bytes[READ_MAX], hex[2 * READ_MAX + 1];
	ssize_t n = s->fd >= 0 ? read(s->fd, bytes, sizeof(bytes)) : 0;
	struct shell *gone = NULL;
	json_t *reply;

	if (n < 0 && (errno == EAGAIN || errno == EINTR) && !s->ended) {
		loop_set_events(s->agent->loop, s->fd_id, POLLIN);
		return;
	}
	if (n <= 0 && s->fd >= 0 && !s->ended) {
		/* It closed its end, and its exit status is still to come. */
		loop_set_events(s->agent->loop, s->fd_id, 0);
		return;
	}
	reply = message_ok(s->asked);
	s->asked = 0;
	if (n > 0) {
		hex_write(bytes, n, hex);
		json_object_set_new(reply, "data", json_string(hex));
	} else {
		json_object_set_new(reply, "status", json_integer(s->status));
		gone = s;
	}
	loop_set_events(s->agent->loop, s->fd_id, 0);
	agent_send(s->agent, reply);
	if (gone) {
		gone->agent->shell = NULL;
		shell_free(gone);
	}
}

static void shell_on_output(struct loop *l, int fd, unsigned events, void *arg)
{
	struct shell *s = arg;

	(void)l;
	(void)fd;
	(void)events;
	if (s->asked)
		shell_tell(s);
}

static void shell_on_end(struct loop *l, int status, void *arg)
{
	struct shell *s = arg;

	(void)l;
	s->child_id = 0;
	s->ended = true;
	s->status = status;
	proc_reaped(&s->proc);
	if (s->asked)
		shell_tell(s);
}

/* In the child. */
static int shell_become(void *arg)
{
	static const char install[] =
		"mkdir -p /usr/local/bin; " SHELL_PROGRAM " --install -s /usr/local/bin; "
		"cd /; exec " SHELL_PROGRAM " sh -i";
	int fd = *(int *)arg;

	setsid();
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	setenv("PS1", "kduel:\\w# ", 1);
	/* An interrupt is for what runs in the shell, and for the line being typed. */
	signal(SIGINT, SIG_DFL);
	execl(SHELL_PROGRAM, "sh", "-c", install, (char *)NULL);
	return 127;
}

static int shell_spawn(struct shell *s, struct err *err)
{
	int ends[2], ret = proc_socketpair(ends, err);

	if (ret)
		return ret;
	s->fd = ends[0];
	fcntl(s->fd, F_SETFL, O_NONBLOCK);
	ret = proc_fork(&s->proc, shell_become, &ends[1], err);
	close(ends[1]);
	if (ret)
		return ret;
	s->fd_id = loop_add_fd(s->agent->loop, s->fd, 0, shell_on_output, s);
	s->child_id = loop_add_child(s->agent->loop, s->proc.pidfd, shell_on_end, s);
	return s->fd_id > 0 && s->child_id > 0 ? 0 : err_sys(err, ENOMEM, "cannot watch a shell");
}

int shell_op_start(struct agent *a, int64_t id, const struct view *args,
		   json_t *reply, struct err *err)
{
	struct shell *s;
	int ret;

	(void)id;
	(void)args;
	(void)reply;
	if (a->shell)
		return err_set(err, EXIT_MACHINE, -EBUSY, "a shell is open: one at a time");
	if (!a->pid1)
		return err_set(err, EXIT_MACHINE, -ENOTSUP, "a shell is only for machines that "
			"kduel has booted");
	if (access(SHELL_PROGRAM, X_OK))
		return err_set(err, EXIT_MACHINE, -ENOTSUP, "there is no %s in this machine", SHELL_PROGRAM);
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_sys(err, ENOMEM, "cannot start a shell");
	s->agent = a;
	s->fd = -1;
	s->proc = (struct proc)PROC_INIT;
	ret = shell_spawn(s, err);
	if (ret)
		shell_free(s);
	else
		a->shell = s;
	return ret;
}

static int shell_check(const struct agent *a, struct err *err)
{
	return a->shell ? 0 : err_config(err, "no shell is open");
}

/* "data" for the shell; "interrupt" for what runs in it; "end": no more data. */
int shell_op_write(struct agent *a, int64_t id, const struct view *args,
		   json_t *reply, struct err *err)
{
	char bytes[READ_MAX];
	const char *hex = "";
	bool interrupt, end;
	ssize_t n;

	(void)id;
	(void)reply;
	if (shell_check(a, err) || view_bool_or(args, "interrupt", false, &interrupt, err) ||
	    view_bool_or(args, "end", false, &end, err) ||
	    (view_get(args, "data") && view_string(args, "data", &hex, err)))
		return err->code;
	n = hex_read(hex, bytes, sizeof(bytes));
	if (n < 0)
		return err_config(err, "data: must be at most %d bytes in hexadecimal", READ_MAX);
	/* Fits a socket's buffer, unless what runs does not read: then it is lost. */
	if (n && send(a->shell->fd, bytes, n, MSG_NOSIGNAL) < 0 && errno != EAGAIN && errno != EPIPE)
		return err_sys(err, errno, "cannot write to the shell");
	if (interrupt && a->shell->proc.pid > 0)
		kill(-a->shell->proc.pid, SIGINT);
	if (end)
		shutdown(a->shell->fd, SHUT_WR);
	return 0;
}

int shell_op_read(struct agent *a, int64_t id, const struct view *args,
		  json_t *reply, struct err *err)
{
	(void)args;
	(void)reply;
	if (shell_check(a, err))
		return err->code;
	if (a->shell->asked)
		return err_set(err, EXIT_MACHINE, -EBUSY, "another read is waiting already");
	a->shell->asked = id;
	shell_tell(a->shell);
	return OP_LATER;
}
