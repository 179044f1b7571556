/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "bench/bench.h"
#include "bench/source.h"
#include "bench/stream-kernels.h"

#define N 4096

static struct stream_arrays new_arrays(void)
{
	struct stream_arrays s = { .n = N };

	s.a = aligned_alloc(64, N * sizeof(double));
	s.b = aligned_alloc(64, N * sizeof(double));
	s.c = aligned_alloc(64, N * sizeof(double));
	assert_true(s.a && s.b && s.c);
	stream_fill(&s, 0, N);
	return s;
}

static void free_arrays(struct stream_arrays *s)
{
	free(s->a);
	free(s->b);
	free(s->c);
}

static void passes(const struct stream_arrays *s, const stream_fn fn[STREAM_OPS],
		   unsigned n)
{
	while (n--)
		for (int op = 0; op < STREAM_OPS; op++) {
			struct stream_call c = stream_call(s, op);

			fn[op](c.to, c.x, c.y, STREAM_SCALAR, s->n);
		}
}

static void every_kernel_here_is_right(void **state)
{
	char why[200] = "";

	(void)state;
	for (const struct stream_kernels *k = stream_kernels; k->isa; k++) {
		const stream_fn *both[] = { k->plain, k->nontemporal };

		if (!k->supported())
			continue;
		for (int i = 0; i < 2; i++) {
			struct stream_arrays s;

			if (!both[i][0])
				continue;
			if (stream_prove(both[i], why, sizeof(why)))
				fail_msg("%s: %s", k->isa, why);
			s = new_arrays();
			passes(&s, both[i], 11);
			if (stream_check(&s, 11, why, sizeof(why)))
				fail_msg("%s: %s", k->isa, why);
			free_arrays(&s);
		}
	}
}

static void bytes_are_counted_by_the_rules(void **state)
{
	static const unsigned bytes[] = { 16, 16, 24, 24 };
	struct stream_arrays s = new_arrays();

	(void)state;
	for (int op = 0; op < STREAM_OPS; op++)
		assert_int_equal(stream_call(&s, op).bytes, bytes[op]);
	free_arrays(&s);
}

static void kernels_are_found_by_name(void **state)
{
	(void)state;
	assert_non_null(stream_kernels_find("auto"));
	assert_string_equal(stream_kernels_find("base")->isa, "base");
	assert_null(stream_kernels_find("mmx"));
}

/* Kernels with a fault, each caught before it is timed. */
static void scale_forgets(double *to, const double *x, const double *y, double s, size_t n)
{
	stream_kernels_find("base")->plain[STREAM_SCALE](to, x, y, s, n);
	to[17] = x[17];
}

static void triad_adds(double *to, const double *x, const double *y, double s, size_t n)
{
	(void)s;
	stream_kernels_find("base")->plain[STREAM_ADD](to, x, y, s, n);
}

static void copy_overruns(double *to, const double *x, const double *y, double s, size_t n)
{
	(void)y;
	(void)s;
	memcpy(to, x, (n + 1) * sizeof(*to));
}

static void add_stops_early(double *to, const double *x, const double *y, double s, size_t n)
{
	stream_kernels_find("base")->plain[STREAM_ADD](to, x, y, s, n - STREAM_GRAIN);
}

/* Of codes with planted rates: what a rate_of() of a machine would give. */
static double planted[4];
static unsigned asked[4];

static double planted_rate(void *arg, stream_fn fn)
{
	size_t i = (uintptr_t)fn - 1;

	asked[i]++;
	/* Disturbed at first: the best of the rounds counts. */
	return planted[i] * (asked[i] == *(unsigned *)arg ? 0.9 : 1);
}

static size_t choose(double a, double b, double c, double d)
{
	struct stream_code code[4] = { { "a", (stream_fn)1 }, { "b", (stream_fn)2 },
				       { "c", (stream_fn)3 }, { "d", (stream_fn)4 } };
	double rate[4];
	unsigned disturbed = 1;
	size_t taken;

	planted[0] = a;
	planted[1] = b;
	planted[2] = c;
	planted[3] = d;
	memset(asked, 0, sizeof(asked));
	taken = stream_fastest(code, 4, planted_rate, &disturbed, rate);
	for (int i = 0; i < 4; i++)
		assert_true(rate[i] == planted[i]);
	return taken;
}

static void the_fastest_is_chosen(void **state)
{
	(void)state;
	assert_int_equal(choose(22.5, 13.9, 14, 14), 0);	/* a slow rep movsb is left alone */
	assert_int_equal(asked[1], 2);
	assert_int_equal(choose(10, 14, 12, 11), 1);
	assert_int_equal(choose(10, 10.4, 10.3, 9.9), 0);	/* no clear winner: the first */
	assert_int_equal(choose(10, 9, 9.5, 10.6), 3);
}

/* A copy that does its work five times over, among those that do it once. */
static void copy_slowly(double *to, const double *x, const double *y, double s, size_t n)
{
	for (int i = 0; i < 5; i++) {
		stream_kernels_find("base")->plain[STREAM_COPY](to, x, y, s, n);
		__asm__ volatile("" : : : "memory");
	}
}

static double measured_rate(void *arg, stream_fn fn)
{
	struct stream_arrays *s = arg;
	struct timespec t0, t1;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	fn(s->c, s->a, s->b, STREAM_SCALAR, s->n);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	return 16.0 * s->n / ((t1.tv_sec - t0.tv_sec) * 1e9 + t1.tv_nsec - t0.tv_nsec);
}

static void a_slow_copy_is_not_chosen(void **state)
{
	struct stream_code code[STREAM_CODES_MOST + 2] = { { "slow", copy_slowly } };
	size_t n = 1 + stream_codes("auto", false, STREAM_COPY, "auto", code + 1);
	double rate[STREAM_CODES_MOST + 2];
	struct stream_arrays s = new_arrays();

	(void)state;
	assert_true(n >= 3);
	assert_string_equal(code[1].name, "memcpy");
	code[n++] = code[0];
	/* Other work on this machine can disturb it, but hardly each of these times. */
	for (int i = 0; i < 20; i++) {
		size_t taken = stream_fastest(code, n, measured_rate, &s, rate);

		if (taken > 0 && taken < n - 1)
			break;
		assert_int_not_equal(i, 19);
	}
	free_arrays(&s);
}

static void copies_go_by_their_kind(void **state)
{
	struct stream_code code[STREAM_CODES_MOST];

	(void)state;
	assert_int_equal(stream_codes("base", false, STREAM_COPY, "memcpy", code), 1);
	assert_string_equal(code[0].name, "memcpy");
	assert_int_equal(stream_codes("base", false, STREAM_COPY, "loop", code), 1);
	assert_string_equal(code[0].name, "base");
	assert_int_equal(stream_codes("base", false, STREAM_TRIAD, "memcpy", code), 1);
	assert_int_equal(stream_codes("mmx", false, STREAM_TRIAD, "auto", code), 0);
}

static void a_faulty_kernel_is_caught(void **state)
{
	static const struct {
		enum stream_op op;
		stream_fn fn;
		const char *text;
	} faults[] = {
		{ STREAM_SCALE, scale_forgets, "scale: element 17 " },
		{ STREAM_TRIAD, triad_adds, "triad: element 0 " },
		{ STREAM_COPY, copy_overruns, "copy: element 448 " },
		{ STREAM_ADD, add_stops_early, "add: element 384 " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		stream_fn fn[STREAM_OPS];
		char why[200] = "";

		memcpy(fn, stream_kernels_find("base")->plain, sizeof(fn));
		fn[faults[i].op] = faults[i].fn;
		assert_int_equal(stream_prove(fn, why, sizeof(why)), -1);
		if (!strstr(why, faults[i].text))
			fail_msg("'%s' does not say '%s'", why, faults[i].text);
	}
}

static void a_wrong_sum_is_caught(void **state)
{
	struct stream_arrays s = new_arrays();
	char why[200] = "";
	double was;

	(void)state;
	passes(&s, stream_kernels_find("base")->plain, 5);
	assert_int_equal(stream_check(&s, 5, why, sizeof(why)), 0);
	/* one pass too few or too many */
	assert_int_equal(stream_check(&s, 4, why, sizeof(why)), -1);
	assert_int_equal(stream_check(&s, 6, why, sizeof(why)), -1);
	/* one element, by a hair: the mean error would let it pass */
	was = s.c[N - 1];
	s.c[N - 1] *= 1 + 1e-12;
	assert_int_equal(stream_check(&s, 5, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "array c: 1 of 4096"));
	s.c[N - 1] = was;
	s.a[0] = 0.0 / 1.0;
	assert_int_equal(stream_check(&s, 5, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "the first is 0"));
	free_arrays(&s);
}

static void not_a_number_is_caught(void **state)
{
	struct stream_arrays s = new_arrays();
	char why[200] = "";

	(void)state;
	passes(&s, stream_kernels_find("base")->plain, 2);
	s.b[100] = __builtin_nan("");
	assert_int_equal(stream_check(&s, 2, why, sizeof(why)), -1);
	free_arrays(&s);
}

static json_t *run(json_t *params, bool small, unsigned samples, struct err *err)
{
	struct bench_request rq = { .workload = "stream", .params = params, .seed = 1,
				    .samples = samples, .cpu = -1, .node = -1,
				    .allow_small = small };
	json_t *result = NULL;

	bench_run(&rq, NULL, &result, err);
	json_decref(params);
	return result;
}

static void a_whole_run_is_checked(void **state)
{
	static const char *const stores[] = { "plain", "nontemporal" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct err err = ERR_INIT;
		json_t *result = run(json_pack("{s:s, s:s}", "size", "256K",
					       "stores", stores[i]), true, 4, &err);
		json_t *metrics, *m;
		size_t k;

		if (!result)
			fail_msg("%s", err.text);
		metrics = json_object_get(result, "metrics");
		assert_int_equal(json_array_size(metrics), 4);
		json_array_foreach(metrics, k, m) {
			assert_int_equal(json_array_size(json_object_get(m, "values")), 4);
			assert_int_equal(json_array_size(json_object_get(m, "rejected")), 1);
		}
		assert_int_equal(json_array_size(json_object_get(result, "validated")), 2);
		m = json_object_get(json_object_get(result, "derived"), "code");
		m = json_object_get(m, "copy");
		assert_true(json_is_string(json_object_get(m, "taken")));
		assert_true(i || json_is_real(json_object_get(m, "memcpy")));
		json_decref(result);
	}
}

static void small_and_bad_sizes_are_refused(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	/* a cache of 16K would do to refuse this; where none is known, it runs */
	if (!run(json_pack("{s:s}", "size", "4K"), false, 3, &err)) {
		assert_int_equal(err.exit, EXIT_CONFIG);
		assert_non_null(strstr(err.text, "--allow-small"));
	}
	err = (struct err)ERR_INIT;
	assert_null(run(json_pack("{s:s}", "size", "5000"), true, 3, &err));
	assert_int_equal(err.exit, EXIT_CONFIG);
	err = (struct err)ERR_INIT;
	assert_null(run(json_pack("{s:s}", "size", "64K"), true, 1000, &err));
	assert_int_equal(err.exit, EXIT_CONFIG);
	err = (struct err)ERR_INIT;
	assert_null(run(json_pack("{s:s, s:s}", "size", "64K", "threads", "4000"), true, 3, &err));
	assert_true(err.exit == EXIT_CONFIG || err.exit == EXIT_MACHINE);
}

/* Each array alone would fit; nothing is touched before all three are counted. */
static void all_arrays_together_must_fit(void **state)
{
	char size[32];
	struct err err = ERR_INIT;

	(void)state;
	snprintf(size, sizeof(size), "%llu",
		 (unsigned long long)(source_memory(NULL) / 2 >> 20 << 20));
	assert_null(run(json_pack("{s:s, s:s}", "size", size, "threads", "1"), true, 2, &err));
	assert_int_equal(err.exit, EXIT_MACHINE);
	assert_non_null(strstr(err.text, "are needed in all"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kernel_here_is_right),
		cmocka_unit_test(bytes_are_counted_by_the_rules),
		cmocka_unit_test(kernels_are_found_by_name),
		cmocka_unit_test(the_fastest_is_chosen),
		cmocka_unit_test(a_slow_copy_is_not_chosen),
		cmocka_unit_test(copies_go_by_their_kind),
		cmocka_unit_test(a_faulty_kernel_is_caught),
		cmocka_unit_test(a_wrong_sum_is_caught),
		cmocka_unit_test(not_a_number_is_caught),
		cmocka_unit_test(a_whole_run_is_checked),
		cmocka_unit_test(all_arrays_together_must_fit),
		cmocka_unit_test(small_and_bad_sizes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
