/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of a file when it, its name or the clock changes in between. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "file.h"

static char folder[] = "/tmp/kduel-hash-XXXXXX";

/* The program's own: the clock may go ahead, files' clocks may tick once a second, and something
 * may happen after a file was looked at. */
static time_t ahead;
static bool coarse;
static void (*then)(void);

time_t time(time_t *to)
{
	struct timespec now;

	(void)to;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec + ahead;
}

static int look(int folder_fd, const char *path, int flags, struct stat *st)
{
	int ret = fstatat(folder_fd, path, st, flags);

	if (coarse)
		st->st_ctim.tv_nsec = 0;
	return ret;
}

int fstat(int fd, struct stat *st)
{
	return look(fd, "", AT_EMPTY_PATH, st);
}

int stat(const char *restrict path, struct stat *restrict st)
{
	int ret = look(AT_FDCWD, path, 0, st);

	if (then)
		then();
	then = NULL;
	return ret;
}

static const char *in(const char *name)
{
	static char path[4][80];
	static unsigned n;

	snprintf(path[++n % 4], sizeof(path[0]), "%s/%s", folder, name);
	return path[n % 4];
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(in(name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void has_hash_of(const char *name, const char *text)
{
	char have[FILE_HASH_MAX], wanted[FILE_HASH_MAX];

	assert_int_equal(file_hash(in(name), have, NULL), 0);
	data_hash(text, strlen(text), wanted);
	assert_string_equal(have, wanted);
}

static void point_to_other(void)
{
	assert_int_equal(unlink(in("link")), 0);
	assert_int_equal(symlink("other", in("link")), 0);
}

/* A name that leads to another file before it is read is no memory of the first. */
static void the_file_that_was_read_is_remembered(void **state)
{
	(void)state;
	put("one", "one");
	put("other", "two");
	assert_int_equal(symlink("one", in("link")), 0);
	ahead = 100;
	then = point_to_other;
	has_hash_of("link", "two");
	assert_null(then);
	has_hash_of("one", "one");
	has_hash_of("other", "two");
	ahead = 0;
}

static void take_long(void)
{
	ahead = 100;
}

/* A file that was young when it was looked at may change in the same tick, however long it is read. */
static void a_young_file_is_not_old_after_reading(void **state)
{
	(void)state;
	coarse = true;
	for (int i = 0; i < 3; i++) {	/* once the second may end in between */
		put("young", "old");
		then = take_long;
		has_hash_of("young", "old");
		ahead = 0;
		put("young", "new");
		has_hash_of("young", "new");
	}
	coarse = false;
}

/* The kernel's log, /proc/kmsg, is a regular file of no size, too, and reading it waits for more. */
static void what_has_no_size_is_not_read(void **state)
{
	char hash[FILE_HASH_MAX], nothing[FILE_HASH_MAX];

	(void)state;
	data_hash("", 0, nothing);
	assert_int_equal(file_hash("/proc/self/mounts", hash, NULL), 0);
	assert_string_equal(hash, nothing);
}

static int begin(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_that_was_read_is_remembered),
		cmocka_unit_test(a_young_file_is_not_old_after_reading),
		cmocka_unit_test(what_has_no_size_is_not_read),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
