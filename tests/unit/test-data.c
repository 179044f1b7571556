/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where what has a name is looked for, and in which order. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "data.h"
#include "file.h"

static char root[] = "/tmp/kduel-data.XXXXXX";
static char start[4096];

static void put(const char *below)
{
	struct err err = ERR_INIT;
	char path[300], *slash;

	snprintf(path, sizeof(path), "%s/%s", root, below);
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(file_mkdirs(path, &err), 0);
	*slash = '/';
	assert_int_equal(file_publish(path, "", 0, &err), 0);
}

static void drop(const char *below)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", root, below);
	assert_int_equal(unlink(path), 0);
}

/* `name` is found as <root>/<below>; NULL: it is not found, and why holds `text`. */
static void find(enum data_kind kind, const char *name, const char *beside,
		 const char *below)
{
	struct err err = ERR_INIT;
	char want[300], folder[300], *path;

	snprintf(folder, sizeof(folder), "%s/%s", root, beside ? beside : "");
	if (data_find(kind, name, beside ? folder : NULL, &path, &err))
		fail_msg("%s", err.text);
	snprintf(want, sizeof(want), "%s/%s", root, below);
	assert_string_equal(path, want);
	free(path);
}

static void not_found(enum data_kind kind, const char *name, const char *text)
{
	struct err err = ERR_INIT;
	char *path;

	assert_int_not_equal(data_find(kind, name, NULL, &path, &err), 0);
	assert_null(path);
	assert_int_equal(err.exit, EXIT_CONFIG);
	if (!strstr(err.text, text))
		fail_msg("said '%s', want '%s'", err.text, text);
}

/* From the last place to the first: each new file outranks those before. */
static void the_order(void **state)
{
	(void)state;
	put("two/kernels/k.yaml");
	find(DATA_KERNEL, "k", "campaign", "two/kernels/k.yaml");
	put("one/kernels/k.yaml");
	find(DATA_KERNEL, "k", "campaign", "one/kernels/k.yaml");
	put("config/kduel/kernels/k.yaml");
	find(DATA_KERNEL, "k", "campaign", "config/kduel/kernels/k.yaml");
	put("here/kernels/k.yaml");
	find(DATA_KERNEL, "k", "campaign", "here/kernels/k.yaml");
	put("campaign/k.yaml");
	find(DATA_KERNEL, "k", "campaign", "campaign/k.yaml");
	put("campaign/kernels/k.yaml");
	find(DATA_KERNEL, "k", "campaign", "campaign/kernels/k.yaml");
	find(DATA_KERNEL, "k", NULL, "here/kernels/k.yaml");
	drop("here/kernels/k.yaml");
	find(DATA_KERNEL, "k", NULL, "config/kduel/kernels/k.yaml");
}

static void what_is_shipped_is_never_hidden(void **state)
{
	struct err err = ERR_INIT;
	struct data_list all;
	unsigned found = 0;
	char *path;

	(void)state;
	assert_int_equal(data_find(DATA_KERNEL, "6.1", NULL, &path, &err), 0);
	free(path);
	assert_int_equal(data_find(DATA_CONFIG, "smoke", NULL, &path, &err), 0);
	free(path);
	assert_int_equal(data_find(DATA_FRAGMENT, "base", NULL, &path, &err), 0);
	free(path);
	put("one/configs/deep/er.yaml");
	put("one/configs/claims/c.yaml");
	data_all(DATA_CONFIG, NULL, &all);
	for (size_t i = 0; i < all.n; i++) {
		found += !strcmp(all.v[i].name, "smoke") ||
			 !strcmp(all.v[i].name, "deep/er");
		assert_null(strstr(all.v[i].name, "claims"));
		if (i)
			assert_true(strcmp(all.v[i - 1].name, all.v[i].name) < 0);
	}
	assert_int_equal(found, 2);
	data_list_free(&all);
	find(DATA_CONFIG, "deep/er", NULL, "one/configs/deep/er.yaml");
	find(DATA_CLAIMS, "c", NULL, "one/configs/claims/c.yaml");
}

static void paths_are_of_the_file_that_names_them(void **state)
{
	(void)state;
	put("campaign/p/a.patch");
	put("here/b.mbox");
	find(DATA_PATCH, "p/a.patch", "campaign", "campaign/p/a.patch");
	find(DATA_PATCH, "../here/b.mbox", "campaign", "here/b.mbox");
	find(DATA_PATCH, "b.mbox", NULL, "here/b.mbox");
	put("campaign/patches/a.patch");
	find(DATA_PATCH, "a", "campaign", "campaign/patches/a.patch");
	not_found(DATA_PATCH, "p/a.patch", "cannot open p/a.patch: No such file");
	not_found(DATA_KERNEL, "../here", "it is a folder");
	assert_false(data_is_path(DATA_KERNEL, "6.1-rfc"));
	assert_false(data_is_path(DATA_PATCH, "6.1/rfc"));
	assert_true(data_is_path(DATA_KERNEL, "./mine.yaml"));
}

static void what_is_not_there(void **state)
{
	char want[300];

	(void)state;
	not_found(DATA_KERNEL, "6.l", "unknown kernel '6.l'; did you mean '6.1'?");
	snprintf(want, sizeof(want), "%s/config/kduel/kernels, ", root);
	not_found(DATA_KERNEL, "xyzzy", want);
	not_found(DATA_KERNEL, "xyzzy", "kduel list kernels shows all");
	not_found(DATA_KERNEL, "a/../b", "neither a name nor a path");
}

static void the_programs_own(void **state)
{
	struct err err = ERR_INIT;
	char *path;

	(void)state;
	assert_int_equal(data_path("plots", &path, &err), 0);
	free(path);
	put("two/thing");
	assert_int_equal(data_path("thing", &path, &err), 0);
	free(path);
	assert_int_not_equal(data_path("nonsense", &path, &err), 0);
	assert_null(path);
	assert_int_equal(err.exit, EXIT_MACHINE);
	assert_non_null(strstr(err.text, "cannot find nonsense in "));
}

static int enter(void **state)
{
	char path[300], told[700];

	(void)state;
	if (scratch_make(root, NULL) < 0 || !getcwd(start, sizeof(start)))
		return -1;
	put("here/x");
	put("campaign/x");
	snprintf(path, sizeof(path), "%s/config", root);
	setenv("XDG_CONFIG_HOME", path, 1);
	snprintf(told, sizeof(told), "%s/one::%s/two", root, root);
	setenv("KDUEL_DATA", told, 1);
	snprintf(path, sizeof(path), "%s/here", root);
	return chdir(path);
}

static int leave(void **state)
{
	(void)state;
	return chdir(start) || file_remove_tree(root, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order),
		cmocka_unit_test(what_is_shipped_is_never_hidden),
		cmocka_unit_test(paths_are_of_the_file_that_names_them),
		cmocka_unit_test(what_is_not_there),
		cmocka_unit_test(the_programs_own),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
