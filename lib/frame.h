/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames: how driver, node agent and guest agent cut a byte stream into
 * messages. The same on virtio-serial, a pipe, and ssh's stdin and stdout.
 * docs/protocol.md describes what the payloads say; lib/message.h makes them.
 *
 *	offset 0	magic "KDUL"
 *	4	u8	version (1)
 *	5	u8	channel: 0 the node's agent, 1 the guest's
 *	6	u16	flags, 0
 *	8	u32	payload length, at most FRAME_PAYLOAD_MAX
 *	12	u64	sequence number: 1, 2, 3... per stream and direction
 *	20	u64	nonce of this run
 *	28	u32	CRC-32C of header (this field 0) and payload
 *	32		payload
 *
 * All little-endian. What comes out of a parser was checked in full: its
 * magic, version, channel, flags, length, nonce, checksum and sequence. A
 * frame's payload is followed by a NUL that is not part of it.
 *
 * Garbage is skipped only before the first good frame, where a login banner or
 * console output may stand, and at most FRAME_SKIP_MAX bytes of it. After that
 * any byte that is not a good frame is an error (-EPROTO) and stays one: a
 * stream that lied once is never read again. The parser holds at most one frame
 * and one read: whatever a peer sends, memory stays bounded.
 *
 *	struct frame_parser p;
 *	struct frame f;
 *
 *	frame_parser_init(&p, nonce);
 *	...
 *	ret = frame_parser_feed(&p, text, len, err);
 *	while (!ret && (ret = frame_parser_next(&p, &f, err)) > 0)
 *		on_frame(me, &f);	// valid until the next call
 *	frame_parser_release(&p);
 */
#ifndef KDUEL_FRAME_H
#define KDUEL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define FRAME_VERSION		1
#define FRAME_HEADER_LEN	32
#define FRAME_PAYLOAD_MAX	(4u << 20)
#define FRAME_SKIP_MAX		(64u << 10)
#define FRAME_FEED_MAX		(1u << 20)

enum frame_channel {
	FRAME_NODE = 0,
	FRAME_GUEST = 1,
	FRAME_CHANNELS
};

struct frame {
	enum frame_channel channel;
	uint64_t seq;
	const char *payload;	/* the parser's */
	size_t len;
};

/* The sending side of one stream: stamps nonce and sequence numbers. */
struct frame_writer {
	uint64_t nonce;
	uint64_t seq;		/* of the last frame written; 0 at first */
};

/*
 * Makes one frame around `len` bytes. `*out` gets `*out_len` bytes, which the
 * caller frees. A payload above FRAME_PAYLOAD_MAX is -EMSGSIZE and takes no
 * sequence number.
 */
int frame_write(struct frame_writer *w, enum frame_channel channel,
		const void *payload, size_t len, char **out, size_t *out_len,
		struct err *err);

/* The receiving side of one stream. */
struct frame_parser {
	uint64_t nonce;
	uint64_t seq;		/* of the last good frame */
	uint64_t skipped;	/* bytes of garbage before the first good frame */
	char *buf;
	size_t start, used, room;	/* unread bytes: buf[start..used) */
	int failed;		/* 0, or the error that ended the stream */
	char why[160];
	bool lent;		/* a NUL stands in for the byte `held` */
	char held;
};

void frame_parser_init(struct frame_parser *p, uint64_t nonce);
void frame_parser_release(struct frame_parser *p);

/*
 * Takes bytes from the stream, at most FRAME_FEED_MAX at a time. All frames
 * should be taken out with frame_parser_next() before the next feed.
 */
int frame_parser_feed(struct frame_parser *p, const void *data, size_t len,
		      struct err *err);

/* 1 and a frame, 0 when more bytes are needed, or -EPROTO. */
int frame_parser_next(struct frame_parser *p, struct frame *f,
		      struct err *err);

/*
 * CRC-32C (Castagnoli), the checksum of frames and of journal records. It uses
 * the processor's instruction where there is one, tables otherwise; both give
 * the same result: crc32c(0, "123456789", 9) is 0xe3069283.
 *
 * A checksum can be computed in pieces: crc32c(crc32c(0, a, n), b, m) is the
 * checksum of a followed by b.
 */

uint32_t crc32c(uint32_t crc, const void *data, size_t len);

/* The table version alone, for the test that compares both. */
uint32_t crc32c_table(uint32_t crc, const void *data, size_t len);

#endif
