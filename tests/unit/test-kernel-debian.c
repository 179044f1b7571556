/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which package of a suite, and from which mirror. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/kernel-source.h"

static const char madison[] =
	"linux-source-6.1 |  6.1.192-2 | http://m/debian-security bookworm-security/main amd64 Packages\n"
	"linux-source-6.1 |  6.1.176-1 | http://m/debian bookworm/main amd64 Packages\n"
	"linux-source-6.1 |  6.1.170-3 | http://m/debian bookworm-proposed/main amd64 Packages\n"
	"linux-source-6.12 | 6.12.95-1~bpo12+1 | http://m/debian bookworm-backports/main amd64 Packages\n";

static const char targets[] =
	"cloud http://else/ Other\n"
	"bookworm http://m/debian/ Debian\n"
	"bookworm-updates http://m/debian/ Debian\n"
	"bookworm-security http://m/security/ Debian\n";

static void assert_pick(const char *suite, const char *want, const char *is)
{
	char *version = debian_pick(madison, suite, want);

	if (is)
		assert_string_equal(version, is);
	else
		assert_null(version);
	free(version);
}

static void picks_by_suite(void **state)
{
	(void)state;
	assert_pick("bookworm", NULL, "6.1.192-2");
	assert_pick("bookworm", "6.1.176-1", "6.1.176-1");
	assert_pick("bookworm", "6.1.170-3", NULL);
	assert_pick("bookworm-backports", NULL, "6.12.95-1~bpo12+1");
	assert_pick("book", NULL, NULL);
	assert_pick("sid", NULL, NULL);
}

static void assert_list(const char *suite, const char *keys, const char *is)
{
	char *list = debian_sources_list(targets, suite, keys);

	assert_string_equal(list, is);
	free(list);
}

static void lists_of_other_suites(void **state)
{
	(void)state;
	assert_list("sid", NULL, "deb http://m/debian/ sid main\n");
	assert_list("bookworm-backports", "/k",
		    "deb [signed-by=/k] http://m/debian/ bookworm-backports main\n");
	assert_list("bullseye", NULL, "deb http://m/debian/ bullseye main\n"
		    "deb http://m/security/ bullseye-security main\n");
	assert_null(debian_sources_list("jammy http://u/ Ubuntu\n", "sid", NULL));
	assert_null(debian_sources_list("", "sid", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(picks_by_suite),
		cmocka_unit_test(lists_of_other_suites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
