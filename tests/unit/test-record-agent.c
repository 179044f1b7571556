/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a hostile agent says is refused, by field, and what is good passes. */
#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/record.h"

#define M(rest) "{\"metrics\":[" rest "]}"
#define GOOD "\"metric\":\"ns\",\"point\":{\"pages\":64},\"unit\":\"ns\",\"kind\":\"time\"," \
	"\"better\":\"lower\",\"values\":[1,2.5],\"rejected\":[9],\"steady\":true,\"counters\":[]"
/* The good metric with one member more, or one put in another's place. */
#define METRIC(members) M("{" members "}")
#define SERIES(metric, point, unit, kind, values) \
	METRIC("\"metric\":" metric ",\"point\":" point ",\"unit\":" unit ",\"kind\":" kind \
	       ",\"better\":\"none\",\"values\":" values)
#define VALUES(values) SERIES("\"m\"", "{}", "\"ns\"", "\"time\"", values)
#define COUNTERS(list) METRIC("\"metric\":\"m\",\"point\":{},\"unit\":\"ns\",\"kind\":\"time\"," \
	"\"better\":\"none\",\"values\":[1],\"counters\":" list)
#define SERIES_BEFORE "{\"metrics\":[{\"metric\":\"m\",\"point\":{},\"unit\":\"ns\"," \
	"\"kind\":\"time\",\"better\":\"none\""
#define X16 "xxxxxxxxxxxxxxxx"
#define X256 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16

static int check(int (*by)(const struct view *, struct err *), const char *text,
		 struct err *err)
{
	struct view_doc doc = VIEW_DOC_INIT;
	const struct view *root;
	int ret = view_parse(&doc, text, strlen(text), &root, err);

	if (!ret)
		ret = by(root, err);
	view_release(&doc);
	return ret;
}

static const char *const good_results[] = {
	METRIC(GOOD), M("{" GOOD "},{\"metric\":\"x\"," "\"point\":{},\"unit\":\"\",\"kind\":\"count\","
			"\"better\":\"none\",\"values\":[-1e29]}"),
	VALUES("[0]"), VALUES("[9.9e29]"), SERIES("\"m\"", "{}", "\"\\u00b5s\"", "\"time\"", "[1]"),
	COUNTERS("[{\"name\":\"a\",\"value\":1},{\"name\":\"b\",\"unavailable\":\"no PMU\"}]"),
	COUNTERS("[{\"name\":\"a\",\"value\":1e35,\"things\":1e9}]"),
	"{\"metrics\":[{" GOOD "}],\"labels\":[\"small\"],\"derived\":{\"a\":[[[[1]]]]}}",
};

static const struct { const char *json, *says; } bad_results[] = {
	{ "[]", "must be an object" },
	{ "{}", "metrics: is missing" },
	{ "{\"metrics\":{}}", "metrics: is an object" },
	{ "{\"metrics\":[]}", "metrics: is empty" },
	{ M("1"), "metrics[0]: is a whole number" },
	{ METRIC(""), "metric: is missing" },
	{ M("{" GOOD "},{" GOOD "}"), "'ns' is given twice" },
	{ M("{" GOOD "},{\"point\":{},\"metric\":\"ns\",\"unit\":\"\",\"kind\":\"count\",\"better\":"
	    "\"none\",\"values\":[1]},{" GOOD "}"), "'ns' is given twice" },
	{ SERIES("\"\"", "{}", "\"\"", "\"time\"", "[1]"), "metric: has 0 characters" },
	{ SERIES("\"a\\u001b[2J\"", "{}", "\"\"", "\"time\"", "[1]"), "metric: holds the byte" },
	{ SERIES("\"a\\u202e\"", "{}", "\"\"", "\"time\"", "[1]"), "metric: holds the byte" },
	{ SERIES("\"" X256 "\"", "{}", "\"\"", "\"time\"", "[1]"), "metric: has 256 characters" },
	{ SERIES("\"go_to_result\"", "{}", "\"s\"", "\"time\"", "[1]"), "reserved for the driver" },
	{ SERIES("\"m\"", "[]", "\"\"", "\"time\"", "[1]"), "point: is a list" },
	{ SERIES("\"m\"", "{\"a\":{}}", "\"\"", "\"time\"", "[1]"), "must be one value" },
	{ SERIES("\"m\"", "{\"a\\u009b\":1}", "\"\"", "\"time\"", "[1]"), "point: holds a control" },
	{ SERIES("\"m\"", "{\"a\":\"\\u2066x\"}", "\"\"", "\"time\"", "[1]"), "point: holds a control" },
	{ SERIES("\"m\"", "{\"a\":\"" X256 X256 "\"}", "\"\"", "\"time\"", "[1]"), "point: is longer" },
	{ SERIES("\"m\"", "{}", "1", "\"time\"", "[1]"), "unit: is a whole number" },
	{ SERIES("\"m\"", "{}", "\"\\u0007\"", "\"time\"", "[1]"), "unit: holds a control" },
	{ SERIES("\"m\"", "{}", "\"\\u0085\"", "\"time\"", "[1]"), "unit: holds a control" },
	{ SERIES("\"m\"", "{}", "\"\\u200f\"", "\"time\"", "[1]"), "unit: holds a control" },
	{ SERIES("\"m\"", "{}", "\"" X256 "\"", "\"time\"", "[1]"), "unit: is longer" },
	{ SERIES("\"m\"", "{}", "\"\"", "\"speed\"", "[1]"), "kind: unknown value 'speed'" },
	{ VALUES("[]"), "values: is empty" }, { VALUES("{}"), "values: is an object" },
	{ VALUES("[\"1\"]"), "values[0]: is a text" }, { VALUES("[1,null]"), "values[1]: is null" },
	{ VALUES("[1e30]"), "values[0]: is 1e+30" }, { VALUES("[1e308]"), "values[0]: is 1e+308" },
	{ VALUES("[1e999]"), "too large" }, { VALUES("[-1]"), "cannot be negative" },
	{ COUNTERS("{}"), "counters: is an object" }, { COUNTERS("[1]"), "counters[0]: is a whole" },
	{ COUNTERS("[{\"name\":\"a\"}]"), "unavailable: is missing" },
	{ COUNTERS("[{\"name\":\"\\u001b\",\"value\":1}]"), "name: holds the byte" },
	{ COUNTERS("[{\"name\":\"a\",\"value\":\"1\"}]"), "value: is a text" },
	{ COUNTERS("[{\"name\":\"a\",\"value\":1e31}]"), "value: is 1e+31" },
	{ COUNTERS("[{\"name\":\"a\",\"value\":1e29,\"things\":0.01}]"), "value: is 1e+31" },
	{ COUNTERS("[{\"name\":\"a\",\"value\":1},{\"name\":\"b\",\"value\":1},"
		   "{\"name\":\"a\",\"unavailable\":\"\"}]"), "'a' is given twice" },
	{ COUNTERS("[{\"name\":\"" X16 X16 X16 X16 "\",\"value\":1}]"), "more than 63" },
	{ "{\"metrics\":[{" GOOD "}],\"labels\":{}}", "labels: is an object" },
	{ "{\"metrics\":[{" GOOD "}],\"labels\":[1]}", "labels: holds a whole" },
	{ "{\"metrics\":[{" GOOD "}],\"labels\":[\"\\u001b[31m\"]}", "labels: holds a control" },
	{ "{\"metrics\":[{" GOOD "}],\"labels\":[\"" X256 "\"]}", "labels: is longer" },
};

static void results(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good_results) / sizeof(*good_results); i++) {
		struct err err = ERR_INIT;

		if (check(record_check_result, good_results[i], &err))
			fail_msg("%s: %s", good_results[i], err.text);
	}
	for (size_t i = 0; i < sizeof(bad_results) / sizeof(*bad_results); i++) {
		struct err err = ERR_INIT;

		if (!check(record_check_result, bad_results[i].json, &err))
			fail_msg("passed: %s", bad_results[i].json);
		if (!strstr(err.text, bad_results[i].says))
			fail_msg("%s\n says: %s\n not: %s", bad_results[i].json, err.text,
				 bad_results[i].says);
	}
}

/* `n` times `part` between two texts. */
static char *repeat(const char *before, const char *part, size_t n, const char *after)
{
	size_t len = strlen(part);
	char *text = malloc(strlen(before) + n * len + strlen(after) + 1), *to;

	assert_non_null(text);
	to = stpcpy(text, before);
	for (; n; n--)
		to = stpcpy(to, part);
	strcpy(to, after);
	return text;
}

static void large_ones(void **state)
{
	const struct { const char *before, *part; size_t n; const char *after, *says; } list[] = {
		{ "{\"metrics\":[{" GOOD "}],\"derived\":", "[", 2000, "", "nested too deep" },
		{ "{\"metrics\":", "[", 1000000, "", "nested too deep" },
		{ "{\"metrics\":[{" GOOD "}],\"derived\":\"", X256, 16000, "\"}", "derived: is longer" },
		{ "{\"metrics\":[{" GOOD "}],\"labels\":[", "\"a\",", 65, "\"b\"]}", "more than 64" },
		{ "{\"metrics\":[{" GOOD "}],\"labels\":[", "\"" X256 "\",", 40, "\"b\"]}", "longer than 8192" },
		{ "{\"metrics\":[", "{" GOOD "},", 4096, "{" GOOD "}]}", "there are 4097; at most 4096" },
		{ SERIES_BEFORE ",\"values\":[", "0.1,", 131072, "0.1]}]}", "131073 with the rejected" },
		{ SERIES_BEFORE ",\"values\":[1],\"rejected\":[", "0.1,", 131071, "0.1]}]}",
		  "131073 with the rejected" },
		{ SERIES_BEFORE ",\"values\":[1],\"counters\":[", "{\"name\":\"a\",\"value\":1},", 1024,
		  "{\"name\":\"b\",\"value\":1}]}]}", "counters: there are 1025" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		char *text = repeat(list[i].before, list[i].part, list[i].n, list[i].after);
		struct err err = ERR_INIT;

		assert_int_not_equal(check(record_check_result, text, &err), 0);
		assert_non_null(strstr(err.text, list[i].says));
		free(text);
	}
}

static const struct { const char *json, *says; } bad_counted[] = {
	{ "{}", "seconds: is missing" }, { "{\"seconds\":null}", "seconds: is null" },
	{ "{\"seconds\":1e308}", "seconds: is 1e+308" }, { "{\"seconds\":-1}", "seconds: is -1" },
	{ "{\"seconds\":1,\"counters\":{}}", "counters: is an object" },
	{ "{\"seconds\":1,\"counters\":[{\"name\":\"x\"}]}", "counters[0]" },
	{ "{\"seconds\":1,\"counters\":[{\"name\":\"x\",\"value\":1},{\"name\":\"x\",\"value\":1}]}",
	  "'x' is given twice" },
};

static const struct { const char *json, *says; } bad_layers[] = {
	{ "[]", "must be an object" }, { "{}", "layer: is missing" },
	{ "{\"layer\":\"x\"}", "layer: unknown value 'x'" },
	{ "{\"layer\":\"mut\"}", "bytes: is missing" },
	{ "{\"layer\":\"mut\",\"bytes\":{\"4k\":-1}}", "4k: is -1" },
	{ "{\"layer\":\"mut\",\"bytes\":{\"4k\":1e9}}", "4k: is a real number" },
	{ "{\"layer\":\"mut\",\"bytes\":{\"1g\":9223372036854775807}}", "1g: is" },
	{ "{\"layer\":\"mut\",\"bytes\":{\"4k\":1,\"2m\":0}}", "1g: is missing" },
	{ "{\"layer\":\"mut\",\"bytes\":{},\"method\":1}", "method: is a whole" },
	{ "{\"layer\":\"mut\",\"unavailable\":{}}", "unavailable: is an object" },
	{ "{\"layer\":\"mut\",\"bytes\":{},\"faults\":1e300}", "faults: is 1e+300" },
};

static void other_answers(void **state)
{
	(void)state;
	assert_int_equal(check(record_check_counted, "{\"seconds\":0.5}", NULL), 0);
	assert_int_equal(check(record_check_counted, "{\"seconds\":1,\"counters\":[{\"name\":\"x\","
			       "\"unavailable\":\"no\"}]}", NULL), 0);
	assert_int_equal(check(record_check_layer, "{\"layer\":\"mut\",\"bytes\":{\"4k\":1,\"2m\":0,\"1g\":0},"
			       "\"method\":\"m\",\"faults\":3}", NULL), 0);
	assert_int_equal(check(record_check_layer, "{\"layer\":\"guest\",\"unavailable\":\"no\"}",
			       NULL), 0);
	for (size_t i = 0; i < sizeof(bad_counted) / sizeof(*bad_counted); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(check(record_check_counted, bad_counted[i].json, &err), -EPROTO);
		assert_non_null(strstr(err.text, bad_counted[i].says));
	}
	for (size_t i = 0; i < sizeof(bad_layers) / sizeof(*bad_layers); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(check(record_check_layer, bad_layers[i].json, &err), -EPROTO);
		assert_non_null(strstr(err.text, bad_layers[i].says));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results),
		cmocka_unit_test(large_ones),
		cmocka_unit_test(other_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
