/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "message.h"

struct child {
	int fd;
	struct frame_writer writer;
};

static int tell(struct child *c, json_t *msg, struct err *err)
{
	char *bytes;
	size_t n, done = 0;
	int ret = message_encode(&c->writer, FRAME_GUEST, msg, &bytes, &n, err);

	json_decref(msg);
	if (ret)
		return ret;
	while (done < n) {
		ssize_t w = write(c->fd, bytes + done, n - done);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0) {
			ret = err_sys(err, errno, "cannot talk to the agent");
			break;
		}
		done += w;
	}
	free(bytes);
	return ret;
}

/* The workload is set up: say so, and wait for the word. */
static int hold(void *arg, const json_t *proof, struct err *err)
{
	struct child *c = arg;
	char byte;
	ssize_t n;
	int ret = tell(c, json_pack("{s:O}", "ready", (json_t *)proof), err);

	if (ret)
		return ret;
	do {
		n = read(c->fd, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (n != 1)
		return err_set(err, EXIT_MACHINE, -ECONNRESET, "the agent is gone");
	return 0;
}

static void progress(void *arg, const char *text)
{
	tell(arg, json_pack("{s:s}", "progress", text), NULL);
}

static int flag(const json_t *args, const char *key, bool *value, struct err *err)
{
	const json_t *v = json_object_get(args, key);

	*value = json_is_true(v);
	if (!v || json_is_boolean(v))
		return 0;
	return err_config(err, "field '%s': neither true nor false", key);
}

/* An OS number of a CPU or node; absent: -1, the workload's own choice. */
static int place(const json_t *args, const char *key, int *value, struct err *err)
{
	uint64_t n;

	*value = -1;
	if (!json_object_get(args, key))
		return 0;
	if (message_count(args, key, &n, err))
		return err->code;
	if (n > 65535)
		return err_config(err, "field '%s': no such number", key);
	*value = n;
	return 0;
}

static int read_request(const json_t *args, struct bench_request *rq,
			struct err *err)
{
	uint64_t samples;
	json_t *params;

	memset(rq, 0, sizeof(*rq));
	if (message_string(args, "workload", &rq->workload, err) ||
	    message_string(args, "source", &rq->source, err) ||
	    message_object_or(args, "params", &params, err) ||
	    message_count_or(args, "seed", 1, &rq->seed, err) ||
	    message_count_or(args, "samples", 0, &samples, err) ||
	    message_align(args, &rq->align_ns, err) ||
	    place(args, "cpu", &rq->cpu, err) ||
	    place(args, "node", &rq->node, err) ||
	    flag(args, "allow_small", &rq->allow_small, err) ||
	    flag(args, "counters", &rq->counters, err) ||
	    flag(args, "multiplex", &rq->multiplex, err))
		return err->code;
	if (samples > 1000000)
		return err_config(err, "field 'samples': more than a million");
	rq->samples = samples;
	rq->params = params;
	rq->events = json_object_get(args, "events");
	if (rq->events && !json_is_array(rq->events))
		return err_config(err, "field 'events': not an array");
	return 0;
}

int work_check(const json_t *args, struct err *err)
{
	struct bench_request rq;
	uint64_t limit;

	if (read_request(args, &rq, err) ||
	    message_count_or(args, "limit", 0, &limit, err))
		return err->code;
	return bench_check(&rq, err);
}

static int run(const json_t *args, int fd)
{
	struct child c = { .fd = fd };
	struct bench_hooks hooks = { .hold = hold, .progress = progress,
				      .arg = &c };
	struct bench_request rq;
	struct err err = ERR_INIT;
	json_t *result = NULL;
	int ret = read_request(args, &rq, &err);

	if (!ret)
		ret = bench_run(&rq, &hooks, &result, &err);
	if (!ret)
		ret = tell(&c, json_pack("{s:o}", "result", result), &err);
	if (ret)
		tell(&c, json_pack("{s:s, s:i}", "error", err.text, "code", err.code),
		     NULL);
	return ret ? 1 : 0;
}

static void become_child(pid_t parent)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
}

int work_start(const json_t *args, int *fd, int *pidfd, pid_t *pid,
	       struct err *err)
{
	pid_t parent = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return err_sys(err, errno, "cannot start a workload");
	*pid = fork();
	if (*pid == 0) {
		become_child(parent);
		close(ends[0]);
		_exit(run(args, ends[1]));
	}
	close(ends[1]);
	*pidfd = *pid > 0 ? pidfd_open(*pid, 0) : -1;
	if (*pidfd >= 0) {
		*fd = ends[0];
		return 0;
	}
	err_sys(err, errno, "cannot start a workload");
	if (*pid > 0) {
		kill(*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
	}
	close(ends[0]);
	return err ? err->code : -EAGAIN;
}
