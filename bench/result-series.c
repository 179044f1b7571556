/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A result's series and their events, in columns. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "order.h"
#include "size.h"

#define RARE 0.001
#define EVENT_INDENT 4

struct spread {
	double p10, median, p90;
	size_t n;
};

static struct spread result_series_spread_of(const json_t *values)
{
	struct spread s = { .n = json_array_size(values) };
	double *v = calloc(s.n + 1, sizeof(*v));

	if (!v || !s.n) {
		free(v);
		return (struct spread){ NAN, NAN, NAN, 0 };
	}
	for (size_t i = 0; i < s.n; i++)
		v[i] = json_number_value(json_array_get(values, i));
	order_sort(v, s.n);
	s.p10 = order_quantile(v, s.n, 0.1);
	s.median = order_quantile(v, s.n, 0.5);
	s.p90 = order_quantile(v, s.n, 0.9);
	free(v);
	return s;
}

char *result_number(double v, char buf[static NUMBER_TEXT])
{
	bool plain = fabs(v) >= 1000 && fabs(v) < 1e9;

	snprintf(buf, NUMBER_TEXT, plain ? "%.0f" : "%.4g", v);
	return buf;
}

void result_point(const json_t *point, char *buf, size_t room)
{
	char size[SIZE_TEXT_MAX];
	const char *key, *text;
	json_t *v;
	size_t n = 0;

	buf[0] = '\0';
	json_object_foreach((json_t *)point, key, v) {
		if (n >= room)
			return;
		text = json_string_value(v);
		if (!strcmp(key, "size") && json_is_integer(v))
			text = size_format(json_integer_value(v), size);
		n += snprintf(buf + n, room - n, "%s%s=", n ? " " : "", key);
		if (n >= room)
			return;
		if (text)
			n += snprintf(buf + n, room - n, "%s", text);
		else
			n += snprintf(buf + n, room - n, "%.10g", json_number_value(v));
	}
}

/* --- series --- */

static void result_series_print_row(const char *name, const json_t *m, FILE *out)
{
	struct spread s = result_series_spread_of(json_object_get(m, "values"));
	char median[NUMBER_TEXT], p10[NUMBER_TEXT], p90[NUMBER_TEXT];

	fprintf(out, "%-32s %9s %9s %9s %5zu%s\n", name, result_number(s.median, median),
		result_number(s.p10, p10), result_number(s.p90, p90), s.n,
		json_is_true(json_object_get(m, "steady")) ? "" : " not steady");
}

/* A metric without points has its numbers beside its name. */
static void result_series_print_one(const json_t *m, bool first, FILE *out)
{
	char point[64], name[96];
	bool single = !json_object_size(json_object_get(m, "point"));

	snprintf(name, sizeof(name), "%s [%s]", result_str(m, "metric"), result_str(m, "unit"));
	if (single) {
		result_series_print_row(name, m, out);
		return;
	}
	if (first)
		fprintf(out, "%s\n", name);
	snprintf(name, sizeof(name), "  ");
	result_point(json_object_get(m, "point"), point, sizeof(point));
	strcat(name, point);
	result_series_print_row(name, m, out);
}

/* Does a table under "derived" have a row for each of this metric's points? */
static bool result_series_is_in_table(const json_t *r, const json_t *m)
{
	void *first = json_object_iter(json_object_get(m, "point"));
	const char *name;
	json_t *v;

	if (!first)
		return false;
	json_object_foreach(json_object_get(r, "derived"), name, v)
		if (json_object_get(json_array_get(v, 0), json_object_iter_key(first)))
			return true;
	return false;
}

static bool result_series_is_same_metric(const json_t *a, const json_t *b)
{
	return !strcmp(result_str(a, "metric"), result_str(b, "metric"));
}

static bool result_series_is_first_of_its_name(const json_t *metrics, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (result_series_is_same_metric(json_array_get(metrics, i),
						 json_array_get(metrics, k)))
			return false;
	return true;
}

void result_print_series(const json_t *r, FILE *out)
{
	const json_t *metrics = json_object_get(r, "metrics");
	size_t n = json_array_size(metrics);
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		const json_t *m = json_array_get(metrics, i);

		if (!result_series_is_first_of_its_name(metrics, i) ||
		    result_series_is_in_table(r, m))
			continue;
		if (!any)
			fprintf(out, "\n%-32s %9s %9s %9s %5s\n", "", "median", "p10", "p90",
				"n");
		any = true;
		for (size_t k = i; k < n; k++)
			if (result_series_is_same_metric(m, json_array_get(metrics, k)))
				result_series_print_one(json_array_get(metrics, k), k == i, out);
	}
}

/* --- events --- */

/* The rare ones are left to the JSON. True if there was one to print. */
static bool result_series_print_counts(const json_t *m, FILE *out)
{
	char point[64], value[NUMBER_TEXT];
	struct fold f;
	size_t i, n = 0;
	json_t *c;

	result_point(json_object_get(m, "point"), point, sizeof(point));
	fprintf(fold_begin(&f), "%s%s%s:", result_str(m, "metric"), *point ? " " : "", point);
	json_array_foreach(json_object_get(m, "counters"), i, c) {
		double things = result_num(c, "things");
		double each = things > 0 ? result_num(c, "value") / things : 0;

		if (each >= RARE)
			fprintf(f.f, "%s %s %s", n++ ? "," : "", result_str(c, "name"),
				result_number(each, value));
	}
	if (n)
		fold_end_at(&f, "  ", EVENT_INDENT, out);
	else
		fold_drop(&f);
	return n;
}

/* The names that share a reason, then the reason. */
static bool result_series_print_unavailable(const json_t *counters, FILE *out)
{
	size_t n = json_array_size(counters);
	bool any = false;

	for (size_t i = 0, next; i < n; i = next) {
		const char *why = result_str(json_array_get(counters, i), "unavailable");
		struct fold f;

		fold_begin(&f);
		for (next = i; next < n; next++) {
			const json_t *c = json_array_get(counters, next);

			if (strcmp(why, result_str(c, "unavailable")))
				break;
			fprintf(f.f, "%s%s", next > i ? ", " : "", result_str(c, "name"));
		}
		fprintf(f.f, ": unavailable: %s", why);
		if (*why)
			fold_end(&f, "", out);
		else
			fold_drop(&f);
		any |= *why;
	}
	return any;
}

void result_print_events(const json_t *r, FILE *out)
{
	const json_t *metrics = json_object_get(r, "metrics");
	bool any = false;
	size_t i;
	json_t *m, *p;

	fputs("\nevents per thing, by", out);
	json_array_foreach(json_object_get(r, "providers"), i, p)
		if (json_is_true(json_object_get(p, "used")))
			fprintf(out, " %s", result_str(p, "name"));
	fputc('\n', out);
	json_array_foreach(metrics, i, m)
		any |= result_series_print_counts(m, out);
	json_array_foreach(metrics, i, m)
		if (json_array_size(json_object_get(m, "counters")))
			break;
	any |= result_series_print_unavailable(
		json_object_get(json_array_get(metrics, i), "counters"), out);
	if (!any)
		fprintf(out, "  fewer than %g of each\n", RARE);
}
