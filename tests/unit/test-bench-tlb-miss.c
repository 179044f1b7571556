/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ladders of known shape, and whole runs at sizes that any machine has. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/bench.h"
#include "bench/tlb-miss.h"
#include "rng.h"

static void points_are_dense_near_knees(void **state)
{
	uint64_t p[LADDER_MOST], again[LADDER_MOST];
	size_t n = ladder_points(16, 65536, 12, p);

	(void)state;
	assert_in_range(n, 40, 70);
	assert_int_equal(p[0], 16);
	assert_int_equal(p[n - 1], 65536);
	for (size_t i = 1; i < n; i++) {
		double ratio = (double)p[i] / p[i - 1];

		assert_true(p[i] > p[i - 1]);
		assert_true(ratio <= 1.29);
		if ((p[i - 1] >= 50 && p[i] < 144) || (p[i - 1] >= 800 && p[i] < 12288))
			assert_true(ratio <= 1.135);
	}
	assert_int_equal(ladder_points(16, 65536, 12, again), n);
	assert_memory_equal(p, again, n * sizeof(*p));
}

static void points_at_the_edges(void **state)
{
	uint64_t p[LADDER_MOST];

	(void)state;
	assert_int_equal(ladder_points(512, 512, 12, p), 1);
	assert_int_equal(p[0], 512);
	assert_int_equal(ladder_points(2, 3, 12, p), 2);
	assert_int_equal(ladder_points(2, 1 << 26, 1, p), 0);
}

struct shape {
	double k1, k2, plateau, walk, noise;
};

/* Rungs of a machine with this TLB, whose caches cost what real ones do. */
static size_t imagine(const struct shape *s, uint64_t most, struct rung *r)
{
	uint64_t p[LADDER_MOST];
	size_t n = ladder_points(16, most, 12, p);
	struct rng rng;

	rng_init(&rng, 11);
	for (size_t i = 0; i < n; i++) {
		double d = p[i] <= s->k1 ? 0 : s->plateau;
		double wobble = (rng_below(&rng, 2001) / 1000.0 - 1) * s->noise;

		if (s->k2 > 0 && p[i] > s->k2)
			d += s->walk * (1 - s->k2 / p[i]);
		r[i].pages = p[i];
		r[i].control = p[i] < 768 ? 1 : p[i] < 16384 ? 3.5 : 12;
		r[i].access = (r[i].control + d) * (1 + wobble);
	}
	return n;
}

static void knees_of_known_processors_are_found(void **state)
{
	static const struct shape shapes[] = {
		{ 64, 1024, 2, 20, .02 }, { 64, 1536, 2, 25, .02 }, { 64, 2048, 2, 25, .02 },
		{ 72, 3072, 1.8, 30, .02 }, { 96, 2048, 2.7, 35, .02 }, { 96, 4096, 1.8, 22, .02 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct rung r[LADDER_MOST];
		struct ladder_fit fit;

		ladder_fit(r, imagine(&shapes[i], 65536, r), &fit);
		assert_true(fit.first.found);
		assert_true(fabs(fit.first.pages / shapes[i].k1 - 1) < 0.10);
		assert_true(fit.second.found);
		assert_true(fabs(fit.second.pages / shapes[i].k2 - 1) < 0.10);
		assert_true(fit.second.half >= fit.second.pages);
		assert_true(fabs(fit.walk_ns / shapes[i].walk - 1) < 0.25);
		assert_true(fit.walk_rungs >= 3);
	}
}

/* Share of misses of a set-associative TLB under a cycle: a steep rise. */
static void a_steep_second_knee_is_found_within_ten_percent(void **state)
{
	struct shape flat = { 96, 0, 1.8, 0, .02 };
	struct rung r[LADDER_MOST];
	struct ladder_fit fit;
	size_t n = imagine(&flat, 32768, r);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		double over = r[i].pages / 2048 - 1;

		r[i].access += 20 * (over < 0 ? 0 : over > 0.3 ? 1 : over / 0.3);
	}
	ladder_fit(r, n, &fit);
	assert_true(fit.second.found);
	assert_true(fabs(fit.second.pages / 2048 - 1) < 0.10);
}

static void one_disturbed_rung_moves_no_knee(void **state)
{
	struct shape s = { 96, 4096, 1.8, 22, .01 };
	struct rung r[LADDER_MOST];
	struct ladder_fit fit, disturbed;
	size_t n = imagine(&s, 32768, r);

	(void)state;
	ladder_fit(r, n, &fit);
	for (size_t i = 0; i < n; i++) {
		if (r[i].pages < 2000 || r[i].pages > 2300)
			continue;
		r[i].access *= 2;
		break;
	}
	ladder_fit(r, n, &disturbed);
	assert_true(fabs(disturbed.second.pages / fit.second.pages - 1) < 0.03);
}

static void no_knee_is_invented(void **state)
{
	struct shape none = { 1e9, 0, 0, 0, .02 }, one = { 96, 0, 1.8, 0, .02 };
	struct rung r[LADDER_MOST];
	struct ladder_fit fit;

	(void)state;
	ladder_fit(r, imagine(&none, 32768, r), &fit);
	assert_false(fit.first.found);
	assert_false(fit.second.found);
	assert_true(isnan(fit.walk_ns));
	ladder_fit(r, imagine(&one, 32768, r), &fit);
	assert_true(fit.first.found);
	assert_false(fit.second.found);
	ladder_fit(r, 0, &fit);
	assert_false(fit.first.found);
	ladder_fit(r, 1, &fit);
	assert_false(fit.second.found);
}

static struct inference infer(struct shape s, uint64_t most, uint64_t page)
{
	struct rung r[LADDER_MOST];
	struct inference in = { 0 };
	struct ladder_fit fit;

	ladder_fit(r, imagine(&s, most, r), &fit);
	ladder_infer(&fit, most, page, &in);
	return in;
}

static void the_effective_page_is_inferred(void **state)
{
	struct shape small = { 96, 2048, 2.7, 30, .02 }, large = { 96, 0, 2.7, 0, .02 };
	struct shape none = { 1e9, 0, 0, 0, .02 };
	struct inference in;

	(void)state;
	in = infer(small, 16384, 2 << 20);
	assert_int_equal(in.bytes, 4096);
	assert_non_null(strstr(in.why, "a layer below maps 4K"));
	assert_int_equal(infer(small, 16384, 4096).bytes, 4096);
	in = infer(large, 16384, 2 << 20);
	assert_int_equal(in.bytes, 2 << 20);
	assert_true(in.or_larger);
	/* too short a ladder, an emulator's TLB, 4K pages without walks: no answer */
	assert_int_equal(infer(large, 4096, 2 << 20).bytes, 0);
	assert_int_equal(infer(none, 16384, 2 << 20).bytes, 0);
	assert_int_equal(infer(large, 16384, 4096).bytes, 0);
}

static void two_megabytes_are_told_from_one_gigabyte(void **state)
{
	struct shape knee = { 32, 0, 7, 0, .02 }, none = { 1e9, 0, 0, 0, .02 };
	struct rung r[LADDER_MOST];
	struct ladder_fit fit;
	struct inference in = { .bytes = 2 << 20, .or_larger = true };

	(void)state;
	ladder_fit(r, imagine(&knee, 256, r), &fit);
	ladder_infer_huge(&fit, 256, &in);
	assert_int_equal(in.bytes, 2 << 20);
	assert_false(in.or_larger);
	in.or_larger = true;
	ladder_fit(r, imagine(&none, 256, r), &fit);
	ladder_infer_huge(&fit, 256, &in);
	assert_int_equal(in.bytes, 1 << 30);
	in = (struct inference){ .bytes = 2 << 20, .or_larger = true };
	ladder_infer_huge(&fit, 100, &in);
	assert_int_equal(in.bytes, 2 << 20);
	assert_true(in.or_larger);
}

static json_t *run(const char *layout, struct err *err)
{
	json_t *params = json_pack("{s:s, s:s, s:s, s:s, s:s}", "pages", "16..512",
				   "step", "40", "accesses", "600", "layout", layout,
				   "spread", "3");
	struct bench_request rq = { .workload = "tlb-miss", .params = params, .seed = 3,
				    .samples = 5, .cpu = -1, .node = -1 };
	json_t *result = NULL;

	bench_run(&rq, NULL, &result, err);
	json_decref(params);
	return result;
}

/* How many knees were found: each is a metric, too. */
static size_t knees(const json_t *derived, const json_t *result)
{
	static const struct {
		const char *level, *pages, *metric;
	} all[] = {
		{ "first_level", "pages", "first_level_knee" },
		{ "second_level", "half_rise_pages", "second_level_half" },
	};
	const json_t *found = json_object_get(derived, "knees"), *metric;
	size_t n = 0, k;

	for (int i = 0; i < 2; i++) {
		const json_t *pages = json_object_get(json_object_get(found, all[i].level),
						      all[i].pages);

		if (!pages)
			continue;
		n++;
		json_array_foreach(json_object_get(result, "metrics"), k, metric)
			if (!strcmp(json_string_value(json_object_get(metric, "metric")),
				    all[i].metric))
				assert_true(json_equal(pages, json_array_get(
					json_object_get(metric, "values"), 0)));
	}
	return n;
}

static void a_whole_run_reports_every_rung(void **state)
{
	static const char *const layouts[] = { "sequential", "random" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct err err = ERR_INIT;
		json_t *result = run(layouts[i], &err), *derived, *metric;
		size_t k, rungs;

		if (!result)
			fail_msg("%s", err.text);
		derived = json_object_get(result, "derived");
		rungs = json_array_size(json_object_get(derived, "ladder"));
		assert_in_range(rungs, 5, 12);
		assert_non_null(json_object_get(derived, "knees"));
		assert_non_null(json_object_get(json_object_get(derived, "walk"), "unavailable"));
		json_array_foreach(json_object_get(result, "metrics"), k, metric)
			if (k < 2 * rungs)
				assert_int_equal(json_array_size(json_object_get(metric, "values")), 5);
		assert_int_equal(k, 2 * rungs + knees(derived, result));
		assert_int_equal(json_array_size(json_object_get(result, "validated")), 2);
		json_decref(result);
	}
}

static void bad_parameters_are_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "pages", "0" }, { "pages", "64..16" }, { "stride", "5000" },
		{ "stride", "64" }, { "step", "0" }, { "layout", "zigzag" },
		{ "pages", "2..999999999999" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *params = json_pack("{s:s}", bad[i][0], bad[i][1]), *result = NULL;
		struct bench_request rq = { .workload = "tlb-miss", .params = params,
					    .cpu = -1, .node = -1 };
		struct err err = ERR_INIT;

		assert_true(bench_run(&rq, NULL, &result, &err) < 0);
		assert_int_equal(err.exit, EXIT_CONFIG);
		json_decref(params);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_are_dense_near_knees),
		cmocka_unit_test(points_at_the_edges),
		cmocka_unit_test(knees_of_known_processors_are_found),
		cmocka_unit_test(a_steep_second_knee_is_found_within_ten_percent),
		cmocka_unit_test(one_disturbed_rung_moves_no_knee),
		cmocka_unit_test(no_knee_is_invented),
		cmocka_unit_test(the_effective_page_is_inferred),
		cmocka_unit_test(two_megabytes_are_told_from_one_gigabyte),
		cmocka_unit_test(a_whole_run_reports_every_rung),
		cmocka_unit_test(bad_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
