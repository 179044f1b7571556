/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ops.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "agent.h"
#include "pages.h"
#include "work.h"
#include "worker.h"

#define LIMIT_DEFAULT_S 300
#define LIMIT_MAX_S 1000000

/* The pools of huge pages that a workload may need more of. */
static const uint64_t huge_pages[] = { 2ULL << 20, 1ULL << 30 };
#define POOLS (sizeof(huge_pages) / sizeof(huge_pages[0]))

struct runner {
	struct agent *agent;
	struct worker worker;	/* .loop NULL: no workload runs */
	int64_t id;		/* of the request run */
	uint64_t limit;
	struct huge_pool before[POOLS];	/* .pages UINT64_MAX: no such pool, or not ours */
};

int runner_new(struct runner **r, struct agent *a, struct err *err)
{
	*r = calloc(1, sizeof(**r));
	if (!*r)
		return err_sys(err, ENOMEM, "cannot start the guest's role");
	(*r)->agent = a;
	return 0;
}

static void runner_note_pools(struct runner *r)
{
	for (size_t i = 0; i < POOLS; i++)
		if (!r->agent->pid1 || huge_pool_read(huge_pages[i], &r->before[i], NULL))
			r->before[i].pages = UINT64_MAX;
}

/* What the workload reserved is memory again for the next, even if it was killed. */
static void runner_restore_pools(struct runner *r)
{
	struct huge_pool now;

	for (size_t i = 0; i < POOLS; i++)
		if (r->before[i].pages != UINT64_MAX &&
		    !huge_pool_read(huge_pages[i], &now, NULL) &&
		    now.pages != r->before[i].pages)
			huge_pool_resize(huge_pages[i], r->before[i].pages, NULL);
}

void runner_free(struct runner *r)
{
	if (!r)
		return;
	worker_release(&r->worker);
	free(r);
}

/* The result is passed on as it came: it is for the driver to read. */
static void runner_on_done(void *arg, const char *result, size_t len,
			   const struct err *why)
{
	struct runner *r = arg;

	runner_restore_pools(r);
	if (result)
		agent_send_with(r->agent, message_ok(r->id), "result", result, len);
	else
		agent_send(r->agent, message_failure(r->id, message_class_of(why), why->text));
	worker_release(&r->worker);
}

static void runner_on_progress(void *arg, const char *text)
{
	struct runner *r = arg;
	json_t *event = message_event("progress");

	json_object_set_new(event, "re", json_integer(r->id));
	json_object_set_new(event, "text", json_string(text));
	agent_send(r->agent, event);
}

static void runner_on_ready(void *arg, const char *proof, size_t len)
{
	struct runner *r = arg;
	json_t *event = message_event("ready");

	json_object_set_new(event, "re", json_integer(r->id));
	agent_send_with(r->agent, event, "proof", proof, len);
}

static int runner_start(struct runner *r, const struct view *args, struct err *err)
{
	const char *const argv[] = { "/proc/self/exe", "--workload",
				     r->agent->pid1 ? "--reserve" : NULL, NULL };
	static const struct worker_calls calls = { runner_on_ready, runner_on_progress,
						   runner_on_done };
	int ret;

	runner_note_pools(r);
	ret = worker_spawn(&r->worker, r->agent->loop, argv, &calls, r, err);

	if (!ret)
		ret = worker_limit(&r->worker, r->limit, err);
	if (!ret)
		ret = worker_ask(&r->worker, args->json, args->json_len, err);
	if (ret)
		worker_release(&r->worker);
	return ret;
}

int runner_op_run(struct agent *a, int64_t id, const struct view *args,
		  json_t *reply, struct err *err)
{
	struct runner *r = a->runner;
	int ret;

	(void)reply;
	if (r->worker.loop)
		return err_set(err, EXIT_MACHINE, -EBUSY,
			       "a workload is running: one at a time");
	if (work_check(args, err) ||
	    view_count_or(args, "limit", LIMIT_MAX_S, LIMIT_DEFAULT_S, &r->limit, err))
		return err->code;
	r->id = id;
	ret = runner_start(r, args, err);
	return ret ? ret : OP_LATER;
}

/* Is this about the workload that runs now? */
static int runner_check(struct runner *r, const struct view *args, struct err *err)
{
	uint64_t run;

	if (view_count(args, "run", INT64_MAX, &run, err))
		return err->code;
	if (!r->worker.loop || (int64_t)run != r->id)
		return err_config(err, "run: no run %" PRIu64 " is going on", run);
	return 0;
}

int runner_op_go(struct agent *a, int64_t id, const struct view *args,
		 json_t *reply, struct err *err)
{
	struct worker *w = &a->runner->worker;
	int ret = runner_check(a->runner, args, err);

	(void)id;
	(void)reply;
	if (ret)
		return ret;
	if (!w->ready || w->going)
		return err_config(err, "go: the workload %s",
				  w->going ? "is going already" : "is not ready yet");
	ret = worker_limit(w, a->runner->limit, err);
	return ret ? ret : worker_go(w, err);
}

int runner_op_cancel(struct agent *a, int64_t id, const struct view *args,
		     json_t *reply, struct err *err)
{
	int ret = runner_check(a->runner, args, err);

	(void)id;
	(void)reply;
	if (!ret)
		worker_cancel(&a->runner->worker);
	return ret;
}
