/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kduel-bench without a verb: what this machine's memory does, on one screen; and
 * kduel-bench compare: two results beside each other. Both read results as
 * kduel-bench run --json prints them.
 */
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "cli.h"
#include "cpu.h"
#include "env.h"
#include "model.h"
#include "options.h"
#include "order.h"
#include "safe.h"

/* --- whose result it is ------------------------------------------------------- */

static double screen_median(const json_t *values)
{
	size_t n = json_array_size(values);
	double *v = calloc(n + 1, sizeof(*v)), median;

	if (!v)
		return NAN;
	for (size_t i = 0; i < n; i++)
		v[i] = json_number_value(json_array_get(values, i));
	median = n ? order_median(v, n) : NAN;
	free(v);
	return median;
}

void result_add_machine(json_t *result)
{
	json_t *facts = env_capture(false), *machine = json_object(), *m;
	const json_t *cpu = json_object_get(facts, "cpu");
	char name[256] = "", date[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	size_t i;

	gethostname(name, sizeof(name) - 1);
	if (gmtime_r(&now, &tm))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_object_set_new(machine, "machine", json_string(name));
	json_object_set(machine, "cpu_model", json_object_get(cpu, "model"));
	json_object_set(machine, "kernel", json_object_get(json_object_get(facts, "kernel"),
							   "release"));
	json_object_set_new(machine, "date", json_string(date));
	json_object_set_new(machine, "version", json_string(KDUEL_VERSION));
	json_object_set_new(result, "host", machine);
	json_array_foreach(json_object_get(result, "metrics"), i, m) {
		double median = screen_median(json_object_get(m, "values"));

		if (isfinite(median))
			json_object_set_new(m, "median", json_real(median));
	}
	json_decref(facts);
}

/* --- a chart --------------------------------------------------------------------- */

#define CHART_BAR 40
#define CHART_ROWS 14

/* "#####   " from the least to the greatest of the rows, on a logarithmic scale. */
static void screen_bar(double v, double least, double most, FILE *out)
{
	double share = most > least ? log(v / least) / log(most / least) : 0;
	int n = 1 + (int)(share * (CHART_BAR - 1) + 0.5);

	fprintf(out, "%.*s%*s", n, "########################################", CHART_BAR - n, "");
}

void result_chart(const json_t *rows, const char *x, const char *y, const char *unit, FILE *out)
{
	size_t n = json_array_size(rows), last = n;
	double least = INFINITY, most = 0;

	for (size_t i = 0; i < n; i++) {
		double v = result_num(json_array_get(rows, i), y);

		least = v > 0 ? fmin(least, v) : least;
		most = fmax(most, v);
	}
	if (!(least <= most))
		return;
	fprintf(out, "%10s\n", x);
	for (int k = 0; k < CHART_ROWS; k++) {
		size_t i = n > CHART_ROWS ? (size_t)(k * (double)(n - 1) / (CHART_ROWS - 1) + 0.5)
					  : (size_t)k;
		double v = result_num(json_array_get(rows, i), y);

		if (i >= n || i == last || !(v > 0))
			continue;
		last = i;
		fprintf(out, "%10.0f  ", result_num(json_array_get(rows, i), x));
		screen_bar(v, least, most, out);
		fprintf(out, "  %.3g %s\n", v, unit);
	}
}

/* --- one screen --------------------------------------------------------------------- */

static int screen_run(const char *workload, const char *params, bool small, unsigned samples,
		      json_t **result)
{
	json_t *p = json_loads(params, 0, NULL);
	struct bench_request rq = { .workload = workload, .params = p, .seed = 1, .cpu = -1,
				    .node = -1, .allow_small = small, .samples = samples };
	struct err err = ERR_INIT;
	char *text;
	int ret;

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s", workload);
	ret = bench_run_forked(&rq, NULL, 120, &text, &err);
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	json_decref(p);
	*result = NULL;
	if (ret) {
		fprintf(stdout, "%-12s unavailable: %s\n", workload, err.text);
		return ret;
	}
	*result = json_loads(text, 0, NULL);
	free(text);
	return *result ? 0 : -ENOMEM;
}

static double screen_metric(const json_t *r, const char *name)
{
	json_t *m;
	size_t i;

	json_array_foreach(json_object_get(r, "metrics"), i, m)
		if (!strcmp(result_str(m, "metric"), name))
			return screen_median(json_object_get(m, "values"));
	return NAN;
}

static void screen_value(const char *what, double v, const char *unit, const char *more)
{
	char number[NUMBER_TEXT];

	if (isfinite(v))
		printf("%-12s %s %s%s\n", what, result_number(v, number), unit, more);
	else
		printf("%-12s not found\n", what);
}

static void screen_tlb(void)
{
	double page, first, second;
	json_t *r;

	if (screen_run("tlb-miss", "{\"step\":\"20\"}", false, 5, &r))
		return;
	page = screen_metric(r, "effective_page");
	first = screen_metric(r, "first_level_knee");
	second = screen_metric(r, "second_level_half");
	screen_value("first level", round(first), "pages until the first-level TLB ends", "");
	screen_value("second level", round(second), "pages until half of the accesses walk", "");
	screen_value("page walk", screen_metric(r, "walk_cost"), "ns", "");
	screen_value("page size", page / 1024, "KiB in the TLB: the smaller of this "
		     "system's and that below it", "");
	fputs("\nan access to one line in each of so many pages (4K, at random):\n", stdout);
	result_chart(json_object_get(json_object_get(r, "derived"), "ladder"), "pages", "access_ns",
		     "ns", stdout);
	json_decref(r);
}

int cli_screen(void)
{
	json_t *r = json_object(), *host;

	result_add_machine(r);
	host = json_object_get(r, "host");
	printf("%s, %s, Linux %s, %s, kduel %s\n\n", result_str(host, "machine"),
	       result_str(host, "cpu_model"), result_str(host, "kernel"), result_str(host, "date"),
	       KDUEL_VERSION);
	json_decref(r);
	if (!screen_run("mem-walk", "{\"size\":\"64M\"}", true, 5, &r)) {
		screen_value("latency", screen_metric(r, "ns_per_access"), "ns",
			     " an access, 64 MiB at random");
		json_decref(r);
	}
	if (!screen_run("stream", "{\"size\":\"64M\"}", true, 5, &r)) {
		screen_value("copy", screen_metric(r, "copy"), "GB/s", ", arrays of 64 MiB");
		screen_value("triad", screen_metric(r, "triad"), "GB/s", "");
		json_decref(r);
	}
	screen_tlb();
	fputs("\nOne quick run without intervals; kduel-bench run WORKLOAD measures, and\n"
	      "kduel run compares.\n", stdout);
	return EXIT_DONE;
}

/* --- two results --------------------------------------------------------------------- */

static int screen_read(const char *path, json_t **result)
{
	struct err err = ERR_INIT;
	json_error_t why;
	bool parsed;

	*result = json_load_file(path, 0, &why);
	parsed = *result;
	if (parsed && json_is_array(json_object_get(*result, "metrics")))
		return 0;
	json_decref(*result);
	*result = NULL;
	if (parsed)
		err_config(&err, "%s: is not a result of kduel-bench run --json", path);
	else
		err_config(&err, "%s:%d: %s", path, why.line, why.text);
	return cli_fail(&err);
}

static const json_t *screen_same(const json_t *r, const json_t *m)
{
	json_t *other;
	size_t i;

	json_array_foreach(json_object_get(r, "metrics"), i, other)
		if (!strcmp(result_str(other, "metric"), result_str(m, "metric")) &&
		    json_equal(json_object_get(other, "point"), json_object_get(m, "point")))
			return other;
	return NULL;
}

/* Prints what differs besides the numbers. */
static void screen_differences(const json_t *a, const json_t *b)
{
	static const char *const keys[] = { "machine", "cpu_model", "kernel", "date", "version" };
	const json_t *x = json_object_get(a, "host"), *y = json_object_get(b, "host");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(result_str(x, keys[i]), result_str(y, keys[i]))) {
			printf("%-10s ", keys[i]);
			text_put(stdout, result_str(x, keys[i]));
			fputs(" -> ", stdout);
			text_put(stdout, result_str(y, keys[i]));
			fputc('\n', stdout);
		}
	if (!json_equal(json_object_get(a, "params"), json_object_get(b, "params")))
		puts("NOTE       the parameters differ");
}

static void screen_compare(const json_t *a, const json_t *b)
{
	char point[64], x[NUMBER_TEXT], y[NUMBER_TEXT], name[160];
	const json_t *other;
	json_t *m;
	size_t i;

	printf("\n%-40s %10s %10s %9s\n", "", "old", "new", "change");
	json_array_foreach(json_object_get(a, "metrics"), i, m) {
		double old = screen_median(json_object_get(m, "values")), new;

		other = screen_same(b, m);
		new = screen_median(json_object_get(other, "values"));
		if (!other || !isfinite(old) || !isfinite(new))
			continue;
		result_point(json_object_get(m, "point"), point, sizeof(point));
		snprintf(name, sizeof(name), "%.60s [%.16s] %s", result_str(m, "metric"),
			 result_str(m, "unit"), point);
		text_put(stdout, name);
		printf("%*s %10s %10s ", (int)(safe_width(name) < 40 ? 40 - safe_width(name) : 0), "",
		       result_number(old, x), result_number(new, y));
		if (old != 0)
			printf("%+8.1f%%\n", 100 * (new / old - 1));
		else
			puts("        -");
	}
	puts("\nMedians of one run each: no interval and no verdict; kduel run, or kduel-bench\n"
	     "duel, repeats runs in turns and judges them.");
}

int cli_compare(int argc, char **argv)
{
	static const struct argp argp = { .args_doc = "OLD.json NEW.json",
		.doc = "Two results of kduel-bench run --json beside each other." };
	json_t *a, *b = NULL;
	int at, ret;

	argp_parse(&argp, argc, argv, 0, &at, NULL);
	if (argc - at != 2) {
		struct err err = ERR_INIT;

		err_config(&err, "compare: two results, OLD.json and NEW.json");
		return cli_fail(&err);
	}
	ret = screen_read(argv[at], &a);
	if (!ret)
		ret = screen_read(argv[at + 1], &b);
	if (!ret && strcmp(result_str(a, "workload"), result_str(b, "workload"))) {
		struct err err = ERR_INIT;

		err_config(&err, "%s is of %s, %s of %s; only results of the same workload can "
			"be compared",
			   argv[at], result_str(a, "workload"), argv[at + 1],
			   result_str(b, "workload"));
		ret = cli_fail(&err);
	}
	if (!ret) {
		printf("%s on %s\n", result_str(a, "workload"), result_str(a, "source"));
		screen_differences(a, b);
		screen_compare(a, b);
	}
	json_decref(a);
	json_decref(b);
	return ret;
}
