/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proof of unmap's work: done, half done and not done at all. */
#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
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
		char *p = op->call ? fresh() : NULL;
		struct err err = ERR_INIT;

		if (!p)
			continue;
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
		char *p = op->call ? fresh() : NULL;
		struct err err = ERR_INIT;

		if (!p)
			continue;
		/* All but the page in the middle. */
		assert_int_equal(op->call(p, LEN / 2), 0);
		assert_int_equal(op->call(p + LEN / 2 + PAGE, LEN / 2 - PAGE), 0);
		assert_int_equal(unmap_check(op, p, LEN, PAGE, &err), -EBADMSG);
		assert_non_null(strstr(err.text, " 4096 of "));
		munmap(p, LEN);
	}
}

/* From the end, in calls that need not divide it; what is left is found. */
static void a_file_is_shortened(void **state)
{
	const struct unmap_op *op = unmap_ops;
	int fd = memfd_create("unmap", MFD_CLOEXEC);
	struct err err = ERR_INIT;
	char *p;

	(void)state;
	while (strcmp(op->name, "truncate"))
		op++;
	assert_null(op->call);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, LEN), 0);
	p = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	memset(p, 1, LEN);
	assert_int_equal(unmap_check(op, p, LEN, PAGE, &err), -EBADMSG);
	assert_int_equal(unmap_truncate(fd, LEN, 5 * PAGE), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	assert_int_equal(unmap_check(op, p, LEN, PAGE, NULL), 0);
	munmap(p, LEN);
	close(fd);
	assert_int_equal(unmap_truncate(fd, LEN, PAGE), EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(done_is_done),
		cmocka_unit_test(a_missed_page_is_found),
		cmocka_unit_test(a_file_is_shortened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
