/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parameters of workloads: what is taken, what is refused, and why. */
#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bench/params.h"

static const struct param table[] = {
	{ "size", PARAM_SIZE, "64M", NULL, "bytes", 4096, 1ULL << 40 },
	{ "pages", PARAM_RANGE, "64..4096", NULL, "ladder", 1, 0 },
	{ "op", PARAM_CHOICE, "read", "read|write", "what", 0, 0 },
	{ "coloured", PARAM_FLAG, "true", NULL, "flag", 0, 0 },
	{ "count", PARAM_COUNT, "", NULL, "decided late", 0, 0 },
	{ 0 },
};

static const struct workload w = { .name = "some", .params = table };

static struct params fresh(void)
{
	struct err err = ERR_INIT;
	struct params p;

	assert_int_equal(params_init(&p, &w, &err), 0);
	return p;
}

static void has_fallbacks(void **state)
{
	struct params p = fresh();

	(void)state;
	assert_int_equal(params_find(&p, "size")->lo, 64 << 20);
	assert_int_equal(params_find(&p, "pages")->hi, 4096);
	assert_int_equal(params_find(&p, "coloured")->lo, 1);
	assert_null(params_find(&p, "count")->text);
	assert_non_null(params_find(&p, "path"));
	params_release(&p);
}

static void takes_json(void **state)
{
	struct params p = fresh();
	struct err err = ERR_INIT;
	json_t *j = json_pack("{s:s, s:i, s:b, s:s}", "size", "128MiB", "count", 7,
			      "coloured", 0, "op", "write");

	(void)state;
	assert_int_equal(params_set_json(&p, j, &err), 0);
	assert_int_equal(params_find(&p, "size")->lo, 128 << 20);
	assert_int_equal(params_find(&p, "count")->lo, 7);
	assert_int_equal(params_find(&p, "coloured")->lo, 0);
	assert_string_equal(params_find(&p, "op")->text, "write");
	json_decref(j);
	params_release(&p);
}

static void refuses(void **state)
{
	static const struct {
		const char *name, *text, *says;
	} bad[] = {
		{ "pags", "1", "'pags'; did you mean 'pages'?" },
		{ "size", "1", "from 4K to 1T" },
		{ "size", "-1", "not a number" },
		{ "size", "99999999999999999999", "too large" },
		{ "pages", "0", "at least 1" },
		{ "pages", "9..3", "ends before" },
		{ "op", "raed", "unknown op 'raed'; did you mean 'read'? known: read, write" },
		{ "op", "", "known: read, write" },
		{ "op", "read|write", "known: read, write" },
		{ "coloured", "maybe", "neither true nor false" },
		{ "path", "", "empty" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct params p = fresh();
		struct err err = ERR_INIT;

		assert_int_equal(params_set(&p, bad[i].name, bad[i].text, &err), -EINVAL);
		assert_int_equal(err.exit, EXIT_CONFIG);
		assert_non_null(strstr(err.text, bad[i].says));
		params_release(&p);
	}
}

static void refuses_json(void **state)
{
	static const char *const bad[] = {
		"{\"size\": 1.5}", "{\"size\": null}", "{\"size\": [1]}", "[]",
		"{\"count\": -1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct params p = fresh();
		json_t *j = json_loads(bad[i], 0, NULL);
		struct err err = ERR_INIT;

		assert_int_equal(params_set_json(&p, j, &err), -EINVAL);
		json_decref(j);
		params_release(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_fallbacks),
		cmocka_unit_test(takes_json),
		cmocka_unit_test(refuses),
		cmocka_unit_test(refuses_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
