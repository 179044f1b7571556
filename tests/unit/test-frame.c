/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames: round trips in any cut, and every kind of damage refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "frame.h"

#define NONCE 0x1122334455667788ull

struct bytes {
	char *p;
	size_t n;
};

static void append(struct bytes *b, const void *p, size_t n)
{
	b->p = realloc(b->p, b->n + n + 1);
	assert_non_null(b->p);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static void append_frame(struct bytes *b, struct frame_writer *w,
			 enum frame_channel ch, const char *text)
{
	char *out;
	size_t n;

	assert_int_equal(frame_write(w, ch, text, strlen(text), &out, &n, NULL), 0);
	append(b, out, n);
	free(out);
}

static void crc_is_castagnoli(void **state)
{
	char buf[1000];

	(void)state;
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c_table(0, "123456789", 9), 0xe3069283);
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i * 31 + i / 7);
	for (size_t n = 0; n < sizeof(buf); n += 13) {
		assert_int_equal(crc32c(0, buf, n), crc32c_table(0, buf, n));
		assert_int_equal(crc32c(crc32c(0, buf, n / 2), buf + n / 2, n - n / 2),
				 crc32c(0, buf, n));
	}
}

static void header_is_as_documented(void **state)
{
	static const unsigned char want[28] = {
		'K', 'D', 'U', 'L', 1, 1, 0, 0, 2, 0, 0, 0,
		1, 0, 0, 0, 0, 0, 0, 0,
		0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
	};
	struct frame_writer w = { .nonce = NONCE };
	struct bytes b = { 0 };

	(void)state;
	append_frame(&b, &w, FRAME_GUEST, "{}");
	assert_int_equal(b.n, FRAME_HEADER_LEN + 2);
	assert_memory_equal(b.p, want, sizeof(want));
	free(b.p);
}

/* Feeds `b` in pieces of `step` bytes and expects frames "0", "1", ... */
static void expect_all(const struct bytes *b, size_t step, int count)
{
	struct frame_parser p;
	struct frame f;
	int seen = 0;

	frame_parser_init(&p, NONCE);
	for (size_t at = 0; at < b->n; at += step) {
		size_t n = b->n - at < step ? b->n - at : step;

		assert_int_equal(frame_parser_feed(&p, b->p + at, n, NULL), 0);
		while (frame_parser_next(&p, &f, NULL) > 0) {
			char want[16];

			snprintf(want, sizeof(want), "%d", seen);
			assert_string_equal(f.payload, want);
			assert_int_equal(f.len, strlen(want));
			assert_int_equal(f.seq, seen + 1);
			assert_int_equal(f.channel, seen & 1);
			seen++;
		}
		assert_int_equal(p.failed, 0);
	}
	assert_int_equal(seen, count);
	frame_parser_release(&p);
}

static void any_cut_gives_the_same_frames(void **state)
{
	struct frame_writer w = { .nonce = NONCE };
	struct bytes b = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%d", i);
		append_frame(&b, &w, i & 1, text);
	}
	for (size_t step = 1; step < 100; step += 3)
		expect_all(&b, step, 20);
	expect_all(&b, b.n, 20);
	free(b.p);
}

static void skips_garbage_before_the_first_frame_only(void **state)
{
	struct frame_writer w = { .nonce = NONCE };
	struct bytes b = { 0 };

	(void)state;
	append(&b, "Debian GNU/Linux 12\r\nKDUL KDKDULlogin: \n", 40);
	append_frame(&b, &w, 0, "0");
	append_frame(&b, &w, 1, "1");
	expect_all(&b, 7, 2);
	free(b.p);
}

static void patience_with_garbage_ends(void **state)
{
	static char noise[FRAME_SKIP_MAX + FRAME_HEADER_LEN + 1];
	struct frame_parser p;
	struct frame f;
	struct err err = ERR_INIT;

	(void)state;
	memset(noise, 'x', sizeof(noise));
	frame_parser_init(&p, NONCE);
	assert_int_equal(frame_parser_feed(&p, noise, sizeof(noise), NULL), 0);
	assert_int_equal(frame_parser_next(&p, &f, &err), -EPROTO);
	assert_int_equal(p.skipped, FRAME_SKIP_MAX);
	assert_int_equal(frame_parser_feed(&p, "x", 1, NULL), -EPROTO);
	frame_parser_release(&p);
}

/* After one good frame, the second with byte `at` changed must be refused. */
static void expect_refusal(size_t at, unsigned char flip)
{
	struct frame_writer w = { .nonce = NONCE };
	struct bytes b = { 0 };
	struct frame_parser p;
	struct frame f;
	struct err err = ERR_INIT;
	size_t first;
	int ret;

	append_frame(&b, &w, 0, "first");
	first = b.n;
	append_frame(&b, &w, 0, "second");
	b.p[first + at] ^= flip;
	frame_parser_init(&p, NONCE);
	assert_int_equal(frame_parser_feed(&p, b.p, b.n, NULL), 0);
	assert_int_equal(frame_parser_next(&p, &f, NULL), 1);
	ret = frame_parser_next(&p, &f, &err);
	if (ret == 0) {	/* a longer length: the rest never comes, or is wrong */
		char more[300] = "";

		assert_int_equal(frame_parser_feed(&p, more, sizeof(more), NULL), 0);
		ret = frame_parser_next(&p, &f, &err);
		if (ret == 0)
			ret = at >= 8 && at < 12 ? -EPROTO : 0;
	}
	assert_int_equal(ret, -EPROTO);
	frame_parser_release(&p);
	free(b.p);
}

static void every_flipped_bit_is_refused(void **state)
{
	(void)state;
	for (size_t at = 0; at < FRAME_HEADER_LEN + 6; at++)
		for (int bit = 0; bit < 8; bit++)
			expect_refusal(at, 1u << bit);
}

static void other_runs_and_repeats_are_refused(void **state)
{
	struct frame_writer w = { .nonce = NONCE }, other = { .nonce = 1, .seq = 1 };
	struct frame_writer again = { .nonce = NONCE };
	struct frame_writer *second[] = { &other, &again };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bytes b = { 0 };
		struct frame_parser p;
		struct frame f;
		struct err err = ERR_INIT;

		w.seq = 0;
		append_frame(&b, &w, 0, "{}");
		append_frame(&b, second[i], 0, "{}");
		frame_parser_init(&p, NONCE);
		assert_int_equal(frame_parser_feed(&p, b.p, b.n, NULL), 0);
		assert_int_equal(frame_parser_next(&p, &f, NULL), 1);
		assert_int_equal(frame_parser_next(&p, &f, &err), -EPROTO);
		assert_non_null(strstr(err.text, i ? "sequence" : "another run"));
		frame_parser_release(&p);
		free(b.p);
	}
}

static void sizes_are_capped(void **state)
{
	struct frame_writer w = { .nonce = NONCE };
	struct frame_parser p;
	char *big = calloc(1, FRAME_PAYLOAD_MAX + 1), *out = NULL;
	size_t n;

	(void)state;
	assert_int_equal(frame_write(&w, 0, big, FRAME_PAYLOAD_MAX + 1, &out, &n,
				     NULL), -EMSGSIZE);
	assert_int_equal(w.seq, 0);
	assert_int_equal(frame_write(&w, 0, big, FRAME_PAYLOAD_MAX, &out, &n,
				     NULL), 0);
	frame_parser_init(&p, NONCE);
	for (size_t at = 0; at < n; at += FRAME_FEED_MAX) {
		size_t some = n - at < FRAME_FEED_MAX ? n - at : FRAME_FEED_MAX;

		assert_int_equal(frame_parser_feed(&p, out + at, some, NULL), 0);
	}
	/* A flood that nobody takes out is refused, not stored. */
	assert_int_equal(frame_parser_feed(&p, big, FRAME_FEED_MAX, NULL), 0);
	assert_int_equal(frame_parser_feed(&p, big, 1, NULL), -EMSGSIZE);
	assert_int_equal(frame_parser_feed(&p, big, FRAME_FEED_MAX + 1, NULL), -EMSGSIZE);
	frame_parser_release(&p);
	free(out);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc_is_castagnoli),
		cmocka_unit_test(header_is_as_documented),
		cmocka_unit_test(any_cut_gives_the_same_frames),
		cmocka_unit_test(skips_garbage_before_the_first_frame_only),
		cmocka_unit_test(patience_with_garbage_ends),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(other_runs_and_repeats_are_refused),
		cmocka_unit_test(sizes_are_capped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
