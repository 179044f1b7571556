/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-node.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"
#include "link.h"
#include "message.h"

struct fake {
	struct loop *loop;
	struct link link;
	char second_level[8];
	double walks;		/* planted walks per access; below 0: none */
	double slow;		/* factor of all times */
	char refuse[16];	/* a backing that it refuses to prepare; "": none */
	json_t *events;		/* those that the node was asked to count */
	double count_start;
	char fault[16], fault_op[32];
	bool logs;		/* dirty logging is on: everything is mapped in 4K */
	bool stays_4k;		/* mappings stay 4K after dirty logging */
	bool complains;		/* the kernel reports a bug after splitting */
	bool never;		/* the workload waits for ever */
	bool monitor;		/* the guest was started with one */
	uint64_t memory;	/* of the guest; 0: none runs */
	const char *files_root;	/* of the plan's files; NULL */
	int64_t running;	/* id of the `run` in progress; 0: none */
	struct message run;	/* a `run` that is about to be served; may be empty */
	bool go, end;		/* the driver said so */
};

/* The value of `name=` in a command line; "" if it is missing. */
static void fake_node_word_of(const char *cmdline, const char *name, char *value,
			      size_t size)
{
	const char *p = strstr(cmdline, name);

	value[0] = '\0';
	if (p)
		snprintf(value, size, "%.*s", (int)strcspn(p + strlen(name), " "),
			 p + strlen(name));
}

static void fake_node_settings(struct fake *f, const struct fake_node *o)
{
	char fault[64], *at, *every, level[8], walks[32], slow[32];

	fake_node_word_of(o->cmdline, "kduel.fake-second-level=", level, sizeof(level));
	snprintf(f->second_level, sizeof(f->second_level), "%.7s",
		 *level ? level : o->second_level);
	fake_node_word_of(o->cmdline, "kduel.fake-walks=", walks, sizeof(walks));
	f->walks = *walks ? strtod(walks, NULL) : -1;
	fake_node_word_of(o->cmdline, "kduel.fake-slow=", slow, sizeof(slow));
	f->slow = *slow ? strtod(slow, NULL) : 1;
	fake_node_word_of(o->cmdline, "kduel.fake-refuse=", f->refuse, sizeof(f->refuse));
	f->complains = strstr(o->cmdline, "kduel.fake-complains");
	f->never = strstr(o->cmdline, "kduel.fake-never");
	f->stays_4k = strstr(o->cmdline, "kduel.fake-stays-4k");
	fake_node_word_of(o->cmdline, "kduel.fault=", fault, sizeof(fault));
	at = strchr(fault, '@');
	if (!at)
		return;
	*at = '\0';
	snprintf(f->fault, sizeof(f->fault), "%.15s", fault);
	snprintf(f->fault_op, sizeof(f->fault_op), "%.*s", (int)strcspn(at + 1, "/"), at + 1);
	every = strchr(at + 1, '/');
	if (every && o->block % (unsigned)fmax(1, strtod(every + 1, NULL)))
		f->fault[0] = f->fault_op[0] = '\0';
}

static void fake_node_say(struct fake *f, enum frame_channel channel, json_t *msg)
{
	if (link_send(&f->link, channel, msg, NULL))
		_exit(1);
}

static void fake_node_garbage(struct fake *f)
{
	char junk[4096];

	memset(junk, 'x', sizeof(junk));
	link_send_raw(&f->link, junk, sizeof(junk), NULL);
}

static void fake_node_misbehave(struct fake *f, const char *op)
{
	if (strcmp(op, f->fault_op))
		return;
	if (!strcmp(f->fault, "garbage"))
		fake_node_garbage(f);
	if (!strcmp(f->fault, "exit"))
		_exit(1);
	if (!strcmp(f->fault, "panic")) {
		fputs("[    1.000000] Kernel panic - not syncing: kduel.fault\n",
		      stderr);
		_exit(1);
	}
	while (!strcmp(f->fault, "hang"))
		pause();
	while (!strcmp(f->fault, "flood"))
		fputs("all work and no play makes a dull machine\n", stderr);
}

static json_t *fake_node_hello(const char *role)
{
	json_t *msg = message_hello(role);

	json_object_set_new(msg, "kernel", json_string("fake"));
	json_object_set_new(msg, "pid1", json_false());
	json_object_set_new(msg, "uptime", json_real(0));
	return msg;
}

static json_t *fake_node_layer(const char *name, const char *level, uint64_t bytes)
{
	json_int_t n = bytes;

	if (!*level || !strcmp(level, "none"))
		return json_pack("{s:s, s:s}", "layer", name, "unavailable",
				 "a fake machine");
	return json_pack("{s:s, s:{s:I, s:I, s:I}, s:s}", "layer", name, "bytes",
			 "4k", strcmp(level, "4k") ? (json_int_t)0 : n,
			 "2m", strcmp(level, "2m") ? (json_int_t)0 : n,
			 "1g", strcmp(level, "1g") ? (json_int_t)0 : n,
			 "method", "fake");
}

static json_t *fake_node_op_prepare(struct fake *f, const struct view *rq, int64_t id)
{
	json_t *r = message_ok(id);
	struct err err = ERR_INIT;
	const char *backing;

	if (view_name(rq, "backing", &backing, &err) ||
	    view_size(rq, "size", &f->memory, &err)) {
		json_decref(r);
		return message_failure(id, MESSAGE_BAD_REQUEST, err.text);
	}
	if (!strcmp(backing, f->refuse)) {
		json_decref(r);
		return message_failure(id, MESSAGE_FAILED, "kduel.fake-refuse");
	}
	json_object_set_new(r, "backing", json_string(backing));
	json_object_set_new(r, "path", json_null());
	json_object_set_new(r, "facts", json_object());
	json_object_set_new(r, "proof", fake_node_layer("file", "none", 0));
	return r;
}

static json_t *fake_node_op_proof(struct fake *f, int64_t id)
{
	json_t *r = message_ok(id);

	json_object_set_new(r, "layers",
			    json_pack("[o, o]",
				      fake_node_layer("second-level", f->logs ? "4k"
						      : f->second_level, f->memory),
				      fake_node_layer("mut", "none", 0)));
	return r;
}

static json_t *fake_node_op_dirty_log(struct fake *f, const struct view *rq, int64_t id)
{
	bool on = false;

	if (!f->monitor || view_bool_or(rq, "on", false, &on, NULL) || on == f->logs)
		return message_failure(id, MESSAGE_BAD_REQUEST, "dirty-log: without a monitor, or twice");
	f->logs = on;
	if (f->stays_4k)
		snprintf(f->second_level, sizeof(f->second_level), "4k");
	return message_ok(id);
}

static json_t *fake_node_op_split(struct fake *f, const struct view *rq, int64_t id)
{
	json_t *r = message_ok(id), *log = json_array();
	bool on = false;

	view_bool_or(rq, "on", false, &on, NULL);
	if (!on && f->complains)
		json_array_append_new(log, json_string("BUG: kduel.fake-complains"));
	json_object_set_new(r, "rounds", json_integer(on ? 0 : 7));
	json_object_set_new(r, "kernel_log", log);
	return r;
}

static json_t *fake_node_op_doctor(int64_t id)
{
	json_t *r = message_ok(id);

	json_object_set_new(r, "findings", json_pack("[{s:s, s:s}]", "title", "a fake machine",
						     "seen", "its pages are as it was told"));
	return r;
}

static json_t *fake_node_op_count(struct fake *f, const struct view *rq, int64_t id)
{
	json_decref(f->events);
	f->events = view_json(view_get(rq, "events"));
	f->count_start = loop_now();
	return message_ok(id);
}

static json_t *fake_node_op_count_stop(struct fake *f, int64_t id)
{
	json_t *r = message_ok(id), *list = json_array(), *e;
	size_t i;

	json_array_foreach(f->events, i, e)
		json_array_append_new(list, json_pack(
			"{s:O, s:s}", "name", json_object_get(e, "name"),
			"unavailable", "a fake machine has no vCPUs"));
	json_object_set_new(r, "seconds", json_real(loop_now() - f->count_start));
	json_object_set_new(r, "vcpus", json_integer(0));
	json_object_set_new(r, "counters", list);
	return r;
}

/* One function of each kernel; the machine's is as slow as the rest. */
static json_t *fake_node_op_sample_stop(const struct fake *f, int64_t id)
{
	json_t *r = message_ok(id);

	json_object_set_new(r, "sampled", json_string("fake"));
	json_object_set_new(r, "hz", json_integer(997));
	json_object_set_new(r, "functions", json_pack(
		"[[s, I, s], [s, I, s]]", "machine's kernel", (json_int_t)(100 * f->slow),
		"kvm_tdp_mmu_map", "guest's programs", (json_int_t)900, "memset"));
	return r;
}

static json_t *fake_node_op_env(int64_t id)
{
	json_t *r = message_ok(id);

	json_object_set_new(r, "facts", json_pack("{s:s}", "agent", "fake "
						  KDUEL_VERSION));
	return r;
}

static bool fake_node_may_go_on(void *arg)
{
	const struct fake *f = arg;

	return f->go || f->end;
}

/* The workload waits here while the driver asks for a proof, and until it says go. */
static int fake_node_hold(void *arg, const json_t *proof, struct err *err)
{
	struct fake *f = arg;
	json_t *ready = message_event("ready");

	json_object_set_new(ready, "re", json_integer(f->running));
	json_object_set(ready, "proof", (json_t *)proof);
	fake_node_say(f, FRAME_GUEST, ready);
	f->go = false;
	loop_run_until(f->loop, fake_node_may_go_on, f, -1);
	return f->go ? 0 : err_set(err, EXIT_MACHINE, -EINTR, "cancelled");
}

static void fake_node_plant_slow(const struct fake *f, json_t *metrics)
{
	json_t *m, *values, *v;
	const char *kind;
	size_t i, k;

	json_array_foreach(metrics, i, m) {
		kind = json_string_value(json_object_get(m, "kind"));
		values = json_object_get(m, "values");
		if (!kind || strcmp(kind, "time"))
			continue;
		json_array_foreach(values, k, v)
			json_real_set(v, json_number_value(v) * f->slow);
	}
}

/* Replaces the counter's value or reason by the planted count. */
static void fake_node_plant(const struct fake *f, json_t *result)
{
	json_t *metrics = json_object_get(result, "metrics"), *m, *c;
	size_t i, k;

	if (f->slow != 1)
		fake_node_plant_slow(f, metrics);
	if (f->walks < 0)
		return;
	json_array_foreach(metrics, i, m) {
		json_t *counters = json_object_get(m, "counters");

		json_array_foreach(counters, k, c)
			if (!strcmp(json_string_value(json_object_get(c, "name")),
				    "dtlb_load_walks"))
				break;
		json_array_remove(counters, k);
		json_array_append_new(counters, json_pack(
			"{s:s, s:s, s:s, s:f, s:i}", "name", "dtlb_load_walks",
			"native", "fake", "provider", "fake", "value",
			f->walks * 1000, "things", 1000));
	}
}

static json_t *fake_node_op_run(struct fake *f, const struct view *rq, int64_t id)
{
	struct bench_request b = { .cpu = -1, .node = -1, .allow_small = true };
	struct bench_hooks hooks = { .hold = fake_node_hold, .arg = f };
	struct err err = ERR_INIT;
	json_t *result, *params, *events, *r;
	char *text;
	uint64_t samples;
	int ret;

	if (view_name(rq, "workload", &b.workload, &err) ||
	    view_name(rq, "source", &b.source, &err) ||
	    view_count_or(rq, "samples", UINT_MAX, 0, &samples, &err) ||
	    view_count_or(rq, "seed", INT64_MAX, 0, &b.seed, &err) ||
	    view_bool_or(rq, "counters", false, &b.counters, &err))
		return message_failure(id, MESSAGE_BAD_REQUEST, err.text);
	b.params = params = view_json(view_get(rq, "params"));
	b.events = events = view_json(view_get(rq, "events"));
	b.samples = samples;
	b.files_root = f->files_root;
	f->running = id;
	ret = bench_run_forked(&b, &hooks, 60, &text, &err);
	f->running = 0;
	json_decref(params);
	json_decref(events);
	if (ret)
		return message_failure(id, message_class_of(&err), err.text);
	result = json_loads(text, 0, NULL);
	free(text);
	fake_node_plant(f, result);
	r = message_ok(id);
	json_object_set_new(r, "result", result);
	return r;
}

static json_t *node_reply(struct fake *f, const char *op, const struct view *rq,
			  int64_t id)
{
	if (!strcmp(op, "prepare"))
		return fake_node_op_prepare(f, rq, id);
	if (!strcmp(op, "proof"))
		return fake_node_op_proof(f, id);
	if (!strcmp(op, "env"))
		return fake_node_op_env(id);
	if (!strcmp(op, "doctor"))
		return fake_node_op_doctor(id);
	if (!strcmp(op, "dirty-log"))
		return fake_node_op_dirty_log(f, rq, id);
	if (!strcmp(op, "guest-start"))
		view_bool_or(rq, "monitor", false, &f->monitor, NULL);
	if (!strcmp(op, "count"))
		return fake_node_op_count(f, rq, id);
	if (!strcmp(op, "count-stop"))
		return fake_node_op_count_stop(f, id);
	if (!strcmp(op, "sample-stop"))
		return fake_node_op_sample_stop(f, id);
	if (!strcmp(op, "split"))
		return fake_node_op_split(f, rq, id);
	if (strcmp(op, "guest-start") && strcmp(op, "guest-stop") && strcmp(op, "pre-fault") &&
	    strcmp(op, "release") && strcmp(op, "sample") && strcmp(op, "ping") && strcmp(op, "poweroff"))
		return message_failure(id, MESSAGE_BAD_REQUEST, op);
	f->end = !strcmp(op, "poweroff");
	return message_ok(id);
}

static json_t *fake_node_guest_reply(struct fake *f, const char *op, const struct view *rq,
				     int64_t id)
{
	if (!strcmp(op, "run"))
		return fake_node_op_run(f, rq, id);
	if (!strcmp(op, "env"))
		return fake_node_op_env(id);
	f->go |= !f->never && !strcmp(op, "go");
	return message_ok(id);
}

static void fake_serve(struct fake *f, enum frame_channel channel, const struct view *rq)
{
	const char *op = "";
	uint64_t id = 0;
	json_t *reply;

	if (view_name(rq, "op", &op, NULL) ||
	    view_count(rq, "id", INT64_MAX, &id, NULL))
		_exit(2);
	fake_node_misbehave(f, op);
	reply = channel == FRAME_NODE ? node_reply(f, op, rq, id)
				      : fake_node_guest_reply(f, op, rq, id);
	fake_node_say(f, channel, reply);
	if (channel == FRAME_NODE && !strcmp(op, "guest-start"))
		fake_node_say(f, FRAME_GUEST, fake_node_hello("guest"));
}

static void fake_node_run_later(struct loop *l, void *arg)
{
	struct fake *f = arg;
	struct message m = f->run;

	(void)l;
	f->run = (struct message)MESSAGE_INIT;
	fake_serve(f, FRAME_GUEST, m.root);
	message_release(&m);
}

/*
 * A workload steps the loop while it waits for go. It must not do so inside the link,
 * which may already hold further frames that would have to wait.
 */
static void fake_node_on_frame(void *arg, const struct frame *frame)
{
	struct fake *f = arg;
	const char *op = "";
	struct message m;

	if (message_take(&m, frame, NULL))
		_exit(2);
	view_name(m.root, "op", &op, NULL);
	if (frame->channel == FRAME_GUEST && !strcmp(op, "run") && !f->run.root) {
		f->run = m;
		loop_add_timer(f->loop, 0, fake_node_run_later, f);
		return;
	}
	fake_serve(f, frame->channel, m.root);
	message_release(&m);
}

static void fake_node_on_closed(void *arg, const struct err *why)
{
	(void)why;
	((struct fake *)arg)->end = true;
}

static bool fake_node_has_ended(void *arg)
{
	return ((struct fake *)arg)->end;
}

int fake_node_serve(const struct fake_node *o)
{
	struct fake f = { .walks = -1, .files_root = o->files_root };

	fake_node_settings(&f, o);
	if (loop_new(&f.loop, NULL) ||
	    link_init(&f.link, f.loop, o->in, o->out, o->nonce, fake_node_on_frame,
		      fake_node_on_closed, &f, NULL))
		return 1;
	fake_node_misbehave(&f, "hello");
	fake_node_say(&f, FRAME_NODE, fake_node_hello("node"));
	loop_run_until(f.loop, fake_node_has_ended, &f, -1);
	link_flush(&f.link, 5);
	link_release(&f.link);
	loop_free(f.loop);
	json_decref(f.events);
	return 0;
}
