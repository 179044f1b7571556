/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's end of the stream to the agents: messages in, messages out,
 * whatever the stream is made of (a socket to QEMU, pipes to a process or to
 * ssh). It belongs to a loop and never blocks.
 *
 * What comes out was checked: frames, sequence, nonce, and that a payload is
 * a JSON object. The stream ends once, with the reason; after that nothing is
 * called any more.
 */
#ifndef KDUEL_PEER_H
#define KDUEL_PEER_H

#include <jansson.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/frame.h"
#include "lib/loop.h"

struct peer;

struct peer_calls {
	/* `msg` is borrowed. May send, must not free the peer. */
	void (*message)(void *arg, enum frame_channel channel, json_t *msg);
	/*
	 * -EPIPE: the other side closed the stream. -EPROTO: it sent what is
	 * no message; `why` says what.
	 */
	void (*ended)(void *arg, int error, const char *why);
};

/* The descriptors become the peer's; they may be the same one. */
int peer_new(struct peer **p, struct loop *l, int in, int out, uint64_t nonce,
	     const struct peer_calls *calls, void *arg, struct err *err);
void peer_free(struct peer *p);	/* NULL is fine */

/* Queues a message; takes the reference, NULL is -ENOMEM. */
int peer_send(struct peer *p, enum frame_channel channel, json_t *msg,
	      struct err *err);

/* With --debug=proto every message is printed on stderr. */
void peer_set_debug(struct peer *p, bool on);

#endif
