/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines of any size, as hwloc makes them up (HWLOC_SYNTHETIC). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "options.h"

static struct topology *machine(const char *shape)
{
	struct err err = ERR_INIT;
	struct topology *t;

	setenv("HWLOC_SYNTHETIC", shape, 1);
	if (topology_new(&t, &err))
		fail_msg("%s", err.text);
	unsetenv("HWLOC_SYNTHETIC");
	return t;
}

static void machines_of_thousands_of_cpus(void **state)
{
	static const struct {
		const char *shape;
		int cores, cpus;
	} shapes[] = {
		{ "pack:2 l3:1(size=32MiB) core:4 pu:2", 8, 16 },
		{ "pack:4 numa:2 l3:1(size=32MiB) core:128 pu:1", 1024, 1024 },
		{ "pack:8 numa:2 l3:1(size=32MiB) core:64 pu:2", 1024, 2048 },
		{ "pack:32 numa:2 l3:1(size=32MiB) core:64 pu:2", 4096, 8192 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct topology *t = machine(shapes[i].shape);
		int few[4], last = shapes[i].cpus - 1;

		assert_int_equal(topology_first_cpu(t), 0);
		assert_int_equal(topology_cores(t, last, few, 4), shapes[i].cores);
		assert_int_equal(few[0], last);
		assert_int_equal(few[1], 0);
		assert_int_equal(topology_llc(t, last), 32 << 20);
		assert_int_equal(topology_cache(t, last, 3), 32 << 20);
		assert_int_equal(topology_node(t, last) >= 0, topology_has_node(t, topology_node(t, last)));
		topology_free(t);
	}
}

/* What an agent tells of a machine fits into what a driver takes of one. */
static void the_facts_of_a_large_machine_fit(void **state)
{
	char *text;
	json_t *facts;

	(void)state;
	for (int large = 0; large < 2; large++) {
		setenv("HWLOC_SYNTHETIC", large ? "pack:32 numa:2 l3:1 l2:64 l1:1 core:1 pu:2" :
		       "pack:8 numa:2 l3:1 l2:64 l1:1 core:1 pu:1", 1);
		facts = env_capture(false);
		unsetenv("HWLOC_SYNTHETIC");
		text = json_dumps(facts, JSON_COMPACT);
		assert_non_null(text);
		assert_true(strlen(text) < 2u << 20);
		assert_non_null(json_object_get(facts, "topology"));
		assert_int_equal(!json_object_get(facts, "hwloc"), large);
		free(text);
		json_decref(facts);
	}
}

/* Programs measure this machine, whatever the user's variables say of another. */
static void programs_forget_other_machines(void **state)
{
	(void)state;
	setenv("HWLOC_SYNTHETIC", "pack:2 core:4 pu:2", 1);
	setenv("HWLOC_XMLFILE", "/nonexistent", 1);
	setenv("LIBPFM_FORCE_PMU", "amd64", 1);
	setenv("PAPI_X", "1", 1);
	setenv("KDUEL_T", "HWLOC_", 1);
	program_begin();
	assert_null(getenv("HWLOC_SYNTHETIC"));
	assert_null(getenv("HWLOC_XMLFILE"));
	assert_null(getenv("LIBPFM_FORCE_PMU"));
	assert_null(getenv("PAPI_X"));
	assert_string_equal(getenv("KDUEL_T"), "HWLOC_");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machines_of_thousands_of_cpus),
		cmocka_unit_test(the_facts_of_a_large_machine_fit),
		cmocka_unit_test(programs_forget_other_machines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
