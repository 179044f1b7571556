/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where installed data is looked for. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "data.h"

static void in_the_source_tree(void **state)
{
	struct err err = ERR_INIT;
	char *path;

	(void)state;
	unsetenv("KDUEL_DATA");
	assert_int_equal(data_path("kernels/fragments", &path, &err), 0);
	assert_int_equal(access(path, R_OK), 0);
	free(path);
	assert_int_not_equal(data_path("nonsense", &path, &err), 0);
	assert_null(path);
	assert_int_equal(err.exit, EXIT_MACHINE);
	assert_non_null(strstr(err.text, "no nonsense in "));
}

static void where_it_is_told(void **state)
{
	struct err err = ERR_INIT;
	char *path;

	(void)state;
	setenv("KDUEL_DATA", "/proc", 1);
	assert_int_equal(data_path("self", &path, &err), 0);
	assert_string_equal(path, "/proc/self");
	free(path);
	assert_int_not_equal(data_path("kernels", &path, &err), 0);
	assert_int_equal(err.exit, EXIT_CONFIG);
	unsetenv("KDUEL_DATA");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_the_source_tree),
		cmocka_unit_test(where_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
