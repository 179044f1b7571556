/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "lib/proc.h"
#include "machine/image.h"

static char folder[] = "/tmp/kduel-image-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return scratch_make(folder, NULL) >= 0 && !setenv("XDG_CACHE_HOME", folder, 1) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL);
}

static void write_file(const char *name, const char *text)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	assert_int_equal(file_publish(path, text, strlen(text), NULL), 0);
	free(path);
}

static struct image *sample(bool reversed)
{
	struct image *im;
	char *path;

	write_file("hello", "hello\n");
	assert_true(asprintf(&path, "%s/hello", folder) > 0);
	assert_int_equal(image_new(&im, NULL), 0);
	if (!reversed)
		assert_int_equal(image_add_file(im, path, "/etc/deep/hello", NULL), 0);
	assert_int_equal(image_add_device(im, "/dev/console", S_IFCHR | 0600, 5, 1, NULL), 0);
	assert_int_equal(image_add_link(im, "/init", "bin/agent", NULL), 0);
	assert_int_equal(image_add_folder(im, "/proc", NULL), 0);
	if (reversed)
		assert_int_equal(image_add_file(im, path, "/etc/deep/hello", NULL), 0);
	free(path);
	return im;
}

static char *written(struct image *im, size_t *len)
{
	char *path, *data;

	assert_true(asprintf(&path, "%s/out.cpio", folder) > 0);
	assert_int_equal(image_write(im, path, NULL), 0);
	assert_int_equal(file_read(path, &data, len, NULL), 0);
	unlink(path);
	free(path);
	return data;
}

static void same_content_same_bytes(void **state)
{
	struct image *a = sample(false), *b = sample(true);
	char ha[FILE_HASH_MAX], hb[FILE_HASH_MAX], *da, *db;
	size_t la, lb;

	(void)state;
	assert_int_equal(image_hash(a, ha, NULL), 0);
	assert_int_equal(image_hash(b, hb, NULL), 0);
	assert_string_equal(ha, hb);
	da = written(a, &la);
	sleep(1);	/* a time in the archive would show */
	db = written(b, &lb);
	assert_int_equal(la, lb);
	assert_memory_equal(da, db, la);
	assert_memory_equal(da, "070701", 6);
	free(da);
	free(db);
	image_free(a);
	image_free(b);
}

/* Reads the archive back: `want` with its mode, and what it holds. */
static bool holds(const char *data, size_t len, const char *want, mode_t mode,
		  const char *content)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	bool found = false;
	char buf[4096] = "";

	archive_read_support_format_cpio(a);
	assert_int_equal(archive_read_open_memory(a, data, len), ARCHIVE_OK);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		if (strcmp(archive_entry_pathname(e), want))
			continue;
		found = true;
		assert_int_equal(archive_entry_mode(e), mode);
		if (content && S_ISLNK(mode))
			assert_string_equal(archive_entry_symlink(e), content);
		else if (content) {
			assert_true(archive_read_data(a, buf, sizeof(buf) - 1) >= 0);
			assert_string_equal(buf, content);
		}
		if (S_ISCHR(mode)) {
			assert_int_equal(archive_entry_rdevmajor(e), 5);
			assert_int_equal(archive_entry_rdevminor(e), 1);
		}
	}
	archive_read_free(a);
	return found;
}

static void entries_are_what_was_added(void **state)
{
	struct image *im = sample(false);
	size_t len;
	char *data = written(im, &len);

	(void)state;
	assert_true(holds(data, len, "etc/deep/hello", S_IFREG | 0644, "hello\n"));
	assert_true(holds(data, len, "etc/deep", S_IFDIR | 0755, NULL));
	assert_true(holds(data, len, "dev/console", S_IFCHR | 0600, NULL));
	assert_true(holds(data, len, "init", S_IFLNK | 0777, "bin/agent"));
	assert_true(holds(data, len, "bin", S_IFLNK | 0777, "usr/bin"));
	assert_false(holds(data, len, "etc/nothing", S_IFREG, NULL));
	assert_int_equal(image_size(im), 6);
	free(data);
	image_free(im);
}

/* A shell in the image, with its libraries, runs when nothing else is there. */
static void a_program_comes_with_its_libraries(void **state)
{
	struct args needs = ARGS_INIT;
	struct image *im;
	size_t len;
	char *data, *sh = proc_find("cp");

	(void)state;
	assert_int_equal(elf_needs(sh, &needs, NULL), 0);
	assert_true(needs.n >= 2);
	assert_int_equal(image_new(&im, NULL), 0);
	assert_int_equal(image_add_program(im, "cp", "/bin/copy", NULL), 0);
	data = written(im, &len);
	assert_true(holds(data, len, "usr/bin/copy", S_IFREG | 0755, NULL));
	for (size_t i = 0; i < needs.n; i++) {
		const char *p = needs.v[i] + 1;
		char *want;

		assert_true(asprintf(&want, "%s%s", strncmp(p, "usr/", 4) ? "usr/" : "", p) > 0);
		assert_true(holds(data, len, want, S_IFREG | 0755, NULL));
		free(want);
	}
	args_release(&needs);
	free(data);
	free(sh);
	image_free(im);
}

static void debugging_sections_stay_out(void **state)
{
	struct stat st;
	uint64_t size;

	(void)state;
	assert_int_equal(stat("/proc/self/exe", &st), 0);
	assert_int_equal(elf_loaded_size("/proc/self/exe", &size, NULL), 0);
	assert_true(size > 1000 && size < (uint64_t)st.st_size);
	write_file("text", "no program\n");
	assert_true(chdir(folder) == 0);
	assert_int_equal(elf_loaded_size("text", &size, NULL), 0);
	assert_int_equal(size, 11);
}

static void a_trimmed_program_still_runs(void **state)
{
	static const char *const argv[] = { "./trimmed", NULL };
	struct image *im;
	struct err err = ERR_INIT;
	size_t len;
	char *data, *at;
	uint64_t size;

	(void)state;
	assert_int_equal(image_new(&im, NULL), 0);
	assert_int_equal(image_add_program(im, "true", "/trimmed", NULL), 0);
	data = written(im, &len);
	at = memmem(data, len, "\177ELF", 4);
	assert_non_null(at);
	/* The program is the first entry whose name is "trimmed". */
	at = memmem(data, len, "trimmed", 8);
	assert_non_null(at);
	at = memmem(at, data + len - at, "\177ELF", 4);
	assert_int_equal(elf_loaded_size("/bin/true", &size, NULL), 0);
	assert_true(chdir(folder) == 0);
	assert_int_equal(file_publish("trimmed", at, size, NULL), 0);
	assert_int_equal(chmod("trimmed", 0755), 0);
	if (proc_run(argv, 10, NULL, &err))
		fail_msg("%s", err.text);
	free(data);
	image_free(im);
}

static void what_is_missing_is_named(void **state)
{
	struct image *im;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(image_new(&im, NULL), 0);
	assert_true(image_add_program(im, "kduel-no-such", NULL, &err) < 0);
	assert_non_null(strstr(err.text, "kduel-no-such"));
	err.code = 0;
	assert_true(image_add_file(im, "/nonexistent/x", NULL, &err) < 0);
	assert_non_null(strstr(err.text, "/nonexistent/x"));
	image_free(im);
}

/* What a plan carries: the same file twice is one, and another one is refused. */
static void another_file_at_the_same_place_is_refused(void **state)
{
	struct image *im;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(chdir(folder) == 0);
	write_file("one", "one\n");
	write_file("same", "one\n");
	write_file("other", "two\n");
	assert_int_equal(image_new(&im, NULL), 0);
	assert_int_equal(image_add_as(im, "one", "/lib/x.so", 0755, NULL), 0);
	assert_int_equal(image_add_as(im, "same", "/usr/lib/x.so", 0755, NULL), 0);
	assert_int_equal(image_add_as(im, "other", "/lib/x.so", 0755, &err), -EINVAL);
	assert_non_null(strstr(err.text, "two different files would both be /lib/x.so"));
	image_free(im);
}

static void published_once_by_content(void **state)
{
	struct image *a = sample(false), *b = sample(true);
	struct stat sa, sb;
	char *pa, *pb;

	(void)state;
	assert_int_equal(image_publish(a, &pa, NULL), 0);
	assert_int_equal(stat(pa, &sa), 0);
	assert_int_equal(image_publish(b, &pb, NULL), 0);
	assert_string_equal(pa, pb);
	assert_int_equal(stat(pb, &sb), 0);
	assert_int_equal(sa.st_ino, sb.st_ino);
	assert_int_equal(image_add_folder(b, "/more", NULL), 0);
	free(pb);
	assert_int_equal(image_publish(b, &pb, NULL), 0);
	assert_string_not_equal(pa, pb);
	free(pa);
	free(pb);
	image_free(a);
	image_free(b);
}

static void age(const char *path, time_t seconds)
{
	const struct timespec at[2] = { { time(NULL) - seconds, 0 }, { time(NULL) - seconds, 0 } };

	assert_int_equal(utimensat(AT_FDCWD, path, at, 0), 0);
}

static void a_new_one_removes_what_no_boot_used_for_a_day(void **state)
{
	struct image *old = sample(false), *recent = sample(false), *new = sample(false);
	char *was, *other, *is;

	(void)state;
	assert_int_equal(image_add_folder(recent, "/recent", NULL), 0);
	assert_int_equal(image_add_folder(new, "/new", NULL), 0);
	assert_int_equal(image_publish(old, &was, NULL), 0);
	assert_int_equal(image_publish(recent, &other, NULL), 0);
	age(was, 25 * 3600);
	age(other, 23 * 3600);
	assert_int_equal(image_publish(new, &is, NULL), 0);
	assert_int_equal(access(was, F_OK), -1);
	assert_int_equal(access(other, F_OK), 0);
	assert_int_equal(access(is, F_OK), 0);
	age(other, 25 * 3600);	/* what is used again stays */
	free(other);
	assert_int_equal(image_publish(recent, &other, NULL), 0);
	assert_int_equal(access(other, F_OK), 0);
	free(was);
	free(other);
	free(is);
	image_free(old);
	image_free(recent);
	image_free(new);
}

static void one_process_at_a_time_looks_and_removes(void **state)
{
	struct image *im = sample(false);
	char *path, *below;
	int lock, status;
	pid_t child;

	(void)state;
	assert_int_equal(image_publish(im, &path, NULL), 0);
	assert_true(asprintf(&below, "%s/kduel/images", folder) > 0);
	lock = open(below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	age(path, 25 * 3600);
	child = fork();
	if (!child) {
		close(lock);	/* else the parent's lock is held here, too */
		free(path);
		_exit(image_publish(im, &path, NULL) ? 1 : access(path, F_OK) ? 2 : 0);
	}
	usleep(50000);
	assert_int_equal(waitpid(child, &status, WNOHANG), 0);
	unlink(path);	/* as another's removal */
	close(lock);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	free(below);
	free(path);
	image_free(im);
}

/* A cache that can only be read has it: nothing has to be written. */
static void another_s_cache_will_do(void **state)
{
	struct image *im = sample(false);
	char *path;
	int status;
	pid_t child;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(image_publish(im, &path, NULL), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	child = fork();
	if (!child) {
		free(path);
		if (setgid(65534) || setuid(65534))
			_exit(3);
		_exit(image_publish(im, &path, NULL) ? 1 : access(path, R_OK) ? 2 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(status, 0);
	free(path);
	image_free(im);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_content_same_bytes),
		cmocka_unit_test(entries_are_what_was_added),
		cmocka_unit_test(a_program_comes_with_its_libraries),
		cmocka_unit_test(debugging_sections_stay_out),
		cmocka_unit_test(a_trimmed_program_still_runs),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(another_file_at_the_same_place_is_refused),
		cmocka_unit_test(published_once_by_content),
		cmocka_unit_test(a_new_one_removes_what_no_boot_used_for_a_day),
		cmocka_unit_test(one_process_at_a_time_looks_and_removes),
		cmocka_unit_test(another_s_cache_will_do),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
