/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Outputs: what is replaced, what is written into, and what stays as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

static char folder[] = "/tmp/kduel-file.XXXXXX";

static const char *in(const char *name)
{
	static char paths[4][128];
	static int i;

	i = (i + 1) % 4;
	snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, name);
	return paths[i];
}

static int set_up(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL);
}

static void publish(const char *path, const char *text)
{
	struct err err = ERR_INIT;

	if (file_publish(path, text, strlen(text), &err))
		fail_msg("%s", err.text);
}

static void holds(const char *path, const char *text)
{
	char *data;

	assert_int_equal(file_read(path, &data, NULL, NULL), 0);
	assert_string_equal(data, text);
	free(data);
}

static unsigned files(void)
{
	DIR *d = opendir(folder);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode;
}

static void a_new_file_has_what_the_umask_gives(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0137 };

	(void)state;
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		mode_t old = umask(masks[i]);

		publish(in("f"), "text");
		umask(old);
		assert_int_equal(mode_of(in("f")) & 07777, 0666 & ~masks[i]);
		holds(in("f"), "text");
	}
	assert_int_equal(files(), 1);
}

static void a_link_stays_and_its_file_is_replaced(void **state)
{
	(void)state;
	publish(in("real"), "old");
	assert_int_equal(symlink("real", in("link")), 0);
	assert_int_equal(symlink(in("link"), in("second")), 0);
	publish(in("second"), "new");
	holds(in("real"), "new");
	assert_true(S_ISLNK(mode_of(in("link"))) && S_ISLNK(mode_of(in("second"))));
	assert_int_equal(symlink("later", in("dangling")), 0);
	publish(in("dangling"), "made");
	holds(in("later"), "made");
	assert_true(S_ISLNK(mode_of(in("dangling"))));
	assert_int_equal(files(), 5);
}

static void a_device_and_a_pipe_are_written_into(void **state)
{
	char got[16] = "";
	int fd;

	(void)state;
	assert_int_equal(symlink("/dev/null", in("null")), 0);
	publish(in("null"), "away");
	assert_true(S_ISLNK(mode_of(in("null"))) && S_ISCHR(mode_of("/dev/null")));
	assert_int_equal(mkfifo(in("fifo"), 0600), 0);
	fd = open(in("fifo"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	publish(in("fifo"), "through");
	assert_int_equal(read(fd, got, sizeof(got) - 1), 7);
	assert_string_equal(got, "through");
	close(fd);
	assert_true(S_ISFIFO(mode_of(in("fifo"))));
}

/* Redirected with >>: what stands in the file already stays. */
static void stdout_is_written_to_as_it_is(void **state)
{
	int own, fd;

	(void)state;
	publish(in("log"), "first ");
	fflush(stdout);
	own = dup(STDOUT_FILENO);
	fd = open(in("log"), O_WRONLY | O_APPEND | O_CLOEXEC);
	dup2(fd, STDOUT_FILENO);
	publish("/dev/stdout", "second");
	dup2(own, STDOUT_FILENO);
	close(own);
	close(fd);
	holds(in("log"), "first second");
}

static void fails(const char *path, const char *data, size_t len, int error)
{
	struct err err = ERR_INIT;

	assert_int_equal(file_publish(path, data, len, &err), -error);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, strerror(error)));
}

static void what_cannot_be_is_said(void **state)
{
	char *much = calloc(1, 1 << 20);

	(void)state;
	fails(folder, "x", 1, EISDIR);
	fails("/dev/full", "x", 1, ENOSPC);
	fails("/dev/full", much, 1 << 20, ENOSPC);
	free(much);
	fails(in("no/such/folder"), "x", 1, ENOENT);
	assert_int_equal(symlink("b", in("a")), 0);
	assert_int_equal(symlink("a", in("b")), 0);
	fails(in("a"), "x", 1, ELOOP);
	assert_int_equal(files(), 2);
}

static void a_dropped_file_was_never_there(void **state)
{
	struct file_out o;
	int fd;

	(void)state;
	publish(in("f"), "old");
	assert_int_equal(file_begin(&o, in("f"), NULL), 0);
	fputs("half", o.to);
	fflush(o.to);
	/* Were we killed now, nothing would stay behind, where a file can be without a name. */
	fd = open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
	assert_int_equal(files(), fd < 0 ? 2 : 1);
	close(fd);
	file_drop(&o);
	holds(in("f"), "old");
	assert_int_equal(files(), 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_has_what_the_umask_gives),
		TEST(a_link_stays_and_its_file_is_replaced),
		TEST(a_device_and_a_pipe_are_written_into),
		TEST(stdout_is_written_to_as_it_is),
		TEST(what_cannot_be_is_said),
		TEST(a_dropped_file_was_never_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
