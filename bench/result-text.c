/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A result as a page that can be pasted into a mail: at most 76 columns. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "fold.h"

static const char *str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static double num(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#define RARE 0.001

struct spread {
	double min, p10, median, p90, max;
	size_t n;
};

static double quantile(const double *v, size_t n, double q)
{
	double at = q * (n - 1);
	size_t i = at;

	return i + 1 < n ? v[i] + (at - i) * (v[i + 1] - v[i]) : v[n - 1];
}

static struct spread spread_of(const json_t *values)
{
	struct spread s = { .n = json_array_size(values) };
	double *v = calloc(s.n + 1, sizeof(*v));

	if (!v || !s.n) {
		free(v);
		return (struct spread){ NAN, NAN, NAN, NAN, NAN, 0 };
	}
	for (size_t i = 0; i < s.n; i++)
		v[i] = json_number_value(json_array_get(values, i));
	qsort(v, s.n, sizeof(*v), by_value);
	s.min = v[0];
	s.p10 = quantile(v, s.n, 0.1);
	s.median = quantile(v, s.n, 0.5);
	s.p90 = quantile(v, s.n, 0.9);
	s.max = v[s.n - 1];
	free(v);
	return s;
}

/* "pages=512 op=read" */
static void point_text(const json_t *point, char *buf, size_t room)
{
	const char *key;
	json_t *v;
	size_t n = 0;

	buf[0] = '\0';
	json_object_foreach((json_t *)point, key, v) {
		if (n >= room)
			return;
		if (json_is_string(v))
			n += snprintf(buf + n, room - n, "%s%s=%s", n ? " " : "", key,
				      json_string_value(v));
		else
			n += snprintf(buf + n, room - n, "%s%s=%.10g", n ? " " : "", key,
				      json_number_value(v));
	}
}

static void print_head(const json_t *r, FILE *out)
{
	const json_t *timer = json_object_get(r, "timer");
	const json_t *place = json_object_get(r, "placement");
	struct fold f;
	const char *key;
	json_t *v;

	fprintf(out, "%s on %s, CPU %.0f, node %.0f, seed %.0f\n", str(r, "workload"),
		str(r, "source"), num(place, "cpu"), num(place, "node"), num(r, "seed"));
	fprintf(out, "clock %s, %.1f ns a reading, resolution %.1f ns\n",
		str(timer, "clock"), num(timer, "overhead_ns"), num(timer, "resolution_ns"));
	fold_begin(&f);
	json_object_foreach(json_object_get(r, "params"), key, v)
		fprintf(f.f, "%s=%s ", key, json_string_value(v));
	fold_end(&f, "parameters", out);
}

static void print_series(const json_t *m, FILE *out)
{
	struct spread s = spread_of(json_object_get(m, "values"));
	char point[64];

	point_text(json_object_get(m, "point"), point, sizeof(point));
	fprintf(out, "  %-30s %9.4g %9.4g %9.4g %5zu%s\n", point, s.median, s.p10, s.p90,
		s.n, json_is_true(json_object_get(m, "steady")) ? "" : " not steady");
}

static bool is_first_of_its_name(const json_t *metrics, size_t i)
{
	const char *name = str(json_array_get(metrics, i), "metric");

	for (size_t k = 0; k < i; k++)
		if (!strcmp(name, str(json_array_get(metrics, k), "metric")))
			return false;
	return true;
}

/* By metric, its points in the order they were measured. */
static void print_metrics(const json_t *r, FILE *out)
{
	const json_t *metrics = json_object_get(r, "metrics");
	size_t n = json_array_size(metrics);

	fprintf(out, "\n%-32s %9s %9s %9s %5s\n", "", "median", "p10", "p90", "n");
	for (size_t i = 0; i < n; i++) {
		const json_t *m = json_array_get(metrics, i);

		if (!is_first_of_its_name(metrics, i))
			continue;
		fprintf(out, "%s [%s]\n", str(m, "metric"), str(m, "unit"));
		for (size_t k = i; k < n; k++)
			if (!strcmp(str(m, "metric"), str(json_array_get(metrics, k), "metric")))
				print_series(json_array_get(metrics, k), out);
	}
}

static void print_fold(const char *margin, const char *text, FILE *out)
{
	struct fold f;

	fputs(text, fold_begin(&f));
	fold_end(&f, margin, out);
}

static void print_list(const json_t *r, const char *key, const char *what, FILE *out)
{
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(r, key), i, v)
		print_fold(i ? "" : what, json_string_value(v), out);
}

static void print_value(const json_t *v, FILE *out)
{
	char *text;

	if (json_is_string(v)) {
		fputs(json_string_value(v), out);
	} else if (json_is_number(v)) {
		fprintf(out, "%.5g", json_number_value(v));
	} else {
		text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(5));
		fputs(text ? text : "", out);
		free(text);
	}
}

/* Long lists (a histogram's buckets) are for the JSON. */
static void print_object(const json_t *o, FILE *out)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)o, key, v) {
		if (json_is_array(v))
			continue;
		fprintf(out, " %s=", key);
		print_value(v, out);
	}
}

/* A list of objects of numbers, a ladder for one: their keys head its columns. */
static void print_table(const char *name, const json_t *rows, FILE *out)
{
	const char *key;
	json_t *row, *v;
	size_t i;

	fprintf(out, "%-10s %s:\n", "derived", name);
	json_object_foreach(json_array_get(rows, 0), key, v)
		fprintf(out, " %14s", key);
	fputc('\n', out);
	json_array_foreach(rows, i, row) {
		json_object_foreach(row, key, v)
			fprintf(out, " %14.*f", json_is_integer(v) ? 0 : 4,
				json_number_value(v));
		fputc('\n', out);
	}
}

static void print_derived(const json_t *r, FILE *out)
{
	const char *key;
	struct fold f;
	json_t *v;

	json_object_foreach(json_object_get(r, "derived"), key, v) {
		if (json_is_object(json_array_get(v, 0))) {
			print_table(key, v, out);
			continue;
		}
		fprintf(fold_begin(&f), "%s: ", key);
		if (json_is_object(v))
			print_object(v, f.f);
		else
			print_value(v, f.f);
		fold_end(&f, "derived", out);
	}
}

/* Expected, measured and their ratio, each beside what it may be. */
static void print_check(const json_t *c, FILE *out)
{
	char point[64];
	struct fold f;

	point_text(json_object_get(c, "point"), point, sizeof(point));
	fprintf(fold_begin(&f), "%s%s%s: expected %.4g, measured %.4g, ratio %.2f "
		"(%.2f..%.2f) %s", str(c, "name"), *point ? " " : "", point, num(c, "expected"),
		num(c, "measured"), num(c, "ratio"), num(c, "least"), num(c, "most"),
		json_is_true(json_object_get(c, "holds")) ? "holds" : "DOES NOT HOLD");
	fold_end(&f, "", out);
}

static void print_model(const json_t *r, FILE *out)
{
	const json_t *model = json_object_get(r, "model");
	const json_t *e = json_object_get(model, "expected");
	struct fold f;
	size_t i;
	json_t *c;

	if (!model)
		return;
	fprintf(fold_begin(&f), "%s: %.0f pages of %s, %.3g first-level misses and %.3g "
		"walks per access", str(model, "cpu"), num(e, "pages"), str(e, "effective_page"),
		num(e, "first_misses_per_access"), num(e, "walks_per_access"));
	fold_end(&f, "model", out);
	json_array_foreach(json_object_get(model, "checks"), i, c)
		print_check(c, out);
}

static void print_proof(const json_t *r, FILE *out)
{
	static const char *const sides[] = { "before", "after" };

	for (int i = 0; i < 2; i++) {
		const json_t *p = json_object_get(json_object_get(r, "proof"), sides[i]);
		const json_t *b = json_object_get(p, "bytes");
		struct fold f;

		fprintf(fold_begin(&f), "%s: ", sides[i]);
		if (b)
			fprintf(f.f, "4K %.1f MiB, 2M %.1f MiB, 1G %.1f MiB (%s)",
				num(b, "4k") / 1048576, num(b, "2m") / 1048576,
				num(b, "1g") / 1048576, str(p, "method"));
		else
			fprintf(f.f, "unavailable: %s", str(p, "unavailable"));
		fold_end(&f, i ? "" : "pages", out);
	}
}

/* Events per thing; the rare ones are left to the JSON. */
static void print_counts(const json_t *m, FILE *out)
{
	char point[64];
	bool first = true;
	size_t i;
	json_t *c;

	point_text(json_object_get(m, "point"), point, sizeof(point));
	json_array_foreach(json_object_get(m, "counters"), i, c) {
		double value = num(c, "value"), things = num(c, "things");

		if (things <= 0 || value / things < RARE)
			continue;
		if (first)
			fprintf(out, "  %s%s%s:", str(m, "metric"), *point ? " " : "", point);
		fprintf(out, "%s %s %.4g", first ? "" : ",", str(c, "name"), value / things);
		first = false;
	}
	if (!first)
		fputc('\n', out);
}

/* The names that share a reason, then the reason. */
static void print_unavailable(const json_t *counters, FILE *out)
{
	size_t n = json_array_size(counters);

	for (size_t i = 0, next; i < n; i = next) {
		const char *why = str(json_array_get(counters, i), "unavailable");
		struct fold f;

		fold_begin(&f);
		for (next = i; next < n; next++) {
			const json_t *c = json_array_get(counters, next);

			if (strcmp(why, str(c, "unavailable")))
				break;
			fprintf(f.f, "%s%s", next > i ? ", " : "", str(c, "name"));
		}
		fprintf(f.f, ": unavailable: %s", why);
		if (*why)
			fold_end(&f, "", out);
		else
			fold_drop(&f);
	}
}

static void print_counters(const json_t *r, FILE *out)
{
	const json_t *metrics = json_object_get(r, "metrics");
	size_t i;
	json_t *m, *p;

	fputs("\nevents per thing, by", out);
	json_array_foreach(json_object_get(r, "providers"), i, p)
		if (json_is_true(json_object_get(p, "used")))
			fprintf(out, " %s", str(p, "name"));
	fputc('\n', out);
	json_array_foreach(metrics, i, m)
		print_counts(m, out);
	json_array_foreach(metrics, i, m)
		if (json_array_size(json_object_get(m, "counters")))
			break;
	print_unavailable(json_object_get(json_array_get(metrics, i), "counters"), out);
}

void result_print(const json_t *r, FILE *out)
{
	print_head(r, out);
	print_metrics(r, out);
	print_counters(r, out);
	fputs("\n", out);
	print_derived(r, out);
	print_model(r, out);
	print_list(r, "validated", "validated", out);
	print_proof(r, out);
	print_list(r, "labels", "NOTE", out);
}
