/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processor tables: every file loads, every event name is one that
 * libpfm4 can encode for that processor, and CPUID finds the right file.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdbool.h>
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

static void check_unit(struct cpu *cpu, const char *pmu)
{
	cpu->pmu = pmu;
	for (unsigned i = 0; i < cpu->f.n_events; i++) {
		char *native = cpu_event_native(cpu, i);

		assert_non_null(native);
		assert_true(encodes(native));
		free(native);
	}
}

static void check_events(struct cpu *cpu)
{
	const struct cpu_file *f = &cpu->f;

	check_unit(cpu, cpu->pmu);
	for (unsigned i = 0; i < f->n_match; i++)
		if (f->match[i].pmu)
			check_unit(cpu, f->match[i].pmu);
	for (unsigned i = 0; i < f->n_events; i++)
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(f->events[k].name, f->events[i].name);
	assert_true(f->n_events + counters_software_n <= COUNTERS_MOST);
	/* What counts when there is one batch only. */
	assert_string_equal(f->events[0].name, "cycles");
	assert_string_equal(f->events[1].name, "instructions");
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
	const struct cpu_id server = { "GenuineIntel", 6, 63, 2 };
	struct cpu *cpu;
	char *native;

	(void)state;
	assert_int_equal(cpu_load_id(&server, &cpu, NULL), 0);
	native = cpu_event_native(cpu, 2);
	assert_memory_equal(native, "hsw_ep::", 8);
	free(native);
	cpu_free(cpu);
	assert_int_equal(cpu_load("haswell", &cpu, NULL), 0);
	native = cpu_event_native(cpu, 2);
	assert_memory_equal(native, "hsw::", 5);
	free(native);
	cpu_free(cpu);
}

static bool has_event(const struct cpu *cpu, const char *name)
{
	for (unsigned i = 0; i < cpu->f.n_events; i++)
		if (!strcmp(cpu->f.events[i].name, name))
			return true;
	return false;
}

/* Geometry, and events for misses, walks by size, walk cycles and hits. */
static void processors_are_complete(void **state)
{
	static const char *const intel[] = {
		"dtlb_load_walks", "dtlb_load_walks_4k", "dtlb_load_walks_2m",
		"dtlb_load_walk_cycles", "stlb_load_hits", "dtlb_store_walks",
		"dtlb_store_walks_4k", "dtlb_store_walks_2m", "dtlb_store_walk_cycles",
		"stlb_store_hits", NULL,
	};
	static const char *const amd[] = {
		"dtlb_walks_4k", "dtlb_walks_2m", "dtlb_walks_1g",
		"stlb_hits_4k", "stlb_hits_2m", "stlb_hits_1g", NULL,
	};
	static const struct {
		const char *name;
		unsigned first, second;	/* entries for 4K */
		const char *const *events;
		bool misses, nested;	/* its own events for these */
	} all[] = {
		{ "haswell", 64, 1024, intel, true, true },
		{ "broadwell", 64, 1536, intel, true, true },
		{ "skylake", 64, 1536, intel, true, true },
		{ "cascadelake", 64, 1536, intel, true, true },
		{ "icelake", 64, 2048, intel, false, false },
		{ "sapphirerapids", 96, 2048, intel, false, false },
		{ "emeraldrapids", 96, 2048, intel, false, false },
		{ "zen2", 64, 2048, amd, false, false },
		{ "zen3", 64, 2048, amd, false, false },
		{ "zen4", 72, 3072, amd, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct cpu *cpu;

		assert_int_equal(cpu_load(all[i].name, &cpu, NULL), 0);
		assert_int_equal(cpu->f.tlb.first.e4k, all[i].first);
		assert_int_equal(cpu->f.tlb.second.e4k, all[i].second);
		assert_true(cpu->f.tlb.first.e2m && cpu->f.tlb.first.e1g);
		assert_true(cpu->f.tlb.second.e2m > 0);
		for (const char *const *e = all[i].events; *e; e++)
			if (!has_event(cpu, *e))
				fail_msg("%s has no event %s", all[i].name, *e);
		assert_int_equal(has_event(cpu, "dtlb_load_misses"), all[i].misses);
		assert_int_equal(has_event(cpu, "dtlb_store_misses"), all[i].misses);
		assert_int_equal(has_event(cpu, "ept_walk_cycles"), all[i].nested);
		cpu_free(cpu);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_encodes),
		cmocka_unit_test(cpuid_finds_the_file),
		cmocka_unit_test(unknown_names_are_refused),
		cmocka_unit_test(units_are_filled_in),
		cmocka_unit_test(processors_are_complete),
	};

	setenv("LIBPFM_ENCODE_INACTIVE", "1", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
