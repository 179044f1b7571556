/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that does not keep what is written to it is found, and where it came from said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/context.h"
#include "bench/keep.c"
#include "lib/message.h"

#define PAGES 4

static uint64_t memory[PAGES * WORDS];
static struct buffer buffer = { .addr = memory };
static struct keep kept = { .buf = &buffer, .pages = PAGES, .step = WORDS / 8, .tag = 5 };
static struct bench bench = { .w = &keep_workload };

static void says(const char *what)
{
	struct err err = ERR_INIT;

	assert_int_equal(keep_pass(&bench, &kept, &err), -EBADSLT);
	assert_int_equal(message_class_of(&err), MESSAGE_CORRUPT);
	if (!strstr(err.text, what))
		fail_msg("'%s' is not in: %s", what, err.text);
}

static void wrong_words_are_told(void **state)
{
	const size_t at = 2 * WORDS + 3 * kept.step;
	uint64_t before;

	(void)state;
	keep_write(&kept, 0);
	before = memory[at];
	assert_int_equal(keep_pass(&bench, &kept, NULL), 0);
	assert_int_equal(keep_pass(&bench, &kept, NULL), 0);
	assert_int_equal(kept.pass, 2);
	memory[at] = 0;
	says("pass 2, page 2, byte 1536");
	keep_write(&kept, 2);
	memory[at] = 0;
	says("lost: it is zero");
	keep_write(&kept, 2);
	memory[at] = before;
	says("lost: an earlier pass wrote it there");
	keep_write(&kept, 2);
	memory[at] = memory[3 * WORDS];
	says("foreign: it belongs to another place of this memory");
	keep_write(&kept, 2);
	memory[at] = 12;
	says("foreign: nobody wrote it here");
	/* Words between those that are used are not looked at. */
	keep_write(&kept, 2);
	memory[at + 1] = 12;
	assert_int_equal(keep_pass(&bench, &kept, NULL), 0);
}

/* Bytes of the device may be lost, but none may be another's; and it must begin as zeros. */
static void scratch_may_lose_but_not_gain(void **state)
{
	static uint64_t piece[SCRATCH_PIECE / sizeof(uint64_t)];
	struct keep k = { .tag = 7, .scratch = { .size = 2 * SCRATCH_PIECE, .piece = piece } };
	struct err err = ERR_INIT;
	uint64_t word = 12;

	(void)state;
	assert_int_equal(params_init(&bench.params, &keep_workload, &err), 0);
	k.scratch.fd = memfd_create("scratch", MFD_CLOEXEC);
	assert_int_equal(ftruncate(k.scratch.fd, 2 * SCRATCH_PIECE), 0);
	assert_int_equal(keep_scratch_pass(&bench, &k, &err), 0);
	assert_int_equal(keep_scratch_pass(&bench, &k, &err), 0);
	assert_int_equal(k.scratch.pass, 2);
	/* Lost. */
	assert_int_equal(fallocate(k.scratch.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096), 0);
	assert_int_equal(keep_scratch_pass(&bench, &k, &err), 0);
	/* What another place has. */
	assert_int_equal(pread(k.scratch.fd, &word, 8, 0), 8);
	assert_int_equal(pwrite(k.scratch.fd, &word, 8, 4096), 8);
	assert_int_equal(keep_scratch_pass(&bench, &k, &err), -EBADSLT);
	assert_non_null(strstr(err.text, "byte 4096"));
	/* What was written before the last time. */
	k.scratch.pass = 0;
	err = (struct err)ERR_INIT;
	assert_int_equal(keep_scratch_pass(&bench, &k, &err), -EINVAL);
	assert_non_null(strstr(err.text, "is not zero"));
	close(k.scratch.fd);
	params_release(&bench.params);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_words_are_told),
		cmocka_unit_test(scratch_may_lose_but_not_gain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
