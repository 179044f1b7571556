/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/bench.h"
#include "bench/gups.h"

#define WORDS 4096UL
#define UPDATES (4 * WORDS)

static uint64_t table[WORDS];

static void jumps_are_steps(void **state)
{
	uint64_t r = 1;

	(void)state;
	for (uint64_t n = 0; n < 5000; n++) {
		assert_int_equal(gups_jump(n), r);
		r = gups_step(r);
	}
	/* far places by the law of exponents: x^(m+n) = x^m x^n, n steps on */
	r = gups_jump(1UL << 40);
	for (int n = 0; n < 1000; n++)
		r = gups_step(r);
	assert_int_equal(gups_jump((1UL << 40) + 1000), r);
	/* the period of HPCC's generator, a published figure */
	assert_int_equal(gups_jump(1317624576693539401UL), 1);
}

static void all_in_flight_do_the_same(void **state)
{
	uint64_t *first = malloc(sizeof(table));

	(void)state;
	for (unsigned flight = 1; flight <= GUPS_FLIGHT_MOST; flight *= 2) {
		struct gups g;

		gups_init(&g, table, WORDS, UPDATES, flight);
		gups_update(&g, g.steps / 2);
		gups_update(&g, g.steps - g.steps / 2);
		if (flight == 1)
			memcpy(first, table, sizeof(table));
		assert_memory_equal(table, first, sizeof(table));
		assert_int_equal(gups_replay(table, WORDS, UPDATES), 0);
	}
	free(first);
}

static void the_table_is_really_changed(void **state)
{
	struct gups g;
	size_t changed = 0;

	(void)state;
	gups_init(&g, table, WORDS, UPDATES, 16);
	gups_update(&g, g.steps);
	for (uint64_t i = 0; i < WORDS; i++)
		changed += table[i] != i;
	/* the sequence begins at 1 and is no good shuffle for its first thousands */
	assert_in_range(changed, WORDS / 2, WORDS);
}

static void a_lost_update_is_caught(void **state)
{
	struct gups g;

	(void)state;
	/* one stream does one step less: two words differ, or one twice */
	gups_init(&g, table, WORDS, UPDATES, 16);
	gups_update(&g, g.steps - 1);
	assert_in_range(gups_replay(table, WORDS, UPDATES), 1, 16);
	/* a single word overwritten with what it was */
	gups_init(&g, table, WORDS, UPDATES, 64);
	gups_update(&g, g.steps);
	table[gups_jump(77) & (WORDS - 1)] ^= gups_jump(77);
	assert_int_equal(gups_replay(table, WORDS, UPDATES), 1);
	/* done twice */
	gups_init(&g, table, WORDS, UPDATES, 64);
	gups_update(&g, g.steps);
	gups_update(&g, 1);
	assert_in_range(gups_replay(table, WORDS, UPDATES), 1, 64);
}

static json_t *run(json_t *params, bool small, struct err *err)
{
	struct bench_request rq = { .workload = "gups", .params = params, .seed = 1,
				    .samples = 5, .cpu = -1, .node = -1,
				    .allow_small = small };
	json_t *result = NULL;

	bench_run(&rq, NULL, &result, err);
	json_decref(params);
	return result;
}

static void a_whole_run_is_replayed(void **state)
{
	static const char *const flights[] = { "1", "128", "1024" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct err err = ERR_INIT;
		json_t *result = run(json_pack("{s:s, s:s}", "size", "1M", "in-flight",
					       flights[i]), true, &err);
		json_t *m;

		if (!result)
			fail_msg("%s", err.text);
		m = json_array_get(json_object_get(result, "metrics"), 0);
		assert_int_equal(json_array_size(json_object_get(m, "values")), 5);
		assert_int_equal(json_array_size(json_object_get(m, "rejected")), 1);
		assert_int_equal(json_array_size(json_object_get(result, "validated")), 2);
		json_decref(result);
	}
}

static void bad_parameters_are_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "size", "3M" }, { "size", "0" }, { "in-flight", "0" },
		{ "in-flight", "3" }, { "in-flight", "2048" }, { "updates", "0" },
	};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err = (struct err)ERR_INIT;
		assert_null(run(json_pack("{s:s}", bad[i][0], bad[i][1]), true, &err));
		assert_int_equal(err.exit, EXIT_CONFIG);
	}
	/* too few updates to cut into samples */
	err = (struct err)ERR_INIT;
	assert_null(run(json_pack("{s:s, s:s}", "size", "4K", "in-flight", "1024"), true, &err));
	assert_int_equal(err.exit, EXIT_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jumps_are_steps),
		cmocka_unit_test(all_in_flight_do_the_same),
		cmocka_unit_test(the_table_is_really_changed),
		cmocka_unit_test(a_lost_update_is_caught),
		cmocka_unit_test(a_whole_run_is_replayed),
		cmocka_unit_test(bad_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
