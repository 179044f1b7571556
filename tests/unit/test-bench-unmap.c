/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proof of unmap's work: done, half done and not done at all. */
#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "bench/unmap.h"

#define PAGE 4096
#define LEN (64 * PAGE)

static char *fresh(void)
{
	char *p = mmap(NULL, LEN, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	memset(p, 1, LEN);
	return p;
}

static void done_is_done(void **state)
{
	(void)state;
	for (const struct unmap_op *op = unmap_ops; op->name; op++) {
		char *p = fresh();
		struct err err = ERR_INIT;

		assert_int_equal(op->call(p, LEN), 0);
		if (unmap_check(op, p, LEN, PAGE, &err))
			fail_msg("%s", err.text);
		munmap(p, LEN);
	}
}

static void a_missed_page_is_found(void **state)
{
	(void)state;
	for (const struct unmap_op *op = unmap_ops; op->name; op++) {
		char *p = fresh();
		struct err err = ERR_INIT;

		/* All but the page in the middle. */
		assert_int_equal(op->call(p, LEN / 2), 0);
		assert_int_equal(op->call(p + LEN / 2 + PAGE, LEN / 2 - PAGE), 0);
		assert_int_equal(unmap_check(op, p, LEN, PAGE, &err), -EBADMSG);
		assert_non_null(strstr(err.text, " 4096 of "));
		munmap(p, LEN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(done_is_done),
		cmocka_unit_test(a_missed_page_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
