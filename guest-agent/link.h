/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A link: one byte stream that carries frames, in a loop. The agent has one to
 * the driver, and a node one more to its guest.
 *
 * Sending never blocks: what the stream does not take at once is queued, at
 * most LINK_QUEUE_MAX bytes of it, and goes out as it can. The first damage,
 * end or error closes the link, which is told once by `closed`; nothing is
 * received after that, and what is sent is dropped.
 */
#ifndef KDUEL_LINK_H
#define KDUEL_LINK_H

#include <jansson.h>

#include "frame.h"
#include "loop.h"

#define LINK_QUEUE_MAX (16u << 20)

struct link;

typedef void (*link_frame_fn)(struct link *l, const struct frame *f, void *arg);
/* `why` says what ended it; its code is -ECONNRESET for a plain end. */
typedef void (*link_closed_fn)(struct link *l, const struct err *why, void *arg);

struct link {
	struct loop *loop;
	int in, out;			/* may be the same */
	int64_t in_id, out_id;		/* sources in the loop */
	struct frame_parser parser;
	struct frame_writer writer;
	char *queue;			/* bytes not yet taken by `out` */
	size_t queued, room;
	link_frame_fn frame;
	link_closed_fn closed;
	void *arg;
	bool open;
};

/*
 * Takes both descriptors, makes them non-blocking, and closes them in
 * link_release(). On failure they stay the caller's.
 */
int link_init(struct link *l, struct loop *loop, int in, int out,
	      uint64_t nonce, link_frame_fn frame, link_closed_fn closed,
	      void *arg, struct err *err);
void link_release(struct link *l);

int link_send(struct link *l, enum frame_channel channel, const json_t *msg,
	      struct err *err);
int link_send_payload(struct link *l, enum frame_channel channel,
		      const void *payload, size_t len, struct err *err);
/* Bytes that are no frame: for the faults in tests. */
int link_send_raw(struct link *l, const void *bytes, size_t len,
		  struct err *err);

/* Waits until everything that was sent is out, at most `seconds`. */
int link_flush(struct link *l, double seconds);

#endif
