/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages: the JSON objects inside frames. docs/protocol.md lists every one.
 *
 *	request	{"op":"prepare","id":7,...}		driver -> agent
 *	reply	{"re":7,"ok":true,...}			agent -> driver
 *		{"re":7,"ok":false,"class":"unsupported","text":"..."}
 *	event	{"event":"ready","re":7,...}		agent -> driver
 *
 * A message comes from a peer that is not trusted: message_take() accepts what
 * is well formed, and the getters of view.h say what is missing or of the wrong
 * type.
 *
 *	struct message m;
 *
 *	if (message_take(&m, frame, err))
 *		return err->code;
 *	ret = view_string(m.root, "op", &op, err);
 *	...
 *	message_release(&m);
 */
#ifndef KDUEL_MESSAGE_H
#define KDUEL_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "err.h"
#include "frame.h"
#include "view.h"

/* Why a request failed; the word on the wire is message_class_name(). */
enum message_class {
	MESSAGE_BAD_REQUEST,	/* the request itself is wrong */
	MESSAGE_UNSUPPORTED,	/* this kernel or machine cannot do it */
	MESSAGE_FAILED,		/* it should have worked, and did not */
	MESSAGE_LOST,		/* a process or the guest is gone */
	MESSAGE_PROTOCOL,	/* the guest sent bytes that are neither a frame nor a message */
	MESSAGE_TIMEOUT,	/* it took longer than its limit */
	MESSAGE_BUSY,		/* another request must end first */
	MESSAGE_CORRUPT,	/* memory did not hold what was written to it; a class of its cell */
	/* Of a user's command, each a class of its cell: */
	MESSAGE_EXIT_STATUS,	/* it exited with a status other than 0 */
	MESSAGE_SIGNAL,		/* a signal ended it */
	MESSAGE_TIME_LIMIT,	/* it took longer than it may */
	MESSAGE_NO_METRIC,	/* it did not print one of its metrics */
	MESSAGE_OUTPUT,		/* it printed too much */
	MESSAGE_CLASSES
};

const char *message_class_name(enum message_class c);

/* The class of an error by its code: -EINVAL is bad-request, and so on; see bench/exec.h. */
enum message_class message_class_of(const struct err *err);

/* The "class" of a failure. */
int message_read_class(const struct view *msg, enum message_class *c, struct err *err);

/* New messages; the caller owns them. NULL when memory ran out. */
json_t *message_request(const char *op, int64_t id);
json_t *message_ok(int64_t id);
json_t *message_failure(int64_t id, enum message_class c, const char *text);
json_t *message_event(const char *name);

/*
 * The first message of an agent. Another protocol or version than ours, or
 * another role than expected, is -EINVAL, and the error names both.
 */
#define MESSAGE_PROTOCOL_VERSION 1
json_t *message_hello(const char *role);
int message_check_hello(const struct view *msg, const char *role, struct err *err);

/* A message that came: its text and the view of it, valid until the release. */
struct message {
	char *text;
	struct view_doc doc;
	const struct view *root;	/* an object; NULL: nothing was taken */
};
#define MESSAGE_INIT { NULL, VIEW_DOC_INIT, NULL }

/*
 * 0, -ENOMEM, or -EPROTO for what is not a JSON object, is nested too deeply, or has a key
 * twice.
 */
int message_take(struct message *m, const struct frame *f, struct err *err);
void message_release(struct message *m);	/* safe to call again */

/*
 * A text for people, made safe (safe.h) and cut to `size` bytes with its NUL,
 * whole characters only. Returns `buf`. A value that is not text is shown as "".
 */
const char *message_safe(const char *text, char *buf, size_t size);
const char *message_text(const struct view *v, char *buf, size_t size);

/*
 * "align" and "phase" of a request: ns for clock_align(), 0 when absent; at
 * most a minute.
 */
int message_align(const struct view *o, uint64_t *ns, uint64_t *phase, struct err *err);

/*
 * Bytes as hexadecimal text, two digits each: for what must pass through JSON.
 * `hex` has room for 2 * n digits and a NUL.
 */
void hex_write(const void *bytes, size_t n, char *hex);

/*
 * The number of bytes, or -1 for an odd number of digits, one that is not hexadecimal
 * (lower case), or more than `max` bytes.
 */
ssize_t hex_read(const char *hex, void *bytes, size_t max);

#endif
