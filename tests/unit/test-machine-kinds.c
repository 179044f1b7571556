/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinds of machine: what a config can name is what can be booted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "host-driver/machine/machine.h"

static void every_kind_has_its_functions(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct machine_kind *k = machine_kinds; k->name; k++, n++) {
		struct plan p = { .machine = { .kind = k, .memory = 1u << 30 } };
		const struct machine_kind_ops *ops = machine_ops(&p);

		assert_string_equal(machine_kind_names[n], k->name);
		assert_ptr_equal(machine_kind_find(k->name), k);
		assert_string_equal(ops->name, k->name);
		assert_non_null(ops->prepare);
		assert_non_null(ops->boot);
		assert_non_null(ops->link);
		assert_non_null(ops->domain);
		assert_true(ops->memory(&p) > 0);
		assert_true(strlen(k->help) > 0);
	}
	assert_null(machine_kind_names[n]);
	assert_null(machine_kind_find("vmm"));
	assert_null(machine_kind_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_its_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
