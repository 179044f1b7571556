/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Series of patches on one tree: what changes, and what never does. */
#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "host-driver/kernel/kernel-patch.h"

static char dir[64], patch_path[2][100];

static const char original[] = "one\ntwo\nthree\n-- four\nfive\n";
static const char first[] =
	"A header that says why.\n---\n--- a/sub/file.c\n+++ b/sub/file.c\n"
	"@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n";
/* On top of the first; makes a file, and removes a line "-- four". */
static const char second[] =
	"--- a/sub/file.c\n+++ b/sub/file.c\n"
	"@@ -2,4 +2,3 @@\n TWO\n three\n--- four\n five\n"
	"--- /dev/null\n+++ b/new/file.h\n@@ -0,0 +1 @@\n+new\n";

static struct kernel_text texts[2];

static void put(const char *below, const char *text)
{
	char path[200];
	struct err err = ERR_INIT;

	snprintf(path, sizeof(path), "%s/%s", dir, below);
	assert_int_equal(file_publish(path, text, strlen(text), &err), 0);
}

static bool tree_is(const char *below, const char *want)
{
	char path[200], *text;
	bool same;

	snprintf(path, sizeof(path), "%s/tree/%s", dir, below);
	if (file_read(path, &text, NULL, NULL))
		return !want;
	same = want && !strcmp(text, want);
	free(text);
	return same;
}

static int set_up(void **state)
{
	char path[100];

	(void)state;
	strcpy(dir, "/tmp/kduel-patch.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/tree/sub", dir);
	file_mkdirs(path, NULL);
	put("tree/sub/file.c", original);
	put("tree/other.c", "other\n");
	for (int i = 0; i < 2; i++) {
		const char *text = i ? second : first;

		snprintf(patch_path[i], sizeof(patch_path[i]), "%s/%d.patch",
			 dir, i);
		texts[i] = (struct kernel_text){
			.path = patch_path[i], .text = (char *)text,
			.len = strlen(text),
		};
		put(i ? "1.patch" : "0.patch", text);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return file_remove_tree(dir, NULL);
}

static int apply(size_t n, unsigned *changed, struct err *err)
{
	struct kernel_job job = { .name = "test", .lock = -1, .log = -1 };

	return kernel_patch_tree(&job, dir, texts, n, changed, err);
}

static void goes_back_and_forth(void **state)
{
	struct err err = ERR_INIT;
	unsigned changed;

	(void)state;
	assert_int_equal(apply(2, &changed, &err), 0);
	assert_int_equal(changed, 2);
	assert_true(tree_is("sub/file.c", "one\nTWO\nthree\nfive\n"));
	assert_true(tree_is("new/file.h", "new\n"));
	assert_int_equal(apply(2, &changed, &err), 0);
	assert_int_equal(changed, 0);
	assert_int_equal(apply(1, &changed, &err), 0);
	assert_int_equal(changed, 2);
	assert_true(tree_is("sub/file.c", "one\nTWO\nthree\n-- four\nfive\n"));
	assert_true(tree_is("new/file.h", NULL));
	assert_int_equal(apply(0, &changed, &err), 0);
	assert_int_equal(changed, 1);
	assert_true(tree_is("sub/file.c", original));
	assert_true(tree_is("other.c", "other\n"));
}

static void a_rejected_hunk_is_shown(void **state)
{
	struct kernel_text saved = texts[0];
	struct err err = ERR_INIT;
	unsigned changed;

	(void)state;
	assert_int_equal(apply(1, &changed, &err), 0);
	texts[0] = texts[1];	/* the second alone: its context is not there */
	assert_int_equal(apply(1, &changed, &err), -EINVAL);
	texts[0] = saved;
	assert_int_equal(err.exit, EXIT_CONFIG);
	assert_non_null(strstr(err.text, "1.patch does not apply"));
	assert_non_null(strstr(err.text, "--- four"));
	/* The tree is as before, and usable. */
	assert_true(tree_is("sub/file.c", "one\nTWO\nthree\n-- four\nfive\n"));
	assert_true(tree_is("new/file.h", NULL));
	err = (struct err)ERR_INIT;
	assert_int_equal(apply(2, &changed, &err), 0);
}

static void keeps_modes(void **state)
{
	struct err err = ERR_INIT;
	char path[200];
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/tree/sub/file.c", dir);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(apply(1, NULL, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
}

static void assert_refused(const char *text, const char *why)
{
	struct kernel_text t = { .path = patch_path[0], .text = (char *)text };
	struct err err = ERR_INIT;
	char *files;

	assert_int_equal(kernel_patch_files(&t, &files, &err), -EINVAL);
	assert_non_null(strstr(err.text, why));
	assert_null(files);
}

static void names_files(void **state)
{
	struct err err = ERR_INIT;
	char *files;

	(void)state;
	assert_int_equal(kernel_patch_files(&texts[1], &files, &err), 0);
	assert_memory_equal(files, "sub/file.c\0new/file.h\0", 23);
	free(files);
	assert_refused("nothing\n", "no unified diff");
	assert_refused("", "no unified diff");
	assert_refused("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n", "no path inside");
	assert_refused("--- a/x/../../y\n+++ b/x\n@@ -1 +1 @@\n",
		       "no path inside");
	assert_refused("--- x\n+++ x\n@@ -1 +1 @@\n", "no path inside");
	assert_refused("--- a//etc/x\n+++ b/x\n@@ -1 +1 @@\n", "no path inside");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(goes_back_and_forth, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_rejected_hunk_is_shown,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(keeps_modes, set_up, tear_down),
		cmocka_unit_test(names_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
