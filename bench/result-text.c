/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A result as a page that can be pasted into a mail: at most 76 columns. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static void result_text_print_head(const json_t *r, FILE *out)
{
	const json_t *timer = json_object_get(r, "timer");
	const json_t *place = json_object_get(r, "placement");
	struct fold f;
	const char *key;
	json_t *v;

	fprintf(out, "%s on %s, CPU %.0f, node %.0f, seed %lld\n", result_str(r, "workload"),
		result_str(r, "source"), result_num(place, "cpu"), result_num(place, "node"),
		json_integer_value(json_object_get(r, "seed")));
	fprintf(out, "clock %s, %.1f ns a reading, resolution %.1f ns\n",
		result_str(timer, "clock"), result_num(timer, "overhead_ns"), result_num(timer, "resolution_ns"));
	if (!json_object_size(json_object_get(r, "params")))
		return;
	fold_begin(&f);
	json_object_foreach(json_object_get(r, "params"), key, v)
		if (json_is_string(v))
			fprintf(f.f, "%s=%s ", key, json_string_value(v));
		else
			fprintf(f.f, "%s: %zu ", key, json_is_array(v) ? json_array_size(v)
								      : json_object_size(v));
	fold_end(&f, "parameters", out);
}

static void result_text_print_fold(const char *margin, const char *text, FILE *out)
{
	struct fold f;

	fputs(text, fold_begin(&f));
	fold_end(&f, margin, out);
}

static void result_text_print_list(const json_t *r, const char *key, const char *what, FILE *out)
{
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(r, key), i, v)
		result_text_print_fold(i ? "" : what, json_string_value(v), out);
}

static void result_text_print_value(const json_t *v, FILE *out)
{
	char *text, number[NUMBER_TEXT];

	if (json_is_string(v)) {
		fputs(json_string_value(v), out);
	} else if (json_is_integer(v)) {
		fprintf(out, "%lld", json_integer_value(v));
	} else if (json_is_real(v)) {
		fputs(result_number(json_real_value(v), number), out);
	} else {
		text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(5));
		fputs(text ? text : "", out);
		free(text);
	}
}

/* Long lists (a histogram's buckets) are for the JSON. */
static void result_text_print_object(const json_t *o, FILE *out)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)o, key, v) {
		if (json_is_array(v))
			continue;
		fprintf(out, " %s=", key);
		result_text_print_value(v, out);
	}
}

/* A list of objects of numbers, a ladder for one: their keys head its columns. */
static void result_text_print_table(const char *name, const json_t *rows, FILE *out)
{
	const char *key;
	json_t *row, *v;
	size_t i;

	fprintf(out, "%-10s %s (its samples are in the JSON):\n", "derived", name);
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

static void result_text_print_item(const char *key, const json_t *v, FILE *out)
{
	struct fold f;

	fprintf(fold_begin(&f), "%s:", key);
	if (json_is_object(v)) {
		result_text_print_object(v, f.f);
	} else {
		fputc(' ', f.f);
		result_text_print_value(v, f.f);
	}
	fold_end(&f, "derived", out);
}

/* Objects of objects: each of them on a line of its own. */
static void result_text_print_group(const char *name, const json_t *group, FILE *out)
{
	const char *key;
	char both[64];
	json_t *v;

	json_object_foreach((json_t *)group, key, v) {
		snprintf(both, sizeof(both), "%s, %s", name, key);
		result_text_print_item(both, v, out);
	}
}

static bool result_text_holds_objects(const json_t *v)
{
	void *first = json_object_iter((json_t *)v);

	return first && json_is_object(json_object_iter_value(first));
}

static void result_text_print_ladder(const char *name, const json_t *rows, bool verbose,
				     FILE *out)
{
	const json_t *first = json_array_get(rows, 0);

	if (verbose || !json_object_get(first, "pages") || !json_object_get(first, "access_ns")) {
		result_text_print_table(name, rows, out);
		return;
	}
	fprintf(out, "%-10s %s, some of %zu rungs (--verbose shows all):\n", "derived", name,
		json_array_size(rows));
	result_chart(rows, "pages", "access_ns", "ns", out);
}

static void result_text_print_derived(const json_t *r, bool verbose, FILE *out)
{
	const char *key;
	json_t *v;

	json_object_foreach(json_object_get(r, "derived"), key, v) {
		if (json_is_object(json_array_get(v, 0)))
			result_text_print_ladder(key, v, verbose, out);
		else if (result_text_holds_objects(v))
			result_text_print_group(key, v, out);
		else
			result_text_print_item(key, v, out);
	}
}

/* Expected, measured and their ratio, each beside what it may be. */
static void result_text_print_check(const json_t *c, FILE *out)
{
	char point[64];
	struct fold f;

	result_point(json_object_get(c, "point"), point, sizeof(point));
	fprintf(fold_begin(&f), "%s%s%s: expected %.4g, measured %.4g, ratio %.2f "
		"(%.2f..%.2f) %s", result_str(c, "name"), *point ? " " : "", point, result_num(c, "expected"),
		result_num(c, "measured"), result_num(c, "ratio"), result_num(c, "least"), result_num(c, "most"),
		json_is_true(json_object_get(c, "holds")) ? "holds" : "DOES NOT HOLD");
	fold_end(&f, "", out);
}

static void result_text_print_model(const json_t *r, FILE *out)
{
	const json_t *model = json_object_get(r, "model");
	const json_t *e = json_object_get(model, "expected");
	struct fold f;
	size_t i;
	json_t *c;

	if (!model)
		return;
	fprintf(fold_begin(&f), "%s: %.0f pages of %s, %.3g first-level misses and %.3g "
		"walks per access", result_str(model, "cpu"), result_num(e, "pages"), result_str(e, "effective_page"),
		result_num(e, "first_misses_per_access"), result_num(e, "walks_per_access"));
	fold_end(&f, "model", out);
	json_array_foreach(json_object_get(model, "checks"), i, c)
		result_text_print_check(c, out);
}

/* "64 MiB in 2M pages (pagemap)" */
static void result_text_print_pages(const json_t *p, FILE *out)
{
	static const char *const sizes[][2] = { { "4k", "4K" }, { "2m", "2M" }, { "1g", "1G" } };
	const json_t *bytes = json_object_get(p, "bytes");
	char number[NUMBER_TEXT];
	bool any = false;

	for (int i = 0; i < 3; i++) {
		double n = result_num(bytes, sizes[i][0]);

		if (n > 0)
			fprintf(out, "%s%s MiB in %s pages", any ? ", " : "",
				result_number(n / 1048576, number), sizes[i][1]);
		any |= n > 0;
	}
	fprintf(out, "%s (%s)", any ? "" : "none mapped", result_str(p, "method"));
}

static void result_text_print_proof(const json_t *r, FILE *out)
{
	static const char *const sides[] = { "before", "after" };

	for (int i = 0; i < 2; i++) {
		const json_t *p = json_object_get(json_object_get(r, "proof"), sides[i]);
		struct fold f;

		fprintf(fold_begin(&f), "%s: ", sides[i]);
		if (json_object_get(p, "bytes"))
			result_text_print_pages(p, f.f);
		else
			fprintf(f.f, "unavailable: %s", result_str(p, "unavailable"));
		fold_end(&f, i ? "" : "pages", out);
	}
}

void result_print(const json_t *r, bool verbose, FILE *out)
{
	result_text_print_head(r, out);
	result_print_series(r, out);
	result_print_events(r, out);
	fputs("\n", out);
	result_text_print_derived(r, verbose, out);
	result_text_print_model(r, out);
	result_text_print_list(r, "validated", "validated", out);
	result_text_print_proof(r, out);
	result_text_print_list(r, "labels", "NOTE", out);
}
