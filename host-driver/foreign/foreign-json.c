/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON of other programs. Google Benchmark: its user guide, "Output Formats".
 * hyperfine: --export-json. lkp: matrix.json, for each metric a list of numbers, one
 * per run; stats.json, a number for each, of one run. mmtests: extract-mmtests.pl --print-json, for each operation of
 * "_ResultData" a list of iterations.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "foreign.h"
#include "safe.h"
#include "view.h"

static const char *json_text(const struct view *o, const char *key)
{
	const struct view *v = view_get(o, key);

	return v && v->type == JSON_STRING ? v->text : NULL;
}

static int json_need(const struct view *o, const char *key, const char **text, struct err *err)
{
	*text = json_text(o, key);
	return *text ? 0 : err_config(err, "%s: missing, or not a text", key);
}

/* --- Google Benchmark -------------------------------------------------------------- */

static const struct {
	const char *key, *unit, *better;	/* unit NULL: the row's time_unit */
} google_values[] = {
	{ "real_time", NULL, "lower" },
	{ "bytes_per_second", "B/s", "higher" },
	{ "items_per_second", "items/s", "higher" },
};

static int json_google_row(struct foreign_file *file, const struct view *o,
			   struct foreign_runs *runs, struct err *err)
{
	struct foreign_row row = { .arm = NULL };
	const char *name, *unit = json_text(o, "time_unit"), *type = json_text(o, "run_type");
	const struct view *failed = view_get(o, "error_occurred"), *v;
	int ret = 0;

	if (o->type != JSON_OBJECT)
		return err_config(err, "benchmarks: an element is %s", view_type_text(o));
	if (type && !strcmp(type, "aggregate"))
		return 0;
	if (failed && failed->type == JSON_TRUE) {
		file->f->left_out++;
		return 0;
	}
	if (json_need(o, "name", &name, err))
		return -EINVAL;
	row.run = foreign_run(runs, name);
	for (size_t i = 0; !ret && i < sizeof(google_values) / sizeof(google_values[0]); i++) {
		char *metric;

		v = view_get(o, google_values[i].key);
		if (!view_is_number(v))
			continue;
		metric = text_format("%s%s%s", name, i ? " " : "", i ? google_values[i].key : "");
		row.metric = metric;
		row.unit = google_values[i].unit ? google_values[i].unit : unit ? unit : "ns";
		row.better = google_values[i].better;
		row.value = v->real;
		ret = foreign_put(file, &row, err);
		free(metric);
	}
	return ret;
}

static int json_google(struct foreign_file *file, const struct view *list, struct err *err)
{
	struct foreign_runs runs = { { NULL, 0 }, NULL };
	const struct view *v;
	int ret = 0;

	view_each(v, list) {
		ret = json_google_row(file, v, &runs, err);
		if (ret)
			break;
	}
	foreign_runs_release(&runs);
	return ret;
}

/* --- hyperfine ----------------------------------------------------------------------- */

/* Without --arm each command is an arm; with it, a metric. */
static int json_hyperfine(struct foreign_file *file, const struct view *list, struct err *err)
{
	const struct view *o, *v;

	view_each(o, list) {
		const struct view *times = o->type == JSON_OBJECT ? view_get(o, "times") : NULL;
		struct foreign_row row = { .unit = "s", .better = "lower", .run = 0 };
		const char *command;

		if (!times || times->type != JSON_ARRAY)
			return err_config(err, "results: an element has no list 'times'");
		if (json_need(o, "command", &command, err))
			return -EINVAL;
		row.arm = file->arm ? NULL : command;
		row.metric = file->arm ? command : "time";
		view_each(v, times) {
			row.run++;
			row.value = v->real;
			if (!view_is_number(v))
				return err_config(err, "times: an element is %s",
						  view_type_text(v));
			if (foreign_put(file, &row, err))
				return -EINVAL;
		}
	}
	return 0;
}

/* --- lkp and mmtests ------------------------------------------------------------------ */

/* A number; Perl also writes those that it has read from a text as texts. */
static bool json_number(const struct view *v, double *value)
{
	char *end = NULL;

	*value = view_is_number(v) ? v->real : v->type == JSON_STRING ? strtod(v->text, &end) : NAN;
	return isfinite(*value) && (!end || (end != v->text && !*end));
}

static int json_numbers(struct foreign_file *file, const struct view *list,
			struct foreign_row *row, bool count, struct err *err)
{
	const struct view *v;

	view_each(v, list) {
		if (!json_number(v, &row->value))
			return err_config(err, "%.60s: an element is %s, and no number", row->metric,
					  view_type_text(v));
		row->run += count;
		if (foreign_put(file, row, err))
			return -EINVAL;
	}
	return 0;
}

/* Of stats.json, "perf-stat.i.cpu-cycles": 1.5; a point tells it from a row of a table. */
static bool json_lkp_value(const struct view *v)
{
	return view_is_number(v) && strchr(v->key, '.');
}

static int json_lkp(struct foreign_file *file, const struct view *root, struct err *err)
{
	const struct view *v;

	view_each(v, root) {
		struct foreign_row row = { .metric = v->key, .unit = "", .runs_are_blocks = true };

		if (v->type == JSON_ARRAY && json_numbers(file, v, &row, true, err))
			return -EINVAL;
		if (!json_lkp_value(v))
			continue;
		row.run = 1;
		row.value = v->real;
		if (foreign_put(file, &row, err))
			return -EINVAL;
	}
	return 0;
}

/* The unit of mmtests' data types that say one, else "". */
static const char *json_mmtests_unit(const struct view *module)
{
	static const struct { const char *type, *unit; } types[] = {
		{ "TIME_NSECONDS", "ns" }, { "TIME_USECONDS", "us" }, { "TIME_MSECONDS", "ms" },
		{ "TIME_SECONDS", "s" }, { "OPS_PER_SECOND", "ops/s" },
		{ "TRANS_PER_SECOND", "transactions/s" }, { "MBYTES_PER_SECOND", "MB/s" },
		{ "GBYTES_PER_SECOND", "GB/s" },
	};
	const char *type = json_text(module, "_DataType");

	for (size_t i = 0; type && i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(type, types[i].type))
			return types[i].unit;
	return "";
}

/* Which way is better: mmtests says it, and without it a throughput would be judged as a time. */
static const char *json_mmtests_better(const struct view *module)
{
	const char *preferred = json_text(module, "_PreferredVal");

	return !preferred ? NULL : !strcmp(preferred, "Higher") ? "higher" : "lower";
}

static int json_mmtests(struct foreign_file *file, const struct view *module, struct err *err)
{
	const struct view *data = view_get(module, "_ResultData"), *operation, *o;

	view_each(operation, data) {
		struct foreign_row row = { .metric = operation->key, .runs_are_blocks = true,
					   .unit = json_mmtests_unit(module),
					   .better = json_mmtests_better(module) };

		if (operation->type != JSON_ARRAY)
			return err_config(err, "_ResultData: %.60s is %s", operation->key,
					  view_type_text(operation));
		view_each(o, operation) {
			const struct view *values = o->type == JSON_OBJECT ?
				view_get(o, "Values") : NULL;

			row.run++;
			if (o->type == JSON_NULL)	/* an iteration without this operation */
				continue;
			if (!values || values->type != JSON_ARRAY)
				return err_config(err, "%.60s: an iteration has no list 'Values'",
						  operation->key);
			if (json_numbers(file, values, &row, false, err))
				return -EINVAL;
		}
	}
	return 0;
}

static bool json_is_lkp(const struct view *root)
{
	const struct view *v;
	bool any = false;

	view_each(v, root) {
		if (v->type == JSON_ARRAY && v->n && !view_is_number(v + 1))
			return false;
		any |= v->type == JSON_ARRAY || json_lkp_value(v);
	}
	return any;
}

static bool json_is_mmtests(const struct view *o)
{
	const struct view *data = o->type == JSON_OBJECT ? view_get(o, "_ResultData") : NULL;

	return data && data->type == JSON_OBJECT;
}

/* One module of mmtests, or a list of them; 0 if it is neither. */
static int json_modules(struct foreign_file *file, const struct view *root, struct err *err)
{
	const struct view *m;

	if (root->type == JSON_ARRAY) {
		view_each(m, root)
			if (!json_is_mmtests(m))
				return 0;
		if (!root->n)
			return 0;
	}
	if (!file->f->format)
		file->f->format = "mmtests";
	if (root->type == JSON_OBJECT)
		return json_mmtests(file, root, err) ? -EINVAL : 1;
	view_each(m, root)
		if (json_mmtests(file, m, err))
			return -EINVAL;
	return 1;
}

int foreign_json(struct foreign_file *file, const struct view *root, struct err *err)
{
	static const struct {
		const char *key, *format;
		json_type type;
		int (*read)(struct foreign_file *file, const struct view *v, struct err *err);
	} programs[] = {
		{ "benchmarks", "google-benchmark", JSON_ARRAY, json_google },
		{ "results", "hyperfine", JSON_ARRAY, json_hyperfine },
	};
	int ret;

	if (json_is_mmtests(root) || root->type == JSON_ARRAY)
		return json_modules(file, root, err);
	if (root->type != JSON_OBJECT)
		return 0;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		const struct view *v = view_get(root, programs[i].key);

		if (!v || v->type != programs[i].type)
			continue;
		if (!file->f->format)
			file->f->format = programs[i].format;
		ret = programs[i].read(file, v, err);
		return ret ? ret : 1;
	}
	if (!json_is_lkp(root))
		return 0;
	if (!file->f->format)
		file->f->format = "lkp";
	ret = json_lkp(file, root, err);
	return ret ? ret : 1;
}
