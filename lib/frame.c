/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

static const char magic[4] = { 'K', 'D', 'U', 'L' };

enum { AT_VERSION = 4, AT_CHANNEL = 5, AT_FLAGS = 6, AT_LENGTH = 8,
       AT_SEQ = 12, AT_NONCE = 20, AT_CRC = 28 };

static void frame_put_le(char *at, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		at[i] = (char)(value >> (8 * i));
}

static uint64_t frame_get_le(const char *at, int bytes)
{
	uint64_t value = 0;

	for (int i = bytes - 1; i >= 0; i--)
		value = value << 8 | (uint8_t)at[i];
	return value;
}

static uint32_t frame_checksum(const char *frame, size_t payload_len)
{
	static const char zero[4];
	uint32_t crc = crc32c(0, frame, AT_CRC);

	crc = crc32c(crc, zero, sizeof(zero));
	return crc32c(crc, frame + FRAME_HEADER_LEN, payload_len);
}

int frame_write(struct frame_writer *w, enum frame_channel channel,
		const void *payload, size_t len, char **out, size_t *out_len,
		struct err *err)
{
	char *b;

	if (len > FRAME_PAYLOAD_MAX)
		return err_set(err, EXIT_MACHINE, -EMSGSIZE,
			       "message of %zu bytes: a frame holds at most %u",
			       len, FRAME_PAYLOAD_MAX);
	b = malloc(FRAME_HEADER_LEN + len);
	if (!b)
		return err_sys(err, ENOMEM, "cannot send a message");
	memcpy(b, magic, sizeof(magic));
	frame_put_le(b + AT_VERSION, FRAME_VERSION, 1);
	frame_put_le(b + AT_CHANNEL, channel, 1);
	frame_put_le(b + AT_FLAGS, 0, 2);
	frame_put_le(b + AT_LENGTH, len, 4);
	frame_put_le(b + AT_SEQ, ++w->seq, 8);
	frame_put_le(b + AT_NONCE, w->nonce, 8);
	if (len)
		memcpy(b + FRAME_HEADER_LEN, payload, len);
	frame_put_le(b + AT_CRC, frame_checksum(b, len), 4);
	*out = b;
	*out_len = FRAME_HEADER_LEN + len;
	return 0;
}

void frame_parser_init(struct frame_parser *p, uint64_t nonce)
{
	memset(p, 0, sizeof(*p));
	p->nonce = nonce;
}

void frame_parser_release(struct frame_parser *p)
{
	free(p->buf);
	p->buf = NULL;
	p->start = p->used = p->room = 0;
	p->lent = false;
}

/* Restores the byte after the last frame's payload. */
static void frame_take_back(struct frame_parser *p)
{
	if (p->lent)
		p->buf[p->start] = p->held;
	p->lent = false;
}

static int frame_make_room(struct frame_parser *p, size_t len)
{
	size_t unread = p->used - p->start;
	char *more;

	if (p->start) {
		memmove(p->buf, p->buf + p->start, unread);
		p->start = 0;
		p->used = unread;
	}
	if (unread + len + 1 <= p->room)	/* 1: the lent NUL */
		return 0;
	more = realloc(p->buf, unread + len + 1);
	if (!more)
		return -ENOMEM;
	p->buf = more;
	p->room = unread + len + 1;
	return 0;
}

int frame_parser_feed(struct frame_parser *p, const void *data, size_t len,
		      struct err *err)
{
	const size_t most = FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX + FRAME_FEED_MAX;

	if (p->failed)
		return err_set(err, EXIT_MACHINE, p->failed, "%s", p->why);
	frame_take_back(p);
	if (len > FRAME_FEED_MAX || p->used - p->start + len > most)
		return err_set(err, EXIT_MACHINE, -EMSGSIZE,
			       "more bytes than a frame and a read can hold");
	if (frame_make_room(p, len))
		return err_sys(err, ENOMEM, "cannot receive a message");
	if (len)
		memcpy(p->buf + p->used, data, len);
	p->used += len;
	return 0;
}

/* Why this header cannot be one of ours, or NULL. */
static const char *frame_header_fault(const struct frame_parser *p, const char *h)
{
	if (memcmp(h, magic, sizeof(magic)))
		return "no frame begins here";
	if (h[AT_VERSION] != FRAME_VERSION)
		return "a frame of another version";
	if (frame_get_le(h + AT_CHANNEL, 1) >= FRAME_CHANNELS)
		return "a frame for an unknown channel";
	if (frame_get_le(h + AT_FLAGS, 2))
		return "a frame with unknown flags";
	if (frame_get_le(h + AT_LENGTH, 4) > FRAME_PAYLOAD_MAX)
		return "a frame that is too long";
	if (frame_get_le(h + AT_NONCE, 8) != p->nonce)
		return "a frame of another run";
	if (frame_get_le(h + AT_SEQ, 8) != p->seq + 1)
		return "a frame out of sequence";
	return NULL;
}

/*
 * Before the first good frame a fault costs one byte of patience; after it,
 * the stream.
 */
static int frame_fault(struct frame_parser *p, const char *what, struct err *err)
{
	if (!p->seq && p->skipped < FRAME_SKIP_MAX) {
		p->skipped++;
		p->start++;
		return 0;
	}
	p->failed = -EPROTO;
	if (p->seq)
		snprintf(p->why, sizeof(p->why), "damaged stream: %s, after %llu good frames",
			 what, (unsigned long long)p->seq);
	else
		snprintf(p->why, sizeof(p->why),
			 "damaged stream: no good frame in the first %u bytes (%s)",
			 FRAME_SKIP_MAX, what);
	return err_set(err, EXIT_MACHINE, -EPROTO, "%s", p->why);
}

/* Lends the checked frame at `start` to the caller and steps over it. */
static void frame_lend(struct frame_parser *p, struct frame *f)
{
	char *h = p->buf + p->start;

	f->channel = frame_get_le(h + AT_CHANNEL, 1);
	f->seq = p->seq = frame_get_le(h + AT_SEQ, 8);
	f->len = frame_get_le(h + AT_LENGTH, 4);
	f->payload = h + FRAME_HEADER_LEN;
	p->start += FRAME_HEADER_LEN + f->len;
	p->held = p->buf[p->start];
	p->buf[p->start] = '\0';
	p->lent = true;
}

int frame_parser_next(struct frame_parser *p, struct frame *f,
		      struct err *err)
{
	int ret;

	if (p->failed)
		return err_set(err, EXIT_MACHINE, p->failed, "%s", p->why);
	if (!p->buf)
		return 0;
	frame_take_back(p);
	while (p->used - p->start >= FRAME_HEADER_LEN) {
		const char *h = p->buf + p->start;
		const char *what = frame_header_fault(p, h);

		if (!what) {
			size_t len = frame_get_le(h + AT_LENGTH, 4);

			if (p->used - p->start < FRAME_HEADER_LEN + len)
				return 0;
			if (frame_checksum(h, len) == frame_get_le(h + AT_CRC, 4)) {
				frame_lend(p, f);
				return 1;
			}
			what = "a frame with a wrong checksum";
		}
		ret = frame_fault(p, what, err);
		if (ret)
			return ret;
	}
	return 0;
}

#define POLY_REVERSED 0x82f63b78u

static uint32_t table[8][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void frame_table_fill(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = (c >> 1) ^ (c & 1 ? POLY_REVERSED : 0);
		table[0][i] = c;
	}
	for (int t = 1; t < 8; t++)
		for (int i = 0; i < 256; i++)
			table[t][i] = (table[t - 1][i] >> 8) ^
				      table[0][table[t - 1][i] & 0xff];
}

/* Eight bytes a step, one table for each byte's distance from the end. */
static uint32_t frame_step8(uint32_t c, const uint8_t *p)
{
	c ^= p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
	return table[7][c & 0xff] ^ table[6][c >> 8 & 0xff] ^
	       table[5][c >> 16 & 0xff] ^ table[4][c >> 24] ^
	       table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
}

uint32_t crc32c_table(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t c = ~crc;

	pthread_once(&table_once, frame_table_fill);
	for (; len >= 8; len -= 8, p += 8)
		c = frame_step8(c, p);
	while (len--)
		c = (c >> 8) ^ table[0][(c ^ *p++) & 0xff];
	return ~c;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2")))
static uint32_t frame_crc32c_hw(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t c = ~crc, word;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&word, p, 8);
		c = __builtin_ia32_crc32di(c, word);
	}
	while (len--)
		c = __builtin_ia32_crc32qi((uint32_t)c, *p++);
	return ~(uint32_t)c;
}

static uint32_t (*crc32c_fastest)(uint32_t crc, const void *data, size_t len) = crc32c_table;
static pthread_once_t crc32c_once = PTHREAD_ONCE_INIT;

/* The best of a few, in ns. */
static uint64_t frame_crc32c_cost(uint32_t (*fn)(uint32_t crc, const void *data, size_t len))
{
	static const char some[1024];
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 5; i++) {
		uint64_t began = clock_raw_ns(), took;
		volatile uint32_t sink = fn(0, some, sizeof(some));

		(void)sink;
		took = clock_raw_ns() - began;
		best = took < best ? took : best;
	}
	return best;
}

/* The processor says what it can do; what it does fast is seen. */
static void frame_crc32c_choose(void)
{
	if (__builtin_cpu_supports("sse4.2") &&
	    frame_crc32c_cost(frame_crc32c_hw) <= frame_crc32c_cost(crc32c_table))
		crc32c_fastest = frame_crc32c_hw;
}

uint32_t crc32c(uint32_t crc, const void *data, size_t len)
{
	pthread_once(&crc32c_once, frame_crc32c_choose);
	return crc32c_fastest(crc, data, len);
}
#else
uint32_t crc32c(uint32_t crc, const void *data, size_t len)
{
	return crc32c_table(crc, data, len);
}
#endif
