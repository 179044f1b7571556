/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The harness from outside and from inside: the shape of a result, runs in a
 * child that go wrong, and requests that must be refused.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/bench.h"
#include "bench/context.h"
#include "bench/workload.h"
#include "file.h"

extern const struct workload first_touch_workload;

static struct bench_request request(const char *workload)
{
	return (struct bench_request){
		.workload = workload, .seed = 1, .samples = 3, .cpu = -1, .node = -1,
	};
}

/* --- the shape of a result --- */

static void shape(const json_t *j, const char *at, FILE *out)
{
	static const char *const types[] = {
		"object", "array", "string", "number", "number", "boolean", "boolean", "null",
	};
	const char *key;
	json_t *v;
	char below[256];

	fprintf(out, "%s: %s\n", *at ? at : "result", types[json_typeof(j)]);
	if (json_is_object(j) && strcmp(at, ".params"))
		json_object_foreach((json_t *)j, key, v) {
			snprintf(below, sizeof(below), "%s.%s", at, key);
			/* Nodes differ from machine to machine. */
			if (strncmp(key, "node", 4) || !strcmp(key, "node"))
				shape(v, below, out);
		}
	if (json_array_size(j)) {
		snprintf(below, sizeof(below), "%s[]", at);
		shape(json_array_get(j, 0), below, out);
	}
}

static void result_has_the_golden_shape(void **state)
{
	struct bench_request rq = request("first-touch");
	json_t *params = json_pack("{s:s}", "size", "1M");
	json_t *result = NULL;
	struct err err = ERR_INIT;
	char *text = NULL, *golden = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	rq.params = params;
	if (bench_run(&rq, NULL, &result, &err))
		fail_msg("%s", err.text);
	shape(result, "", out);
	fclose(out);
	if (getenv("GOLDEN_UPDATE"))
		file_publish("tests/golden/bench-result.txt", text, len, NULL);
	if (file_read("tests/golden/bench-result.txt", &golden, NULL, &err))
		fail_msg("%s", err.text);
	assert_string_equal(text, golden);
	free(text);
	free(golden);
	json_decref(params);
	json_decref(result);
}

/* --- the harness's own cost --- */

static double least_of(const char *workload)
{
	struct bench_request rq = request(workload);
	json_t *result = NULL, *values, *v;
	struct err err = ERR_INIT;
	double least = INFINITY;
	size_t i;

	rq.samples = 9;
	if (bench_run(&rq, NULL, &result, &err))
		fail_msg("%s", err.text);
	values = json_object_get(json_array_get(json_object_get(result, "metrics"), 0), "values");
	json_array_foreach(values, i, v)
		least = fmin(least, json_number_value(v));
	json_decref(result);
	return least;
}

/*
 * A call that does nothing, against an empty loop. Whoever shares the core
 * slows one of the two down, so this is the best of a few, and the bound is
 * what no load can exceed in all of them; docs/reference-comparison.md has
 * the figure.
 */
static void null_costs_nanoseconds(void **state)
{
	double above = INFINITY;

	(void)state;
	for (int i = 0; i < 5 && above > 1.5; i++)
		above = fmin(above, least_of("null") - least_of("null-base"));
	printf("null is %.2f ns an iteration above an empty loop\n", above);
	assert_true(above > -1 && above < 100);
}

/* --- workloads that misbehave --- */

static const struct workload_metric metric[] = {
	{ "t", "ns", KIND_TIME, BETTER_LOWER, .help = "h" }, { 0 },
}, twice[] = {
	{ "t", "ns", KIND_TIME, BETTER_LOWER, .help = "h" },
	{ "t", "ns", KIND_TIME, BETTER_LOWER, .help = "h" }, { 0 },
};
static int torn_down;

static int set_up(struct bench *b, struct err *err)
{
	(void)b;
	(void)err;
	torn_down = 0;
	return 0;
}

static void tear_down(struct bench *b)
{
	(void)b;
	torn_down++;
}

static int run_fine(struct bench *b, struct err *err)
{
	(void)err;
	series_push(bench_series(b, metric, NULL), 1);
	return 0;
}

static int refuse(struct bench *b, struct err *err)
{
	return bench_invalid(b, err, "planted");
}

static const struct workload simple = {
	.abi = WORKLOAD_ABI, .name = "simple", .help = "h", .unit = "ns", .method = "m",
	.metrics = metric,
	.setup = set_up, .run = run_fine, .teardown = tear_down,
};

static void a_failed_proof_gives_no_result(void **state)
{
	struct workload w = simple;
	struct bench_request rq = request("simple");
	json_t *result = NULL;
	struct err err = ERR_INIT;

	(void)state;
	w.verify_before = refuse;
	assert_int_equal(bench_run_workload(&w, &rq, NULL, &result, &err), -EBADMSG);
	assert_int_equal(torn_down, 1);
	assert_null(result);
	assert_non_null(strstr(err.text, "planted"));
}

static void a_broken_table_is_refused(void **state)
{
	static const struct param wrong[] = {
		{ "size", PARAM_SIZE, "lots", NULL, "", 0, 0 }, { 0 },
	};
	struct workload w = simple;

	(void)state;
	assert_int_equal(workload_check(&w, NULL), 0);
	w.abi = WORKLOAD_ABI + 1;
	assert_int_not_equal(workload_check(&w, NULL), 0);
	w = simple;
	w.metrics = NULL;
	assert_int_not_equal(workload_check(&w, NULL), 0);
	w.metrics = twice;
	assert_int_not_equal(workload_check(&w, NULL), 0);
	w = simple;
	w.run = NULL;
	assert_int_not_equal(workload_check(&w, NULL), 0);
	w = simple;
	w.params = wrong;
	assert_int_not_equal(workload_check(&w, NULL), 0);
	for (int i = 0; workloads[i]; i++)
		assert_int_equal(workload_check(workloads[i], NULL), 0);
}

/* Report and plan find a result's metrics in the workload's table, with unit and kind. */
static void a_result_has_what_its_workload_declares(void **state)
{
	static const char *const small[][3] = {
		{ "null" }, { "null-base" }, { "first-touch", "size", "4M" },
		{ "first-touch", "threads", "1" }, { "unmap", "callers", "all" }, { "next-touch", "size", "4M" },
		{ "tlb-miss", "pages", "16..64" }, { "mem-walk", "size", "4K..64K" },
		{ "gups-base" }, { "mem-walk-base" }, { "unmap", "threads", "1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		json_t *params = small[i][1] ? json_pack("{s:s}", small[i][1], small[i][2]) : NULL;
		struct bench_request rq = request(small[i][0]);
		json_t *result = NULL, *m;
		struct err err = ERR_INIT;
		size_t k;

		rq.params = params;
		rq.samples = 5;
		rq.allow_small = true;
		if (bench_run(&rq, NULL, &result, &err))
			fail_msg("%s", err.text);
		json_array_foreach(json_object_get(result, "metrics"), k, m) {
			const struct workload_metric *d;

			assert_int_equal(0, workload_metric_find(
				small[i][0], NULL, json_string_value(json_object_get(m, "metric")),
				&d, NULL));
			assert_string_equal(json_string_value(json_object_get(m, "unit")), d->unit);
			assert_string_equal(json_string_value(json_object_get(m, "kind")),
					    kind_words[d->kind]);
			if (d->axis)
				assert_non_null(json_object_get(json_object_get(m, "point"),
								d->axis));
		}
		json_decref(result);
		json_decref(params);
	}
}

static void a_metric_that_is_not_there_has_a_nearest_one(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(workload_metric_find("stream", NULL, "copy", NULL, NULL), 0);
	assert_int_not_equal(workload_metric_find("first-touch", NULL, "ns_per_pgae", NULL, &err), 0);
	assert_int_equal(err.exit, EXIT_CONFIG);
	assert_string_equal(err.text, "workload first-touch: unknown metric 'ns_per_pgae'; did you "
			    "mean 'ns_per_page'? known: ns_per_page, ns_per_page_again, pages_per_s");
	err = (struct err)ERR_INIT;
	assert_int_not_equal(workload_metric_find("fist-touch", NULL, "ns_per_page", NULL, &err), 0);
	assert_non_null(strstr(err.text, "did you mean 'first-touch'?"));
}

/* A figure belongs to one shape of one workload, and a ladder has an axis. */
static void figures_are_whole(void **state)
{
	(void)state;
	for (int i = 0; workloads[i]; i++)
		for (const struct workload_metric *m = workloads[i]->metrics; m->name; m++) {
			const struct workload_figure *f = m->figure;

			if (!f)
				continue;
			assert_true(f->name && f->title && f->text && f->value);
			assert_true(f->shape != FIGURE_LADDER || (f->axis && m->axis));
		}
}

/* --- measuring --- */

static uint64_t slow_calls;

static void constant_time(void *arg, uint64_t n)
{
	const struct timespec ms = { 0, 2000000 };

	(void)arg;
	(void)n;
	slow_calls++;
	nanosleep(&ms, NULL);
}

/* Twice the work in half of the time: no disturbance makes that look like twice. */
static void faster_with_more(void *arg, uint64_t n)
{
	const struct timespec t = { 0, 20000000 / n };

	(void)arg;
	nanosleep(&t, NULL);
}

static int run_faster(struct bench *b, struct err *err)
{
	const struct measure m = { .metric = metric, .body = faster_with_more };

	return bench_measure(b, &m, NULL, err);
}

static void unproportional_work_is_labelled(void **state)
{
	struct workload w = simple;
	struct bench_request rq = request("simple");
	json_t *result = NULL, *labels;
	struct err err = ERR_INIT;
	bool said = false;
	size_t i;
	json_t *v;

	(void)state;
	w.run = run_faster;
	if (bench_run_workload(&w, &rq, NULL, &result, &err))
		fail_msg("%s", err.text);
	labels = json_object_get(result, "labels");
	json_array_foreach(labels, i, v)
		said |= !strncmp(json_string_value(v), "unproportional", 14);
	assert_true(said);
	json_decref(result);
}

static int run_ramp(struct bench *b, struct err *err)
{
	const struct measure m = {
		.metric = metric, .body = constant_time, .iterations = 1, .warmup = 5,
	};
	struct series *s;
	int ret;

	slow_calls = 0;
	ret = bench_measure(b, &m, &s, err);
	assert_int_equal(series_count(s), bench_samples(b));
	assert_true(s->rejected.n >= 4 && s->rejected.n <= 5);
	assert_int_equal(slow_calls, s->rejected.n + series_count(s));
	assert_true(series_min(s) >= 2e6 * 0.9);
	return ret;
}

static void samples_and_warm_up_are_kept(void **state)
{
	struct workload w = simple;
	struct bench_request rq = request("simple");
	json_t *result = NULL;

	(void)state;
	w.run = run_ramp;
	assert_int_equal(bench_run_workload(&w, &rq, NULL, &result, NULL), 0);
	json_decref(result);
}

/* --- in a child --- */

static int held, progressed;

static int hold(void *arg, const json_t *proof, struct err *err)
{
	(void)err;
	held++;
	assert_string_equal(json_string_value(json_object_get(proof, "layer")), "guest");
	return arg ? err_set(err, EXIT_INCOMPLETE, -ECANCELED, "called off") : 0;
}

static void count_progress(void *arg, const char *text)
{
	(void)arg;
	assert_non_null(text);
	progressed++;
}

static void a_child_brings_its_result(void **state)
{
	const struct bench_hooks hooks = { .hold = hold, .progress = count_progress };
	struct bench_request rq = request("null");
	char *text = NULL;
	json_t *result;
	struct err err = ERR_INIT;

	(void)state;
	held = 0;
	if (bench_run_forked(&rq, &hooks, 30, &text, &err))
		fail_msg("%s", err.text);
	assert_int_equal(held, 1);
	assert_null(strchr(text, '\n'));
	result = json_loads(text, 0, NULL);
	free(text);
	assert_string_equal(json_string_value(json_object_get(result, "workload")), "null");
	json_decref(result);
}

static void a_hold_can_call_it_off(void **state)
{
	const struct bench_hooks hooks = { .hold = hold, .arg = &held };
	struct bench_request rq = request("null");
	char *text = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(bench_run_forked(&rq, &hooks, 0, &text, &err), -ECANCELED);
	assert_null(text);
	assert_string_equal(err.text, "called off");
}

static void kill_it(void *arg, pid_t pid)
{
	(void)arg;
	kill(pid, SIGKILL);
}

static void a_killed_child_is_named(void **state)
{
	const struct bench_hooks hooks = { .started = kill_it };
	struct bench_request rq = request("null");
	char *text = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(bench_run_forked(&rq, &hooks, 0, &text, &err), -ECHILD);
	assert_non_null(strstr(err.text, "signal 9"));
}

static void a_slow_child_is_stopped(void **state)
{
	struct bench_request rq = request("null");
	char *text = NULL;
	struct err err = ERR_INIT;

	(void)state;
	rq.samples = 100000;
	assert_int_equal(bench_run_forked(&rq, NULL, 0.3, &text, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "more than 0.3 s"));
}

static void a_child_brings_its_error(void **state)
{
	struct bench_request rq = request("first-touch");
	json_t *params = json_pack("{s:s}", "size", "0");
	char *text = NULL;
	struct err err = ERR_INIT;

	(void)state;
	rq.params = params;
	assert_int_equal(bench_run_forked(&rq, NULL, 0, &text, &err), -EINVAL);
	assert_int_equal(err.exit, EXIT_CONFIG);
	assert_non_null(strstr(err.text, "parameter size"));
	json_decref(params);
}

/* --- requests that must be refused --- */

static void bad_requests_are_refused(void **state)
{
	static const struct {
		const char *workload, *source, *params, *says;
		int cpu, node, exit;
	} bad[] = {
		{ "nul", NULL, "{}", "unknown workload 'nul'", -1, -1, EXIT_CONFIG },
		{ "null", "hugetlb", "{}", "unknown source 'hugetlb'", -1, -1, EXIT_CONFIG },
		{ "null", NULL, "{\"x\":1}", "unknown parameter 'x'", -1, -1, EXIT_CONFIG },
		{ "null", NULL, "{}", "no CPU 4095", 4095, -1, EXIT_CONFIG },
		{ "null", NULL, "{}", "no memory node 63", -1, 63, EXIT_CONFIG },
		{ "first-touch", NULL, "{\"size\":\"16T\"}", "available", -1, -1, EXIT_MACHINE },
		{ "first-touch", "hugetlb-1g", "{\"size\":\"4T\"}", "hug", -1, -1, EXIT_MACHINE },
		{ "first-touch", "fsdax", "{}", "--path", -1, -1, EXIT_CONFIG },
		{ "first-touch", "fsdax", "{\"path\":\"/no/such\"}", "/no/such", -1, -1,
		  EXIT_MACHINE },
		{ "first-touch", "devdax", "{\"path\":\"/dev/null\"}", "not a DAX device", -1, -1,
		  EXIT_CONFIG },
		{ "first-touch", "fsdax", "{\"path\":\"/dev/shm\"}", "not on a DAX", -1, -1,
		  EXIT_MACHINE },
		{ "first-touch", NULL, "{\"size\":\"4K\"}", "need at least 12K", -1, -1,
		  EXIT_CONFIG },
		{ "pmem-io", NULL, "{}", "--path", -1, -1, EXIT_CONFIG },
		{ "pmem-io", NULL, "{\"path\":\"/dev/shm\"}", "--ordinary", -1, -1, EXIT_MACHINE },
		{ "pmem-io", NULL, "{\"path\":\"/dev/shm\",\"block\":\"3k\"}", "power of two",
		  -1, -1, EXIT_CONFIG },
		{ "pmem-io", NULL, "{\"path\":\"/dev/shm\",\"size\":\"64k\",\"depth\":\"1\"}", "--allow-small",
		  -1, -1, EXIT_CONFIG },
		{ "unmap", NULL, "{\"threads\":1024}", "cores are ours", -1, -1, EXIT_CONFIG },
		{ "unmap", NULL, "{\"call\":\"1..100000\"}", "but the buffer has", -1, -1,
		  EXIT_CONFIG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *params = json_loads(bad[i].params, 0, NULL), *result = NULL;
		struct bench_request rq = request(bad[i].workload);
		struct err err = ERR_INIT;

		rq.source = bad[i].source;
		rq.params = params;
		rq.cpu = bad[i].cpu;
		rq.node = bad[i].node;
		if (!bench_run(&rq, NULL, &result, &err))
			fail_msg("taken: %s", bad[i].says);
		if (!strstr(err.text, bad[i].says) || (int)err.exit != bad[i].exit)
			fail_msg("'%s' (exit %d), wanted '%s' (exit %d)", err.text, err.exit,
				 bad[i].says, bad[i].exit);
		json_decref(params);
	}
}

static void small_is_refused_or_labelled(void **state)
{
	struct bench b = { .rq = &(struct bench_request){ .allow_small = false } };
	struct err err = ERR_INIT;

	(void)state;
	b.labels = json_array();
	assert_int_not_equal(bench_at_least(&b, "an array", 1024, 4096, "it fits", &err), 0);
	assert_int_equal(err.exit, EXIT_CONFIG);
	b.rq = &(struct bench_request){ .allow_small = true };
	assert_int_equal(bench_at_least(&b, "an array", 1024, 4096, "it fits", NULL), 0);
	assert_int_equal(json_array_size(b.labels), 1);
	json_decref(b.labels);
}

static void the_proof_tells_thp_from_4k(void **state)
{
	static const struct {
		const char *source, *bytes, *none;
	} cases[] = { { "anon-4k", "4k", "2m" }, { "thp", "2m", "4k" } };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bench_request rq = request("first-touch");
		json_t *params = json_pack("{s:s}", "size", "12M"), *r = NULL, *bytes;
		struct err err = ERR_INIT;

		rq.params = params;
		rq.source = cases[i].source;
		if (bench_run(&rq, NULL, &r, &err)) {
			json_decref(params);
			if (err.exit == EXIT_MACHINE)
				continue;	/* no THP here */
			fail_msg("%s", err.text);
		}
		bytes = json_object_get(json_object_get(json_object_get(r, "proof"), "after"),
					"bytes");
		assert_int_equal(json_integer_value(json_object_get(bytes, cases[i].bytes)),
				 12 << 20);
		assert_int_equal(json_integer_value(json_object_get(bytes, cases[i].none)), 0);
		json_decref(params);
		json_decref(r);
	}
}

static int (*honest_run)(struct bench *b, struct err *err);

static int run_and_split(struct bench *b, struct err *err)
{
	int ret = honest_run(b, err);

	for (size_t i = 0; i < b->buffers[0]->mapped; i += 2 << 20) {
		char *p = (char *)b->buffers[0]->addr + i;

		mprotect(p, 4096, PROT_READ);
		mprotect(p, 4096, PROT_READ | PROT_WRITE);
	}
	return ret;
}

static void pages_that_changed_are_labelled(void **state)
{
	struct workload w = first_touch_workload;
	struct bench_request rq = request("first-touch");
	json_t *params = json_pack("{s:s}", "size", "12M"), *r = NULL;
	struct err err = ERR_INIT;
	const char *label;

	(void)state;
	honest_run = w.run;
	w.run = run_and_split;
	rq.params = params;
	rq.source = "thp";
	if (bench_run_workload(&w, &rq, NULL, &r, &err)) {
		json_decref(params);
		puts(err.text);
		skip();	/* no THP here */
	}
	label = json_string_value(json_array_get(json_object_get(r, "labels"), 0));
	assert_non_null(label);
	assert_non_null(strstr(label, "pages: after the run"));
	json_decref(params);
	json_decref(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(result_has_the_golden_shape),
		cmocka_unit_test(null_costs_nanoseconds),
		cmocka_unit_test(a_failed_proof_gives_no_result),
		cmocka_unit_test(a_broken_table_is_refused),
		cmocka_unit_test(a_result_has_what_its_workload_declares),
		cmocka_unit_test(a_metric_that_is_not_there_has_a_nearest_one),
		cmocka_unit_test(figures_are_whole),
		cmocka_unit_test(unproportional_work_is_labelled),
		cmocka_unit_test(samples_and_warm_up_are_kept),
		cmocka_unit_test(a_child_brings_its_result),
		cmocka_unit_test(a_hold_can_call_it_off),
		cmocka_unit_test(a_killed_child_is_named),
		cmocka_unit_test(a_slow_child_is_stopped),
		cmocka_unit_test(a_child_brings_its_error),
		cmocka_unit_test(bad_requests_are_refused),
		cmocka_unit_test(small_is_refused_or_labelled),
		cmocka_unit_test(the_proof_tells_thp_from_4k),
		cmocka_unit_test(pages_that_changed_are_labelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
