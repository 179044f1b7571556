/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processor tables: every file loads, every event name is one that
 * libpfm4 can encode for that processor, and CPUID finds the right file.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <perfmon/pfmlib.h>
#include <perfmon/pfmlib_perf_event.h>

#include "bench/cpu.h"
#include "counters.h"

static int encodes(const char *native)
{
	struct perf_event_attr attr = { .size = sizeof(attr) };
	pfm_perf_encode_arg_t arg = { .attr = &attr, .size = sizeof(arg) };
	int ret = pfm_get_os_event_encoding(native, PFM_PLM0 | PFM_PLM3,
					    PFM_OS_PERF_EVENT_EXT, &arg);

	if (ret != PFM_SUCCESS)
		printf("%s: %s\n", native, pfm_strerror(ret));
	return ret == PFM_SUCCESS;
}

static void check_events(const struct cpu *cpu)
{
	for (unsigned i = 0; i < cpu->f->n_events; i++) {
		unsigned units = cpu->f->n_pmu ? cpu->f->n_pmu : 1;

		for (unsigned u = 0; u < units; u++) {
			char *native = cpu_event_native(cpu, i, cpu->f->n_pmu
							? cpu->f->pmu[u] : NULL);

			assert_non_null(native);
			assert_true(encodes(native));
			free(native);
		}
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(cpu->f->events[k].name,
						cpu->f->events[i].name);
	}
	assert_true(cpu->f->n_events + counters_software_n <= COUNTERS_MOST);
}

static void every_name_encodes(void **state)
{
	char **names;
	size_t n;

	(void)state;
	assert_int_equal(pfm_initialize(), PFM_SUCCESS);
	assert_false(encodes("spr::NO_SUCH_EVENT"));
	assert_int_equal(cpu_names(&names, &n, NULL), 0);
	assert_true(n >= 11);
	for (size_t i = 0; i < n; i++) {
		struct err err = ERR_INIT;
		struct cpu *cpu;

		if (cpu_load(names[i], &cpu, &err))
			fail_msg("%s", err.text);
		check_events(cpu);
		cpu_free(cpu);
		free(names[i]);
	}
	free(names);
}

static void cpuid_finds_the_file(void **state)
{
	static const struct {
		struct cpu_id id;
		const char *name;
	} known[] = {
		{ { "GenuineIntel", 6, 63, 2 }, "haswell" },
		{ { "GenuineIntel", 6, 79, 1 }, "broadwell" },
		{ { "GenuineIntel", 6, 85, 4 }, "skylake" },
		{ { "GenuineIntel", 6, 85, 7 }, "cascadelake" },
		{ { "GenuineIntel", 6, 106, 6 }, "icelake" },
		{ { "GenuineIntel", 6, 143, 8 }, "sapphirerapids" },
		{ { "GenuineIntel", 6, 207, 2 }, "emeraldrapids" },
		{ { "AuthenticAMD", 23, 49, 0 }, "zen2" },
		{ { "AuthenticAMD", 25, 1, 1 }, "zen3" },
		{ { "AuthenticAMD", 25, 17, 1 }, "zen4" },
		{ { "AuthenticAMD", 26, 2, 1 }, "zen5" },
	};
	const struct cpu_id stranger = { "GenuineIntel", 6, 1, 1 };
	struct err err = ERR_INIT;
	struct cpu *cpu;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_int_equal(cpu_load_id(&known[i].id, &cpu, NULL), 0);
		assert_string_equal(cpu->name, known[i].name);
		cpu_free(cpu);
	}
	assert_int_not_equal(cpu_load_id(&stranger, &cpu, &err), 0);
	assert_int_equal(err.exit, EXIT_MACHINE);
}

static void unknown_names_are_refused(void **state)
{
	struct err err = ERR_INIT;
	struct cpu *cpu;

	(void)state;
	assert_int_not_equal(cpu_load("cascadlake", &cpu, &err), 0);
	assert_int_equal(err.exit, EXIT_CONFIG);
	assert_non_null(strstr(err.text, "cascadelake"));
	err = (struct err)ERR_INIT;
	assert_int_not_equal(cpu_load("../../etc/passwd", &cpu, &err), 0);
	assert_int_equal(err.exit, EXIT_CONFIG);
}

static void units_are_filled_in(void **state)
{
	struct cpu *cpu;
	char *native;

	(void)state;
	assert_int_equal(cpu_load("haswell", &cpu, NULL), 0);
	native = cpu_event_native(cpu, 2, "hsw_ep");
	assert_memory_equal(native, "hsw_ep::", 8);
	free(native);
	cpu_free(cpu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_encodes),
		cmocka_unit_test(cpuid_finds_the_file),
		cmocka_unit_test(unknown_names_are_refused),
		cmocka_unit_test(units_are_filled_in),
	};

	setenv("LIBPFM_ENCODE_INACTIVE", "1", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
