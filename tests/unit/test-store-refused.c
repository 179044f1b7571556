/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with a journal is refused, by writer and reader, and named. */
#include "store-fixture.h"

#include "host-driver/store/journal.h"

static void expect_refused(json_t *record, const char *want)
{
	struct err err = ERR_INIT, read = ERR_INIT;
	struct store *s = create();
	struct journal *j;
	uint64_t size;
	char *text;

	append(s, boot_record(1, 1));
	/* what is like the record before is checked as well */
	append(s, sample(1, 7, 4, 5, 6));
	if (!json_object_get(record, "at"))
		json_object_set_new(record, "at", json_real(1));
	/* the writer does not let it in */
	if (store_append(s, json_incref(record), &err) == 0)
		fail_msg("the writer accepted what is %s", want);
	if (!strstr(err.text, want))
		fail_msg("the writer said '%s', not '%s'", err.text, want);
	store_close(s);
	/* and the reader does not believe it */
	assert_int_equal(journal_open(&j, journal, NULL, &err), 0);
	size = journal_size(j);
	text = json_dumps(record, JSON_COMPACT);
	assert_int_equal(journal_append(j, text, strlen(text), &err), 0);
	free(text);
	journal_close(j);
	assert_true(store_open(&s, folder, STORE_READ, &read) < 0);
	if (!strstr(read.text, want) || !strstr(read.text, "record at byte "))
		fail_msg("the reader said '%s', not '%s'", read.text, want);
	assert_true((uint64_t)atoll(strstr(read.text, "at byte ") + 8) == size);
	assert_int_equal(read.exit, EXIT_CONFIG);
	json_decref(record);
}

static void wrong_records_are_refused(void **state)
{
	json_t *good = sample(1, 1, 1, 2, 3);
	json_t *r;

	(void)state;
#define BAD(key, value, want) \
	expect_refused(with(json_deep_copy(good), key, value), want)
	BAD("values", json_pack("[f,f]", 1.0, -2.0), "sample: values[1]: is -2; a time or rate cannot be negative");
	BAD("values", json_pack("[s]", "NaN"), "sample: values[0]: is a text");
	BAD("values", json_pack("[n]"), "sample: values[0]: is null");
	BAD("values", json_array(), "sample: values: is empty, but there is no void that says why");
	BAD("values", json_integer(3), "sample: values: is a whole number; it must be a list");
	BAD("values", json_pack("[f]", 1e30), "sample: values[0]: is 1e+30; it must be less than 1e+30");
	BAD("values", json_pack("[f]", 1.7e308), "sample: values[0]: is 1.7e+308");
	BAD("rejected", json_pack("[f]", -1e31), "sample: rejected[0]: is -1e+31");
	BAD("counters", json_pack("[{s:s,s:f}]", "name", "x", "value", 1e300), "sample: counters[0]: value: is 1e+300");
	BAD("point", json_pack("{s:s}", "pages", "\x1b[2J"), "sample: point: holds a control character");
	BAD("at", json_real(-1), "at: is -1; it must be 0 to 1e+11");
	BAD("at", json_real(1e300), "at: is 1e+300");
	BAD("rejected", json_pack("[f]", -1.0), "sample: rejected[0]: is -1");
	BAD("boot", json_integer(2), "boot: 2 is not the boot in progress");
	BAD("boot", json_integer(-1), "sample: boot: is -1");
	BAD("boot", json_string("1"), "sample: boot: is a text; it must be a whole number");
	BAD("cell", json_string("a/b/c"), "sample: cell: 'a/b/c' is not one of the plan's cells");
	BAD("cell", json_string("\x1b[2J"), "sample: cell: holds the byte 0x1b");
	BAD("kind", json_string("speed"), "sample: kind: unknown value 'speed'; known: time, rate, count");
	BAD("better", json_string(""), "sample: better: has 0 characters");
	BAD("domain", json_string("hardware"), "domain: is hardware, but the campaign's is emulated");
	BAD("process", json_integer(0), "sample: process: is 0; it must be at least 1");
	BAD("point", json_pack("{s:[]}", "pages"), "sample: point.pages: is a list");
	BAD("counters", json_pack("[{s:s}]", "name", "x"), "sample: counters[0]: unavailable: is missing");
	BAD("steady", json_integer(1), "sample: steady: is a whole number; it must be true or false");
	BAD("t", json_string("simple"), "t: this kduel does not know records of type 'simple'");
	BAD("at", json_string("now"), "at: is a text");
#undef BAD
	r = json_deep_copy(good);
	json_object_del(r, "metric");
	expect_refused(r, "sample: metric: is missing");
	expect_refused(with(boot_end(1, "ok"), "class", json_string("fine")),
		       "boot-end: class: unknown value 'fine'");
	expect_refused(boot_end(3, "ok"), "boot: 3 is not the boot in progress");
	expect_refused(with(boot_record(1, 1), "boot", json_integer(99)),
		       "boot: 99 is not in the plan");
	json_decref(good);
}

static void hostile_text_is_refused(void **state)
{
	static const char *const bad[] = {
		"{\"t\":\"note\",\"at\":1e999,\"text\":\"\"}",
		"{\"t\":\"note\",\"at\":NaN,\"text\":\"\"}",
		"{\"t\":\"note\",\"at\":1,\"at\":2,\"text\":\"\"}",
		"{}", "[]", "{\"t\":\"note\"", "\xff\xff",
		"{\"t\":\"campaign\",\"at\":1,\"id\":\"x\",\"plan_hash\":\"y\",\"domain\":\"emulated\",\"plan\":{}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct store *s = create(), *r = NULL;
		struct err err = ERR_INIT;
		struct journal *j;

		store_close(s);
		assert_int_equal(journal_open(&j, journal, NULL, &err), 0);
		assert_int_equal(journal_append(j, bad[i], strlen(bad[i]), &err), 0);
		journal_close(j);
		if (store_open(&r, folder, STORE_READ, &err) == 0)
			fail_msg("accepted %s", bad[i]);
		assert_non_null(strstr(err.text, "record at byte"));
	}
}

static void the_same_sample_twice_is_refused(void **state)
{
	struct err err = ERR_INIT;
	struct store *s = create();

	(void)state;
	append(s, boot_record(1, 1));
	append(s, sample(1, 1, 1, 2, 3));
	assert_true(store_append(s, sample(1, 1, 1, 2, 3), &err) < 0);
	assert_non_null(strstr(err.text, "sample: is given twice"));
	store_close(s);
	append_raw(sample(1, 1, 1, 2, 3));
	append_raw(boot_end(1, "ok"));
	err = (struct err)ERR_INIT;
	assert_true(store_open(&s, folder, STORE_READ, &err) < 0);
	assert_non_null(strstr(err.text, "is given twice"));
}

/* Two campaigns in one journal that do not belong together. */
static void campaigns_that_do_not_match_are_refused(void **state)
{
	static const char *const want[] = {
		"plan_hash: differs from the first", "domain: is hardware, but the first campaign's is emulated",
	};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct store *s = create();
		struct err err = ERR_INIT;
		json_t *record;

		run_boot(s, 1, "ok");
		record = json_pack("{s:s, s:i, s:s, s:s, s:s, s:{}}", "t",
				   "campaign", "at", 2, "id", "other",
				   "plan_hash", i ? plan->hash : "abc",
				   "domain", i ? "hardware" : "emulated", "plan");
		store_close(s);
		append_raw(record);
		assert_true(store_open(&s, folder, STORE_READ, &err) < 0);
		if (!strstr(err.text, want[i]) || !strstr(err.text, "record at byte "))
			fail_msg("said '%s', not '%s'", err.text, want[i]);
	}
}

static void damage_is_refused_and_named(void **state)
{
	struct err err = ERR_INIT;
	struct store *s = create();
	char *data;
	size_t len;

	(void)state;
	for (unsigned b = 1; b <= 3; b++)
		run_boot(s, b, "ok");
	store_close(s);
	assert_int_equal(file_read(journal, &data, &len, &err), 0);
	data[len / 2] ^= 4;
	assert_int_equal(file_publish(journal, data, len, &err), 0);
	assert_true(store_open(&s, folder, STORE_READ, &err) < 0);
	assert_non_null(strstr(err.text, "damaged at byte"));
	err = (struct err)ERR_INIT;
	assert_true(store_open(&s, folder, STORE_APPEND, &err) < 0);
	assert_non_null(strstr(err.text, "damaged at byte"));
	free(data);
}

static void other_folders_are_refused(void **state)
{
	struct err err = ERR_INIT;
	struct store *s;

	(void)state;
	file_remove_tree(folder, NULL);
	assert_true(store_open(&s, folder, STORE_READ, &err) < 0);
	assert_non_null(strstr(err.text, "there is no such folder"));
	err = (struct err)ERR_INIT;
	assert_int_equal(file_mkdirs(folder, &err), 0);
	assert_true(store_open(&s, folder, STORE_READ, &err) < 0);
	assert_non_null(strstr(err.text, "not a results folder"));
	store_close(create());
	err = (struct err)ERR_INIT;
	assert_true(store_create(&s, folder, plan, "emulated", &err) < 0);
	assert_non_null(strstr(err.text, "--resume"));
	err = (struct err)ERR_INIT;
	assert_int_equal(file_publish(journal, JOURNAL_MAGIC, 8, &err), 0);
	assert_true(store_open(&s, folder, STORE_READ, &err) < 0);
	assert_non_null(strstr(err.text, "no campaign record"));
}

/* Many records; one of them is wrong, or none. */
static void many_records_are_read_in_order(void **state)
{
	struct err err = ERR_INIT;
	struct store *s = create();
	struct journal *j;
	unsigned n = 6000;

	(void)state;
	append(s, boot_record(1, 1));
	for (unsigned i = 1; i <= n; i++)
		append(s, sample(1, i, i, i + 1, i + 2));
	append(s, boot_end(1, "ok"));
	append(s, boot_record(2, 1));
	store_close(s);
	s = open_read();
	assert_int_equal(count_values(s), n);
	store_close(s);
	/* two that are wrong: the first is named */
	assert_int_equal(journal_open(&j, journal, NULL, &err), 0);
	assert_int_equal(journal_append(j, "{\"t\":\"first\"}", 13, &err), 0);
	for (unsigned i = 1; i <= n; i++)
		assert_int_equal(journal_append(j, "{\"t\":\"then\"}", 12, &err), 0);
	journal_close(j);
	err = (struct err)ERR_INIT;
	assert_true(store_open(&s, folder, STORE_READ, &err) < 0);
	assert_non_null(strstr(err.text, "journal.kdj: record at byte "));
	assert_non_null(strstr(err.text, "at: is missing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(campaigns_that_do_not_match_are_refused),
		cmocka_unit_test(wrong_records_are_refused),
		cmocka_unit_test(hostile_text_is_refused),
		cmocka_unit_test(the_same_sample_twice_is_refused),
		cmocka_unit_test(damage_is_refused_and_named),
		cmocka_unit_test(other_folders_are_refused),
		cmocka_unit_test(many_records_are_read_in_order),
	};

	return cmocka_run_group_tests(tests, make_paths, remove_folder);
}
