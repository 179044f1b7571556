/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session-wire.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/message.h"

/* The process, its console and its stream end in any order, but together. */
#define LAST_WORDS_SECONDS 2.0

int wire_fail(struct wire *w, const char *class, const char *fmt, ...)
{
	va_list ap;

	if (w->class[0])
		return -EIO;
	snprintf(w->class, sizeof(w->class), "%s", class);
	va_start(ap, fmt);
	vsnprintf(w->text, sizeof(w->text), fmt, ap);
	va_end(ap);
	return -EIO;
}

static const char *text_of(const json_t *msg, const char *key)
{
	const char *text = json_string_value(json_object_get(msg, key));

	return text ? text : "";
}

static void on_guest_lost(struct wire *w, json_t *msg)
{
	static const char *const known[] = { "panic", "lost", "protocol", "hang" };
	const char *class = "lost", *said = text_of(msg, "class");
	json_t *console = json_object_get(msg, "console");

	if (!w->guest_expected)
		return;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (!strcmp(said, known[i]))
			class = known[i];
	}
	if (json_is_array(console))
		w->guest_console = json_incref(console);
	wire_fail(w, class, "the guest: %.400s", text_of(msg, "text"));
}

static struct call *find_call(struct wire *w, enum frame_channel channel,
			      const json_t *re)
{
	for (struct call *c = w->calls; c; c = c->next) {
		if (c->channel == channel && json_is_integer(re) &&
		    c->id == json_integer_value(re))
			return c;
	}
	return NULL;
}

static void on_hello(struct wire *w, enum frame_channel channel, json_t *msg)
{
	struct err err = ERR_INIT;

	if (message_check_hello(msg, channel == FRAME_NODE ? "node" : "guest", &err))
		wire_fail(w, "protocol", "%.400s", err.text);
	else if (w->hello[channel])
		wire_fail(w, "protocol", "it says hello twice");
	else
		w->hello[channel] = json_incref(msg);
}

static void on_event(struct wire *w, enum frame_channel channel, json_t *msg)
{
	const char *event = text_of(msg, "event");
	struct call *c;

	if (!strcmp(event, "hello")) {
		on_hello(w, channel, msg);
	} else if (!strcmp(event, "ready")) {
		c = find_call(w, channel, json_object_get(msg, "re"));
		if (c && !c->ready)
			c->ready = json_incref(msg);
	} else if (!strcmp(event, "guest-lost") && channel == FRAME_NODE) {
		on_guest_lost(w, msg);
	} else if (!strcmp(event, "progress")) {
		if (w->o->calls.phase)
			w->o->calls.phase(w->o->calls.arg, "at", text_of(msg, "text"));
	} else if (w->o->calls.log && *text_of(msg, "text")) {
		w->o->calls.log(w->o->calls.arg, text_of(msg, "text"));
	}
}

static void on_message(struct wire *w, enum frame_channel channel, json_t *msg)
{
	struct call *c;

	if (json_object_get(msg, "event")) {
		on_event(w, channel, msg);
		return;
	}
	c = find_call(w, channel, json_object_get(msg, "re"));
	if (!c || c->reply)
		wire_fail(w, "protocol", "an answer to what was not asked");
	else
		c->reply = json_incref(msg);
}

static void on_frame(void *arg, const struct frame *f)
{
	struct wire *w = arg;
	struct err err = ERR_INIT;
	json_t *msg = message_decode(f, &err);

	if (msg)
		on_message(w, f->channel, msg);
	else
		wire_fail(w, "protocol", "%.400s", err.text);
	json_decref(msg);
}

static void on_closed(void *arg, const struct err *why)
{
	struct wire *w = arg;

	w->stream_ended = true;
	if (why->code == -EPROTO)
		wire_fail(w, "protocol", "%.400s", why->text);
}

static void on_child(struct loop *l, int status, void *arg)
{
	struct wire *w = arg;

	(void)l;
	proc_reaped(&w->o->machine->proc);
	w->child_ended = true;
	w->child_status = status;
}

int wire_open(struct wire *w, const struct session_options *o, uint64_t nonce,
	      struct err *err)
{
	struct machine *m = o->machine;
	int in = m->link_in, out = m->link_out, console = m->console, ret;

	*w = (struct wire){ .o = o };
	m->link_in = m->link_out = m->console = -1;
	ret = link_init(&w->link, m->loop, in, out, nonce, on_frame, on_closed, w, err);
	if (ret) {
		close(console);
		return ret;
	}
	w->link.trace = o->debug_proto;
	ret = console_new(&w->console, m->loop, console, o->console_log,
			  o->debug_vm, err);
	if (ret)
		return ret;
	w->child_id = loop_add_child(m->loop, m->proc.pidfd, on_child, w);
	return w->child_id > 0 ? 0 : err_sys(err, ENOMEM, "cannot watch the machine");
}

void wire_close(struct wire *w)
{
	if (w->child_id > 0)
		loop_remove(w->o->machine->loop, w->child_id);
	link_release(&w->link);
	console_free(w->console);
	for (int i = 0; i < FRAME_CHANNELS; i++)
		json_decref(w->hello[i]);
	json_decref(w->guest_console);
	w->console = NULL;
}

static bool both_ended(void *arg)
{
	const struct wire *w = arg;

	return w->child_ended && w->stream_ended;
}

/* Something ended: hears the rest of it, then says what it was. */
static int explain_end(struct wire *w)
{
	char how[64] = "it still runs";
	const char *panic;

	loop_run_until(w->o->machine->loop, both_ended, w, LAST_WORDS_SECONDS);
	console_drain(w->console);
	panic = console_panic(w->console);
	if (w->child_ended)
		proc_status_text(w->child_status, how, sizeof(how));
	if (panic)
		return wire_fail(w, "panic", "%.300s", panic);
	return wire_fail(w, "lost", "the machine under test went away: %s", how);
}

static int check(struct wire *w)
{
	if (w->class[0])
		return -EIO;
	if (w->o->calls.abandoned && w->o->calls.abandoned(w->o->calls.arg))
		return -EINTR;
	if (console_flooded(w->console))
		return wire_fail(w, "protocol", "it floods its console: %llu bytes",
				 (unsigned long long)console_bytes(w->console));
	if (w->child_ended || w->stream_ended)
		return explain_end(w);
	return 0;
}

/* Steps the loop until done, failed, or `limit` seconds: then -ETIME. */
static int wait_for(struct wire *w, bool (*done)(void *), void *arg,
		    double limit)
{
	double end = loop_now() + limit;

	for (;;) {
		int ret;

		if (done(arg))
			return 0;
		ret = check(w);
		if (ret)
			return ret;
		if (loop_now() >= end)
			return -ETIME;
		/* Signals come through the loop; the second is for `abandoned`. */
		ret = loop_step(w->o->machine->loop,
				end - loop_now() < 1 ? end - loop_now() : 1);
		if (ret < 0)
			return wire_fail(w, "failed", "cannot wait: %s",
					 strerror(-ret));
	}
}

static bool has_reply(void *arg)
{
	return ((struct call *)arg)->reply;
}

/* A time limit is over: is anybody there? */
static int late(struct wire *w, enum frame_channel channel, double limit,
		const char *what)
{
	struct call ping = { 0 };
	const char *panic;
	int ret = -ETIME;

	if (w->hello[channel]) {
		ret = wire_send(w, &ping, channel, "ping", NULL);
		if (!ret)
			ret = wait_for(w, has_reply, &ping, w->o->limits.ping);
		wire_forget(w, &ping);
	}
	if (ret && ret != -ETIME)
		return ret;
	console_drain(w->console);
	panic = console_panic(w->console);
	if (ret && panic)
		return wire_fail(w, "panic", "%.300s", panic);
	if (ret)
		return wire_fail(w, "hang", "%s: nothing in %g s, and no sign of life",
				 what, limit);
	return wire_fail(w, "timeout", "%s: not done in %g s, though it is alive",
			 what, limit);
}

int wire_wait(struct wire *w, bool (*done)(void *arg), void *arg, double limit,
	      enum frame_channel channel, const char *what)
{
	int ret = wait_for(w, done, arg, limit);

	return ret == -ETIME ? late(w, channel, limit, what) : ret;
}

static bool has_value(void *arg)
{
	return *(json_t **)arg;
}

int wire_wait_hello(struct wire *w, enum frame_channel channel, double limit,
		    const char *what)
{
	return wire_wait(w, has_value, &w->hello[channel], limit, channel, what);
}

int wire_send(struct wire *w, struct call *c, enum frame_channel channel,
	      const char *op, json_t *args)
{
	struct err err = ERR_INIT;
	json_t *rq = message_request(op, ++w->last_id);
	int ret;

	*c = (struct call){ .channel = channel, .id = w->last_id,
			    .next = w->calls };
	w->calls = c;
	if (rq && args)
		json_object_update_missing(rq, args);
	json_decref(args);
	/* A stream that has ended takes everything; the next wait explains it. */
	ret = link_send(&w->link, channel, rq, &err);
	if (ret)
		return wire_fail(w, "failed", "%s: %.400s", op, err.text);
	return 0;
}

void wire_forget(struct wire *w, struct call *c)
{
	struct call **p = &w->calls;

	while (*p && *p != c)
		p = &(*p)->next;
	if (*p)
		*p = c->next;
	json_decref(c->reply);
	json_decref(c->ready);
	c->reply = c->ready = NULL;
}

int wire_call(struct wire *w, enum frame_channel channel, const char *op,
	      json_t *args, double limit, json_t **reply)
{
	struct call c;
	int ret = wire_send(w, &c, channel, op, args);

	*reply = NULL;
	if (!ret)
		ret = wire_wait(w, has_reply, &c, limit, channel, op);
	if (!ret)
		*reply = json_incref(c.reply);
	wire_forget(w, &c);
	return ret;
}

bool wire_is_ok(const json_t *reply, const char **class, const char **text)
{
	if (json_is_true(json_object_get(reply, "ok")))
		return true;
	*class = text_of(reply, "class");
	*text = text_of(reply, "text");
	return false;
}
