/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "message.h"

static void every_byte_comes_back(void **state)
{
	unsigned char bytes[256], back[256];
	char hex[513];

	(void)state;
	for (int i = 0; i < 256; i++)
		bytes[i] = i;
	hex_write(bytes, sizeof(bytes), hex);
	assert_memory_equal(hex, "000102", 6);
	assert_string_equal(hex + 508, "feff");
	assert_int_equal(hex_read(hex, back, sizeof(back)), 256);
	assert_memory_equal(bytes, back, 256);
}

static void what_is_not_hexadecimal_is_refused(void **state)
{
	char to[4] = "";

	(void)state;
	assert_int_equal(hex_read("", to, 0), 0);
	assert_int_equal(hex_read("abc", to, 4), -1);
	assert_int_equal(hex_read("0x", to, 4), -1);
	assert_int_equal(hex_read("AB", to, 4), -1);
	assert_int_equal(hex_read("0011223344", to, 4), -1);
	assert_int_equal(hex_read("00112233", to, 4), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_comes_back),
		cmocka_unit_test(what_is_not_hexadecimal_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
