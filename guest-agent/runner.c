/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent.h"
#include "proc.h"
#include "work.h"

#define LIMIT_DEFAULT_S 300

struct runner {
	struct agent *agent;
	/* The workload, if `busy`: */
	bool busy;
	int64_t id;		/* of the request run */
	bool ready, going;
	struct proc proc;
	struct link link;
	int64_t child_id, timer_id;
	uint64_t limit;
	bool exited, drained;	/* both: it is over */
	int status;
	json_t *result;
	struct err err;		/* why it failed, the first reason */
};

int runner_new(struct runner **r, struct agent *a, struct err *err)
{
	*r = calloc(1, sizeof(**r));
	if (!*r)
		return err_sys(err, ENOMEM, "cannot start the guest's role");
	**r = (struct runner){ .agent = a, .proc = PROC_INIT };
	return 0;
}

static void clear(struct runner *r)
{
	struct agent *a = r->agent;

	loop_remove(a->loop, r->child_id);
	loop_remove(a->loop, r->timer_id);
	proc_release(&r->proc);
	link_release(&r->link);
	json_decref(r->result);
	*r = (struct runner){ .agent = a, .proc = PROC_INIT };
}

void runner_free(struct runner *r)
{
	if (!r)
		return;
	clear(r);
	free(r);
}

/* The process and its stream have ended: answer the request. */
static void finish(struct runner *r)
{
	struct agent *a = r->agent;
	int64_t id = r->id;
	json_t *reply;
	char how[64];

	if (!r->exited || !r->drained)
		return;
	if (!r->result)
		err_set(&r->err, EXIT_MACHINE, -EPIPE, "the workload's process ended: %s",
			proc_status_text(r->status, how, sizeof(how)));
	if (r->err.code)
		reply = message_failure(id, message_class_of(&r->err), r->err.text);
	else
		reply = json_pack("{s:I, s:b, s:O}", "re", (json_int_t)id, "ok", 1,
				  "result", r->result);
	clear(r);
	agent_send(a, reply);
}

static void on_child(struct loop *loop, int status, void *arg)
{
	struct runner *r = arg;

	(void)loop;
	r->exited = true;
	r->status = status;
	r->child_id = 0;
	proc_reaped(&r->proc);
	finish(r);
}

static void give_up(struct runner *r)
{
	proc_signal(&r->proc, SIGKILL);
}

static void on_limit(struct loop *loop, void *arg)
{
	struct runner *r = arg;

	(void)loop;
	err_set(&r->err, EXIT_MACHINE, -ETIMEDOUT, "the workload's %s took more than %llu s",
		r->going ? "timed part" : "set-up", (unsigned long long)r->limit);
	give_up(r);
}

static void on_progress(struct runner *r, json_t *text)
{
	json_t *event = message_event("progress");

	json_object_set_new(event, "re", json_integer(r->id));
	json_object_set(event, "text", text);
	agent_send(r->agent, event);
}

static void on_ready(struct runner *r, json_t *proof)
{
	json_t *event = message_event("ready");

	r->ready = true;
	json_object_set_new(event, "re", json_integer(r->id));
	json_object_set(event, "proof", proof);
	agent_send(r->agent, event);
}

static void on_frame(struct link *l, const struct frame *f, void *arg)
{
	struct runner *r = arg;
	json_t *msg = message_decode(f, &r->err), *v;

	(void)l;
	if (!msg) {
		give_up(r);
		return;
	}
	if ((v = json_object_get(msg, "ready")))
		on_ready(r, v);
	else if ((v = json_object_get(msg, "progress")))
		on_progress(r, v);
	else if ((v = json_object_get(msg, "result")))
		r->result = json_incref(v);
	else if ((v = json_object_get(msg, "error")))
		err_set(&r->err, EXIT_MACHINE,
			json_integer_value(json_object_get(msg, "code")),
			"%s", json_string_value(v));
	json_decref(msg);
}

static void on_closed(struct link *l, const struct err *why, void *arg)
{
	struct runner *r = arg;

	(void)l;
	if (why->code != -ECONNRESET) {
		err_set(&r->err, why->exit, why->code, "%s", why->text);
		give_up(r);
	}
	r->drained = true;
	finish(r);
}

static int watch(struct runner *r, int fd, struct err *err)
{
	struct loop *loop = r->agent->loop;
	int out = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (out < 0 || link_init(&r->link, loop, fd, out, 0, on_frame, on_closed,
				 r, err)) {
		close(fd);
		close(out);
		return err_sys(err, ENOMEM, "cannot watch the workload");
	}
	r->child_id = loop_add_child(loop, r->proc.pidfd, on_child, r);
	r->timer_id = loop_add_timer(loop, r->limit, on_limit, r);
	if (r->child_id < 0 || r->timer_id < 0)
		return err_sys(err, ENOMEM, "cannot watch the workload");
	return 0;
}

/* Takes the message. */
static int say(struct runner *r, json_t *msg, struct err *err)
{
	int ret = link_send(&r->link, FRAME_GUEST, msg, err);

	json_decref(msg);
	return ret;
}

int runner_op_run(struct agent *a, int64_t id, const json_t *args,
		  json_t *reply, struct err *err)
{
	struct runner *r = a->runner;
	int fd, ret;

	(void)reply;
	if (r->busy)
		return err_set(err, EXIT_MACHINE, -EBUSY,
			       "a workload is running: one at a time");
	if (work_check(args, err) ||
	    message_count_or(args, "limit", LIMIT_DEFAULT_S, &r->limit, err))
		return err->code;
	ret = work_start(&r->proc, &fd, err);
	if (ret)
		return ret;
	r->busy = true;
	r->id = id;
	ret = watch(r, fd, err);
	if (!ret)
		ret = say(r, json_pack("{s:O}", "run", (json_t *)args), err);
	if (ret) {
		clear(r);
		return ret;
	}
	return OP_LATER;
}

/* Is this about the workload that runs now? */
static int check_run(struct runner *r, const json_t *args, struct err *err)
{
	uint64_t run;

	if (message_count(args, "run", &run, err))
		return err->code;
	if (!r->busy || (int64_t)run != r->id)
		return err_config(err, "field 'run': no run %llu is going on",
				  (unsigned long long)run);
	return 0;
}

int runner_op_go(struct agent *a, int64_t id, const json_t *args,
		 json_t *reply, struct err *err)
{
	struct runner *r = a->runner;
	int ret = check_run(r, args, err);

	(void)id;
	(void)reply;
	if (ret)
		return ret;
	if (!r->ready || r->going)
		return err_config(err, "go: the workload %s",
				  r->going ? "is going already" : "is not ready yet");
	r->going = true;
	loop_set_timer(a->loop, r->timer_id, r->limit);
	return say(r, json_pack("{s:b}", "go", 1), err);
}

int runner_op_cancel(struct agent *a, int64_t id, const json_t *args,
		     json_t *reply, struct err *err)
{
	struct runner *r = a->runner;
	int ret = check_run(r, args, err);

	(void)id;
	(void)reply;
	if (ret)
		return ret;
	err_set(&r->err, EXIT_MACHINE, -ECANCELED, "cancelled");
	give_up(r);
	return 0;
}
