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

#include "host-driver/kernel/kernel-config.h"

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

static void a_vanished_symbol_is_named(void **state)
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
	assert_non_null(strstr(err.text, "f/base.config:2: CONFIG_GONE=y vanished: the built kernel has n"));
	assert_non_null(strstr(err.text, "f/more.config:1: CONFIG_HZ=100 vanished: the built kernel has 250"));
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
		cmocka_unit_test(a_vanished_symbol_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
