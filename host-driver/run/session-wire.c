/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session-wire.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WIRE_TEXT_MAX 400	/* bytes of an agent's text that are shown */
#define WIRE_EVENTS_MAX 20000	/* per boot: hundreds are usual */

/* Process, console and stream end in any order, within this time. */
#define LAST_WORDS_SECONDS 2.0

int wire_fail(struct wire *w, const char *class, const char *fmt, ...)
{
	char text[sizeof(w->text)];
	va_list ap;

	if (w->class[0])
		return -EIO;
	snprintf(w->class, sizeof(w->class), "%s", class);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* It may quote foreign text, and is shown and recorded. */
	message_safe(text, w->text, sizeof(w->text));
	return -EIO;
}

/* Keeps as many of the last lines as our own consoles do, and as much of each. */
static void wire_take_console(struct wire *w, const struct view *lines)
{
	char text[CONSOLE_LINE_MAX + 1];
	const struct view *v;
	uint32_t skip = lines && lines->type == JSON_ARRAY && lines->n > CONSOLE_LINES
				? lines->n - CONSOLE_LINES : 0;

	if (!lines || lines->type != JSON_ARRAY)
		return;
	json_decref(w->guest_console);
	w->guest_console = json_array();
	view_each(v, lines) {
		if (skip)
			skip--;
		else
			json_array_append_new(w->guest_console,
				json_string(message_text(v, text, sizeof(text))));
	}
}

static void wire_on_guest_lost(struct wire *w, const struct view *msg)
{
	static const char *const known[] = { "panic", "lost", "protocol", "hang", NULL };
	char text[WIRE_TEXT_MAX];
	unsigned class;

	if (!w->guest_expected)
		return;
	wire_take_console(w, view_get(msg, "console"));
	if (view_choice(msg, "class", known, &class, NULL))
		wire_fail(w, "protocol", "guest-lost: unknown class");
	else
		wire_fail(w, known[class], "the guest: %s",
			  message_text(view_get(msg, "text"), text, sizeof(text)));
}

static struct call *wire_find_call(struct wire *w, enum frame_channel channel,
				   const struct view *msg)
{
	const struct view *re = view_get(msg, "re");

	for (struct call *c = w->calls; c; c = c->next) {
		if (c->channel == channel && re && re->type == JSON_INTEGER &&
		    c->id == re->whole)
			return c;
	}
	return NULL;
}

static void wire_on_hello(struct wire *w, enum frame_channel channel,
			  const struct view *msg)
{
	struct err err = ERR_INIT;

	if (message_check_hello(msg, channel == FRAME_NODE ? "node" : "guest", &err))
		wire_fail(w, "protocol", "%.400s", err.text);
	else if (w->hello[channel])
		wire_fail(w, "protocol", "a second hello");
	else if (channel == FRAME_GUEST && !w->guest_expected)
		wire_fail(w, "protocol", "hello from a guest that was not started");
	w->hello[channel] = true;
}

static void wire_on_ready(struct wire *w, enum frame_channel channel, struct message *m)
{
	struct call *c = wire_find_call(w, channel, m->root);

	if (!c || !c->may_be_ready || c->ready.root || c->reply.root) {
		wire_fail(w, "protocol", "ready, though no run waits for it");
		return;
	}
	c->ready = *m;
	*m = (struct message)MESSAGE_INIT;
}

/* Takes the message if it keeps it. */
static void wire_on_event(struct wire *w, enum frame_channel channel, struct message *m)
{
	const struct session_calls *calls = &w->o->calls;
	const struct view *text = view_get(m->root, "text");
	char safe[WIRE_TEXT_MAX];
	const char *event = "";

	if (++w->events > WIRE_EVENTS_MAX)
		wire_fail(w, "protocol", "more than %d events", WIRE_EVENTS_MAX);
	view_string(m->root, "event", &event, NULL);
	message_text(text, safe, sizeof(safe));
	if (!strcmp(event, "hello"))
		wire_on_hello(w, channel, m->root);
	else if (!strcmp(event, "ready"))
		wire_on_ready(w, channel, m);
	else if (!strcmp(event, "guest-lost") && channel == FRAME_NODE)
		wire_on_guest_lost(w, m->root);
	else if (!strcmp(event, "progress") && calls->phase)
		calls->phase(calls->arg, "at", safe);
	else if (!strcmp(event, "log") && calls->log)
		calls->log(calls->arg, safe);
	else if (strcmp(event, "progress") && strcmp(event, "log"))
		wire_fail(w, "protocol", "an unknown event");
}

/* Checks that it is a valid reply, of one of the two kinds. */
static int wire_check_reply(const struct view *msg, struct err *err)
{
	enum message_class class;
	const char *text;
	bool ok;
	int ret = view_get(msg, "ok") ? view_bool_or(msg, "ok", false, &ok, err)
				      : err_config(err, "ok: is missing");

	if (!ret && !ok)
		ret = message_read_class(msg, &class, err);
	if (!ret && !ok)
		ret = view_string(msg, "text", &text, err);
	if (ret)
		err_prefix(err, "a reply");
	return ret;
}

/* Takes the message if a call waits for it. */
static void wire_on_message(struct wire *w, enum frame_channel channel, struct message *m)
{
	struct err err = ERR_INIT;
	struct call *c;

	if (w->class[0])
		return;
	if (view_get(m->root, "event")) {
		wire_on_event(w, channel, m);
		return;
	}
	c = wire_find_call(w, channel, m->root);
	if (!c && w->kept)
		return;
	if (!w->hello[channel])
		wire_fail(w, "protocol", "a reply before hello");
	else if (!c || c->reply.root)
		wire_fail(w, "protocol", "a reply to an unknown request");
	else if (wire_check_reply(m->root, &err))
		wire_fail(w, "protocol", "%.400s", err.text);
	else {
		c->reply = *m;
		*m = (struct message)MESSAGE_INIT;
	}
}

static void wire_on_frame(void *arg, const struct frame *f)
{
	struct wire *w = arg;
	struct err err = ERR_INIT;
	struct message m;

	if (message_take(&m, f, &err))
		wire_fail(w, "protocol", "%.400s", err.text);
	else
		wire_on_message(w, f->channel, &m);
	message_release(&m);
}

static void wire_on_closed(void *arg, const struct err *why)
{
	struct wire *w = arg;

	w->stream_ended = true;
	if (why->code == -EPROTO)
		wire_fail(w, "protocol", "%.400s", why->text);
}

static void wire_on_child(struct loop *l, int status, void *arg)
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
	ret = link_init(&w->link, m->loop, in, out, nonce, wire_on_frame, wire_on_closed, w, err);
	if (ret) {
		close(console);
		return ret;
	}
	w->link.trace = o->debug_proto;
	ret = console_new(&w->console, m->loop, console, o->console_log,
			  o->debug_vm, err);
	if (ret)
		return ret;
	w->child_id = loop_add_child(m->loop, m->proc.pidfd, wire_on_child, w);
	return w->child_id > 0 ? 0 : err_sys(err, ENOMEM, "cannot watch the machine");
}

void wire_close(struct wire *w)
{
	if (w->child_id > 0)
		loop_remove(w->o->machine->loop, w->child_id);
	link_release(&w->link);
	console_free(w->console);
	json_decref(w->guest_console);
	w->console = NULL;
}

static bool wire_both_ended(void *arg)
{
	const struct wire *w = arg;

	return w->child_ended && w->stream_ended;
}

/* Something ended: reads the rest of its output, then determines the class. */
static int wire_explain_end(struct wire *w)
{
	char how[64] = "it still runs";
	const char *panic;

	loop_run_until(w->o->machine->loop, wire_both_ended, w, LAST_WORDS_SECONDS);
	console_drain(w->console);
	panic = console_panic(w->console);
	if (w->child_ended)
		proc_status_text(w->child_status, how, sizeof(how));
	if (panic)
		return wire_fail(w, "panic", "%.300s", panic);
	return wire_fail(w, "lost", "the machine under test went away: %s", how);
}

/* A machine that stays after a panic shows that only on its console. */
static bool wire_has_stopped(const struct wire *w)
{
	return w->o->machine->stays && !w->kept && console_panic(w->console);
}

static int wire_check(struct wire *w)
{
	if (w->class[0])
		return -EIO;
	if (w->o->calls.abandoned && w->o->calls.abandoned(w->o->calls.arg))
		return -EINTR;
	if (console_flooded(w->console))
		return wire_fail(w, "protocol", "it floods its console: %llu bytes",
				 (unsigned long long)console_bytes(w->console));
	if (w->child_ended || w->stream_ended || wire_has_stopped(w))
		return wire_explain_end(w);
	return 0;
}

int wire_wait_for(struct wire *w, bool (*done)(void *arg), void *arg, double limit)
{
	double end = loop_now() + limit;

	for (;;) {
		int ret;

		if (done(arg))
			return 0;
		ret = wire_check(w);
		if (ret)
			return ret;
		if (loop_now() >= end)
			return -ETIME;
		/* Signals arrive through the loop; `abandoned` tells of the second. */
		ret = loop_step(w->o->machine->loop,
				end - loop_now() < 1 ? end - loop_now() : 1);
		if (ret < 0)
			return wire_fail(w, "failed", "cannot wait: %s",
					 strerror(-ret));
	}
}

static bool wire_has_reply(void *arg)
{
	return ((struct call *)arg)->reply.root;
}

/* A known way for a guest to hang, to be said with one that did. */
static const char *wire_hang_hint(const struct wire *w, enum frame_channel channel)
{
	return channel == FRAME_GUEST && w->o->machine->accel == QEMU_ICOUNT
		? "; QEMU can hang guests with this clock: docs/emulator.md" : "";
}

/* A time limit has passed: does the agent still answer? */
static int wire_late(struct wire *w, enum frame_channel channel, double limit,
		const char *what)
{
	struct call ping = { 0 };
	const char *panic;
	int ret = -ETIME;

	if (w->hello[channel]) {
		ret = wire_send(w, &ping, channel, "ping", NULL);
		if (!ret)
			ret = wire_wait_for(w, wire_has_reply, &ping, w->o->limits.ping);
		wire_forget(w, &ping);
	}
	if (ret && ret != -ETIME)
		return ret;
	console_drain(w->console);
	panic = console_panic(w->console);
	if (ret && panic)
		return wire_fail(w, "panic", "%.300s", panic);
	if (ret)
		return wire_fail(w, "hang", "%s: nothing in %g s, and no sign of life%s",
				 what, limit, wire_hang_hint(w, channel));
	return wire_fail(w, "timeout", "%s: not done in %g s, though it is alive",
			 what, limit);
}

int wire_wait(struct wire *w, bool (*done)(void *arg), void *arg, double limit,
	      enum frame_channel channel, const char *what)
{
	int ret = wire_wait_for(w, done, arg, limit);

	return ret == -ETIME ? wire_late(w, channel, limit, what) : ret;
}

static bool wire_is_true(void *arg)
{
	return *(bool *)arg;
}

int wire_wait_hello(struct wire *w, enum frame_channel channel, double limit,
		    const char *what)
{
	return wire_wait(w, wire_is_true, &w->hello[channel], limit, channel, what);
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
	/* An ended stream accepts everything; the next wait reports the end. */
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
	message_release(&c->reply);
	message_release(&c->ready);
}

int wire_call(struct wire *w, enum frame_channel channel, const char *op,
	      json_t *args, double limit, struct message *reply)
{
	struct call c;
	int ret = wire_send(w, &c, channel, op, args);

	*reply = (struct message)MESSAGE_INIT;
	if (!ret)
		ret = wire_wait(w, wire_has_reply, &c, limit, channel, op);
	if (!ret) {
		*reply = c.reply;
		c.reply = (struct message)MESSAGE_INIT;
	}
	wire_forget(w, &c);
	return ret;
}

bool wire_is_ok(const struct message *reply, enum message_class *class)
{
	const struct view *ok = view_get(reply->root, "ok");

	if (ok->type == JSON_TRUE)
		return true;
	message_read_class(reply->root, class, NULL);
	return false;
}
