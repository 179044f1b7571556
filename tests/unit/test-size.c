/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers with units: what users write, and what must be refused. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "size.h"

static void accepts_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {
		{ "0", 0 }, { "4096", 4096 }, { "64k", 65536 },
		{ "4KiB", 4096 }, { "1G", 1ULL << 30 }, { "2mib", 2 << 20 },
		{ "3MB", 3000000 }, { "3MiB", 3 << 20 }, { "3M", 3 << 20 }, { "1kB", 1000 }, { "7B", 7 },
		{ "1TB", 1000000000000 },
		{ "18446744073709551615", UINT64_MAX }, { "16383T", 16383ULL << 40 },
	};
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(size_parse(good[i].text, &value, &err), 0);
		assert_int_equal(value, good[i].value);
	}
}

static void refuses_the_rest(void **state)
{
	static const char *const bad[] = {
		"", "-1", "k", "1.5G", "4x", "4kb2", "4Ki", "4iB", "4 KiB", "18446745TB", "nan", "inf", "1e3", "\xef\xbc\x93M", " 4", "16777216T",
		"18446744073709551616", "0x10",
	};
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		assert_true(size_parse(bad[i], &value, &err) < 0);
		assert_int_equal(err.exit, EXIT_CONFIG);
		assert_non_null(strstr(err.text, bad[i]));
	}
}

static void formats_exactly(void **state)
{
	char buf[SIZE_TEXT_MAX];

	(void)state;
	assert_string_equal(size_format(2 << 20, buf), "2M");
	assert_string_equal(size_format(1536 << 10, buf), "1536K");
	assert_string_equal(size_format(77, buf), "77");
	assert_string_equal(size_format(0, buf), "0");
}

static void parses_ranges_and_durations(void **state)
{
	struct err err = ERR_INIT;
	uint64_t lo, hi;
	double s;

	(void)state;
	assert_int_equal(size_parse_range("64..64k", &lo, &hi, &err), 0);
	assert_int_equal(lo, 64);
	assert_int_equal(hi, 65536);
	assert_int_equal(size_parse_range("8", &lo, &hi, &err), 0);
	assert_true(lo == 8 && hi == 8);
	assert_int_equal(duration_parse("20m", &s, &err), 0);
	assert_true(s == 1200);
	assert_true(size_parse_range("9..8", &lo, &hi, &err) < 0);
	assert_true(duration_parse("5 parsecs", &s, NULL) < 0);
}

static void shares(void **state)
{
	static const char *const bad[] = { "", "x", "1x", "0", "100%", "-1%",
					   "nan", "1%%", "1e999" };
	double v;

	(void)state;
	assert_int_equal(share_parse("1%", &v, NULL), 0);
	assert_true(v > 0.0099 && v < 0.0101);
	assert_int_equal(share_parse("0.25", &v, NULL), 0);
	assert_true(v > 0.2499 && v < 0.2501);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(share_parse(bad[i], &v, NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_units),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(formats_exactly),
		cmocka_unit_test(parses_ranges_and_durations),
		cmocka_unit_test(shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
