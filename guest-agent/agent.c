/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

double agent_uptime(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void agent_stop(struct agent *a, const struct err *why)
{
	if (a->done)
		return;
	a->done = true;
	a->exit = why ? why->exit : EXIT_DONE;
	if (why)
		fprintf(stderr, "kduel-agent: %s\n", why->text);
}

void agent_send(struct agent *a, json_t *msg)
{
	struct err err = ERR_INIT;

	if (link_send(&a->link, a->role->channel, msg, &err))
		agent_stop(a, &err);
}

void agent_send_with(struct agent *a, json_t *msg, const char *key,
		     const char *json, size_t len)
{
	struct err err = ERR_INIT;

	if (link_send_with(&a->link, a->role->channel, msg, key, json, len, &err))
		agent_stop(a, &err);
}

void agent_log(struct agent *a, const char *fmt, ...)
{
	json_t *msg = message_event("log");
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_object_set_new(msg, "text", json_string(text));
	agent_send(a, msg);
}

static const struct op *agent_find_op(const struct agent *a, const char *name)
{
	for (const struct op *op = a->role->ops; op->name; op++) {
		if (!strcmp(op->name, name) &&
		    op->roles & 1u << a->settings.role)
			return op;
	}
	return NULL;
}

static int agent_call_op(struct agent *a, int64_t id, const struct view *msg,
		   json_t *reply, struct err *err)
{
	const struct op *op;
	const char *name;

	if (view_name(msg, "op", &name, err))
		return err->code;
	fault_at(&a->settings.fault, name, &a->link, a->pid1);
	op = agent_find_op(a, name);
	if (!op)
		return err_config(err, "the %s's agent does not know the request '%s'",
				  role_names[a->settings.role], name);
	return op->fn(a, id, msg, reply, err);
}

static void agent_answer(struct agent *a, int64_t id, const struct view *msg)
{
	struct err err = ERR_INIT;
	json_t *reply = message_ok(id);
	int ret = agent_call_op(a, id, msg, reply, &err);

	if (ret < 0) {
		json_t *failure = message_failure(id, message_class_of(&err), err.text);

		json_object_update(reply, failure);
		json_decref(failure);
	}
	if (ret == OP_LATER)
		json_decref(reply);
	else
		agent_send(a, reply);
}

static void agent_on_frame(void *arg, const struct frame *f)
{
	struct agent *a = arg;
	struct err err = ERR_INIT;
	struct message m;
	uint64_t id;

	if (f->channel != a->role->channel) {
		if (a->role->relay)
			a->role->relay(a, f);
		return;
	}
	if (message_take(&m, f, &err) ||
	    view_count(m.root, "id", INT64_MAX, &id, &err))
		agent_stop(a, &err);
	else
		agent_answer(a, id, m.root);
	message_release(&m);
}

/* A plain end of the stream is how a driver on this host says goodbye. */
static void agent_on_closed(void *arg, const struct err *why)
{
	agent_stop(arg, why->code == -ECONNRESET ? NULL : why);
}

static json_t *agent_hello(const struct agent *a)
{
	struct utsname u;
	json_t *msg = message_hello(role_names[a->settings.role]);

	uname(&u);
	json_object_set_new(msg, "kernel", json_string(u.release));
	json_object_set_new(msg, "pid1", json_boolean(a->pid1));
	json_object_set_new(msg, "uptime", json_real(agent_uptime()));
	return msg;
}

static void agent_serve(struct agent *a)
{
	fault_at(&a->settings.fault, "hello", &a->link, a->pid1);
	agent_send(a, agent_hello(a));
	while (!a->done) {
		if (loop_step(a->loop, -1) < 0)
			agent_stop(a, &(struct err){ .exit = EXIT_MACHINE,
					       .text = "cannot wait for events" });
	}
	link_flush(&a->link, 5);
}

int agent_run(const struct settings *s, const struct role *role, bool pid1,
	      int in, int out, struct err *err)
{
	struct agent a = { .settings = *s, .role = role, .pid1 = pid1 };
	int ret;

	ret = loop_new(&a.loop, err);
	if (ret)
		return err->exit;
	ret = link_init(&a.link, a.loop, in, out, s->nonce, agent_on_frame, agent_on_closed,
			&a, err);
	if (ret)
		goto free_loop;
	ret = role->start(&a, err);
	if (ret)
		goto release_link;
	agent_serve(&a);
	role->stop(&a);
release_link:
	link_release(&a.link);
free_loop:
	loop_free(a.loop);
	return ret ? (int)err->exit : a.exit;
}
