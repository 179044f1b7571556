/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/source.h"
#include "host-driver/run/judge.h"
#include "host-driver/run/measure-records.h"

#define M (1 << 20)

static struct plan_cell cell = { .id = "b/s/w", .backing = "fsdax-xfs",
				 .source = "anon-4k", .workload = "w" };
static struct plan_arm arm = { .name = "6.1", .second_level = "2m" };
static struct proof proof;

/* What an agent sends: JSON text. Takes `o`. */
static enum layer small;

static int take_json(enum when when, json_t *o, struct err *err)
{
	struct view_doc doc = VIEW_DOC_INIT;
	char *text = json_dumps(o, JSON_COMPACT);
	const struct view *v;
	int ret;

	json_decref(o);
	assert_int_equal(view_parse(&doc, text, strlen(text), &v, NULL), 0);
	ret = proof_take(&proof, when, v, err);
	view_release(&doc);
	free(text);
	return ret;
}

static void put(enum when when, const char *layer, json_int_t b4k,
		json_int_t b2m)
{
	json_t *o = json_pack("{s:s, s:{s:I, s:I, s:I}}", "layer", layer, "bytes",
			      "4k", b4k, "2m", b2m, "1g", (json_int_t)0);

	assert_int_equal(take_json(when, o, NULL), 0);
}

/* A proof that fits a 4K buffer in a guest that is mapped huge. */
static int good_proof(void **state)
{
	(void)state;
	proof_release(&proof);
	cell.source = "anon-4k";
	cell.backing = "fsdax-xfs";
	arm.second_level = "2m";
	for (int w = WHEN_BEFORE; w < WHENS; w++) {
		put(w, "guest", 64 * M, 0);
		put(w, "second-level", 2 * M, 200 * M);
		put(w, "mut", 200 * M, 0);
		put(w, "file", 0, 512 * M);
	}
	return 0;
}

static void fits(void)
{
	char *why = proof_judge(&proof, &cell, &arm, &small);

	if (why)
		fail_msg("%s", why);
}

static void is_void(const char *because)
{
	char *why = proof_judge(&proof, &cell, &arm, &small);

	assert_non_null(why);
	if (!strstr(why, because))
		fail_msg("'%s' is not in '%s'", because, why);
	free(why);
}

/* The doctor is asked where huge pages were wanted, and of the layer without them. */
static void the_layer_without_huge_pages_is_named(void **state)
{
	(void)state;
	put(WHEN_AFTER, "second-level", 200 * M, 2 * M);
	is_void("second-level pages");
	assert_int_equal(small, LAYER_SECOND);
	cell.source = "thp";
	is_void("guest pages");
	assert_int_equal(small, LAYER_GUEST);
	cell.source = "anon-4k";
	arm.second_level = "4k";
	is_void("wants 4K");
	assert_int_equal(small, LAYERS);
}

static void a_good_proof_fits(void **state)
{
	(void)state;
	fits();
}

static void source_anon_wants_none_huge(void **state)
{
	(void)state;
	put(WHEN_AFTER, "guest", 62 * M, 2 * M);
	is_void("guest pages after: 3.1% of 64 MiB are huge, source anon-4k wants 4K");
}

static void source_thp_wants_95(void **state)
{
	(void)state;
	cell.source = "thp";
	is_void("source thp wants at least 95%");
	put(WHEN_BEFORE, "guest", 4 * M, 96 * M);
	put(WHEN_AFTER, "guest", 4 * M, 96 * M);
	fits();
	put(WHEN_AFTER, "guest", 6 * M, 94 * M);
	is_void("94.0% of 100 MiB are 2m");
}

/* The table of sources says what a proof must find; one without a line is never right. */
static void no_source_goes_unjudged(void **state)
{
	(void)state;
	for (const struct source *s = sources; s->name; s++) {
		cell.source = (char *)s->name;
		put(WHEN_AFTER, "guest", 50 * M, 50 * M);
		if (s->share == SOURCE_ANY)
			fits();
		else
			is_void(s->name);
	}
	cell.source = "made-up";
	is_void("source made-up is unknown");
}

static void the_arm_wants_its_second_level(void **state)
{
	(void)state;
	put(WHEN_AFTER, "second-level", 100 * M, 100 * M);
	is_void("second-level pages after: 50.0% of 200 MiB are 2m, arm 6.1 wants at least 95%");
	arm.second_level = "4k";
	is_void("second-level pages before");
	put(WHEN_BEFORE, "second-level", 10 * M, 0);
	put(WHEN_AFTER, "second-level", 200 * M, 0);
	fits();
	put(WHEN_AFTER, "second-level", 200 * M, 2 * M);
	is_void("wants 4K");
}

/* Before its first touch hardly more than a guest's kernel is mapped. */
static void before_the_touch_is_not_judged(void **state)
{
	(void)state;
	put(WHEN_BEFORE, "second-level", 2 * M, 6 * M);
	fits();
}

static void an_arm_may_leave_it_open(void **state)
{
	(void)state;
	arm.second_level = "";
	put(WHEN_AFTER, "second-level", 100 * M, 100 * M);
	fits();
}

static void the_file_is_as_its_backing_promises(void **state)
{
	(void)state;
	put(WHEN_AFTER, "file", 100 * M, 412 * M);
	is_void("file pages after: 80.5% of 512 MiB are 2m, backing fsdax-xfs");
	cell.backing = "fsdax-ext4";
	fits();
}

static void what_is_asked_for_must_be_known(void **state)
{
	json_t *o = json_pack("{s:s, s:s}", "layer", "second-level",
			      "unavailable", "no such statistic");

	(void)state;
	assert_int_equal(take_json(WHEN_BEFORE, json_incref(o), NULL), 0);
	assert_int_equal(take_json(WHEN_AFTER, json_incref(o), NULL), 0);
	is_void("unknown (no such statistic)");
	arm.second_level = "";
	fits();
	json_decref(o);
}

static void a_workload_without_a_buffer_fits(void **state)
{
	(void)state;
	put(WHEN_BEFORE, "guest", 0, 0);
	put(WHEN_AFTER, "guest", 0, 0);
	fits();
}

static void malformed_layers_are_refused(void **state)
{
	static const char *const bad[] = {
		"{\"layer\":\"roof\",\"bytes\":{\"4k\":0,\"2m\":0,\"1g\":0}}",
		"{\"layer\":\"guest\",\"bytes\":{\"4k\":0,\"2m\":0}}",
		"{\"layer\":\"guest\",\"bytes\":{\"4k\":-1,\"2m\":0,\"1g\":0}}",
		"{\"layer\":\"guest\",\"bytes\":{\"4k\":1.5,\"2m\":0,\"1g\":0}}",
		"{\"layer\":\"guest\"}", "{\"layer\":7}", "{}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		json_t *o = json_loads(bad[i], 0, NULL);
		struct err err = ERR_INIT;

		assert_int_equal(take_json(WHEN_AFTER, o, &err), -EPROTO);
		assert_non_null(strstr(err.text, "a proof: "));
	}
	fits();
}

/* --- records ------------------------------------------------------------- */

static const char metric[] =
	"{\"metric\":\"ns\",\"point\":{\"pages\":64},\"unit\":\"ns\",\"better\":\"lower\","
	"\"kind\":\"time\",\"values\":[1.5,2],\"rejected\":[],\"steady\":true,\"counters\":[]}";

static int samples_of(const char *one, const char *void_reason, json_t **records,
		      struct err *err)
{
	static struct plan plan = { .arms = &arm, .n_arms = 1 };
	static const struct plan_boot boot = { .boot = 3, .block = 2 };
	struct measure m = { .plan = &plan, .boot = &boot, .cell = &cell,
			     .process = 1, .domain = "emulated",
			     .counters = json_object() };
	struct view_doc doc = VIEW_DOC_INIT;
	struct record_text t = RECORD_TEXT_INIT;
	const struct view *result;
	const char *line;
	size_t at = 0, len;
	char text[8192];
	int ret;

	snprintf(text, sizeof(text), "{\"metrics\":[%s],\"labels\":[\"small\"]}", one);
	assert_int_equal(view_parse(&doc, text, strlen(text), &result, NULL), 0);
	*records = json_array();
	ret = measure_samples(&m, result, void_reason, &t, err);
	while ((line = record_text_next(&t, &at, &len)))
		json_array_append_new(*records, json_loadb(line, len, JSON_REJECT_DUPLICATES,
							   NULL));
	record_text_release(&t);
	json_decref(m.counters);
	view_release(&doc);
	return ret;
}

static void a_sample_has_every_field(void **state)
{
	json_t *records, *r;

	(void)state;
	assert_int_equal(samples_of(metric, "4K", &records, NULL), 0);
	r = json_array_get(records, 0);
	assert_string_equal(json_string_value(json_object_get(r, "t")), "sample");
	assert_int_equal(json_integer_value(json_object_get(r, "boot")), 3);
	assert_string_equal(json_string_value(json_object_get(r, "arm")), "6.1");
	assert_string_equal(json_string_value(json_object_get(r, "void")), "4K");
	assert_string_equal(json_string_value(json_object_get(r, "domain")), "emulated");
	assert_int_equal(json_array_size(json_object_get(r, "values")), 2);
	assert_int_equal(json_array_size(json_object_get(r, "labels")), 1);
	json_decref(records);
}

/* What a guest made up must not get into the journal. */
static void bad_metrics_are_refused(void **state)
{
	static const char *const fields[][2] = {
		{ "metric", "7" }, { "kind", "\"speed\"" }, { "better", "\"maybe\"" },
		{ "values", "[1,-2]" }, { "values", "[\"x\"]" }, { "values", "{}" },
		{ "steady", "1" }, { "point", "[]" }, { "unit", "null" },
		{ "rejected", "[null]" }, { "counters", "[{}]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		json_t *o = json_loads(metric, 0, NULL), *records;
		struct err err = ERR_INIT;
		char *text;

		json_object_set_new(o, fields[i][0],
				    json_loads(fields[i][1], JSON_DECODE_ANY, NULL));
		text = json_dumps(o, 0);
		assert_int_equal(samples_of(text, NULL, &records, &err), -EPROTO);
		assert_non_null(strstr(err.text, fields[i][0]));
		free(text);
		json_decref(records);
		json_decref(o);
	}
}

static int let_go(void **state)
{
	(void)state;
	proof_release(&proof);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_good_proof_fits, good_proof),
		cmocka_unit_test_setup(the_layer_without_huge_pages_is_named, good_proof),
		cmocka_unit_test_setup(the_layer_without_huge_pages_is_named, good_proof),
		cmocka_unit_test_setup(source_anon_wants_none_huge, good_proof),
		cmocka_unit_test_setup(source_thp_wants_95, good_proof),
		cmocka_unit_test_setup(no_source_goes_unjudged, good_proof),
		cmocka_unit_test_setup(the_arm_wants_its_second_level, good_proof),
		cmocka_unit_test_setup(before_the_touch_is_not_judged, good_proof),
		cmocka_unit_test_setup(an_arm_may_leave_it_open, good_proof),
		cmocka_unit_test_setup(the_file_is_as_its_backing_promises, good_proof),
		cmocka_unit_test_setup(what_is_asked_for_must_be_known, good_proof),
		cmocka_unit_test_setup(a_workload_without_a_buffer_fits, good_proof),
		cmocka_unit_test_setup(malformed_layers_are_refused, good_proof),
		cmocka_unit_test(a_sample_has_every_field),
		cmocka_unit_test(bad_metrics_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, let_go);
}
