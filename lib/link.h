/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A link: one end of a byte stream that carries frames, in a loop. Driver,
 * node, guest, workload process and fake machine all have this one.
 *
 * Sending never blocks: what the stream does not take at once is queued, at
 * most LINK_QUEUE_MAX bytes of it, and goes out as it can. The first damage,
 * end or error closes the link, and `closed` is called once; nothing is
 * received after that, and what is sent is dropped.
 *
 * Ownership: who sends a message gives it away: link_send() takes the
 * reference, even when it fails; NULL is a message for which there was no
 * memory. What comes in is lent until the callback returns. Descriptors belong
 * to the link from link_init() on, even if that fails.
 *
 *	struct link l;
 *
 *	if (link_init(&l, loop, fd, fd, nonce, on_frame, on_closed, me, err))
 *		return err->code;		// fd is closed already
 *	ret = link_send(&l, FRAME_NODE, message_request("ping", 1), err);
 *	...
 *	link_release(&l);
 */
#ifndef KDUEL_LINK_H
#define KDUEL_LINK_H

#include <jansson.h>

#include "frame.h"
#include "loop.h"

#define LINK_QUEUE_MAX (16u << 20)

/* May send, and step the loop; must not release the link. */
typedef void (*link_frame_fn)(void *arg, const struct frame *f);
/* `why` says what ended it; its code is -ECONNRESET for a plain end. */
typedef void (*link_closed_fn)(void *arg, const struct err *why);

struct link {
	struct loop *loop;	/* NULL: never opened, or released */
	int in, out;		/* may be the same */
	int64_t in_id, out_id;		/* sources in the loop */
	struct frame_parser parser;
	struct frame_writer writer;
	char *queue;			/* bytes not yet taken by `out` */
	size_t queued, room;
	link_frame_fn frame;
	link_closed_fn closed;
	void *arg;
	bool open;
	bool trace;		/* --debug=proto: each message goes to stderr, too */
};

int link_init(struct link *l, struct loop *loop, int in, int out,
	      uint64_t nonce, link_frame_fn frame, link_closed_fn closed,
	      void *arg, struct err *err);
/* Safe to call again, and on zeros. */
void link_release(struct link *l);

int link_send(struct link *l, enum frame_channel channel, json_t *msg,
	      struct err *err);
/*
 * A message with one more member, whose value is JSON text already and is sent
 * as it is: nobody between its maker and its reader has to parse it.
 */
int link_send_with(struct link *l, enum frame_channel channel, json_t *msg,
		   const char *key, const char *json, size_t len, struct err *err);
/* A message that is JSON text already. */
int link_send_payload(struct link *l, enum frame_channel channel,
		      const char *payload, size_t len, struct err *err);
/* Bytes that are not a frame: for the faults in tests. */
int link_send_raw(struct link *l, const void *bytes, size_t len,
		  struct err *err);

/* Waits until everything that was sent is out, at most `seconds`. */
int link_flush(struct link *l, double seconds);

#endif
