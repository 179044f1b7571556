/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read back about memory: page sizes and nodes. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "pages.h"

#define PAGE 4096UL
#define M2 (2UL << 20)

/* 2M-aligned, with room around it so that it is a mapping of its own. */
static char *map(size_t len, int advice)
{
	char *base = mmap(NULL, len + 2 * M2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *p = (char *)(((uintptr_t)base + M2) & ~(M2 - 1));

	assert_ptr_not_equal(base, MAP_FAILED);
	p = mmap(p, len, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	madvise(p, len, advice);
	return p;
}

static struct page_bytes read_pages(pid_t pid, const char *p, size_t len)
{
	struct page_bytes b = { 0 };
	struct err err = ERR_INIT;

	if (pages_read(pid, (uintptr_t)p, len, &b, &err))
		fail_msg("%s", err.text);
	assert_int_equal(b.b4k + b.b2m + b.b1g + b.absent, len);
	return b;
}

static void touched_pages_are_counted(void **state)
{
	char *p = map(64 * PAGE, MADV_NOHUGEPAGE);
	struct page_bytes b = read_pages(0, p, 64 * PAGE);

	(void)state;
	assert_int_equal(b.absent, 64 * PAGE);
	for (int i = 0; i < 64; i += 2)
		p[i * PAGE] = 1;
	b = read_pages(0, p, 64 * PAGE);
	assert_int_equal(b.b4k, 32 * PAGE);
	assert_int_equal(b.b2m, 0);
	/* Another process asks by pid: the same answer. */
	assert_int_equal(read_pages(getpid(), p, 64 * PAGE).b4k, 32 * PAGE);
	munmap(p, 64 * PAGE);
}

static void huge_pages_are_told_apart(void **state)
{
	char *p = map(4 * M2, MADV_HUGEPAGE);
	struct page_bytes b;

	(void)state;
	p[0] = 1;
	p[M2] = 1;
	b = read_pages(0, p, 4 * M2);
	if (!b.b2m) {
		puts("no transparent huge pages here");
		skip();
	}
	assert_int_equal(b.b2m, 2 * M2);
	assert_int_equal(b.absent, 2 * M2);
	/*
	 * Splitting the entry turns it into 512 small ones. The page stays protected: two VMAs
	 * then share the 2M, and khugepaged cannot collapse them before they are read.
	 */
	assert_int_equal(mprotect(p, PAGE, PROT_READ), 0);
	b = read_pages(0, p, 4 * M2);
	assert_int_equal(b.b2m, M2);
	assert_int_equal(b.b4k, M2);
	munmap(p, 4 * M2);
}

static void unmapped_is_absent(void **state)
{
	char *p = map(4 * PAGE, MADV_NOHUGEPAGE);

	(void)state;
	p[0] = 1;
	munmap(p + PAGE, PAGE);
	assert_int_equal(read_pages(0, p, 4 * PAGE).b4k, PAGE);
	assert_int_equal(read_pages(0, p, 4 * PAGE).absent, 3 * PAGE);
	munmap(p, 4 * PAGE);
}

static void no_such_process_is_an_error(void **state)
{
	struct page_bytes b = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_true(pages_read(1 << 30, 0, PAGE, &b, &err) < 0);
	assert_non_null(strstr(err.text, "/proc/1073741824/smaps"));
}

static void nodes_are_read_back(void **state)
{
	char *p = map(16 * PAGE, MADV_NOHUGEPAGE);
	struct placement where;
	struct err err = ERR_INIT;
	size_t found = 0;

	(void)state;
	memset(p, 1, 8 * PAGE);
	if (placement_read(p, 16 * PAGE, &where, &err)) {
		puts(err.text);
		skip();
	}
	for (int i = 0; i < PLACEMENT_NODES; i++)
		found += where.on[i];
	assert_int_equal(where.asked, 16);
	assert_int_equal(found, 8);
	assert_int_equal(where.absent, 8);
	munmap(p, 16 * PAGE);
}

static void a_wrong_node_is_refused(void **state)
{
	struct placement where = { .asked = 10, .on = { 9, 1 } };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(placement_verify(&where, -1, NULL), 0);
	assert_true(placement_verify(&where, 0, &err) < 0);
	assert_non_null(strstr(err.text, "1 of 10 pages are on node 1"));
	assert_true(placement_bind(NULL, PAGE, 4000, NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(touched_pages_are_counted),
		cmocka_unit_test(huge_pages_are_told_apart),
		cmocka_unit_test(unmapped_is_absent),
		cmocka_unit_test(no_such_process_is_an_error),
		cmocka_unit_test(nodes_are_read_back),
		cmocka_unit_test(a_wrong_node_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
