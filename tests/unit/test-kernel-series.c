/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patch files as people send them: taken apart, or refused with the line. */
#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/kernel-patch.h"

#define DIFF "--- a/f.c\n+++ b/f.c\n@@ -1,2 +1,2 @@\n one\n-two=\n+2=\n"
#define HEAD "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n" \
	     "From: T <t@example.org>\nSubject: [PATCH] why\n"

static int read_one(const char *text, size_t len, struct kernel_series *s,
		    struct err *err)
{
	static struct kernel_text t;	/* the series' pieces point to it */

	t = (struct kernel_text){ .path = "p.patch", .text = (char *)text,
				  .len = len };
	*err = (struct err)ERR_INIT;
	return kernel_series_read(&t, 1, s, err);
}

static void is_diff(const char *text)
{
	struct kernel_series s;
	struct err err;

	if (read_one(text, strlen(text), &s, &err))
		fail_msg("%s\nof: %s", err.text, text);
	assert_int_equal(s.n, 1);
	if (strncmp(s.v[0].diff.data, DIFF, strlen(DIFF)) &&
	    !strstr(s.v[0].diff.data, DIFF))
		fail_msg("made: %s\nof: %s", s.v[0].diff.data, text);
	assert_non_null(memmem(s.v[0].paths.data, s.v[0].paths.len, "f.c", 4));
	kernel_series_release(&s);
}

static void forms_of_one_diff(void **state)
{
	(void)state;
	is_diff(DIFF);
	is_diff("Why it is so.\n\nIndex: f.c\n====\n" DIFF "-- \n2.39.5\n");
	is_diff("\xef\xbb\xbf" DIFF);
	is_diff("--- a/f.c\r\n+++ b/f.c\r\n@@ -1,2 +1,2 @@\r\n one\r\n-two=\r\n+2=\r\n");
	is_diff("why\n--- a/f.c\r\n+++ b/f.c\r\n@@ -1,2 +1,2 @@\r\n one\r\n-two=\r\n+2=\r\n");
	is_diff(HEAD "\nbody\n---\n f.c | 2 +-\n\n" DIFF "-- \n2.39.5\n\n");
	is_diff("From: t@example.org\nSubject: x\n y\n\n" DIFF);
	is_diff(HEAD "Content-Type: text/plain; charset=utf-8\n"
		"Content-Transfer-Encoding: quoted-printable\n\nb=C3=B6dy\n---\n"
		"--- a/f.c\n+++ b/f.c\n@@ -1,2 +1,2 @@\n one\n-two=3D\n+2=\n=3D\n");
	is_diff(HEAD "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"
		"LS0tCi0tLSBhL2YuYworKysgYi9mLmMKQEAgLTEsMiArMSwyIEBACiBvbmUKLXR3bz0KKzI9Cg==\n");
	is_diff("From t Mon Sep 17 00:00:00 2001\r\nFrom: t\r\nSubject: x\r\n\r\nbody\r\n---\r\n"
		"--- a/f.c\r\n+++ b/f.c\r\n@@ -1,2 +1,2 @@\r\n one\r\n-two=\r\n+2=\r\n");
	is_diff(HEAD "MIME-Version: 1.0\n"
		"Content-Type: multipart/mixed; boundary=\"--x\"\n\n----x\n"
		"Content-Type: text/plain\n\nbody\n---\n----x\n"
		"Content-Type: text/x-patch; name=\"p.patch\"\n"
		"Content-Transfer-Encoding: 8bit\n"
		"Content-Disposition: attachment; filename=\"p.patch\"\n\n"
		DIFF "\n----x--\n");
}

static void a_mailbox_is_a_series(void **state)
{
	static const char box[] =
		HEAD "\ncover letter\n f.c | 2 +-\n-- \n2.39.5\n\n"
		HEAD "\none\n---\n" DIFF "-- \n2.39.5\n\n"
		HEAD "\ntwo\n---\ndiff --git a/f.c b/g.c\n"
		"similarity index 100%\nrename from f.c\nrename to g.c\n"
		"-- \n2.39.5\n\n";
	struct kernel_series s;
	struct err err;
	char name[64];

	(void)state;
	assert_int_equal(read_one(box, strlen(box), &s, &err), 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(kernel_piece_text(&s.v[0], name, sizeof(name)),
			    "p.patch, mail 2");
	assert_int_equal(s.v[1].mail, 3);
	assert_memory_equal(s.v[1].paths.data, "g.c\0f.c", 8);
	kernel_series_release(&s);
}

#define NUMBERED(of) "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n" \
		     "From: T <t@example.org>\nSubject: " of " why\n\nb\n---\n"

/* One mail of a series may be alone, but several must be all. */
static void a_mailbox_lacks_no_mail(void **state)
{
	static const struct {
		const char *box, *why;
	} boxes[] = {
		{ NUMBERED("[PATCH 2/3]") DIFF, NULL },
		{ NUMBERED("[PATCH 0/2]") NUMBERED("[PATCH 1/2]") DIFF NUMBERED("[PATCH 2/2]") DIFF, NULL },
		{ NUMBERED("[PATCH RESEND v3 2/2]") DIFF NUMBERED("[PATCH RESEND v3 1/2]") DIFF, NULL },
		{ NUMBERED("[PATCH 1/2]") DIFF NUMBERED("[PATCH]") DIFF, NULL },
		{ NUMBERED("[PATCH]") DIFF NUMBERED("Re: [PATCH 1/2]"), NULL },
		{ NUMBERED("[RFC PATCH v2 01/03]") DIFF NUMBERED("[RFC PATCH v2 03/03]") DIFF,
		  "p.patch: mail 2/3 of its series is missing" },
		{ NUMBERED("[PATCH 0/1]") NUMBERED("[PATCH] other") DIFF "\n"
		  NUMBERED("Re: [PATCH 1/1]") NUMBERED("[PATCH 0/1] again"),
		  "p.patch: mail 1/1 of its series is missing" },
		{ NUMBERED("=?UTF-8?q?[PATCH=202/2]?=") DIFF NUMBERED("[PATCH 0/2]"),
		  "p.patch: mail 1/2 of its series is missing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
		struct kernel_series s;
		struct err err;
		int ret = read_one(boxes[i].box, strlen(boxes[i].box), &s, &err);

		if (!ret != !boxes[i].why || (ret && !strstr(err.text, boxes[i].why)))
			fail_msg("box %zu: %d %s", i, ret, err.text);
		kernel_series_release(&s);
	}
}

static const struct {
	const char *text, *why;
} refused[] = {
	{ "\x1f\x8b\x08", "p.patch: it is compressed; unpack it first: zcat" },
	{ "\xfd" "7zXZ", "p.patch: it is compressed; unpack it first: xzcat" },
	{ "\x28\xb5\x2f\xfd", "p.patch: it is compressed; unpack it first: zstdcat" },
	{ "BZh91AY", "p.patch: it is compressed; unpack it first: bzcat" },
	{ "\xff\xfe-", "p.patch: it is UTF-16; convert it: iconv" },
	{ "", "no unified diff" },
	{ "nothing\n", "no unified diff" },
	{ HEAD "\nonly words\n", "no unified diff" },
	{ "5c5\n< a\n---\n> b\n", "no unified diff" },
	{ "\033[1mdiff --git a/f.c b/f.c\033[m\n", "p.patch:1: it contains no unified diff but one with terminal" },
	{ DIFF "--- a/g.c\n+++ b/g.c\n\033[36m@@ -1 +1 @@\033[m\n",
	  "p.patch:9: it contains no unified diff but one with terminal colours" },
	{ DIFF "*** a/g.c\n--- b/g.c\n***************\n*** 1,2 ****\n  a\n! b\n",
	  "p.patch:10: this is a context diff" },
	{ DIFF "diff --cc g.c\n--- a/g.c\n+++ b/g.c\n@@@ -1,1 -1,1 +1,1 @@@\n",
	  "p.patch:10: this is the combined diff" },
	{ DIFF "Binary files a/x and b/x differ\n", "p.patch:7: the content of" },
	{ DIFF "Only in b/x: new.c\n", "p.patch:7: a new file is missing" },
	{ "diff --git a/s b/s\nnew file mode 160000\nindex 0000000..1234567\n"
	  "--- /dev/null\n+++ b/s\n@@ -0,0 +1 @@\n+Subproject commit 1\n",
	  "p.patch:2: a change of a submodule" },
	{ DIFF "Submodule s 1234567..89abcde:\n", "p.patch:7: a change of a sub" },
	{ DIFF "+3\n", "p.patch:7: the hunk has more lines" },
	{ DIFF " 3\n-4\n", "p.patch:8: the hunk has more lines" },
	{ "--- a/f.c\n+++ b/f.c\n@@ -1,3 +1,2 @@\n one\n-two=\n+2=\n",
	  "corrupt patch at line" },
	{ "--- a/f.c\n+++ b/f.c\n@@ -1,2 +1,2 @@\n one\nfoo\n+2=\n",
	  "corrupt patch at line 5" },
	{ DIFF "--- a/g.c\r\n+++ b/g.c\r\n@@ -1 +1 @@\r\n-a\r\n+b\r\n",
	  "some of its lines end in CR LF" },
	{ "--- f.c\n+++ f.c\n@@ -1 +1 @@\n-a\n+b\n", "p.patch: git failed" },
	{ "diff --git a/x b/x\nindex 1..2\nBinary files a/x and b/x differ\n",
	  "p.patch:3: the content of binary files" },
};

/* As git mailsplit does it: what is not the first line of a mail is in one. */
static void mails_are_told_by_time_and_year(void **state)
{
	struct kernel_series s;
	struct err err;
	static const char two[] = "\n" HEAD "\nFrom here on, all is well\nFrom: me 12:30\n"
				  "---\n" DIFF "-- \n2.39\n\n"
				  "From T at example.org  Mon Sep 17 00:00:00 2001\n"
				  "From: T <t@example.org>\nSubject: [PATCH] 2\n\n---\n" DIFF "-- \n2.39\n",
			  lone[] = "From: T <t@example.org>\nSubject: why\n\n---\n" DIFF
				   "-- \n2.39\n" HEAD "\n---\n" DIFF;

	(void)state;
	assert_int_equal(read_one(two, sizeof(two) - 1, &s, &err), 0);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.v[1].mail, 2);
	kernel_series_release(&s);
	/* Without such a line at its beginning it is one mail, whatever follows. */
	if (!read_one(lone, sizeof(lone) - 1, &s, &err)) {
		assert_int_equal(s.n, 1);
		kernel_series_release(&s);
	}
}

static void what_git_would_skip_is_refused(void **state)
{
	struct kernel_series s;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const char *text = refused[i].text;

		if (!read_one(text, strlen(text), &s, &err))
			fail_msg("taken: %s", text);
		assert_int_equal(err.exit, EXIT_CONFIG);
		if (!strstr(err.text, refused[i].why))
			fail_msg("said '%s' of: %s", err.text, text);
		assert_int_equal(s.n, 0);
	}
}

static void words_are_no_changes(void **state)
{
	(void)state;
	/* In a hunk, and in the words around a diff. */
	is_diff("Only in the case of x do we\n--\n" DIFF "--\n+2.39\n");
	is_diff(DIFF "--- a/g\n+++ b/g\n@@ -1,2 +1,2 @@\n-Only in b: c\n"
		"+@@@ x\n Binary files a and b differ\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_of_one_diff),
		cmocka_unit_test(a_mailbox_is_a_series),
		cmocka_unit_test(a_mailbox_lacks_no_mail),
		cmocka_unit_test(mails_are_told_by_time_and_year),
		cmocka_unit_test(what_git_would_skip_is_refused),
		cmocka_unit_test(words_are_no_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
