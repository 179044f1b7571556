/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work in parts: each is done once, wherever it is done. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <cmocka.h>

#include "parallel.h"

struct part {
	atomic_uint times;
};

static void count_part(void *arg, size_t i)
{
	struct part *p = arg;

	atomic_fetch_add(&p[i].times, 1);
	if (i % 3 == 0)
		sched_yield();
}

static void each_part_is_done_once(void **state)
{
	static struct part parts[1000];

	(void)state;
	parallel_each(0, count_part, parts);
	assert_int_equal(parts[0].times, 0);
	parallel_each(1, count_part, parts);
	assert_int_equal(parts[0].times, 1);
	assert_int_equal(parts[1].times, 0);
	parallel_each(1000, count_part, parts);
	assert_int_equal(parts[0].times, 2);
	for (size_t i = 1; i < 1000; i++)
		assert_int_equal(parts[i].times, 1);
}

/* On one processor the caller does it all. */
static void add_caller(void *arg, size_t i)
{
	(void)i;
	*(unsigned *)arg += 1;
}

static void one_processor_is_enough(void **state)
{
	cpu_set_t all, one;
	unsigned done = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	parallel_each(100, add_caller, &done);
	sched_setaffinity(0, sizeof(all), &all);
	assert_int_equal(done, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_is_done_once),
		cmocka_unit_test(one_processor_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
