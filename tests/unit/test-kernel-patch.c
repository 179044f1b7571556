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

#include "file.h"
#include "host-driver/kernel/kernel-patch.h"
#include "kernel/kernel-job.h"

static char dir[64];

static const char original[] = "one\ntwo\nthree\n-- four\nfive\n";
static const char first[] =
	"A header that says why.\n---\n--- a/sub/file.c\n+++ b/sub/file.c\n"
	"@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n";
/* On top of the first; makes a file, and removes a line "-- four". */
static const char second[] =
	"--- a/sub/file.c\n+++ b/sub/file.c\n"
	"@@ -2,4 +2,3 @@\n TWO\n three\n--- four\n five\n"
	"--- /dev/null\n+++ b/new/file.h\n@@ -0,0 +1 @@\n+new\n";

static void path_of(char *path, size_t size, const char *below)
{
	snprintf(path, size, "%s/tree/%s", dir, below);
}

static void put(const char *below, const char *text)
{
	char path[200];
	struct err err = ERR_INIT;

	path_of(path, sizeof(path), below);
	assert_int_equal(file_publish(path, text, strlen(text), &err), 0);
}

/* The file's text, or "link:" and where it leads; "-" if there is none. */
static const char *now(const char *below)
{
	static char text[500];
	char path[200], *data;
	struct stat st;

	path_of(path, sizeof(path), below);
	if (lstat(path, &st))
		return "-";
	if (S_ISLNK(st.st_mode)) {
		ssize_t n = readlink(path, text + 5, sizeof(text) - 6);

		memcpy(text, "link:", 5);
		text[5 + (n > 0 ? n : 0)] = '\0';
		return text;
	}
	assert_int_equal(file_read(path, &data, NULL, NULL), 0);
	snprintf(text, sizeof(text), "%s%s", st.st_mode & 0100 ? "x:" : "",
		 data);
	free(data);
	return text;
}

static int set_up(void **state)
{
	struct kernel_job job = { .name = "test", .lock = -1, .log = -1 };
	struct err err = ERR_INIT;
	struct kernel_git g;
	char path[100];

	(void)state;
	strcpy(dir, "/tmp/kduel-patch.XXXXXX");
	if (scratch_make(dir, NULL) < 0)
		return -1;
	path_of(path, sizeof(path), "sub");
	file_mkdirs(path, NULL);
	put("sub/file.c", original);
	put("other.c", "other\n");
	put("crlf.c", "a\r\nb\r\n");
	/* What would change bytes on their way, were it heeded. */
	put(".gitattributes", "* text eol=crlf\n*.c ident filter=x\n");
	path_of(path, sizeof(path), "other.c");
	chmod(path, 0755);
	path_of(path, sizeof(path), "link");
	if (symlink("other.c", path))
		return -1;
	assert_int_equal(kernel_git_create(&g, dir, "sha1", &err), 0);
	assert_false(kernel_patch_imported(dir));
	assert_int_equal(kernel_patch_import(&job, dir, false, &err), 0);
	assert_true(kernel_patch_imported(dir));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return file_remove_tree(dir, NULL);
}

static unsigned asked, patience;	/* the watcher stops when it is asked that often */

static int watch(const struct kernel_progress *p, void *arg)
{
	(void)p;
	(void)arg;
	return patience && ++asked >= patience;
}

static int apply(const char *one, const char *two, struct err *err)
{
	struct kernel_job job = { .name = "test", .lock = -1, .log = -1, .fn = watch };
	const struct kernel_text texts[] = {
		{ .path = "p/one.patch", .text = (char *)one,
		  .len = one ? strlen(one) : 0 },
		{ .path = "p/two.patch", .text = (char *)two,
		  .len = two ? strlen(two) : 0 },
	};

	*err = (struct err)ERR_INIT;
	return kernel_patch_tree(&job, dir, texts, !!one + !!two, err);
}

static void must(const char *one, const char *two)
{
	struct err err;

	if (apply(one, two, &err))
		fail_msg("%s", err.text);
}

static struct timespec changed_at(const char *below)
{
	struct stat st = { 0 };
	char path[200];

	path_of(path, sizeof(path), below);
	assert_int_equal(lstat(path, &st), 0);
	return st.st_mtim;
}

static void goes_back_and_forth(void **state)
{
	struct timespec other = changed_at("other.c"), file;

	(void)state;
	must(first, second);
	assert_string_equal(now("sub/file.c"), "one\nTWO\nthree\nfive\n");
	assert_string_equal(now("new/file.h"), "new\n");
	file = changed_at("sub/file.c");
	must(first, second);
	assert_memory_equal(&file, &(struct timespec[]){ changed_at("sub/file.c") },
			    sizeof(file));
	must(first, NULL);
	assert_string_equal(now("sub/file.c"), "one\nTWO\nthree\n-- four\nfive\n");
	assert_string_equal(now("new"), "-");
	must(NULL, NULL);
	assert_string_equal(now("sub/file.c"), original);
	assert_string_equal(now("other.c"), "x:other\n");
	assert_memory_equal(&other, &(struct timespec[]){ changed_at("other.c") },
			    sizeof(other));
}

static void a_rejected_hunk_is_shown(void **state)
{
	struct err err;

	(void)state;
	must(first, NULL);
	/* The second alone: its context is not there. */
	assert_int_equal(apply(second, NULL, &err), -EINVAL);
	assert_int_equal(err.exit, EXIT_CONFIG);
	assert_non_null(strstr(err.text, "p/one.patch does not apply; rejected:\n@@ -2,4 +2,3 @@\n TWO\n three\n--- four\n five\ngit"));
	assert_non_null(strstr(err.text, "error: patch failed: sub/file.c:2"));
	/* The tree is as before, and usable. */
	assert_string_equal(now("sub/file.c"), "one\nTWO\nthree\n-- four\nfive\n");
	assert_string_equal(now("new/file.h"), "-");
	must(first, second);
}

#define FROM_TO(from, to) "diff --git a/" from " b/" to "\n"

/* Every kind of section, applied after different ones, and taken back. */
static const struct {
	const char *patch, *path, *is, *gone;	/* gone: a path that is no more */
} kinds[] = {
	{ FROM_TO("e.h", "e.h") "new file mode 100644\nindex 0000000..e69de29\n",
	  "e.h", "", NULL },
	{ FROM_TO("other.c", "other.c") "deleted file mode 100755\n"
	  "--- a/other.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-other\n",
	  "other.c", "-", "other.c" },
	{ FROM_TO("sub/file.c", "a/b.c") "similarity index 100%\n"
	  "rename from sub/file.c\nrename to a/b.c\n",
	  "a/b.c", original, "sub" },
	{ FROM_TO("other.c", "copy.c") "similarity index 50%\n"
	  "copy from other.c\ncopy to copy.c\n"
	  "--- a/other.c\n+++ b/copy.c\n@@ -1 +1,2 @@\n other\n+more\n",
	  "copy.c", "x:other\nmore\n", NULL },
	{ FROM_TO("sub/file.c", "sub/file.c") "old mode 100644\n"
	  "new mode 100755\n", "sub/file.c",
	  "x:one\ntwo\nthree\n-- four\nfive\n", NULL },
	{ FROM_TO("link", "link") "index 1..2 120000\n--- a/link\n+++ b/link\n"
	  "@@ -1 +1 @@\n-other.c\n\\ No newline at end of file\n+sub/file.c\n"
	  "\\ No newline at end of file\n", "link", "link:sub/file.c", NULL },
	{ FROM_TO("b.bin", "b.bin") "new file mode 100644\n"
	  "index 0000000000000000000000000000000000000000.."
	  "20b5be91886d0b6f26dc98a225c0dac05fe2c86e\nGIT binary patch\n"
	  "literal 3\nKcmYdfNCE%>hycU@\n\nliteral 0\nHcmV?d00001\n\n",
	  "b.bin", "a", NULL },
	{ "diff --git \"a/t\\tab\\303\\244\" \"b/t\\tab\\303\\244\"\n"
	  "new file mode 100644\n--- /dev/null\n+++ \"b/t\\tab\\303\\244\"\n"
	  "@@ -0,0 +1 @@\n+new\n", "t\tab\303\244", "new\n", NULL },
	{ "--- /dev/null\n+++ b/with blank.c\n@@ -0,0 +1 @@\n+new\n",
	  "with blank.c", "new\n", NULL },
	{ "--- a/crlf.c\n+++ b/crlf.c\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n",
	  "crlf.c", "a\r\nc\r\n", NULL },
	{ "--- a/other.c\r\n+++ b/other.c\r\n@@ -1 +1 @@\r\n-other\r\n+OTHER\r\n",
	  "other.c", "x:OTHER\n", NULL },
	{ "--- a/.gitattributes\n+++ b/.gitattributes\n@@ -1,2 +1 @@\n"
	  " * text eol=crlf\n-*.c ident filter=x\n",
	  ".gitattributes", "* text eol=crlf\n", NULL },
	/* A link where a folder was, and a folder where a file was. */
	{ FROM_TO("sub/file.c", "sub/file.c") "deleted file mode 100644\n"
	  "--- a/sub/file.c\n+++ /dev/null\n@@ -1,5 +0,0 @@\n-one\n-two\n"
	  "-three\n--- four\n-five\n" FROM_TO("sub", "sub")
	  "new file mode 120000\n--- /dev/null\n+++ b/sub\n@@ -0,0 +1 @@\n"
	  "+other.c\n\\ No newline at end of file\n",
	  "sub", "link:other.c", NULL },
};

static void every_kind_of_section(void **state)
{
	const size_t n = sizeof(kinds) / sizeof(kinds[0]);

	(void)state;
	for (size_t i = 0; i < 3 * n; i++) {
		/* Strides of 1, 5 and 9: each has three different ones before. */
		size_t k = i * (1 + i / n * 4) % n;

		must(kinds[k].patch, NULL);
		if (strcmp(now(kinds[k].path), kinds[k].is))
			fail_msg("%s is %s", kinds[k].path, now(kinds[k].path));
		if (kinds[k].gone)
			assert_string_equal(now(kinds[k].gone), "-");
	}
	must(NULL, NULL);
	assert_string_equal(now("sub/file.c"), original);
	assert_string_equal(now("other.c"), "x:other\n");
	assert_string_equal(now("link"), "link:other.c");
	for (size_t i = 0; i < n; i++)
		if (!strncmp(kinds[i].patch, "--- /dev", 8))
			assert_string_equal(now(kinds[i].path), "-");
}

static void a_later_patch_follows_a_rename(void **state)
{
	(void)state;
	must(kinds[2].patch, "--- a/a/b.c\n+++ b/a/b.c\n"
	     "@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n");
	assert_string_equal(now("a/b.c"), "one\nzwei\nthree\n-- four\nfive\n");
	must("--- /dev/null\n+++ b/x.h\n@@ -0,0 +1 @@\n+new\n", NULL);
	assert_string_equal(now("sub/file.c"), original);
	assert_string_equal(now("a"), "-");
}

static void no_way_out_of_the_tree(void **state)
{
	static const char *const bad[] = {
		"--- a/../x\n+++ b/../x\n@@ -0,0 +1 @@\n+x\n",
		"--- /dev/null\n+++ b//etc/kduel-x\n@@ -0,0 +1 @@\n+x\n",
		"--- /dev/null\n+++ b/.git/config\n@@ -0,0 +1 @@\n+x\n",
		"--- /dev/null\n+++ b/link/x\n@@ -0,0 +1 @@\n+x\n",
		FROM_TO("d", "d") "new file mode 120000\n--- /dev/null\n"
		"+++ b/d\n@@ -0,0 +1 @@\n+/tmp\n\\ No newline at end of file\n"
		"--- /dev/null\n+++ b/d/kduel-x\n@@ -0,0 +1 @@\n+x\n",
		"--- other.c\n+++ other.c\n@@ -1 +1 @@\n-other\n+x\n",
		"--- /dev/null\n+++ b/other.c\n@@ -0,0 +1 @@\n+there already\n",
		"--- /dev/null\n+++ b/sub\n@@ -0,0 +1 @@\n+a folder\n",
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!apply(bad[i], NULL, &err))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.exit, EXIT_CONFIG);
		assert_non_null(strstr(err.text, "p/one.patch"));
	}
	assert_string_equal(now("other.c"), "x:other\n");
}

static void what_a_kill_left_is_cleared(void **state)
{
	char path[200];

	(void)state;
	must(first, NULL);
	for (int i = 0; i < 3; i++) {
		static const char *const left[] = { "index", "series",
						    "touched" };

		snprintf(path, sizeof(path), "%s/git/%s.lock", dir, left[i]);
		assert_int_equal(file_publish(path, "x", 1, NULL), 0);
	}
	/* Half of another series: one file is there, one is the old one. */
	put("new.c", "from a series that was cut off\n");
	put("sub/file.c", original);
	must(first, NULL);
	assert_string_equal(now("new.c"), "-");
	assert_string_equal(now("sub/file.c"), "one\nTWO\nthree\n-- four\nfive\n");
}

static void a_hand_in_the_tree_is_noticed(void **state)
{
	struct err err;

	(void)state;
	put("crlf.c", "by hand\n");
	assert_true(apply(first, NULL, &err) < 0);
	assert_non_null(strstr(err.text, "was modified or is damaged"));
}

/* Ctrl-C in any of the gits: told as such, and the next time all is well. */
static void can_be_stopped_anywhere(void **state)
{
	struct err err;
	int ret = -EINTR;

	(void)state;
	for (unsigned most = 1; ret; most++) {
		asked = 0;
		patience = most;
		ret = apply(first, second, &err);
		if (ret) {
			assert_int_equal(ret, -EINTR);
			assert_int_equal(err.exit, EXIT_INCOMPLETE);
			assert_non_null(strstr(err.text, "stopped while building test"));
		}
		assert_true(most < 1000);
	}
	assert_true(asked > 5);
	patience = 0;
	must(first, second);
	assert_string_equal(now("new/file.h"), "new\n");
	must(NULL, NULL);
	assert_string_equal(now("sub/file.c"), original);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(goes_back_and_forth),
		TEST(a_rejected_hunk_is_shown),
		TEST(every_kind_of_section),
		TEST(a_later_patch_follows_a_rename),
		TEST(no_way_out_of_the_tree),
		TEST(what_a_kill_left_is_cleared),
		TEST(can_be_stopped_anywhere),
		TEST(a_hand_in_the_tree_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
