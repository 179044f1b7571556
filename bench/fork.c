/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run in a child of its own (lib/worker.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "worker.h"

struct forked {
	const struct bench_request *rq;
	const struct bench_hooks *hooks;
	double timeout_s;
	struct worker worker;
	char **result;
	struct err *err;
	int ret;
	bool done;
};

static bool fork_wants_hold(const struct forked *f)
{
	return f->hooks && f->hooks->hold;
}

static int fork_child(void *arg, int fd)
{
	const struct forked *f = arg;
	struct work w;
	const struct bench_hooks hooks = {
		.hold = fork_wants_hold(f) ? work_hold : NULL,
		.progress = work_progress, .arg = &w,
	};
	struct err err = ERR_INIT;
	char *text = NULL;
	int status;

	if (!work_open(&w, fd, fd, &err))
		bench_run_text(f->rq, &hooks, &text, &err);
	status = work_close(&w, text, &err);
	free(text);
	return status;
}

static void fork_on_ready(void *arg, const char *proof, size_t len)
{
	struct forked *f = arg;
	json_t *json = json_loadb(proof, len, 0, NULL);
	int ret = f->hooks->hold(f->hooks->arg, json, f->err);

	json_decref(json);
	if (!ret && f->timeout_s > 0)
		ret = worker_limit(&f->worker, f->timeout_s, f->err);
	if (!ret)
		ret = worker_go(&f->worker, f->err);
	f->ret = ret;
	if (ret)
		worker_cancel(&f->worker);
}

static void fork_on_progress(void *arg, const char *text)
{
	struct forked *f = arg;

	if (f->hooks && f->hooks->progress)
		f->hooks->progress(f->hooks->arg, text);
}

/* If hold() failed, its error is the reason, not that the child was stopped for it. */
static void fork_on_done(void *arg, const char *result, size_t len, const struct err *why)
{
	struct forked *f = arg;

	f->done = true;
	if (f->ret)
		return;
	if (!result)
		f->ret = err_set(f->err, why->exit, why->code, "%s", why->text);
	else if (!(*f->result = strndup(result, len)))
		f->ret = err_sys(f->err, ENOMEM, "the result");
}

static bool fork_is_done(void *arg)
{
	return ((struct forked *)arg)->done;
}

static int fork_run(struct forked *f, struct loop *loop)
{
	static const struct worker_calls calls = { fork_on_ready, fork_on_progress,
						   fork_on_done };
	int ret = worker_fork(&f->worker, loop, fork_child, f, &calls, f, f->err);

	if (ret)
		return ret;
	if (f->hooks && f->hooks->started)
		f->hooks->started(f->hooks->arg, f->worker.proc.pid);
	if (f->timeout_s > 0 && !fork_wants_hold(f))
		ret = worker_limit(&f->worker, f->timeout_s, f->err);
	if (!ret)
		ret = loop_run_until(loop, fork_is_done, f, -1);
	worker_release(&f->worker);
	return ret ? ret : f->ret;
}

int bench_run_forked(const struct bench_request *rq,
		     const struct bench_hooks *hooks, double timeout_s,
		     char **result, struct err *err)
{
	struct err own = ERR_INIT;
	struct forked f = {
		.rq = rq, .hooks = hooks, .timeout_s = timeout_s, .result = result,
		.err = err ? err : &own,
	};
	struct loop *loop;
	int ret = loop_new(&loop, f.err);

	if (!ret) {
		ret = fork_run(&f, loop);
		loop_free(loop);
	}
	return ret;
}
