/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A results folder from the first record to the last query: what ended is
 * seen, what did not end never happened; the index follows the journal.
 */
#include "store-fixture.h"

#include <errno.h>
#include <math.h>
#include <sqlite3.h>

#include "host-driver/store/journal.h"

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
	assert_int_equal(store_open(&r, folder, STORE_REINDEX, &err), 0);
	assert_int_equal(store_samples(r), 1);
	store_close(r);
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

/* Opened in the middle of a boot, again and again, the index misses nothing. */
static void an_index_made_within_a_boot_is_whole(void **state)
{
	const struct store_missing *missing;
	struct err err = ERR_INIT;
	struct store *s = create(), *r;
	size_t n;

	(void)state;
	run_boot(s, 1, "ok");
	append(s, boot_record(2, 1));
	for (unsigned p = 1; p <= 4; p++) {
		append(s, sample(2, p, p, p, p));
		r = open_read();
		assert_int_equal(count_values(r), 1);
		assert_int_equal(store_samples(r), 1 + p);
		store_close(r);
	}
	append(s, boot_end(2, "ok"));
	store_close(s);
	r = open_read();
	assert_int_equal(count_values(r), 5);
	assert_int_equal(store_samples(r), 5);
	assert_int_equal(store_missing(r, &missing, &n, &err), 0);
	assert_true(n == 1 && missing[0].samples == 5);
	store_close(r);
}

static void spoil_index(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(index_path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Of another format, of more than the journal has, without a table, none at all. */
static void an_index_that_does_not_fit_is_made_again(void **state)
{
	static const char *const ways[] = {
		"UPDATE meta SET format = 1", "UPDATE meta SET format = 99",
		"UPDATE meta SET offset = offset + 1000",
		"UPDATE meta SET offset = offset - 1", "UPDATE meta SET chain = 1",
		"DROP TABLE value", "DELETE FROM meta", "DROP TABLE meta",
		"DROP TABLE reason",
	};
	struct err err = ERR_INIT;
	struct store *s = create();
	char *data;
	size_t len;

	(void)state;
	run_boot(s, 1, "ok");
	assert_int_equal(file_read(journal, &data, &len, &err), 0);
	run_boot(s, 2, "ok");
	store_close(s);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		s = open_read();
		store_close(s);
		spoil_index(ways[i]);
		s = open_read();
		if (count_values(s) != 2)
			fail_msg("after '%s' there are %zu values", ways[i],
				 count_values(s));
		store_close(s);
	}
	/* the journal was put back to an older one */
	assert_int_equal(file_publish(journal, data, len, &err), 0);
	s = open_read();
	assert_int_equal(count_values(s), 1);
	store_close(s);
	free(data);
	/* where no index can be, the results are read all the same */
	file_remove_tree(index_path, NULL);
	assert_int_equal(file_mkdirs(index_path, &err), 0);
	s = open_read();
	assert_int_equal(count_values(s), 1);
	store_close(s);
}

/* The length of the frame that begins there. */
static size_t frame_at(const char *data)
{
	uint32_t len;

	memcpy(&len, data, sizeof(len));
	return len + JOURNAL_FRAME_HEAD;
}

/* Cut anywhere in the last records, what ended before is there, and it is said. */
static void a_torn_tail_is_left_out_and_said(void **state)
{
	struct err err = ERR_INIT;
	struct store *s = create();
	char *data;
	size_t len, one, end;

	(void)state;
	run_boot(s, 1, "ok");
	assert_int_equal(file_read(journal, &data, &one, &err), 0);
	free(data);
	end = one;
	run_boot(s, 2, "ok");
	store_close(s);
	assert_int_equal(file_read(journal, &data, &len, &err), 0);
	for (size_t cut = one; cut < len; cut++) {
		assert_int_equal(file_publish(journal, data, cut, &err), 0);
		s = open_read();
		assert_int_equal(count_values(s), 1);
		if (cut == end + frame_at(data + end))
			end = cut;
		assert_int_equal(store_torn(s), cut - end);
		store_close(s);
	}
	assert_int_equal(store_open(&s, folder, STORE_APPEND, &err), 0);
	assert_true(store_torn(s) > 0);
	run_boot(s, 2, "ok");
	store_close(s);
	s = open_read();
	assert_true(count_values(s) == 2 && store_torn(s) == 0);
	store_close(s);
	free(data);
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
		cmocka_unit_test(an_index_made_within_a_boot_is_whole),
		cmocka_unit_test(an_index_that_does_not_fit_is_made_again),
		cmocka_unit_test(a_torn_tail_is_left_out_and_said),
		cmocka_unit_test(void_samples_say_why),
		cmocka_unit_test(one_driver_writes),
	};

	return cmocka_run_group_tests(tests, make_paths, remove_folder);
}
