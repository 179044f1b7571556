/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/chase.h"

#define NODES 1000
#define SPACING 4096

static struct chase_field new_field(bool coloured)
{
	struct chase_field f = { .spacing = SPACING, .nodes = NODES, .coloured = coloured };

	f.base = aligned_alloc(SPACING, NODES * SPACING);
	assert_non_null(f.base);
	memset(f.base, 0, NODES * SPACING);
	return f;
}

static char **link_of(const struct chase_field *f, size_t i)
{
	return (char **)chase_node(f, i);
}

static void assert_right(const struct chase_field *f)
{
	char why[128] = "";

	if (chase_check(f, why, sizeof(why)))
		fail_msg("%s", why);
	assert_ptr_equal(chase_walk(chase_node(f, 0), f->nodes), chase_node(f, 0));
}

static void assert_broken(const struct chase_field *f, const char *text)
{
	char why[128] = "";

	assert_int_equal(chase_check(f, why, sizeof(why)), -1);
	if (!strstr(why, text))
		fail_msg("'%s' does not say '%s'", why, text);
}

static void every_order_is_one_cycle(void **state)
{
	static const size_t nodes[] = { 1, 2, 3, 7, 64, 65, NODES };
	struct chase_field f = new_field(true);
	struct rng rng;

	(void)state;
	rng_init(&rng, 1);
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		f.nodes = nodes[i];
		chase_link_random(&f, &rng);
		assert_right(&f);
		for (size_t group = 1; group < 70; group += 9) {
			chase_link_groups(&f, group, &rng);
			assert_right(&f);
			chase_link_strided(&f, group);
			assert_right(&f);
		}
	}
	free(f.base);
}

static void places_are_followed(void **state)
{
	struct chase_field f = new_field(false);
	uint32_t place[10] = { 5, 900, 3, 77, 78, 500, 0, 999, 6, 4 };
	struct rng rng;

	(void)state;
	rng_init(&rng, 7);
	f.nodes = 10;
	f.place = place;
	chase_link_random(&f, &rng);
	assert_right(&f);
	assert_ptr_equal(chase_node(&f, 1), f.base + 900 * SPACING);
	free(f.base);
}

static void same_seed_same_pattern(void **state)
{
	struct chase_field f = new_field(true);
	char *first = malloc(NODES * SPACING);
	struct rng rng;

	(void)state;
	rng_init(&rng, 42);
	chase_link_random(&f, &rng);
	memcpy(first, f.base, NODES * SPACING);
	rng_init(&rng, 42);
	chase_link_random(&f, &rng);
	assert_memory_equal(first, f.base, NODES * SPACING);
	rng_init(&rng, 43);
	chase_link_random(&f, &rng);
	assert_memory_not_equal(first, f.base, NODES * SPACING);
	free(first);
	free(f.base);
}

/* The orders are what they say: not only closed, but the right neighbours. */
static void orders_are_kept(void **state)
{
	struct chase_field f = new_field(false);
	struct rng rng;
	size_t i;

	(void)state;
	chase_link_strided(&f, 1);
	for (i = 0; i + 1 < NODES; i++)
		assert_ptr_equal(*link_of(&f, i), chase_node(&f, i + 1));
	chase_link_strided(&f, 8);
	assert_ptr_equal(*link_of(&f, 0), chase_node(&f, 8));
	assert_ptr_equal(*link_of(&f, 992), chase_node(&f, 1));
	assert_ptr_equal(*link_of(&f, 999), chase_node(&f, 0));
	rng_init(&rng, 3);
	chase_link_groups(&f, 64, &rng);
	for (i = 0; i + 1 < NODES; i++)
		if (i % 64 != 63)
			assert_ptr_equal(*link_of(&f, i), chase_node(&f, i + 1));
	free(f.base);
}

/* Sattolo gives each of the (n-1)! cycles alike: 6 cycles of 4 nodes. */
static void cycles_are_uniform(void **state)
{
	struct chase_field f = new_field(false);
	unsigned seen[256] = { 0 }, kinds = 0;
	struct rng rng;

	(void)state;
	f.nodes = 4;
	rng_init(&rng, 9);
	for (int k = 0; k < 6000; k++) {
		unsigned code = 0;

		chase_link_random(&f, &rng);
		for (size_t i = 0; i < 4; i++)
			code = code * 4 + (*link_of(&f, i) - f.base) / SPACING;
		seen[code]++;
	}
	for (unsigned c = 0; c < 256; c++) {
		if (!seen[c])
			continue;
		kinds++;
		assert_in_range(seen[c], 850, 1150);
	}
	assert_int_equal(kinds, 6);
	free(f.base);
}

static void colours_fill_the_sets(void **state)
{
	struct chase_field f = { .spacing = SPACING, .nodes = 4096, .coloured = true };
	unsigned first[64] = { 0 }, second[1024] = { 0 };

	(void)state;
	for (size_t i = 0; i < 4096; i++) {
		uintptr_t line = (uintptr_t)chase_node(&f, i) / CHASE_LINE;

		first[line % 64]++;
		second[line % 1024]++;
	}
	for (int i = 0; i < 64; i++)
		assert_int_equal(first[i], 64);
	for (int i = 0; i < 1024; i++)
		assert_int_equal(second[i], 4);
}

static void a_broken_cycle_is_caught(void **state)
{
	struct chase_field f = new_field(true);
	struct rng rng;
	char *t;

	(void)state;
	rng_init(&rng, 5);
	/* cut in two: swapping two links always splits a cycle */
	chase_link_random(&f, &rng);
	t = *link_of(&f, 10);
	*link_of(&f, 10) = *link_of(&f, 500);
	*link_of(&f, 500) = t;
	assert_broken(&f, "the cycle is broken");
	/* a loop that never comes back to node 0 */
	chase_link_strided(&f, 1);
	*link_of(&f, 700) = chase_node(&f, 300);
	assert_broken(&f, "is not closed after 1000");
	/* one node left out */
	chase_link_strided(&f, 1);
	*link_of(&f, 700) = chase_node(&f, 702);
	assert_broken(&f, "closes after 999");
	/* another word of the same page in its stead */
	chase_link_strided(&f, 1);
	*(char **)(chase_node(&f, 701) + 8) = *link_of(&f, 701);
	*link_of(&f, 700) = chase_node(&f, 701) + 8;
	assert_broken(&f, "that are not the nodes");
	/* out of the field */
	chase_link_strided(&f, 1);
	*link_of(&f, 700) = NULL;
	assert_broken(&f, "leaves its field");
	*link_of(&f, 700) = f.base + NODES * SPACING;
	assert_broken(&f, "leaves its field");
	free(f.base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_is_one_cycle),
		cmocka_unit_test(places_are_followed),
		cmocka_unit_test(same_seed_same_pattern),
		cmocka_unit_test(orders_are_kept),
		cmocka_unit_test(cycles_are_uniform),
		cmocka_unit_test(colours_fill_the_sets),
		cmocka_unit_test(a_broken_cycle_is_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
