/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/bench.h"
#include "bench/chase.h"

#define NODES 1000
#define SPACING 64

static struct chains chains;
static char *memory;

static void link_chains(unsigned n)
{
	struct chase_field whole = { .base = memory, .spacing = SPACING, .nodes = NODES };
	struct rng rng;

	rng_init(&rng, n);
	chains_cut(&chains, &whole, n);
	for (unsigned i = 0; i < n; i++)
		chase_link_random(&chains.field[i], &rng);
	chains_start(&chains);
}

static uint64_t *word(unsigned chain, size_t node)
{
	return (uint64_t *)chase_node(&chains.field[chain], node) + 1;
}

static int setup(void **state)
{
	(void)state;
	memory = aligned_alloc(SPACING, NODES * SPACING);
	return memory ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static void assert_right(enum walk_op op)
{
	char why[160] = "";

	if (chains_check(&chains, op, why, sizeof(why)))
		fail_msg("op %d, %u chains: %s", op, chains.n, why);
}

static void assert_wrong(enum walk_op op, const char *text)
{
	char why[160] = "";

	assert_int_equal(chains_check(&chains, op, why, sizeof(why)), -1);
	if (!strstr(why, text))
		fail_msg("'%s' does not say '%s'", why, text);
}

static void every_walk_does_its_work(void **state)
{
	(void)state;
	for (int op = 0; op < WALK_OPS; op++)
		for (unsigned n = 1; n <= CHAINS_MOST; n++) {
			walk_fn walk = walk_find(op, n);

			link_chains(n);
			chains_walk(&chains, walk, 17);
			assert_right(op);
			chains_walk(&chains, walk, 2345);
			assert_right(op);
			chains_walk(&chains, walk, 0);
			assert_int_equal(chains.steps, 17 + 2345);
			assert_right(op);
		}
}

static void chains_share_no_node(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= CHAINS_MOST; n++) {
		link_chains(n);
		for (unsigned i = 0; i < n; i++) {
			assert_int_equal(chains.field[i].nodes, NODES / n);
			if (i)
				assert_ptr_equal(chains.field[i].base, chains.field[i - 1].base +
						 NODES / n * SPACING);
		}
		assert_true(chains.field[n - 1].base + NODES / n * SPACING <=
			    memory + NODES * SPACING);
	}
}

static void a_lost_update_is_caught(void **state)
{
	(void)state;
	link_chains(3);
	chains_walk(&chains, walk_find(WALK_RMW, 3), 5000);
	(*word(1, 77))--;
	assert_wrong(WALK_RMW, "chain 1: the counts add up to 4999 after 5000");
	/* made up for elsewhere, in a node that was not to be visited: too few steps */
	link_chains(3);
	chains_walk(&chains, walk_find(WALK_RMW, 3), 10);
	for (size_t i = 0; i < NODES / 3; i++)
		if (!*word(2, i)) {
			(*word(2, i))++;
			break;
		}
	assert_wrong(WALK_RMW, "chain 2");
}

static void a_skipped_write_is_caught(void **state)
{
	(void)state;
	link_chains(2);
	chains_walk(&chains, walk_find(WALK_WRITE, 2), 5000);
	*word(0, 3) = 0;
	assert_wrong(WALK_WRITE, "chain 0: 499 nodes were written, not 500");
	link_chains(2);
	chains_walk(&chains, walk_find(WALK_WRITE, 2), 5000);
	*word(1, 3) = *word(1, 4);
	assert_wrong(WALK_WRITE, "do not name the one before");
	*word(1, 3) = 12345;
	assert_wrong(WALK_WRITE, "do not name the one before");
}

static void a_read_that_writes_is_caught(void **state)
{
	(void)state;
	link_chains(1);
	chains_walk(&chains, walk_find(WALK_RMW, 1), 1);
	assert_wrong(WALK_READ, "only reads");
}

static void a_walk_that_was_not_made_is_caught(void **state)
{
	(void)state;
	link_chains(4);
	chains_walk(&chains, walk_find(WALK_READ, 4), 100);
	chains.steps++;
	assert_wrong(WALK_READ, "does not stand where 101 steps lead");
	/* one chain forgotten */
	link_chains(4);
	chains_walk(&chains, walk_find(WALK_READ, 3), 100);
	assert_wrong(WALK_READ, "chain 3 does not stand");
}

static json_t *run(json_t *params, struct err *err)
{
	struct bench_request rq = { .workload = "mem-walk", .params = params, .seed = 1,
				    .samples = 3, .cpu = -1, .node = -1 };
	json_t *result = NULL;

	bench_run(&rq, NULL, &result, err);
	json_decref(params);
	return result;
}

static void whole_runs_of_every_order_and_operation(void **state)
{
	static const char *const patterns[] = {
		"sequential", "strided", "random-line", "random-page",
	};
	static const char *const ops[] = { "read", "write", "rmw" };

	(void)state;
	for (int p = 0; p < 4; p++)
		for (int o = 0; o < 3; o++) {
			struct err err = ERR_INIT;
			json_t *r = run(json_pack("{s:s, s:s, s:s, s:i, s:i}", "size", "16K..64K",
						  "pattern", patterns[p], "op", ops[o],
						  "chains", 1 + 5 * o, "accesses", 3000), &err);

			if (!r)
				fail_msg("%s %s: %s", patterns[p], ops[o], err.text);
			assert_int_equal(json_array_size(json_object_get(r, "metrics")), 3);
			assert_int_equal(json_array_size(json_object_get(r, "validated")), 2);
			json_decref(r);
		}
}

static void bad_parameters_are_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "size", "0" }, { "size", "1M..64K" }, { "spacing", "24" }, { "spacing", "8" },
		{ "stride", "100" }, { "page", "4100" }, { "chains", "0" }, { "chains", "17" },
		{ "op", "erase" }, { "pattern", "spiral" }, { "step", "0" }, { "size", "64" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		assert_null(run(json_pack("{s:s}", bad[i][0], bad[i][1]), &err));
		assert_int_equal(err.exit, EXIT_CONFIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_walk_does_its_work),
		cmocka_unit_test(chains_share_no_node),
		cmocka_unit_test(a_lost_update_is_caught),
		cmocka_unit_test(a_skipped_write_is_caught),
		cmocka_unit_test(a_read_that_writes_is_caught),
		cmocka_unit_test(a_walk_that_was_not_made_is_caught),
		cmocka_unit_test(whole_runs_of_every_order_and_operation),
		cmocka_unit_test(bad_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
