/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A results folder from the first record to the last query: what ended is
 * seen, what did not end never happened.
 */
#include "store-fixture.h"

#include <errno.h>
#include <math.h>

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

/* A reader sees what was written so far, in the middle of a boot, too. */
static void readers_follow_a_writer(void **state)
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

/* Processes that come in another order are the same results. */
static void the_order_of_processes_does_not_matter(void **state)
{
	static const unsigned order[] = { 3, 1, 4, 2 };
	const struct store_series *series;
	struct store_value *values;
	struct err err = ERR_INIT;
	struct store *s = create();
	size_t n, k;

	(void)state;
	append(s, boot_record(1, 1));
	for (size_t i = 0; i < 4; i++)
		append(s, sample(1, order[i], order[i], order[i], order[i]));
	append(s, boot_end(1, "ok"));
	store_close(s);
	s = open_read();
	assert_int_equal(store_series(s, &series, &n, &err), 0);
	assert_int_equal(store_values(s, &series[0], &values, &k, &err), 0);
	assert_int_equal(k, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_true(values[i].process == i + 1 && values[i].median == i + 1);
	free(values);
	store_close(s);
}

/* Whatever lies beside the journal: the results are the journal's. */
static void nothing_beside_the_journal_matters(void **state)
{
	static const char *const names[] = { "index.sqlite", "plan.json", "report.json" };
	struct err err = ERR_INIT;
	struct store *s = create();
	char path[128];

	(void)state;
	run_boot(s, 1, "ok");
	store_close(s);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		assert_int_equal(file_publish(path, "rubbish", 7, &err), 0);
		s = open_read();
		assert_int_equal(count_values(s), 1);
		assert_string_equal(store_plan(s)->hash, plan->hash);
		store_close(s);
		assert_int_equal(remove(path), 0);
		assert_int_equal(file_mkdirs(path, &err), 0);
		s = open_read();
		assert_int_equal(count_values(s), 1);
		store_close(s);
	}
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
		cmocka_unit_test(readers_follow_a_writer),
		cmocka_unit_test(the_order_of_processes_does_not_matter),
		cmocka_unit_test(nothing_beside_the_journal_matters),
		cmocka_unit_test(a_torn_tail_is_left_out_and_said),
		cmocka_unit_test(void_samples_say_why),
		cmocka_unit_test(one_driver_writes),
	};

	return cmocka_run_group_tests(tests, make_paths, remove_folder);
}
