/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes, in any cut, through the frame parser and the
 * message decoder. The first input byte chooses the cut; the second, whether a
 * good frame goes in front, and whether that frame's payload is the input.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "message.h"
#include "target.h"

#define NONCE 1

static void drain(struct frame_parser *p)
{
	struct frame f;

	while (frame_parser_next(p, &f, NULL) > 0) {
		struct message m;

		message_take(&m, &f, NULL);
		message_release(&m);
	}
}

static void feed_good_frame(struct frame_parser *p, const void *payload, size_t len)
{
	struct frame_writer w = { .nonce = NONCE };
	char *out;
	size_t n;

	if (frame_write(&w, FRAME_NODE, payload, len, &out, &n, NULL))
		return;
	frame_parser_feed(p, out, n, NULL);
	drain(p);
	free(out);
}

void fuzz_begin(void)
{
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct frame_parser p;
	size_t step;

	if (size < 2)
		return;
	step = data[0] + 1;
	frame_parser_init(&p, NONCE);
	if (data[1] & 1)
		feed_good_frame(&p, "{}", 2);
	if (data[1] & 2)
		feed_good_frame(&p, data + 2, size - 2);
	data += 2;
	size -= 2;
	while (size) {
		size_t n = size < step ? size : step;

		if (frame_parser_feed(&p, data, n, NULL))
			break;
		drain(&p);
		data += n;
		size -= n;
	}
	frame_parser_release(&p);
}
