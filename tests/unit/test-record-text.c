/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records made of an agent's own text; the largest that pass the check can be written. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "frame.h"
#include "run/measure-records.h"
#include "store/journal.h"

static void an_agents_values_stay_as_they_were_written(void **state)
{
	static const char from[] = "{ \"values\" : [ 0.1,\n\t1e3 , -0 ],\"point\":{\"a \\\" b\\\\\": \"x  y\" } }";
	struct record_text t = RECORD_TEXT_INIT;
	struct view_doc doc = VIEW_DOC_INIT;
	const struct view *o;
	const char *end;

	(void)state;
	assert_int_equal(view_parse(&doc, from, strlen(from), &o, NULL), 0);
	record_text_begin(&t, RECORD_SAMPLE);
	record_text_value(&t, "values", view_get(o, "values"));
	record_text_value(&t, "point", view_get(o, "point"));
	record_text_value(&t, "absent", view_get(o, "absent"));
	record_text_end(&t);
	assert_memory_equal(t.text, "{\"t\":\"sample\",\"at\":1", 20);
	end = memchr(t.text, '[', t.len);
	assert_non_null(end);
	assert_memory_equal(end, "[0.1,1e3,-0],\"point\":{\"a \\\" b\\\\\":\"x  y\"}}\n",
			    t.text + t.len - end);
	view_release(&doc);
	record_text_release(&t);
}

static void any_text_becomes_json(void **state)
{
	static const char text[] = "a \"quoted\" back\\slash\n\x1b[2J \xc2\xb5s \x7f";
	struct record_text t = RECORD_TEXT_INIT;
	size_t at = 0, len;
	const char *line;
	json_t *o;

	(void)state;
	record_text_begin(&t, RECORD_NOTE);
	record_text_string(&t, "text", text);
	record_text_string(&t, "none", NULL);
	record_text_open(&t, "list", '[');
	record_text_close(&t, ']');
	record_text_end(&t);
	line = record_text_next(&t, &at, &len);
	assert_null(memchr(line, '\n', len));
	o = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "text")), text);
	assert_true(json_is_null(json_object_get(o, "none")));
	assert_null(record_text_next(&t, &at, &len));
	json_decref(o);
	record_text_release(&t);
}

/* --- as much as the check lets in -------------------------------------------------- */

static void put_list(FILE *f, const char *key, const char *part, unsigned n)
{
	fprintf(f, "\"%s\":[%s", key, part);
	while (--n)
		fprintf(f, ",%s", part);
	fputs("]", f);
}

/* A series, and labels and parts that are as long as they may be. */
static char *largest_result(const char *number, unsigned n, size_t *len)
{
	char *text;
	FILE *f = open_memstream(&text, len);

	fputs("{\"metrics\":[{\"metric\":\"m\",\"point\":{},\"unit\":\"\",\"kind\":\"count\","
	      "\"better\":\"none\",", f);
	put_list(f, "values", number, n);
	fputs(",\"counters\":[{\"name\":\"c\",\"value\":1}", f);
	for (int i = 1; i < 1024; i++)
		fprintf(f, ",{\"name\":\"c%d\",\"value\":1e-9,\"things\":0.1,\"batches\":0.1}", i);
	fputs("]}],", f);
	put_list(f, "labels", "\"\\u0041\\u0041\\u0041\\u0041\"", 64);
	fputs(",", f);
	put_list(f, "derived", "0.1", 65000);
	fputs(",", f);
	put_list(f, "validated", "0.1", 65000);
	fputs("}", f);
	fclose(f);
	return text;
}

static void check_largest(const char *number, unsigned n)
{
	struct plan_arm arm = { .name = "6.1" };
	struct plan plan = { .arms = &arm, .n_arms = 1 };
	struct plan_boot boot = { .boot = 1, .block = 1 };
	struct plan_cell cell = { .id = "c" };
	struct measure m = { .plan = &plan, .boot = &boot, .cell = &cell, .process = 1,
			     .domain = "fake", .counters = json_object() };
	struct record_text t = RECORD_TEXT_INIT;
	struct view_doc doc = VIEW_DOC_INIT, read = VIEW_DOC_INIT;
	struct record r = { .of = NULL };
	struct err err = ERR_INIT;
	const struct view *result;
	size_t len, at = 0, lines = 0;
	char *text = largest_result(number, n, &len);
	const char *line;

	assert_in_range(len, 1, FRAME_PAYLOAD_MAX);
	assert_int_equal(view_parse(&doc, text, len, &result, &err), 0);
	if (measure_samples(&m, result, "void", &t, &err))
		fail_msg("%s", err.text);
	measure_end(&m, "ok", "", result, &t);
	for (; (line = record_text_next(&t, &at, &len)); lines++) {
		assert_in_range(len, 1, JOURNAL_PAYLOAD_MAX);
		if (record_read(&read, line, len, &r, &err))
			fail_msg("%s", err.text);
	}
	assert_int_equal(lines, 2);
	record_text_release(&t);
	view_release(&read);
	view_release(&doc);
	json_decref(m.counters);
	free(text);
}

static void the_largest_result_can_be_written(void **state)
{
	(void)state;
	check_largest("0.1", 131072);
	check_largest("-1.234567890123e-100", 131072);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agents_values_stay_as_they_were_written),
		cmocka_unit_test(any_text_becomes_json),
		cmocka_unit_test(the_largest_result_can_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
