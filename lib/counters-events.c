/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events that need no processor's table. */
#include <linux/perf_event.h>

#include "counters.h"

const struct counter_event counters_software[] = {
	{ "minor_faults", "perf::MINOR-FAULTS", false, PERF_COUNT_SW_PAGE_FAULTS_MIN },
	{ "major_faults", "perf::MAJOR-FAULTS", false, PERF_COUNT_SW_PAGE_FAULTS_MAJ },
	{ "context_switches", "perf::CONTEXT-SWITCHES", false, PERF_COUNT_SW_CONTEXT_SWITCHES },
	{ "cpu_migrations", "perf::CPU-MIGRATIONS", false, PERF_COUNT_SW_CPU_MIGRATIONS },
};
const size_t counters_software_n = sizeof(counters_software) / sizeof(counters_software[0]);

const struct counter_event counters_generic[] = {
	{ "cycles", "perf::CYCLES", true, 0 },
	{ "instructions", "perf::INSTRUCTIONS", true, 0 },
	{ "dtlb_load_misses", "perf::DTLB-LOAD-MISSES", true, 0 },
	{ "dtlb_store_misses", "perf::DTLB-STORE-MISSES", true, 0 },
};
const size_t counters_generic_n = sizeof(counters_generic) / sizeof(counters_generic[0]);
