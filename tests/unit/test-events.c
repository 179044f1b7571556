/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which events an agent is told to count, and counters' way into the journal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bench/cpu.h"
#include "host-driver/store/record.h"
#include "run/measure-records.h"

static json_t *facts(const char *vendor, const char *family, const char *model,
		     const char *stepping)
{
	return json_pack("{s:{s:s?, s:s?, s:s?, s:s?}}", "cpu", "vendor", vendor,
			 "family", family, "model_number", model, "stepping", stepping);
}

static const char *native_of(const json_t *events, const char *name)
{
	json_t *e;
	size_t i;

	json_array_foreach(events, i, e)
		if (!strcmp(json_string_value(json_object_get(e, "name")), name))
			return json_string_value(json_object_get(e, "native"));
	return "";
}

static void the_agents_processor_is_looked_up(void **state)
{
	json_t *f = facts("GenuineIntel", "6", "85", "7"), *events;
	char table[EVENTS_TABLE_MAX];

	(void)state;
	events = events_of(f, table);
	assert_string_equal(table, "cascadelake");
	assert_string_equal(native_of(events, "dtlb_load_walks"),
			    "clx::DTLB_LOAD_MISSES:WALK_COMPLETED");
	assert_string_equal(native_of(events, "ept_walk_cycles"), "clx::EPT:WALK_PENDING");
	json_decref(events);
	json_decref(f);
}

/* The unit is that of the model, whatever this machine is. */
static void models_have_their_unit(void **state)
{
	json_t *f = facts("GenuineIntel", "6", "63", "2"), *events;
	char table[EVENTS_TABLE_MAX];

	(void)state;
	events = events_of(f, table);
	assert_string_equal(table, "haswell");
	assert_memory_equal(native_of(events, "dtlb_load_walks"), "hsw_ep::", 8);
	json_decref(events);
	json_decref(f);
}

static void strangers_get_the_generic_events(void **state)
{
	json_t *all[] = {
		facts("AuthenticAMD", "23", "1", "2"), facts(NULL, "6", "85", "7"),
		facts("GenuineIntel", "6", "eighty-five", "7"),
		facts("GenuineIntelGenuineIntel", "6", "85", "7"),
		facts("GenuineIntel", "6", "", "7"), json_object(), json_pack("{s:i}", "cpu", 1),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		char table[EVENTS_TABLE_MAX];
		json_t *events = events_of(all[i], table);

		assert_memory_equal(table, "generic: ", 9);
		assert_string_equal(native_of(events, "dtlb_load_misses"),
				    "perf::DTLB-LOAD-MISSES");
		json_decref(events);
		json_decref(all[i]);
	}
}

static void turns_go_through_the_table(void **state)
{
	json_t *f = facts("GenuineIntel", "6", "85", "7");
	char table[EVENTS_TABLE_MAX];
	json_t *events = events_of(f, table), *seen = json_object(), *e;
	unsigned turns = events_turns(events);
	size_t i;

	(void)state;
	assert_true(turns > 1);
	for (unsigned t = 0; t < turns; t++) {
		json_t *group = events_turn(events, t);

		assert_in_range(json_array_size(group), 2, 4);
		assert_string_not_equal(native_of(group, "instructions"), "");
		json_array_foreach(group, i, e)
			json_object_set_new(seen, json_string_value(
				json_object_get(e, "name")), json_true());
		json_decref(group);
	}
	assert_int_equal(json_object_size(seen), json_array_size(events));
	e = events_turn(events, 0);
	assert_string_not_equal(native_of(e, "dtlb_load_walks"), "");
	assert_string_not_equal(native_of(e, "dtlb_load_walk_cycles"), "");
	json_decref(e);
	e = events_turn(events, turns + 1);
	assert_string_not_equal(native_of(e, "ept_walk_cycles"), "");
	json_decref(e);
	json_decref(seen);
	json_decref(events);
	json_decref(f);
}

/* --- records --- */

static json_t *counters(void)
{
	return json_pack("[{s:s, s:s, s:s, s:i, s:i, s:f}, {s:s, s:s, s:s}, {s:s, s:s, s:s}]",
			 "name", "minor_faults", "native", "perf::MINOR-FAULTS",
			 "provider", "perf", "value", 5, "batches", 2, "things", 10.0,
			 "name", "cycles", "native", "perf::CYCLES", "unavailable", "no PMU",
			 "name", "walks", "native", "x::WALKS", "unavailable", "no PMU");
}

/* As an agent sends them; the views are good until doc's end, and point into `text`. */
static char text[4096];

static const struct view *view_of(struct view_doc *doc, const json_t *json)
{
	size_t len = json_dumpb(json, text, sizeof(text), 0);
	const struct view *root;

	assert_in_range(len, 1, sizeof(text));
	assert_int_equal(view_parse(doc, text, len, &root, NULL), 0);
	return root;
}

/* As a sample's reader checks them. */
static int check_counters(const json_t *counters, struct err *err)
{
	struct view_doc doc = VIEW_DOC_INIT;
	int ret = record_check_counters(view_of(&doc, counters), err);

	view_release(&doc);
	return ret;
}

static void samples_keep_what_was_counted(void **state)
{
	struct record_text t = RECORD_TEXT_INIT;
	struct view_doc doc = VIEW_DOC_INIT;
	json_t *c = counters(), *sample, *s, *one;

	(void)state;
	assert_int_equal(check_counters(c, NULL), 0);
	record_text_begin(&t, RECORD_SAMPLE);
	count_of_sample(&t, view_of(&doc, c), COUNTER_VCPU);
	record_text_end(&t);
	view_release(&doc);
	sample = json_loadb(t.text, t.len, JSON_REJECT_DUPLICATES, NULL);
	record_text_release(&t);
	s = json_object_get(sample, "counters");
	assert_int_equal(json_array_size(s), 1);
	one = json_array_get(s, 0);
	assert_string_equal(json_string_value(json_object_get(one, "name")),
			    "mut-vcpu.minor_faults");
	assert_int_equal(json_integer_value(json_object_get(one, "value")), 5);
	assert_int_equal(check_counters(s, NULL), 0);
	json_decref(sample);
	json_decref(c);
}

/* A cell's end with this summary, as a journal's reader takes it. */
static int read_cell_end(json_t *summary)
{
	json_t *r = json_pack("{s:s, s:i, s:i, s:s, s:i, s:s, s:s, s:{s:O}}", "t", "cell-end",
			      "at", 1, "boot", 1, "cell", "c", "process", 1, "class", "ok",
			      "text", "", "result", "counters", summary);
	char *line = json_dumps(r, JSON_COMPACT);
	struct view_doc doc = VIEW_DOC_INIT;
	struct record read = { .of = NULL };
	int ret = record_read(&doc, line, strlen(line), &read, NULL);

	view_release(&doc);
	free(line);
	json_decref(r);
	return ret;
}

static void the_rest_is_said_once(void **state)
{
	json_t *c = counters(), *summary = json_object(), *want;
	struct view_doc doc = VIEW_DOC_INIT;
	const struct view *v = view_of(&doc, c);

	(void)state;
	for (int i = 0; i < 3; i++)
		count_summarise(summary, v, "");
	view_release(&doc);
	count_unavailable(summary, COUNTER_VCPU, "cycles", "no guest", 1);
	want = json_pack("{s:{s:s}, s:[{s:s, s:{s:i, s:i}}, {s:s, s:{s:i}}]}",
			 "native", "minor_faults", "perf::MINOR-FAULTS", "unavailable",
			 "reason", "no PMU", "samples", "cycles", 3, "walks", 3,
			 "reason", "no guest", "samples", "mut-vcpu.cycles", 1);
	assert_true(json_equal(summary, want));
	assert_int_equal(read_cell_end(summary), 0);
	json_decref(want);
	json_decref(summary);
	json_decref(c);
}

static void nonsense_is_refused(void **state)
{
	static const char *const samples[] = {
		"[1]", "[{}]", "[{\"name\":\"\"}]", "[{\"name\":\"a\"}]",
		"[{\"name\":\"a\\u001b[2J\",\"value\":1}]", "[{\"name\":\"a\",\"value\":\"1\"}]",
		"[{\"name\":\"a\",\"value\":1,\"things\":\"many\"}]",
	};
	static const char *const summaries[] = {
		"{\"unavailable\":{}}", "{\"unavailable\":[1]}", "{\"unavailable\":[{}]}",
		"{\"unavailable\":[{\"reason\":\"x\",\"samples\":{\"a\":-1}}]}",
		"{\"unavailable\":[{\"reason\":\"x\",\"samples\":{\"a\\u001b\":1}}]}",
		"{\"unavailable\":[{\"reason\":1,\"samples\":{}}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		json_t *j = json_loads(samples[i], 0, NULL);
		struct err err = ERR_INIT;

		assert_non_null(j);
		assert_int_not_equal(check_counters(j, &err), 0);
		assert_non_null(strstr(err.text, "counters[0]"));
		json_decref(j);
	}
	for (size_t i = 0; i < sizeof(summaries) / sizeof(*summaries); i++) {
		json_t *j = json_loads(summaries[i], 0, NULL);

		assert_non_null(j);
		assert_int_not_equal(read_cell_end(j), 0);
		json_decref(j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_agents_processor_is_looked_up),
		cmocka_unit_test(models_have_their_unit),
		cmocka_unit_test(strangers_get_the_generic_events),
		cmocka_unit_test(turns_go_through_the_table),
		cmocka_unit_test(samples_keep_what_was_counted),
		cmocka_unit_test(the_rest_is_said_once),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
