/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events that need no processor's table. */
#include "counters.h"

const struct counter_event counters_software[] = {
	{ "minor_faults", "perf::MINOR-FAULTS", false },
	{ "major_faults", "perf::MAJOR-FAULTS", false },
	{ "context_switches", "perf::CONTEXT-SWITCHES", false },
	{ "cpu_migrations", "perf::CPU-MIGRATIONS", false },
};
const size_t counters_software_n = sizeof(counters_software) / sizeof(counters_software[0]);

const struct counter_event counters_generic[] = {
	{ "cycles", "perf::CYCLES", true },
	{ "instructions", "perf::INSTRUCTIONS", true },
	{ "dtlb_load_misses", "perf::DTLB-LOAD-MISSES", true },
	{ "dtlb_store_misses", "perf::DTLB-STORE-MISSES", true },
};
const size_t counters_generic_n = sizeof(counters_generic) / sizeof(counters_generic[0]);
