/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A user's command: its words, its metrics, what it prints, and how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/exec.h"
#include "bench/workload.h"
#include "file.h"

/* --- words ------------------------------------------------------------------ */

static void words_are_split_as_a_shell_would(void **state)
{
	static const char *const want[] = { "a", "b c", "d\"e", "f'g", "", "$x", "h i" };
	struct args a = ARGS_INIT;

	(void)state;
	assert_int_equal(exec_words(" a  'b c' \"d\\\"e\" f\\'g '' '$x'\th\\ i ", &a, NULL), 0);
	assert_int_equal(a.n, 7);
	for (size_t i = 0; i < a.n; i++)
		assert_string_equal(a.v[i], want[i]);
	args_release(&a);
}

static void what_only_a_shell_can_do_is_refused(void **state)
{
	static const char *const bad[] = {
		"a | b", "a > b", "a; b", "a && b", "a $x", "a \"$x\"", "a `b`", "ls *", "~/a",
		"a 'b", "a \"b", "a \\", "", "   ", "''", "A=b c",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct args a = ARGS_INIT;
		struct err err = ERR_INIT;

		if (!exec_words(bad[i], &a, &err) || err.exit != EXIT_CONFIG)
			fail_msg("'%s' was taken", bad[i]);
		args_release(&a);
	}
}

/* --- what is asked ------------------------------------------------------------- */

static void bad_requests_say_where_they_are_wrong(void **state)
{
	static const struct {
		const char *params, *field, *text;
	} bad[] = {
		{ "{}", "command", "missing" },
		{ "{\"command\":\"a|b\"}", "command", "'|' is a shell's" },
		{ "{\"command\":\"a\",\"metrics\":[{\"name\":\"x\",\"regex\":\"a(b\",\"unit\":\"us\",\"better\":\"lower\"}]}",
		  "metrics[0].regex", "'a(b'" },
		{ "{\"command\":\"a\",\"metrics\":[{\"name\":\"x\",\"regex\":\"ab\",\"unit\":\"us\",\"better\":\"lower\"}]}",
		  "metrics[0].regex", "has no group" },
		{ "{\"command\":\"a\",\"metrics\":[{\"name\":\"x\",\"json\":\"a\",\"unit\":\"us\",\"better\":\"lower\"}]}",
		  "metrics[0].json", "begins with ." },
		{ "{\"command\":\"a\",\"metrics\":[{\"name\":\"x\",\"format\":\"fi0\",\"unit\":\"us\",\"better\":\"lower\"}]}",
		  "metrics[0].format", "did you mean 'fio'?" },
		{ "{\"command\":\"a\",\"metrics\":[{\"name\":\"x\",\"json\":\".a\",\"unit\":\"usec\",\"better\":\"lower\"}]}",
		  "metrics[0].unit", "unknown unit 'usec'" },
		{ "{\"command\":\"a\",\"metrics\":[{\"name\":\"x\",\"json\":\".a\",\"unit\":\"us\",\"better\":\"less\"}]}",
		  "metrics[0].better", "unknown direction 'less'; known: lower, higher, none" },
		{ "{\"command\":\"a\",\"metrics\":[{\"name\":\"x\",\"json\":\".a\",\"unit\":\"us\"}]}",
		  "metrics[0].better", "missing" },
		{ "{\"command\":\"a\",\"metrics\":[{\"name\":\"x\",\"unit\":\"us\",\"better\":\"lower\"}]}",
		  "metrics[0]", "one of regex, json and format" },
		{ "{\"command\":\"a\",\"metrics\":[{\"nmae\":\"x\"}]}", "metrics[0].nmae",
		  "did you mean 'name'?" },
		{ "{\"command\":\"a\",\"metrics\":[{\"name\":\"wall_time\",\"json\":\".a\",\"unit\":\"us\",\"better\":\"lower\"}]}",
		  "metrics[0].name", "measured always" },
		{ "{\"command\":\"a\",\"metrics\":[{\"name\":\"x\",\"json\":\".a\",\"unit\":\"us\",\"better\":\"lower\"},"
		  "{\"name\":\"x\",\"json\":\".b\",\"unit\":\"us\",\"better\":\"lower\"}]}",
		  "metrics[1].name", "'x' is given twice" },
		{ "{\"command\":\"a\",\"metrics\":[{\"name\":5}]}", "metrics[0].name", "must be a text" },
		{ "{\"command\":\"a\",\"metrics\":[7]}", "metrics[0]", "must be keys and values" },
		{ "{\"command\":\"a\",\"env\":[\"A=b\"]}", "env", "must be keys and values" },
		{ "{\"command\":\"a\",\"env\":{\"A=\":\"b\"}}", "env.A=", "without =" },
		{ "{\"command\":\"a\",\"user\":\"me\"}", "user", "'me' must be nobody" },
		{ "{\"command\":\"a\",\"user\":\"-1\"}", "user", "'-1'" },
		{ "{\"command\":\"a\",\"limit\":\"0\"}", "limit", "must be above 0" },
		{ "{\"command\":\"a\",\"files\":[3]}", "files", "must hold texts" },
		{ "{\"command\":\"a\",\"rootfs\":[\"x\"]}", "rootfs", "must be the path of a folder" },
		{ "{\"command\":\"a\",\"rootfs\":{\"sha256\":\"00\"}}", "rootfs", "must be the path" },
		{ "{\"command\":\"a\",\"rootfs\":\"x\",\"files\":[\"a\"]}", "rootfs", "takes the place of files" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *params = json_loads(bad[i].params, 0, NULL);
		struct err err = ERR_INIT;
		struct exec_spec s;

		assert_non_null(params);
		assert_int_not_equal(exec_spec_init(&s, params, &err), 0);
		assert_int_equal(err.exit, EXIT_CONFIG);
		assert_string_equal(s.field, bad[i].field);
		if (!strstr(err.text, bad[i].text))
			fail_msg("'%s' does not say '%s'", err.text, bad[i].text);
		exec_spec_release(&s);
		json_decref(params);
	}
}

static void units_tell_times_from_rates_and_counts(void **state)
{
	enum value_kind k;

	(void)state;
	assert_int_equal(exec_unit("us", &k, NULL), 0);
	assert_int_equal(k, KIND_TIME);
	assert_int_equal(exec_unit("MiB/s", &k, NULL), 0);
	assert_int_equal(k, KIND_RATE);
	assert_int_equal(exec_unit("MiB", &k, NULL), 0);
	assert_int_equal(k, KIND_COUNT);
	assert_int_not_equal(exec_unit("us/s", &k, NULL), 0);
	/* What cannot be said in instructions is no unit. */
	assert_int_not_equal(exec_unit("ns/op", &k, NULL), 0);
}

/* --- what was printed ------------------------------------------------------------- */

struct reading {
	double value;
	int ret;
	struct err err;
};

static struct reading read_from(const char *metric, const char *out, const char *errs)
{
	json_t *params = json_pack("{s:s, s:[o]}", "command", "x", "metrics",
				   json_loads(metric, 0, NULL));
	struct reading r = { .err = ERR_INIT };
	struct exec_output o = { strdup(out), strdup(errs), strlen(out), strlen(errs) };
	struct exec_spec s;

	if (exec_spec_init(&s, params, &r.err))
		fail_msg("%s: %s", s.field, r.err.text);
	r.ret = exec_value_of(&s.metrics[0], &o, &r.value, &r.err);
	exec_spec_release(&s);
	json_decref(params);
	free(o.out);
	free(o.err);
	return r;
}

#define METRIC(how) "{\"name\":\"m\"," how ",\"unit\":\"us\",\"better\":\"lower\"}"
#define REGEX METRIC("\"regex\":\"avg ([^ ]*) us\"")

static void a_regex_finds_its_number(void **state)
{
	static const struct {
		const char *select;
		double value;
	} which[] = { { "first", 1.5 }, { "last", 2.5 }, { "min", 0.5 }, { "max", 2.5 },
		      { "mean", 1.5 }, { "sum", 4.5 } };

	(void)state;
	assert_true(read_from(REGEX, "x\navg 12.5 us\n", "").value == 12.5);
	/* Not at a line's end, not on stdout, several times. */
	assert_true(read_from(REGEX, "avg 3 us", "").value == 3);
	assert_true(read_from(REGEX, "", "avg 4e2 us").value == 400);
	for (size_t i = 0; i < 6; i++) {
		char metric[200];

		snprintf(metric, sizeof(metric), METRIC("\"regex\":\"t=([0-9.]+)\",\"select\":\"%s\""),
			 which[i].select);
		assert_true(read_from(metric, "t=1.5\nt=0.5\nt=2.5\n", "").value == which[i].value);
	}
}

/* Each match must not look at the whole rest of the text, else this takes ten minutes. */
/* AddressSanitizer walks to the end of the text at each match. */
#if defined(__SANITIZE_ADDRESS__)
#define MANY_NUMBERS 10000
#else
#define MANY_NUMBERS 1000000
#endif

static void a_regex_finds_many_numbers(void **state)
{
	const size_t n = MANY_NUMBERS;
	struct reading r;
	char *out = malloc(n * 8 + 1);

	(void)state;
	for (size_t i = 0; i < n; i++)
		memcpy(out + i * 8, "t=1.500\n", 9);
	r = read_from(METRIC("\"regex\":\"^t=([0-9.]+)$\",\"select\":\"sum\""), out, "");
	free(out);
	assert_int_equal(r.ret, 0);
	assert_true(r.value == 1.5 * MANY_NUMBERS);
}

static void what_is_no_number_is_missing(void **state)
{
	static const char *const outs[] = {
		"", "nothing of it", "avg nan us", "avg inf us", "avg 1e999 us", "avg -1 us",
		"avg 12x us", "avg  us", "avg 0x us", "avg \x1b[31m5 us", "avg 1e31 us",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(outs) / sizeof(outs[0]); i++) {
		struct reading r = read_from(REGEX, outs[i], "");

		if (r.ret != EXEC_MISSING)
			fail_msg("'%s' gave %g", outs[i], r.value);
		assert_non_null(strstr(r.err.text, "metric m"));
		assert_null(strchr(r.err.text, '\x1b'));
	}
	/* The first lines tell what was printed instead. */
	assert_non_null(strstr(read_from(REGEX, "usage: prog\nX\n", "").err.text,
			       "the output begins: 'usage: prog X"));
}

static void json_is_walked_by_a_path(void **state)
{
	static const char doc[] = "warning: old\n{\"a\":{\"b\":[{\"c\":1},{\"c\":2.5,\"t\":\"7\"}]},\"n\":null}\n";

	(void)state;
	assert_true(read_from(METRIC("\"json\":\".a.b[1].c\""), doc, "").value == 2.5);
	assert_true(read_from(METRIC("\"json\":\".a.b[1].t\""), doc, "").value == 7);
	assert_true(read_from(METRIC("\"json\":\"[1][0]\""), "[1,[3]]", "").value == 3);
	assert_non_null(strstr(read_from(METRIC("\"json\":\".a.x[0]\""), doc, "").err.text,
			       "there is no '.x[0]'"));
	assert_int_equal(read_from(METRIC("\"json\":\".n\""), doc, "").ret, EXEC_MISSING);
	assert_int_equal(read_from(METRIC("\"json\":\".a\""), "{\"a\":1e999}", "").ret, EXEC_MISSING);
	assert_int_equal(read_from(METRIC("\"json\":\".a\""), "{\"a\":", "").ret, EXEC_MISSING);
	assert_int_equal(read_from(METRIC("\"json\":\".a\""), "no json", "").ret, EXEC_MISSING);
}

/* --- formats, by outputs of the programs themselves ---------------------------------- */

#define DATA "tests/data/exec/"

static void every_format_reads_its_program(void **state)
{
	static const struct {
		const char *file, *format, *select;
		double value;
	} known[] = {
		{ "perf-bench-memcpy.txt", "perf-bench", "default/bytes_per_s", 0 },
		{ "perf-bench-simple.txt", "perf-bench", "default/bytes_per_s", 0 },
		{ "perf-bench-messaging.txt", "perf-bench", "messaging/total_time", 0 },
		{ "stress-ng-vm.txt", "stress-ng", "vm/ops_per_s", 0 },
		{ "fio-null.json", "fio", "x/read/iops", 0 },
		{ "fio-null.json", "fio", "x/read/clat_ns/percentile/99.000000", 0 },
		{ "hyperfine-true.json", "hyperfine", "true/mean", 0 },
		{ "google-benchmark.json", "google-benchmark", "BM_touch/4096/real_time", 0 },
		{ "go-bench.txt", "go-bench", "BenchmarkTouch-2/ns/op", 1234.5 },
		{ "go-bench.txt", "go-bench", "BenchmarkTouch-2/B/op", 16 },
		{ "stream.txt", "stream", "Triad/rate", 14801.2 },
		{ "lmbench.txt", "lmbench", "Simple syscall", 0.0432 },
		{ "lmbench.txt", "lmbench", "67.11", 11223.34 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		char metric[300], path[100], *text;
		struct reading r;

		snprintf(path, sizeof(path), DATA "%s", known[i].file);
		assert_int_equal(file_read(path, &text, NULL, NULL), 0);
		snprintf(metric, sizeof(metric), METRIC("\"format\":\"%s\",\"select\":\"%s\""),
			 known[i].format, known[i].select);
		r = read_from(metric, text, "");
		if (r.ret || !(r.value > 0) || (known[i].value > 0 && r.value != known[i].value))
			fail_msg("%s %s: %g, %s", known[i].file, known[i].select, r.value, r.err.text);
		/* A format of another program finds nothing in it, and says so. */
		r = read_from(METRIC("\"format\":\"google-benchmark\",\"select\":\"nothing*\""), text, "");
		assert_int_equal(r.ret, EXEC_MISSING);
		free(text);
	}
}

static void a_pattern_must_choose_one(void **state)
{
	static const char go[] = "BenchmarkA-2 10 5 ns/op\nBenchmarkB-2 10 7 ns/op\n";
	struct reading r = read_from(METRIC("\"format\":\"go-bench\",\"select\":\"*/ns/op\""), go, "");

	(void)state;
	assert_int_equal(r.ret, EXEC_MISSING);
	assert_non_null(strstr(r.err.text, "BenchmarkA-2/ns/op, BenchmarkB-2/ns/op"));
	assert_true(read_from(METRIC("\"format\":\"go-bench\",\"select\":\"BenchmarkB*\""), go, "").value == 7);
	assert_true(read_from(METRIC("\"format\":\"go-bench\""), "BenchmarkA 10 5 ns/op", "").value == 5);
	assert_int_equal(read_from(METRIC("\"format\":\"go-bench\""), go, "").ret, EXEC_MISSING);
}

/* --- runs --------------------------------------------------------------------------- */

static int run_command(const char *command, const char *limit, struct exec_watch *watch,
		       struct exec_run *run, struct err *err)
{
	json_t *params = json_pack("{s:s, s:s}", "command", command, "limit", limit);
	struct exec_spec s;
	int ret = exec_spec_init(&s, params, err);

	s.output = 65536;
	if (!ret)
		ret = exec_child_run(&s, NULL, watch, NULL, run, err);
	exec_spec_release(&s);
	json_decref(params);
	return ret;
}

static void each_end_has_its_class(void **state)
{
	static const struct {
		const char *command;
		int code;
		const char *text;
	} ends[] = {
		{ "true", 0, "" },
		{ "sh -c 'echo so >&2; exit 3'", EXEC_EXIT, "exit 3; it said: 'so" },
		{ "sh -c 'kill -9 $$'", EXEC_SIGNAL, "signal 9" },
		{ "sleep 1000", EXEC_LIMIT, "did not end in" },
		{ "sh -c 'sleep 1000 & exit 0'", 0, "" },
		{ "yes", EXEC_FLOOD, "printed more than 65536 bytes" },
		/* Without any newline, and on the other stream. */
		{ "sh -c 'tr \"\\\\0\" x </dev/zero >&2'", EXEC_FLOOD, "its output begins: 'xxxx" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		bool late = ends[i].code == EXEC_LIMIT;
		struct exec_run run = { .wall_ns = 0 };
		struct err err = ERR_INIT;
		int ret = run_command(ends[i].command, late ? "0.2s" : "60s", NULL, &run, &err);

		if (ret != ends[i].code || !strstr(err.text, ends[i].text))
			fail_msg("%s: %d, %s", ends[i].command, ret, err.text);
		exec_run_release(&run);
	}
}

/* Nor in a session of its own, with or without a child, nor when it is stopped. */
static void a_daemon_ends_with_its_run(void **state)
{
	static const char *const commands[] = {
		"sh -c 'setsid sleep 1000 & echo $!'",
		"sh -c 'setsid sh -c \"sleep 1000; true\" & echo $!'",
		"sh -c 'setsid sleep 1000 & echo $!; sleep 1000'",
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct exec_run run = { .wall_ns = 0 };
		struct err err = ERR_INIT;

		run_command(commands[i], "0.3s", NULL, &run, &err);
		assert_true(atoi(run.output.out) > 1);
		assert_int_equal(kill(atoi(run.output.out), 0), -1);
		assert_int_equal(waitpid(-1, NULL, 0), -1);
		exec_run_release(&run);
	}
}

static void a_run_is_measured(void **state)
{
	struct exec_run run = { .wall_ns = 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(run_command("sh -c 'echo out; echo err >&2; sleep 0.05'", "60s", NULL, &run,
				     &err), 0);
	assert_true(run.wall_ns >= 50e6);
	assert_string_equal(run.output.out, "out\n");
	assert_string_equal(run.output.err, "err\n");
	assert_true(run.usage.ru_minflt > 0);
	assert_true(run.usage.ru_maxrss > 0);
	exec_run_release(&run);
}

/* The largest mapping of a child of the command, while it runs. */
static void the_largest_mapping_is_seen(void **state)
{
	struct exec_watch w = { .readings = 0 };
	struct exec_run run = { .wall_ns = 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(run_command("sh -c 'dd if=/dev/zero of=/dev/null bs=32M count=40; true'",
				     "60s", &w, &run, &err), 0);
	exec_run_release(&run);
	if (!w.readings && *w.why)
		skip();
	assert_true(w.readings > 0);
	assert_true(w.pages.b4k + w.pages.b2m >= 16 << 20);
}

/* --- the plan knows its metrics ------------------------------------------------------ */

static void declared_metrics_are_known(void **state)
{
	json_t *params = json_pack("{s:s, s:[{s:s}]}", "command", "x", "metrics", "name", "latency");
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(workload_metric_find("exec", params, "latency", NULL, NULL), 0);
	assert_int_equal(workload_metric_find("exec", params, "wall_time", NULL, NULL), 0);
	assert_int_not_equal(workload_metric_find("exec", params, "latncy", NULL, &err), 0);
	assert_non_null(strstr(err.text, "did you mean 'latency'?"));
	json_decref(params);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_split_as_a_shell_would),
		cmocka_unit_test(what_only_a_shell_can_do_is_refused),
		cmocka_unit_test(bad_requests_say_where_they_are_wrong),
		cmocka_unit_test(units_tell_times_from_rates_and_counts),
		cmocka_unit_test(a_regex_finds_its_number),
		cmocka_unit_test(a_regex_finds_many_numbers),
		cmocka_unit_test(what_is_no_number_is_missing),
		cmocka_unit_test(json_is_walked_by_a_path),
		cmocka_unit_test(every_format_reads_its_program),
		cmocka_unit_test(a_pattern_must_choose_one),
		cmocka_unit_test(each_end_has_its_class),
		cmocka_unit_test(a_daemon_ends_with_its_run),
		cmocka_unit_test(a_run_is_measured),
		cmocka_unit_test(the_largest_mapping_is_seen),
		cmocka_unit_test(declared_metrics_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
