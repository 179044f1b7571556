/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The histogram keeps the error bound that its header states. */
#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/histogram.h"
#include "rng.h"

static struct histogram h;

static void indexes_rise(void **state)
{
	unsigned last = 0;

	(void)state;
	for (uint64_t ns = 0; ns < 1ULL << 36; ns += 1 + ns / 100) {
		unsigned i = histogram_index(ns);

		assert_true(i >= last && i < HISTOGRAM_BUCKETS);
		last = i;
	}
	assert_int_equal(histogram_index((1ULL << 40) - 1), HISTOGRAM_BUCKETS - 1);
	assert_true(histogram_index(1ULL << 40) >= HISTOGRAM_BUCKETS);
}

static void error_is_bounded(void **state)
{
	struct rng r;

	(void)state;
	rng_init(&r, 1);
	for (int i = 0; i < 20000; i++) {
		uint64_t ns = rng_next(&r) >> (24 + rng_below(&r, 39));
		double back;

		memset(&h, 0, sizeof(h));
		histogram_add(&h, ns);
		h.max = UINT64_MAX;
		back = histogram_quantile(&h, 0.5);
		assert_true(ns < 64 ? back == ns : fabs(back - ns) <= ns * HISTOGRAM_ERROR);
	}
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void quantiles_match_sorting(void **state)
{
	static const double q[] = { 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1 };
	enum { N = 10000 };
	static uint64_t v[N];
	struct rng r;

	(void)state;
	memset(&h, 0, sizeof(h));
	rng_init(&r, 2);
	for (int i = 0; i < N; i++) {
		v[i] = rng_below(&r, 1ULL << (10 + rng_below(&r, 20)));
		histogram_add(&h, v[i]);
	}
	qsort(v, N, sizeof(v[0]), by_value);
	for (size_t i = 0; i < sizeof(q) / sizeof(q[0]); i++) {
		uint64_t want = v[(int)ceil(q[i] * N) - 1];

		assert_true(fabs(histogram_quantile(&h, q[i]) - want) <=
			    want * HISTOGRAM_ERROR + 0.5);
	}
	assert_int_equal(h.count, N);
}

static void keeps_what_is_too_large(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	histogram_add(&h, 1ULL << 50);
	assert_int_equal(h.over, 1);
	assert_true(histogram_quantile(&h, 0.5) == (double)(1ULL << 50));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(indexes_rise),
		cmocka_unit_test(error_is_bounded),
		cmocka_unit_test(quantiles_match_sorting),
		cmocka_unit_test(keeps_what_is_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
