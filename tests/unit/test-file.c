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
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "tests/faults/no-tmpfile.h"

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
	return scratch_make(folder, NULL) < 0 ? -1 : 0;
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
	if (fd >= 0)
		close(fd);
	file_drop(&o);
	holds(in("f"), "old");
	assert_int_equal(files(), 1);
}

/* A process that does this, and is killed while it does. */
static void killed(void (*doing)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		doing();
		raise(SIGKILL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void write_half(void)
{
	struct file_out o;

	if (!file_begin(&o, in("f"), NULL) && fputs("half", o.to) > 0)
		fflush(o.to);
}

/* What it left goes with the next file of that name; what is alike and not ours stays. */
static void what_a_kill_left_is_swept(void **state)
{
	static const char *const alike[] = {
		"f.kduel-part-", "f.kduel-part-1234567", "f.kduel-part-123456789", "f.20261126",
		"g.kduel-part-12345678", "f.kduel-old-12345678",
	};
	const unsigned others = sizeof(alike) / sizeof(alike[0]);
	struct file_out o;

	(void)state;
	for (unsigned i = 0; i < others; i++)
		publish(in(alike[i]), "mine");
	publish(in("f"), "old");
	killed(write_half);
	killed(write_half);
	assert_int_equal(files(), 1 + others + (names_only ? 1 : 0));
	/* One that is being written is left alone. */
	assert_int_equal(file_begin(&o, in("f"), NULL), 0);
	assert_int_equal(files(), 1 + others + (names_only ? 1 : 0));
	fputs("slow", o.to);
	publish(in("f"), "new");
	holds(in("f"), "new");
	assert_int_equal(file_commit(&o, NULL), 0);
	holds(in("f"), "slow");
	assert_int_equal(files(), 1 + others);
	/* Of a whole folder: two of these names are parts that nobody holds. */
	publish(in("h.kduel-part-12345678"), "left");
	file_sweep(folder);
	assert_int_equal(files(), others);
	holds(in("f.kduel-part-1234567"), "mine");
}

static void folders_are_made_where_they_can_be(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(file_mkdirs(in("a/b"), &err), 0);
	assert_int_equal(file_mkdirs(in("a/b"), &err), 0);
	assert_int_equal(symlink("a", in("link")), 0);
	assert_int_equal(file_mkdirs(in("link/c"), &err), 0);
	assert_int_equal(symlink("nowhere", in("dangling")), 0);
	assert_int_equal(file_mkdirs(in("dangling/c"), &err), -ENOENT);
	assert_int_equal(err.exit, EXIT_CONFIG);
	assert_non_null(strstr(err.text, "dangling: it is a link to nowhere, which is not there"));
	err = (struct err)ERR_INIT;
	publish(in("plain"), "x");
	assert_int_equal(file_mkdirs(in("plain"), &err), -ENOTDIR);
}

static void pattern(char *path, const char *name)
{
	snprintf(path, 128, "%s/%s-XXXXXX", folder, name);
}

static void make_folder(void)
{
	char path[128];

	pattern(path, "s");
	if (scratch_make(path, NULL) >= 0 && chdir(path) == 0)
		file_publish("inside", "x", 1, NULL);
}

static void folders_go_with_their_owners(void **state)
{
	char live[128], again[128], other[128];
	int held, twice;

	(void)state;
	pattern(live, "s");
	held = scratch_make(live, NULL);
	assert_true(held >= 0);
	assert_int_equal(mode_of(live) & 07777, 0700);
	killed(make_folder);
	killed(make_folder);	/* and this one has swept the first's */
	assert_int_equal(mkdir(in("s-12345"), 0700), 0);
	assert_int_equal(symlink(live, in("s-123456")), 0);
	pattern(other, "t");
	twice = scratch_make(other, NULL);
	assert_true(twice >= 0);
	assert_int_equal(files(), 5);
	scratch_remove(other, twice);
	pattern(again, "s");
	twice = scratch_make(again, NULL);
	assert_int_equal(files(), 4);
	assert_true(S_ISDIR(mode_of(live)) && S_ISLNK(mode_of(in("s-123456"))));
	scratch_remove(again, twice);
	scratch_remove(live, held);
	assert_int_equal(files(), 2);
}

static void a_place_that_cannot_be_is_said(void **state)
{
	char path[] = "/no/such/place-XXXXXX";
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(scratch_make(path, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/no/such/place"));
}

static int without_names(void **state)
{
	(void)state;
	names_only = true;
	return 0;
}

static void slashes_at_the_end_do_not_count(void **state)
{
	(void)state;
	assert_int_equal(file_path_len("a/b//"), 3);
	assert_int_equal(file_path_len("a/b"), 3);
	assert_int_equal(file_path_len("//"), 1);
	assert_int_equal(file_path_len(""), 0);
}

/* A pipe would be waited for, and a device has no end. */
static void only_files_have_a_hash(void **state)
{
	char hash[FILE_HASH_MAX];
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(mkfifo(in("pipe"), 0600), 0);
	assert_int_equal(file_hash(in("pipe"), hash, &err), -EINVAL);
	assert_non_null(strstr(err.text, "pipe is not a regular file"));
	assert_int_equal(file_hash("/dev/zero", hash, NULL), -EINVAL);
	assert_int_equal(file_hash("/proc/self/exe", hash, NULL), 0);
}

/* What is remembered of a file is not what another one of its name and size had. */
static void changed_file_has_another_hash(void **state)
{
	char before[FILE_HASH_MAX], after[FILE_HASH_MAX], again[FILE_HASH_MAX], wanted[FILE_HASH_MAX];

	(void)state;
	assert_int_equal(file_publish(in("hashed"), "old", 3, NULL), 0);
	assert_int_equal(file_hash(in("hashed"), before, NULL), 0);
	assert_int_equal(file_publish(in("hashed"), "new", 3, NULL), 0);
	assert_int_equal(file_hash(in("hashed"), after, NULL), 0);
	data_hash("new", 3, wanted);
	assert_string_equal(after, wanted);
	assert_string_not_equal(after, before);
	/* The program itself is older, so that it is remembered. */
	assert_int_equal(file_hash("/proc/self/exe", before, NULL), 0);
	assert_int_equal(file_hash("/proc/self/exe", again, NULL), 0);
	assert_string_equal(before, again);
}

int main(void)
{
	int failed;

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_has_what_the_umask_gives),
		TEST(a_link_stays_and_its_file_is_replaced),
		TEST(a_device_and_a_pipe_are_written_into),
		TEST(stdout_is_written_to_as_it_is),
		TEST(what_cannot_be_is_said),
		TEST(a_dropped_file_was_never_there),
		TEST(what_a_kill_left_is_swept),
		TEST(folders_are_made_where_they_can_be),
		TEST(folders_go_with_their_owners),
		TEST(a_place_that_cannot_be_is_said),
		TEST(slashes_at_the_end_do_not_count),
		TEST(only_files_have_a_hash),
		TEST(changed_file_has_another_hash),
	};

	failed = cmocka_run_group_tests(tests, NULL, NULL);
	/* The same where every file has a name: overlayfs, 9p, nfs. */
	return failed + cmocka_run_group_tests(tests, without_names, NULL);
}
