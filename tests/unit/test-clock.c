/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock keeps time; the topology knows where we run. */
#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "clock.h"
#include "env.h"

static void clock_agrees_with_the_kernel(void **state)
{
	double best = 1;

	(void)state;
	clock_init();
	/* A busy machine may come between two readings: the best of a few. */
	for (int i = 0; i < 20 && best > 0.001; i++) {
		uint64_t k0 = clock_raw_ns(), t0 = clock_ticks(), t1, k1;

		usleep(10000);
		t1 = clock_ticks();
		k1 = clock_raw_ns();
		best = fmin(best, fabs(clock_ns(t1 - t0) / (k1 - k0) - 1));
	}
	assert_true(best < 0.001);
}

static void clock_never_goes_back(void **state)
{
	uint64_t last = clock_ticks();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t now = clock_ticks();

		assert_true(now >= last);
		last = now;
	}
}

static void clock_knows_its_cost(void **state)
{
	(void)state;
	clock_init();
	assert_true(clock_facts.overhead_ns > 0 && clock_facts.overhead_ns < 100000);
	assert_true(clock_facts.resolution_ns > 0);
	assert_true(clock_facts.tsc == !*clock_facts.why);
}

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + ts.tv_nsec;
}

static void aligned_is_past_the_next_multiple(void **state)
{
	const uint64_t step = 5000000;
	uint64_t before = monotonic_ns();

	(void)state;
	clock_align(0, 0);
	assert_true(monotonic_ns() / 1000000000u - before / 1000000000u < 2);
	before = monotonic_ns();
	clock_align(step, 0);
	assert_true(monotonic_ns() / step > before / step);
	before = monotonic_ns();
	clock_align(step, 2 * step);
	assert_true(monotonic_ns() - CLOCK_SETTLE_NS >= (before / step + 3) * step);
}

static void pinned_is_where_we_are(void **state)
{
	struct topology *t;
	struct err err = ERR_INIT;
	int cpus[64], n;

	(void)state;
	assert_int_equal(topology_new(&t, &err), 0);
	n = topology_cores(t, topology_first_cpu(t), cpus, 64);
	assert_true(n >= 1);
	for (int i = 0; i < n && i < 64; i++) {
		assert_int_equal(topology_pin(t, cpus[i], &err), 0);
		assert_int_equal(topology_last_cpu(t), cpus[i]);
		for (int k = 0; k < i; k++)
			assert_int_not_equal(cpus[k], cpus[i]);
	}
	assert_true(topology_pin(t, 100000, &err) < 0);
	assert_int_equal(err.exit, EXIT_CONFIG);
	topology_free(t);
}

static void caches_grow(void **state)
{
	struct topology *t;
	uint64_t last = 0;
	char *xml;
	int cpu;

	(void)state;
	assert_int_equal(topology_new(&t, NULL), 0);
	cpu = topology_first_cpu(t);
	for (unsigned level = 1; level <= 4; level++) {
		uint64_t size = topology_cache(t, cpu, level);

		if (!size)
			continue;
		assert_true(size >= last);
		last = size;
	}
	assert_int_equal(topology_llc(t, cpu), last);
	assert_false(topology_has_node(t, 9999));
	assert_int_equal(topology_xml(t, &xml, NULL), 0);
	assert_non_null(strstr(xml, "<topology"));
	free(xml);
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock_agrees_with_the_kernel),
		cmocka_unit_test(clock_never_goes_back),
		cmocka_unit_test(clock_knows_its_cost),
		cmocka_unit_test(aligned_is_past_the_next_multiple),
		cmocka_unit_test(pinned_is_where_we_are),
		cmocka_unit_test(caches_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
