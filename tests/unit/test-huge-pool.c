/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools of huge pages: a folder that looks like the kernel's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "backing/backing.h"
#include "bench/source.h"
#include "file.h"
#include "pages.h"

#define M2 (2ull << 20)

static char folder[] = "/tmp/kduel-pool.XXXXXX";

static void put(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/hugepages-2048kB/%s", folder, name);
	assert_int_equal(file_publish(path, text, strlen(text), NULL), 0);
}

static int set_up(void **state)
{
	char path[64];

	(void)state;
	if (scratch_make(folder, NULL) < 0)
		return -1;
	huge_pool_folder = folder;
	snprintf(path, sizeof(path), "%s/hugepages-2048kB", folder);
	return mkdir(path, 0700);
}

static int tear_down(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL);
}

static void pool_of(const char *pages, const char *free, const char *promised)
{
	put("nr_hugepages", pages);
	put("free_hugepages", free);
	put("resv_hugepages", promised);
	source_reserves = false;
}

static void promised_pages_are_not_free(void **state)
{
	struct huge_pool pool;

	(void)state;
	pool_of("9\n", "7\n", "3\n");
	assert_int_equal(huge_pool_read(M2, &pool, NULL), 0);
	assert_int_equal(pool.pages, 9);
	assert_int_equal(pool.free, 4);
}

static void a_size_that_the_kernel_lacks_is_told(void **state)
{
	struct huge_pool pool;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(huge_pool_read(1ull << 30, &pool, &err), -ENOENT);
	assert_int_equal(err.exit, EXIT_MACHINE);
	assert_non_null(strstr(err.text, "1048576 kB"));
}

/* What check_hugetlb() does for a buffer of eight pages. */
static int want_eight(struct err *err)
{
	struct buffer buf = { .mapped = 8 * M2 };

	assert_int_equal(source_find("hugetlb-2m", &buf.source, NULL), 0);
	return buf.source->check(&buf, NULL, err);
}

static void a_source_reserves_what_is_missing_where_it_may(void **state)
{
	struct huge_pool pool;
	struct err err = ERR_INIT;

	(void)state;
	pool_of("9\n", "7\n", "3\n");
	source_reserves = true;
	assert_int_equal(want_eight(&err), 0);
	assert_int_equal(huge_pool_read(M2, &pool, NULL), 0);
	assert_int_equal(pool.pages, 13);
}

static void elsewhere_it_says_how_to_reserve_them(void **state)
{
	struct huge_pool pool;
	struct err err = ERR_INIT;

	(void)state;
	pool_of("9\n", "7\n", "3\n");
	assert_int_not_equal(want_eight(&err), 0);
	assert_int_equal(err.exit, EXIT_MACHINE);
	assert_non_null(strstr(err.text, "echo 13 >"));
	assert_int_equal(huge_pool_read(M2, &pool, NULL), 0);
	assert_int_equal(pool.pages, 9);
}

static void a_pool_that_is_large_enough_is_left_alone(void **state)
{
	struct huge_pool pool;

	(void)state;
	pool_of("9\n", "8\n", "0\n");
	source_reserves = true;
	assert_int_equal(want_eight(NULL), 0);
	assert_int_equal(huge_pool_read(M2, &pool, NULL), 0);
	assert_int_equal(pool.pages, 9);
}

/* The RAM of eight pages, then an NVDIMM of four more. */
static void a_backing_takes_free_pages_first_and_puts_the_pool_back(void **state)
{
	const struct backing_kind *kind;
	struct huge_pool pool;
	struct backing b;

	(void)state;
	pool_of("9\n", "8\n", "0\n");
	assert_int_equal(backing_find("hugetlb-2m", &kind, NULL), 0);
	assert_int_equal(backing_prepare(&b, kind, 8 * M2, NULL, NULL), 0);
	assert_int_equal(huge_pool_read(M2, &pool, NULL), 0);
	assert_int_equal(pool.pages, 9);
	assert_int_equal(backing_add_nvdimm(&b, 4 * M2, NULL), 0);
	assert_int_equal(huge_pool_read(M2, &pool, NULL), 0);
	assert_int_equal(pool.pages, 13);
	put("nr_hugepages", "");	/* a file keeps what is not written over, the kernel does not */
	backing_release(&b);
	assert_int_equal(huge_pool_read(M2, &pool, NULL), 0);
	assert_int_equal(pool.pages, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(promised_pages_are_not_free),
		cmocka_unit_test(a_size_that_the_kernel_lacks_is_told),
		cmocka_unit_test(a_source_reserves_what_is_missing_where_it_may),
		cmocka_unit_test(elsewhere_it_says_how_to_reserve_them),
		cmocka_unit_test(a_pool_that_is_large_enough_is_left_alone),
		cmocka_unit_test(a_backing_takes_free_pages_first_and_puts_the_pool_back),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
