/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages: the JSON objects inside frames. docs/protocol.md lists every one.
 *
 *	request	{"op":"prepare","id":7,...}		driver -> agent
 *	reply	{"re":7,"ok":true,...}			agent -> driver
 *		{"re":7,"ok":false,"class":"unsupported","text":"..."}
 *	event	{"event":"ready","re":7,...}		agent -> driver
 *
 * A message comes from a peer that is not trusted: read it with the getters
 * below, which say what is missing or of the wrong type.
 */
#ifndef KDUEL_MESSAGE_H
#define KDUEL_MESSAGE_H

#include <jansson.h>
#include <stdint.h>

#include "err.h"
#include "frame.h"

/* Why a request failed; the word on the wire is message_class_name(). */
enum message_class {
	MESSAGE_BAD_REQUEST,	/* the request itself is wrong */
	MESSAGE_UNSUPPORTED,	/* this kernel or machine cannot do it */
	MESSAGE_FAILED,		/* it should have worked, and did not */
	MESSAGE_LOST,		/* a process or the guest is gone */
	MESSAGE_PROTOCOL,	/* the guest sent what is no frame or message */
	MESSAGE_TIMEOUT,	/* it took longer than its limit */
	MESSAGE_BUSY,		/* another request must end first */
	MESSAGE_CLASSES
};

const char *message_class_name(enum message_class c);

/* The class of an error by its code: -EINVAL is bad-request, and so on. */
enum message_class message_class_of(const struct err *err);

/* New messages; the caller owns them. NULL when memory is out. */
json_t *message_request(const char *op, int64_t id);
json_t *message_ok(int64_t id);
json_t *message_failure(int64_t id, enum message_class c, const char *text);
json_t *message_event(const char *name);

/*
 * The first message of an agent. Its kind of message and its program must be
 * ours: another protocol, version or role is -EINVAL naming both sides'.
 */
#define MESSAGE_PROTOCOL_VERSION 1
json_t *message_hello(const char *role);
int message_check_hello(const json_t *msg, const char *role, struct err *err);

/* The object in a frame: a new reference, or NULL and -EPROTO in `err`. */
json_t *message_decode(const struct frame *f, struct err *err);

/*
 * Getters for untrusted objects: 0, or -EINVAL naming the field. Those with a
 * fallback accept absence (and null), never a wrong type.
 */
int message_string(const json_t *obj, const char *key, const char **value,
		   struct err *err);
int message_count(const json_t *obj, const char *key, uint64_t *value,
		  struct err *err);
int message_count_or(const json_t *obj, const char *key, uint64_t fallback,
		     uint64_t *value, struct err *err);
/*
 * "align" and "phase": ns for clock_align(), 0 when absent; at most a minute.
 */
int message_align(const json_t *obj, uint64_t *ns, uint64_t *phase, struct err *err);
/* Bytes: a number, or text as in lib/size.h. */
int message_size(const json_t *obj, const char *key, uint64_t *value,
		 struct err *err);
int message_object_or(const json_t *obj, const char *key, json_t **value,
		      struct err *err);	/* borrowed; NULL when absent */

#endif
