/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Merging: idempotent, in any order, and never a silent choice. */
#include "results.h"

#include "store/store.h"

static char a[64], b[64], out[64], twice[64];

static char *journal_of(const char *folder)
{
	struct err err = ERR_INIT;
	char path[96], *data, *hash = malloc(FILE_HASH_MAX);
	size_t len;

	snprintf(path, sizeof(path), "%s/journal.kdj", folder);
	assert_int_equal(file_read(path, &data, &len, &err), 0);
	data_hash(data, len, hash);
	free(data);
	return hash;
}

static void merge(const char *x, const char *y, const char *to,
		  struct merge_result *r)
{
	const char *const folders[] = { x, y };
	struct err err = ERR_INIT;

	if (merge_folders(folders, 2, to, r, &err))
		fail_msg("%s", err.text);
}

static void refused(const char *x, const char *y, const char *want)
{
	const char *const folders[] = { x, y };
	struct err err = ERR_INIT;
	struct merge_result r;

	file_remove_tree(out, NULL);
	assert_true(merge_folders(folders, 2, out, &r, &err) < 0);
	assert_int_equal(err.exit, EXIT_CONFIG);
	if (!strstr(err.text, want))
		fail_msg("said '%s', not '%s'", err.text, want);
	assert_int_equal(access(out, F_OK), -1);
}

static unsigned blocks_of(const char *folder, size_t *boots)
{
	const struct store_boot *list;
	struct err err = ERR_INIT;
	struct store *s;
	unsigned most = 0;

	if (store_open(&s, folder, STORE_READ, &err))
		fail_msg("%s", err.text);
	assert_int_equal(store_boots(s, &list, boots, &err), 0);
	for (size_t i = 0; i < *boots; i++)
		if (list[i].block > most)
			most = list[i].block;
	store_close(s);
	return most;
}

static void same_journal(const char *x, const char *y)
{
	char *p = journal_of(x), *q = journal_of(y);

	assert_string_equal(p, q);
	free(p);
	free(q);
}

static void copy_folder(const char *from, const char *to)
{
	struct err err = ERR_INIT;
	char path[96], *data;
	size_t len;

	file_remove_tree(to, NULL);
	assert_int_equal(file_mkdirs(to, &err), 0);
	snprintf(path, sizeof(path), "%s/journal.kdj", from);
	assert_int_equal(file_read(path, &data, &len, &err), 0);
	snprintf(path, sizeof(path), "%s/journal.kdj", to);
	assert_int_equal(file_publish(path, data, len, &err), 0);
	free(data);
}

static void go_on(const char *folder, unsigned boot, const char *class)
{
	struct err err = ERR_INIT;
	struct store *s;

	assert_int_equal(store_open(&s, folder, STORE_APPEND, &err), 0);
	run_boot(s, boot, class);
	store_close(s);
}

static void two_runs_of_a_plan_are_twice_the_blocks(void **state)
{
	struct merge_result r;
	struct store *s;
	size_t boots;

	(void)state;
	for (int i = 0; i < 2; i++) {
		s = create_in(i ? b : a);
		append(s, json_pack("{s:s, s:s}", "t", "note", "text", "n"));
		for (unsigned k = 1; k <= 4; k++)
			run_boot(s, k, "ok");
		store_close(s);
	}
	file_remove_tree(out, NULL);
	merge(a, b, out, &r);
	assert_int_equal(r.campaigns, 2);
	assert_int_equal(r.boots, 8);
	assert_int_equal(r.repeated, 0);
	assert_int_equal(blocks_of(out, &boots), 4);
	assert_int_equal(boots, 8);
	/* in any order */
	file_remove_tree(twice, NULL);
	merge(b, a, twice, &r);
	same_journal(out, twice);
	/* again, and into itself */
	merge(a, b, out, &r);
	assert_int_equal(r.repeated, 8);
	same_journal(out, twice);
	merge(out, b, out, &r);
	same_journal(out, twice);
	file_remove_tree(out, NULL);
	merge(twice, twice, out, &r);
	same_journal(out, twice);
}

/* A copy of a folder; each is continued with another boot. */
static void copies_that_went_on_are_united(void **state)
{
	struct store *s = create_in(a);
	struct merge_result r;
	size_t boots;

	(void)state;
	run_boot(s, 1, "ok");
	store_close(s);
	copy_folder(a, b);
	go_on(a, 2, "ok");
	go_on(b, 3, "panic");
	go_on(b, 4, "ok");
	file_remove_tree(out, NULL);
	merge(a, b, out, &r);
	assert_int_equal(r.campaigns, 1);
	assert_int_equal(r.boots, 4);
	assert_int_equal(r.repeated, 1);
	assert_int_equal(blocks_of(out, &boots), 2);
	assert_int_equal(boots, 4);
	/* and the result can go on */
	go_on(out, 3, "ok");
	assert_int_equal(blocks_of(out, &boots), 2);
	assert_int_equal(boots, 5);
}

static void a_boot_without_end_is_left_out(void **state)
{
	struct store *s = create_in(a);
	struct merge_result r;
	size_t boots;

	(void)state;
	run_boot(s, 1, "ok");
	append(s, boot_record(2, 1));
	append(s, sample(2, 1, 1, 2, 3));
	store_close(s);
	file_remove_tree(out, NULL);
	merge(a, a, out, &r);
	assert_int_equal(r.boots, 1);
	assert_int_equal(blocks_of(out, &boots), 1);
}

static void what_does_not_belong_together_is_refused(void **state)
{
	struct plan_options more = { .blocks = 3 };
	struct err err = ERR_INIT;
	struct plan *other, *was = plan;
	struct store *s;
	char path[96];

	(void)state;
	s = create_in(a);
	run_boot(s, 1, "ok");
	store_close(s);
	/* another plan */
	snprintf(path, sizeof(path), "%s/c.yaml", base);
	assert_int_equal(plan_load(path, &more, &other, &err), 0);
	plan = other;
	store_close(create_in(b));
	plan = was;
	plan_free(other);
	refused(a, b, "are of different plans ('s' ");
	/* another domain */
	file_remove_tree(b, NULL);
	assert_int_equal(store_create(&s, b, plan, "hardware", &err), 0);
	store_close(s);
	refused(a, b, "they cannot be mixed");
	/* the same boot, run in both copies */
	copy_folder(a, b);
	go_on(a, 2, "ok");
	go_on(b, 2, "ok");
	refused(a, b, "boot 2 was run in both, with different outcomes");
	/* no results at all */
	refused(a, base, "not a results folder");
}

static int make_paths(void **state)
{
	int ret = make_folder(state);

	snprintf(a, sizeof(a), "%s/a", base);
	snprintf(b, sizeof(b), "%s/b", base);
	snprintf(out, sizeof(out), "%s/out", base);
	snprintf(twice, sizeof(twice), "%s/twice", base);
	return ret;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_runs_of_a_plan_are_twice_the_blocks),
		cmocka_unit_test(copies_that_went_on_are_united),
		cmocka_unit_test(a_boot_without_end_is_left_out),
		cmocka_unit_test(what_does_not_belong_together_is_refused),
	};

	return cmocka_run_group_tests(tests, make_paths, remove_folder);
}
