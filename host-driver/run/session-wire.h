/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session's wire: the machine's stream, console and process, watched by the loop,
 * and requests that wait for their replies. The first failure of any of them sets the
 * class and the text; from then on every wait returns at once.
 */
#ifndef KDUEL_SESSION_WIRE_H
#define KDUEL_SESSION_WIRE_H

#include "console.h"
#include "link.h"
#include "message.h"
#include "session.h"

/* A request that was sent and waits for its reply. */
struct call {
	enum frame_channel channel;
	int64_t id;
	bool may_be_ready;	/* an event `ready` may come before the reply */
	struct message reply, ready;	/* .root is NULL until it has arrived */
	struct call *next;
};

struct wire {
	const struct session_options *o;
	struct link link;
	struct console *console;
	int64_t child_id;
	bool child_ended, stream_ended;
	int child_status;
	bool hello[FRAME_CHANNELS];	/* the agent there has said hello */
	json_t *guest_console;		/* last lines of a guest that was lost */
	struct call *calls;
	int64_t last_id;
	unsigned events;	/* received so far */
	bool guest_expected;	/* a guest runs, and should keep running */
	bool kept;		/* it has failed and is being inspected: late replies may come */

	char class[16];		/* "" until something fails */
	char text[512];
};

/* Takes over the machine's descriptors; call wire_close() even if it fails. */
int wire_open(struct wire *w, const struct session_options *o, uint64_t nonce,
	      struct err *err);
void wire_close(struct wire *w);

/* The first failure wins. Always returns -EIO. */
int wire_fail(struct wire *w, const char *class, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Waits until done(arg). -EIO if the session has failed, -EINTR if it was abandoned.
 * After `limit` seconds it pings the agent of `channel`: the failure is a timeout if
 * that answers, else a hang; `what` names what was waited for.
 */
int wire_wait(struct wire *w, bool (*done)(void *arg), void *arg, double limit,
	      enum frame_channel channel, const char *what);

/* The same, but passing the limit is not a failure: -ETIME. */
int wire_wait_for(struct wire *w, bool (*done)(void *arg), void *arg, double limit);

int wire_wait_hello(struct wire *w, enum frame_channel channel, double limit,
		    const char *what);

/* Sends {"op", "id"} plus `args` (taken; may be NULL), and registers `c` for the reply. */
int wire_send(struct wire *w, struct call *c, enum frame_channel channel,
	      const char *op, json_t *args);
/* Unregisters the call and releases what it received. May be called again. */
void wire_forget(struct wire *w, struct call *c);

/* Sends and waits. The caller releases `*reply`, ok or not; it is empty on failure. */
int wire_call(struct wire *w, enum frame_channel channel, const char *op,
	      json_t *args, double limit, struct message *reply);

/* Is this reply ok? If not, `*class` says why; its "text" says so in words. */
bool wire_is_ok(const struct message *reply, enum message_class *class);

#endif
