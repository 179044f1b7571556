/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A results folder from the first record to the last query: what ended is
 * seen, what did not end never happened, what is wrong is refused.
 */
#include "results.h"

#include <errno.h>
#include <math.h>

#include "host-driver/journal.h"

static char folder[64], journal[80], index_path[80];

static struct store *create(void)
{
	return create_in(folder);
}

static int make_paths(void **state)
{
	int ret = make_folder(state);

	snprintf(folder, sizeof(folder), "%s/results", base);
	snprintf(journal, sizeof(journal), "%s/journal.kdj", folder);
	snprintf(index_path, sizeof(index_path), "%s/index.sqlite", folder);
	return ret;
}

/* --- reading ------------------------------------------------------------------ */

static struct store *open_read(void)
{
	struct err err = ERR_INIT;
	struct store *s = NULL;

	if (store_open(&s, folder, STORE_READ, &err))
		fail_msg("%s", err.text);
	return s;
}

static size_t count_values(struct store *s)
{
	const struct store_series *series;
	struct store_value *values;
	struct err err = ERR_INIT;
	size_t n, k, total = 0;

	assert_int_equal(store_series(s, &series, &n, &err), 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(store_values(s, &series[i], &values, &k, &err), 0);
		total += series[i].counter ? 0 : k;
		free(values);
	}
	return total;
}

static void what_was_written_is_read(void **state)
{
	const struct store_series *series;
	const struct store_missing *missing;
	const struct store_proof *proofs;
	const struct store_boot *boots;
	const struct store_cell *cells;
	const struct store_env *envs;
	const char *const *notes;
	struct err err = ERR_INIT;
	struct store_value *v;
	struct store *s = create();
	size_t n;

	(void)state;
	append(s, json_pack("{s:s, s:s, s:{s:s}}", "t", "arm", "arm", "k1",
			    "identity", "config", "abc"));
	append(s, json_pack("{s:s, s:s, s:n, s:{s:s}}", "t", "env", "where",
			    "driver", "boot", "facts", "cpu", "x"));
	append(s, json_pack("{s:s, s:s}", "t", "note", "text", "hello"));
	for (unsigned b = 1; b <= 4; b++)
		run_boot(s, b, b == 4 ? "panic" : "ok");
	store_close(s);

	s = open_read();
	assert_string_equal(store_domain(s), "emulated");
	assert_string_equal(store_plan(s)->hash, plan->hash);
	assert_int_equal(store_boots(s, &boots, &n, &err), 0);
	assert_int_equal(n, 4);
	assert_true(boots[0].ok && !boots[3].ok);
	assert_string_equal(boots[3].class, "panic");
	assert_int_equal(boots[2].block, 2);
	assert_int_equal(boots[2].arm, plan->boots[2].arm);
	assert_true(json_real_value(json_object_get(boots[0].phases, "boot")) == 4.5);
	assert_string_equal(json_string_value(json_array_get(boots[0].console, 0)), "bye");
	assert_int_equal(store_series(s, &series, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_null(series[0].counter);
	assert_string_equal(series[0].cell, CELL);
	assert_string_equal(series[0].point_text, "pages=64");
	assert_string_equal(series[0].better, "lower");
	assert_string_equal(series[1].counter, "faults");
	assert_string_equal(series[1].provider, "papi");
	assert_int_equal(store_values(s, &series[0], &v, &n, &err), 0);
	assert_int_equal(n, 3);	/* the boot that panicked gives none */
	assert_true(v[2].block == 2 && v[2].n == 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(v[i].median == 10 + v[i].boot && v[i].steady && !v[i].void_reason);
	free(v);
	assert_int_equal(store_values(s, &series[1], &v, &n, &err), 0);
	assert_true(n == 3 && v[0].n == 1 && v[0].median == v[0].boot * 10);
	free(v);
	assert_int_equal(store_missing(s, &missing, &n, &err), 0);
	assert_true(n == 1 && missing[0].samples == 4);
	assert_string_equal(missing[0].reason, "no PMU");
	assert_int_equal(store_proofs(s, &proofs, &n, &err), 0);
	assert_true(n == 4 && !proofs[0].before && proofs[0].bytes_2m == 2 << 20 &&
		    proofs[0].bytes_1g == 0 && proofs[0].faults == 811);
	assert_int_equal(store_cells(s, &cells, &n, &err), 0);
	assert_true(n == 4 && !strcmp(cells[0].class, "ok"));
	assert_int_equal(store_envs(s, &envs, &n, &err), 0);
	assert_true(n == 1 && envs[0].boot == 0 && envs[0].arm == -1);
	assert_int_equal(store_notes(s, &notes, &n, &err), 0);
	assert_true(n == 1 && !strcmp(notes[0], "hello"));
	assert_string_equal(json_string_value(json_object_get(
		store_identity(s, plan_arm(plan, "k1")), "config")), "abc");
	assert_int_equal(json_object_size(store_identity(s, plan_arm(plan, "k2"))), 0);
	store_close(s);
}

/* The driver was killed in boot 2; boot 2 is begun again and ends. */
static void a_boot_without_end_never_happened(void **state)
{
	struct err err = ERR_INIT;
	struct store *s = create();

	(void)state;
	run_boot(s, 1, "ok");
	append(s, boot_record(2, 1));
	append(s, sample(2, 1, 1e6, 1e6, 1e6));
	store_close(s);
	s = open_read();
	assert_int_equal(count_values(s), 1);
	store_close(s);

	assert_int_equal(store_open(&s, folder, STORE_APPEND, &err), 0);
	assert_true(store_boot_done(s, 1));
	assert_false(store_boot_done(s, 2));
	assert_int_equal(store_boot_attempts(s, 2), 1);
	assert_int_equal(store_boot_attempts(s, 3), 0);
	run_boot(s, 2, "ok");
	assert_true(store_boot_done(s, 2));
	store_close(s);
	s = open_read();
	assert_int_equal(count_values(s), 2);
	store_close(s);
}

/* The index follows a journal that grows, and is made again if it must be. */
static void the_index_follows_the_journal(void **state)
{
	struct err err = ERR_INIT;
	struct store *s = create(), *r;
	uint64_t samples;

	(void)state;
	for (unsigned b = 1; b <= 4; b++) {
		run_boot(s, b, "ok");
		r = open_read();
		assert_int_equal(count_values(r), b);
		store_close(r);
	}
	store_close(s);
	/* another journal under the same index */
	s = create();
	run_boot(s, 1, "ok");
	store_close(s);
	r = open_read();
	assert_int_equal(count_values(r), 1);
	store_close(r);
	/* an index that is none */
	assert_int_equal(file_publish(index_path, "rubbish, not a database", 23, &err), 0);
	r = open_read();
	assert_int_equal(count_values(r), 1);
	store_close(r);
	assert_int_equal(truncate(index_path, 5000), 0);
	r = open_read();
	assert_int_equal(count_values(r), 1);
	store_close(r);
	assert_int_equal(store_reindex(folder, &samples, &err), 0);
	assert_int_equal(samples, 1);
}

/* A journal of another campaign of the same length must not pass. */
static void an_index_of_another_journal_does_not_fit(void **state)
{
	struct store *s = create();
	struct err err = ERR_INIT;
	char *data;
	size_t len;

	(void)state;
	run_boot(s, 1, "ok");
	store_close(s);
	assert_int_equal(file_read(journal, &data, &len, &err), 0);
	s = create();
	run_boot(s, 1, "panic");
	store_close(s);
	s = open_read();
	assert_int_equal(count_values(s), 0);
	store_close(s);
	assert_int_equal(file_publish(journal, data, len, &err), 0);
	s = open_read();
	assert_int_equal(count_values(s), 1);
	store_close(s);
	free(data);
}

/* --- what is refused ------------------------------------------------------------ */

static void expect_refused(json_t *record, const char *want)
{
	struct err err = ERR_INIT, read = ERR_INIT;
	struct store *s = create();
	struct journal *j;
	uint64_t size;
	char *text;

	append(s, boot_record(1, 1));
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

static json_t *with(json_t *record, const char *key, json_t *value)
{
	json_object_set_new(record, key, value);
	return record;
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
	BAD("values", json_array(), "sample: values: is empty, and void does not say why");
	BAD("values", json_integer(3), "sample: values: is a whole number; it must be a list");
	BAD("rejected", json_pack("[f]", -1.0), "sample: rejected[0]: is -1");
	BAD("boot", json_integer(2), "boot: 2 is not the boot under way");
	BAD("boot", json_integer(-1), "sample: boot: is -1");
	BAD("boot", json_string("1"), "sample: boot: is a text; it must be a whole number");
	BAD("cell", json_string("a/b/c"), "sample: cell: 'a/b/c' is none of the plan's");
	BAD("cell", json_string("\x1b[2J"), "sample: cell: holds the byte 0x1b");
	BAD("kind", json_string("speed"), "sample: kind: 'speed' is not known; it must be one of time, rate, count");
	BAD("better", json_string(""), "sample: better: has 0 characters");
	BAD("domain", json_string("hardware"), "domain: is hardware, but the campaign's is emulated");
	BAD("process", json_integer(0), "sample: process: is 0; it must be at least 1");
	BAD("point", json_pack("{s:[]}", "pages"), "sample: point.pages: is a list");
	BAD("counters", json_pack("[{s:s}]", "name", "x"), "sample: counters[0]: unavailable: is missing");
	BAD("steady", json_integer(1), "sample: steady: is a whole number; it must be true or false");
	BAD("t", json_string("simple"), "t: records of type 'simple' are not known to this kduel");
	BAD("at", json_string("now"), "at: is a text");
#undef BAD
	r = json_deep_copy(good);
	json_object_del(r, "metric");
	expect_refused(r, "sample: metric: is missing");
	expect_refused(with(boot_end(1, "ok"), "class", json_string("fine")),
		       "boot-end: class: 'fine' is not known");
	expect_refused(boot_end(3, "ok"), "boot: 3 is not the boot under way");
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
	append(s, sample(1, 1, 1, 2, 3));
	append(s, boot_end(1, "ok"));
	store_close(s);
	assert_true(store_open(&s, folder, STORE_READ, &err) < 0);
	assert_non_null(strstr(err.text, "is there twice"));
}

static void void_samples_say_why(void **state)
{
	const struct store_series *series;
	struct err err = ERR_INIT;
	struct store *s = create();
	struct store_value *v;
	size_t n;

	(void)state;
	append(s, boot_record(1, 1));
	append(s, with(with(sample(1, 1, 1, 2, 3), "values", json_array()),
		       "void", json_string("the proof says 4k")));
	append(s, boot_end(1, "ok"));
	store_close(s);
	s = open_read();
	assert_int_equal(store_series(s, &series, &n, &err), 0);
	assert_int_equal(store_values(s, &series[0], &v, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_string_equal(v[0].void_reason, "the proof says 4k");
	assert_true(v[0].n == 0 && isnan(v[0].median));
	free(v);
	store_close(s);
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
	store_close(open_read());	/* the index is complete ... */
	assert_int_equal(file_read(journal, &data, &len, &err), 0);
	data[len / 2] ^= 4;
	assert_int_equal(file_publish(journal, data, len, &err), 0);
	/* ... and still the damage is seen */
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
	assert_non_null(strstr(err.text, "is no results folder"));
	store_close(create());
	err = (struct err)ERR_INIT;
	assert_true(store_create(&s, folder, plan, "emulated", &err) < 0);
	assert_non_null(strstr(err.text, "--resume"));
	err = (struct err)ERR_INIT;
	assert_int_equal(file_publish(journal, JOURNAL_MAGIC, 8, &err), 0);
	assert_true(store_open(&s, folder, STORE_READ, &err) < 0);
	assert_non_null(strstr(err.text, "no campaign record"));
}

/* Enough records for threads to parse them; one of them is wrong, or none. */
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
	for (int fresh = 0; fresh < 2; fresh++) {
		err = (struct err)ERR_INIT;
		assert_true((fresh ? store_reindex(folder, NULL, &err)
				   : store_open(&s, folder, STORE_READ, &err)) < 0);
		assert_non_null(strstr(err.text, "journal.kdj: record at byte "));
		assert_non_null(strstr(err.text, "at: is missing"));
	}
}

static void one_driver_writes(void **state)
{
	struct err err = ERR_INIT;
	struct store *s = create(), *other;

	(void)state;
	run_boot(s, 1, "ok");
	assert_int_equal(store_open(&other, folder, STORE_APPEND, &err), -EBUSY);
	store_close(open_read());	/* readers may */
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(a_boot_without_end_never_happened),
		cmocka_unit_test(the_index_follows_the_journal),
		cmocka_unit_test(an_index_of_another_journal_does_not_fit),
		cmocka_unit_test(wrong_records_are_refused),
		cmocka_unit_test(hostile_text_is_refused),
		cmocka_unit_test(the_same_sample_twice_is_refused),
		cmocka_unit_test(void_samples_say_why),
		cmocka_unit_test(damage_is_refused_and_named),
		cmocka_unit_test(other_folders_are_refused),
		cmocka_unit_test(many_records_are_read_in_order),
		cmocka_unit_test(one_driver_writes),
	};

	return cmocka_run_group_tests(tests, make_paths, remove_folder);
}
