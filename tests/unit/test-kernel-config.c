/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Config fragments, and symbols that vanish. */
#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/kernel-build.h"

static char base_path[] = "f/base.config", more_path[] = "f/more.config";

static struct kernel_text text_of(char *path, const char *text)
{
	return (struct kernel_text){ .path = path, .text = (char *)text,
				     .len = strlen(text) };
}

static void last_line_counts(void **state)
{
	struct kernel_text t[] = {
		text_of(base_path, "# comment\n\nCONFIG_A=y\nCONFIG_B=y\n"),
		text_of(more_path, "# CONFIG_A is not set\nCONFIG_S=\"a b\"\n"),
	};
	struct err err = ERR_INIT;
	struct kernel_want *w;
	size_t n;

	(void)state;
	assert_int_equal(kernel_config_wants(t, 2, &w, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_string_equal(w[0].symbol, "CONFIG_A");
	assert_string_equal(w[0].value, "n");
	assert_ptr_equal(w[0].from, &t[1]);
	assert_int_equal(w[0].line, 1);
	assert_int_equal(w[1].line, 4);
	assert_string_equal(w[2].value, "\"a b\"");
	free(w);
}

static void nonsense_names_its_line(void **state)
{
	static const char *const bad[] = {
		"CONFIG_A", "CONFIG_A =y", "A=y", "CONFIG_=", "-CONFIG_A=y",
		"CONFIG_A=y # why", "CONFIG_A=", "CONFIG_A=\r",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;
		struct kernel_want *w;
		struct kernel_text t;
		char text[100];
		size_t n;

		snprintf(text, sizeof(text), "CONFIG_OK=y\n%s\n", bad[i]);
		t = text_of(base_path, text);
		assert_int_equal(kernel_config_wants(&t, 1, &w, &n, &err),
				 -EINVAL);
		assert_non_null(strstr(err.text, "f/base.config:2: "));
	}
}

static void line_ends_do_not_count(void **state)
{
	struct kernel_text t = text_of(base_path, "\xef\xbb\xbf" "CONFIG_A=y\r\n"
		"# CONFIG_B is not set \t\r\n\r\n \n# words\r\nCONFIG_S=\"a \" \n"
		"# CONFIG_C is not set\r\nCONFIG_D=0x10\r");
	struct err err = ERR_INIT;
	struct kernel_want *w;
	size_t n;

	(void)state;
	assert_int_equal(kernel_config_wants(&t, 1, &w, &n, &err), 0);
	assert_int_equal(n, 5);
	assert_string_equal(w[0].value, "y");
	assert_string_equal(w[1].symbol, "CONFIG_B");
	assert_string_equal(w[1].value, "n");
	assert_string_equal(w[2].value, "\"a \"");
	assert_string_equal(w[3].symbol, "CONFIG_C");
	assert_string_equal(w[4].value, "0x10");
	assert_int_equal(w[4].line, 8);
	free(w);
	t.text = "CONFIG_A=y\n\0CONFIG_B=y\n";
	t.len = 23;
	assert_int_equal(kernel_config_wants(&t, 1, &w, &n, &err), -EINVAL);
	assert_non_null(strstr(err.text, "f/base.config: not a text file"));
}

static void a_long_value_is_kept(void **state)
{
	static char text[2100] = "CONFIG_CMDLINE=\"";
	struct kernel_text t;
	struct err err = ERR_INIT;
	struct kernel_want *w;
	size_t n;

	(void)state;
	memset(text + 16, 'x', 2048);
	strcpy(text + 16 + 2048, "\"\n");
	t = text_of(base_path, text);
	assert_int_equal(kernel_config_wants(&t, 1, &w, &n, &err), 0);
	assert_int_equal(strlen(w[0].value), 2050);
	assert_int_equal(kernel_config_check(text, w, n, &err), 0);
	free(w);
}

static void a_dropped_symbol_is_named(void **state)
{
	struct kernel_text t[] = {
		text_of(base_path, "CONFIG_A=y\nCONFIG_GONE=y\n"),
		text_of(more_path, "CONFIG_HZ=100\n# CONFIG_OFF is not set\n"),
	};
	static const char *const text[] = {
		"CONFIG_A=y\nCONFIG_GONE=y\nCONFIG_HZ=100\n",
		"CONFIG_A=y\n# CONFIG_GONE is not set\nCONFIG_HZ=250\n"
		"CONFIG_GONER=y\nCONFIG_OFF=y\n",
	};
	struct err err = ERR_INIT;
	struct kernel_want *w;
	size_t n;

	(void)state;
	assert_int_equal(kernel_config_wants(t, 2, &w, &n, &err), 0);
	assert_int_equal(kernel_config_check(text[0], w, n, &err), 0);
	assert_int_equal(kernel_config_check(text[1], w, n, &err), -EINVAL);
	assert_int_equal(err.exit, EXIT_CONFIG);
	assert_non_null(strstr(err.text, "f/base.config:2: CONFIG_GONE=y was dropped: the built kernel has n"));
	assert_non_null(strstr(err.text, "f/more.config:1: CONFIG_HZ=100 was dropped: the built kernel has 250"));
	assert_non_null(strstr(err.text, "f/more.config:2: CONFIG_OFF=n"));
	assert_non_null(strstr(err.text, "3 wanted symbols"));
	assert_null(strstr(err.text, "CONFIG_A"));
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_line_counts),
		cmocka_unit_test(nonsense_names_its_line),
		cmocka_unit_test(line_ends_do_not_count),
		cmocka_unit_test(a_long_value_is_kept),
		cmocka_unit_test(a_dropped_symbol_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
