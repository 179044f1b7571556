/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/bench.h"
#include "message.h"

#define STAGGER_MAX 65536u	/* pages */

struct child {
	int in, out;
	struct frame_writer writer;
	struct frame_parser parser;
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
		ssize_t w = write(c->out, bytes + done, n - done);

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

/* The agent's next message: a new reference, or NULL. */
static json_t *hear(struct child *c, struct err *err)
{
	char bytes[4096];
	struct frame f;
	int ret;

	while (!(ret = frame_parser_next(&c->parser, &f, err))) {
		ssize_t n = read(c->in, bytes, sizeof(bytes));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err_set(err, EXIT_MACHINE, -ECONNRESET, "the agent is gone");
			return NULL;
		}
		if (frame_parser_feed(&c->parser, bytes, n, err))
			return NULL;
	}
	return ret < 0 ? NULL : message_decode(&f, err);
}

/* The workload is set up: say so, and wait for the word. */
static int hold(void *arg, const json_t *proof, struct err *err)
{
	struct child *c = arg;
	json_t *word;
	int ret = tell(c, json_pack("{s:O}", "ready", (json_t *)proof), err);

	if (ret)
		return ret;
	word = hear(c, err);
	if (!word)
		return err->code;
	if (!json_is_true(json_object_get(word, "go")))
		ret = err_set(err, EXIT_MACHINE, -EPROTO, "the agent said something else than go");
	json_decref(word);
	return ret;
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
	    message_align(args, &rq->align_ns, &rq->phase_ns, err) ||
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

static int read_stagger(const json_t *args, uint64_t *pages, struct err *err)
{
	if (message_count_or(args, "stagger", 0, pages, err))
		return err->code;
	if (*pages > STAGGER_MAX)
		return err_config(err, "field 'stagger': more than %u pages", STAGGER_MAX);
	return 0;
}

int work_check(const json_t *args, struct err *err)
{
	struct bench_request rq;
	uint64_t limit, pages;

	if (read_request(args, &rq, err) || read_stagger(args, &pages, err) ||
	    message_count_or(args, "limit", 0, &limit, err))
		return err->code;
	return bench_check(&rq, err);
}

/*
 * Pages of its own for this process, written and kept, before the workload asks
 * for any: the workload then gets others.
 */
static int stagger(const json_t *args, struct err *err)
{
	uint64_t pages;
	char *at;

	if (read_stagger(args, &pages, err))
		return err->code;
	if (!pages)
		return 0;
	at = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		  -1, 0);
	if (at == MAP_FAILED)
		return err_sys(err, errno, "cannot have %" PRIu64 " pages before the workload",
			       pages);
	madvise(at, pages * 4096, MADV_NOHUGEPAGE);
	for (uint64_t i = 0; i < pages; i++)
		at[i * 4096] = 1;
	return 0;
}

static int run(struct child *c, const json_t *args, struct err *err)
{
	struct bench_hooks hooks = { .hold = hold, .progress = progress, .arg = c };
	struct bench_request rq;
	json_t *result = NULL;
	int ret = stagger(args, err);

	if (!ret)
		ret = read_request(args, &rq, err);
	if (!ret)
		ret = bench_run(&rq, &hooks, &result, err);
	return ret ? ret : tell(c, json_pack("{s:o}", "result", result), err);
}

int work_serve(int in, int out)
{
	struct child c = { .in = in, .out = out };
	struct err err = ERR_INIT;
	json_t *request;
	int ret = -EPROTO;

	frame_parser_init(&c.parser, 0);
	request = hear(&c, &err);
	if (request)
		ret = run(&c, json_object_get(request, "run"), &err);
	if (ret)
		tell(&c, json_pack("{s:s, s:i}", "error", err.text, "code", err.code), NULL);
	json_decref(request);
	frame_parser_release(&c.parser);
	return ret ? 1 : 0;
}

int work_start(struct proc *p, int *fd, struct err *err)
{
	static const char *const argv[] = { "/proc/self/exe", "--workload", NULL };
	struct proc_options o = { .argv = argv, .err = PROC_INHERIT };
	int ends[2], ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return err_sys(err, errno, "cannot start a workload");
	o.in = o.out = ends[1];
	ret = proc_spawn(p, &o, err);
	close(ends[1]);
	if (ret)
		close(ends[0]);
	else
		*fd = ends[0];
	return ret;
}
