/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a provider of counts implements; for lib/counters*.c only. A group is
 * opened stopped. `open` must have added, started and stopped every event
 * before it returns 0, since nothing less proves that they count.
 */
#ifndef KDUEL_COUNTERS_PROVIDER_H
#define KDUEL_COUNTERS_PROVIDER_H

#include "counters.h"

#define WHY_MAX 256

struct group_request {
	const struct counter_event *events[COUNTERS_MOST];
	size_t n;
	pid_t tid;
	bool guest_only, multiplex, inherit;
};

struct provider {
	const char *name;
	/*
	 * Two of its groups cannot count at once (PAPI: one running event set
	 * per thread): software events ride in each group of hardware ones.
	 */
	bool one_at_a_time;
	/* Slow to start: only where there is a PMU, or if it was named. */
	bool for_hardware;
	/* Once per process: 0 if it can do anything here, else -1 and why not. */
	int (*init)(char why[static WHY_MAX]);
	void *(*open)(const struct group_request *rq, char why[static WHY_MAX]);
	void (*start)(void *group);
	/*
	 * Fills values[0..n-1]. Returns 0, or 1 if they are extrapolated, or
	 * below 0 if they did not count at all (others held the counters).
	 */
	int (*stop)(void *group, uint64_t *values);
	void (*close)(void *group);
};

/*
 * Does the kernel have no processor counters at all (as in a virtual machine
 * without them)? Cheap, and asked of the kernel once. Fills `why` if so.
 */
bool counters_pmu_missing(char why[static WHY_MAX]);

extern const struct provider provider_papi, provider_perf, provider_getrusage;

/* In the order of trying; ends with NULL. */
#define PROVIDERS_MOST 4
extern const struct provider *const counters_providers[];

#endif
