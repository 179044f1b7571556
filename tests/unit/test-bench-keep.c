/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that does not keep what is written to it is found, and where it came from said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(wrong_words_are_told) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
