/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of a file can be huge: the arithmetic of its place. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "backing/dax.h"

#define K4 4096ull
#define M2 (2ull << 20)

struct sample {
	struct extent v[4];
	size_t n;
	uint64_t base, size;
	uint64_t b2m, b4k, absent;
};

static void expect(const struct sample *s)
{
	struct page_bytes p = { 0 };

	extent_pages(s->v, s->n, s->base, s->size, &p);
	assert_int_equal(p.b2m, s->b2m);
	assert_int_equal(p.b4k, s->b4k);
	assert_int_equal(p.absent, s->absent);
	assert_int_equal(p.b2m + p.b4k + p.absent, s->size);
}

static void counts_whole_aligned_pieces(void **state)
{
	static const struct sample samples[] = {
		/* all in one, aligned */
		{ { { 0, 64 * M2, 8 * M2 } }, 1, 0, 8 * M2, 8 * M2, 0, 0 },
		/* aligned on the device, but the device itself is not */
		{ { { 0, 64 * M2, 8 * M2 } }, 1, K4, 8 * M2, 0, 8 * M2, 0 },
		/* not aligned on the device, but the device makes up for it */
		{ { { 0, K4, 2 * M2 } }, 1, M2 - K4, 2 * M2, 2 * M2, 0, 0 },
		/* begins and ends in the middle of a piece */
		{ { { K4, M2 + K4, 3 * M2 } }, 1, 0, 4 * M2, 2 * M2, M2, M2 },
		/* two extents that follow each other are one */
		{ { { 0, M2, M2 / 2 }, { M2 / 2, M2 + M2 / 2, M2 / 2 } }, 2, 0, M2,
		  M2, 0, 0 },
		/* two that do not: the piece between them is lost */
		{ { { 0, M2, M2 / 2 }, { M2 / 2, 9 * M2, M2 / 2 } }, 2, 0, M2,
		  0, M2, 0 },
		/* a hole, and an extent that goes beyond the size */
		{ { { 0, 0, M2 }, { 2 * M2, 2 * M2, 9 * M2 } }, 2, 0, 4 * M2,
		  3 * M2, 0, M2 },
		/* no file at all */
		{ { { 0 } }, 0, 0, M2, 0, 0, M2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		expect(&samples[i]);
}

static void reads_a_real_file_or_says_why(void **state)
{
	char path[] = "/tmp/kduel-extent-XXXXXX";
	int fd = mkstemp(path);
	struct err err = ERR_INIT;
	struct extent *v;
	uint64_t sum = 0;
	size_t n;

	(void)state;
	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(posix_fallocate(fd, 0, 4 * M2), 0);
	if (extent_read(fd, &v, &n, &err)) {
		assert_non_null(strstr(err.text, "FIEMAP"));	/* tmpfs */
	} else {
		for (size_t i = 0; i < n; i++)
			sum += v[i].length;
		assert_true(sum >= 4 * M2);
		free(v);
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_whole_aligned_pieces),
		cmocka_unit_test(reads_a_real_file_or_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
