/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model against figures that can be worked out by hand. */
#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bench/model.h"
#include "bench/model.h"

#define K4 4096ULL
#define M2 (2ULL << 20)
#define G1 (1ULL << 30)

static const struct tlb first = { 64, 32, 4 }, second = { 1536, 1536, 16 };

static struct model_out expect(enum model_pattern p, uint64_t pages, uint64_t g,
			       uint64_t h)
{
	const struct model_in in = { p, pages * K4, K4, g, h, 0 };
	struct model_out out;

	assert_int_equal(model_expect(&first, &second, &in, &out, NULL), 0);
	return out;
}

static void references_are_the_known_ones(void **state)
{
	(void)state;
	assert_int_equal(model_references(K4, K4), 24);
	assert_int_equal(model_references(K4, M2), 19);
	assert_int_equal(model_references(M2, K4), 19);
	assert_int_equal(model_references(M2, M2), 15);
	assert_int_equal(model_references(M2, G1), 11);
	assert_int_equal(model_references(K4, 0), 4);
	assert_int_equal(model_references(M2, 0), 3);
}

static void the_smaller_page_counts(void **state)
{
	(void)state;
	assert_int_equal(expect(MODEL_RANDOM, 4096, M2, K4).page, K4);
	assert_int_equal(expect(MODEL_RANDOM, 4096, K4, M2).page, K4);
	assert_int_equal(expect(MODEL_RANDOM, 4096, M2, G1).page, M2);
	assert_int_equal(expect(MODEL_RANDOM, 4096, M2, 0).pages, 8);
}

static void random_misses_rise_smoothly(void **state)
{
	(void)state;
	assert_true(expect(MODEL_RANDOM, 1536, K4, 0).walks == 0);
	assert_true(fabs(expect(MODEL_RANDOM, 3072, K4, 0).walks - 0.5) < 1e-9);
	assert_true(fabs(expect(MODEL_RANDOM, 128, K4, 0).first_misses - 0.5) < 1e-9);
	assert_true(fabs(expect(MODEL_RANDOM, 3072, K4, K4).walk_references - 12) < 1e-9);
}

static void a_cycle_steps(void **state)
{
	(void)state;
	assert_true(expect(MODEL_CYCLE, 64, K4, 0).first_misses == 0);
	assert_true(expect(MODEL_CYCLE, 65, K4, 0).first_misses == 1);
	assert_true(expect(MODEL_CYCLE, 1536, K4, 0).walks == 0);
	assert_true(expect(MODEL_CYCLE, 1537, K4, 0).walks == 1);
}

static void lines_of_one_page_are_random(void **state)
{
	(void)state;
	/* 64 pages of 2M under 2M: 32 of them have an entry at the first level. */
	assert_true(fabs(expect(MODEL_CYCLE, 64 * 512, M2, M2).first_misses - 0.5) < 1e-9);
}

static void pages_in_bursts_miss_once(void **state)
{
	const struct model_in in = { MODEL_CYCLE, 4096 * K4, K4, K4, 0, 64 };
	struct model_out out;

	(void)state;
	assert_int_equal(model_expect(&first, &second, &in, &out, NULL), 0);
	assert_true(fabs(out.walks - 1 / 64.0) < 1e-12);
}

static void sequential_misses_once_a_page(void **state)
{
	const struct model_in in = { MODEL_SEQUENTIAL, 1ULL << 30, 64, K4, 0, 0 };
	struct model_out out;

	(void)state;
	assert_int_equal(model_expect(&first, &second, &in, &out, NULL), 0);
	assert_true(fabs(out.walks - 1 / 64.0) < 1e-12);
}

static void arms_compare(void **state)
{
	struct model_out base = expect(MODEL_RANDOM, 1 << 18, M2, K4);
	struct model_out arm = expect(MODEL_RANDOM, 1 << 18, M2, M2);
	struct model_out small = expect(MODEL_RANDOM, 16, M2, M2);
	struct model_change change;

	(void)state;
	model_compare(&base, &arm, &change);
	assert_true(change.walks == 0 && change.references == 0);
	model_compare(&small, &arm, &change);
	assert_true(isnan(change.walks));
}

static void refuses_odd_pages(void **state)
{
	const struct model_in bad[] = {
		{ MODEL_RANDOM, 1 << 20, K4, 8192, 0, 0 },
		{ MODEL_RANDOM, 1 << 20, K4, K4, 64, 0 },
		{ MODEL_RANDOM, 0, K4, K4, 0, 0 },
		{ MODEL_RANDOM, 1 << 20, 0, K4, 0, 0 },
	};
	struct model_out out;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		assert_int_not_equal(model_expect(&first, &second, &bad[i], &out, &err), 0);
		assert_int_equal(err.exit, EXIT_CONFIG);
	}
}

static void workloads_have_patterns(void **state)
{
	json_t *params = json_pack("{s:s}", "pages", "64..4096");
	struct model_in in;

	(void)state;
	assert_int_equal(model_of_workload("tlb-miss", "thp", params, K4, &in), 0);
	assert_int_equal(in.span, 4096 * K4);
	assert_int_equal(in.guest_page, M2);
	assert_int_not_equal(model_of_workload("null", "thp", params, K4, &in), 0);
	assert_int_not_equal(model_of_workload("tlb-miss", "nowhere", params, K4, &in), 0);
	json_decref(params);
}

/* --- measured beside expected --- */

static struct cpu made_up = {
	.name = "made-up", .pmu = "",
	.f = { .title = "made up", .tlb = { { 64, 32, 4 }, { 1536, 1536, 16 } } },
};

static json_t *tlb_result(double knee, double half, double walks)
{
	return json_pack("{s:s, s:s, s:{s:s}, s:{s:{s:i}, s:{s:{s:f}, s:{s:f}}}, "
			 "s:[{s:s, s:{s:i}, s:[{s:s, s:f, s:f}]}]}",
			 "workload", "tlb-miss", "source", "thp", "params", "pages", "64..8192",
			 "derived", "effective_page", "bytes", 4096, "knees",
			 "first_level", "pages", knee, "second_level", "half_rise_pages", half,
			 "metrics", "metric", "ns_per_access", "point", "pages", 8192,
			 "counters", "name", "dtlb_load_walks", "value", walks * 1000,
			 "things", 1000.0);
}

static unsigned holding(double knee, double half, double walks)
{
	json_t *result = tlb_result(knee, half, walks), *c;
	json_t *model = model_check(&made_up, result);
	unsigned n = 0;
	size_t i;

	assert_non_null(model);
	assert_int_equal(json_array_size(json_object_get(model, "checks")), 3);
	json_array_foreach(json_object_get(model, "checks"), i, c)
		n += json_is_true(json_object_get(c, "holds"));
	json_decref(model);
	json_decref(result);
	return n;
}

static void checks_have_their_bounds(void **state)
{
	(void)state;
	assert_int_equal(holding(64, 1536, 1), 3);
	assert_int_equal(holding(70.3, 1536 * 1.24, 0.91), 3);
	assert_int_equal(holding(57, 1536, 1), 2);
	assert_int_equal(holding(64, 1536 * 1.3, 1), 2);
	assert_int_equal(holding(64, 1536, 0.5), 2);
}

/* The ratio of the one check that there is; NAN without one. */
static double walk_ratio(const char *counters, const char *point)
{
	json_t *result = json_pack("{s:s, s:s, s:{s:s}, s:{}, s:[{s:s, s:o, s:o}]}",
				   "workload", "tlb-miss", "source", "anon-4k", "params",
				   "pages", "64..8192", "derived", "metrics",
				   "metric", "ns_per_access", "point", json_loads(point, 0, NULL),
				   "counters", json_loads(counters, 0, NULL));
	json_t *model = model_check(&made_up, result), *checks;
	double ratio = NAN;

	assert_non_null(model);
	checks = json_object_get(model, "checks");
	if (json_array_size(checks))
		ratio = json_number_value(json_object_get(json_array_get(checks, 0), "ratio"));
	json_decref(model);
	json_decref(result);
	return ratio;
}

#define PART(name, n) "{\"name\":\"" name "\",\"value\":" n ",\"things\":100}"

static void walks_by_size_are_summed(void **state)
{
	static const char all[] = "[" PART("dtlb_walks_4k", "60") "," PART("dtlb_walks_2m", "30")
		"," PART("stlb_hits_4k", "7") "," PART("dtlb_walks_coalesced", "5") "]";
	static const char lacking[] = "[" PART("dtlb_walks_4k", "60")
		",{\"name\":\"dtlb_walks_2m\",\"unavailable\":\"few batches\"}]";

	(void)state;
	assert_true(fabs(walk_ratio(all, "{\"pages\":8192}") - 0.95) < 1e-9);
	/* A sum without one of its parts is none. */
	assert_true(isnan(walk_ratio(lacking, "{\"pages\":8192}")));
	/* Below twice the second level's entries, and of another ladder: no judgement. */
	assert_true(isnan(walk_ratio(all, "{\"pages\":3071}")));
	assert_true(isnan(walk_ratio(all, "{\"pages\":8192,\"stride\":2097152}")));
}

static void no_model_no_check(void **state)
{
	json_t *result = json_pack("{s:s, s:s}", "workload", "null", "source", "thp");

	(void)state;
	assert_null(model_check(&made_up, result));
	json_decref(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_are_the_known_ones),
		cmocka_unit_test(the_smaller_page_counts),
		cmocka_unit_test(random_misses_rise_smoothly),
		cmocka_unit_test(a_cycle_steps),
		cmocka_unit_test(lines_of_one_page_are_random),
		cmocka_unit_test(pages_in_bursts_miss_once),
		cmocka_unit_test(sequential_misses_once_a_page),
		cmocka_unit_test(arms_compare),
		cmocka_unit_test(refuses_odd_pages),
		cmocka_unit_test(workloads_have_patterns),
		cmocka_unit_test(checks_have_their_bounds),
		cmocka_unit_test(walks_by_size_are_summed),
		cmocka_unit_test(no_model_no_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
