/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal under planted damage: every truncation, every single flipped
 * bit, a failing disk, a second writer.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <cmocka.h>

#include "file.h"
#include "host-driver/store/journal.h"

#define RECORDS 5

static char folder[] = "/tmp/kduel-journal-XXXXXX";
static char path[64];
static uint64_t ends[RECORDS + 2];	/* where each frame begins; then the end */

/* The disk that fails when told to. */
static int sync_error;
static int write_error = ENOSPC;
static size_t write_room = SIZE_MAX;
static size_t write_part = SIZE_MAX;	/* at most this much a call */

int fdatasync(int fd)
{
	(void)fd;
	errno = sync_error;
	return sync_error ? -1 : 0;
}

ssize_t writev(int fd, const struct iovec *iov, int n)
{
	size_t done = 0;

	for (int i = 0; i < n; i++) {
		size_t len = iov[i].iov_len;

		if (len > write_room)
			len = write_room;
		if (len > write_part - done)
			len = write_part - done;
		write_room -= write_room == SIZE_MAX ? 0 : len;
		if (len && write(fd, iov[i].iov_base, len) != (ssize_t)len)
			return -1;
		done += len;
	}
	if (done == 0)
		errno = write_error;
	return done ? (ssize_t)done : -1;
}

static void put(const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

static void write_sample(void)
{
	struct err err = ERR_INIT;
	struct journal *j;
	char text[64];

	unlink(path);
	assert_int_equal(journal_create(&j, path, &err), 0);
	for (int i = 0; i < RECORDS; i++) {
		ends[i] = journal_size(j);
		snprintf(text, sizeof(text), "{\"n\":%d,\"pad\":\"%.*s\"}", i,
			 i * 3, "xxxxxxxxxxxxxxxx");
		assert_int_equal(journal_append(j, text, strlen(text), &err), 0);
	}
	ends[RECORDS] = journal_size(j);
	assert_int_equal(journal_sync(j, &err), 0);
	journal_close(j);
}

/* Records read before the end or the error; *ret is what ended it. */
static int count(int *ret, uint64_t *good, struct err *err)
{
	struct journal_reader *r = NULL;
	const char *text;
	uint64_t offset;
	size_t len;
	int n = 0;

	*ret = journal_reader_open(&r, path, err);
	if (*ret)
		return 0;
	while ((*ret = journal_next(r, &text, &len, &offset, err)) > 0) {
		assert_int_equal(offset, ends[n]);
		assert_int_equal(text[len - 1], '}');
		assert_int_equal(text[0], '{');
		n++;
	}
	*good = journal_good(r);
	journal_reader_close(r);
	return n;
}

static void every_truncation_keeps_the_prefix(void **state)
{
	struct err err = ERR_INIT;
	struct journal *j;
	uint64_t good, cut;
	char *data;
	size_t len;
	int ret;

	(void)state;
	write_sample();
	assert_int_equal(file_read(path, &data, &len, &err), 0);
	for (size_t keep = JOURNAL_MAGIC_LEN; keep <= len; keep++) {
		int whole = 0;

		while (whole < RECORDS && ends[whole + 1] <= keep)
			whole++;
		put(data, keep);
		assert_int_equal(count(&ret, &good, &err), whole);
		assert_int_equal(ret, 0);
		assert_int_equal(good, ends[whole]);
		/* and the next append begins where the good part ends */
		assert_int_equal(journal_open(&j, path, &cut, &err), 0);
		assert_int_equal(cut, keep - ends[whole]);
		assert_int_equal(journal_append(j, "{\"z\":1}", 7, &err), 0);
		journal_close(j);
		ends[whole + 1] = ends[whole] + JOURNAL_FRAME_HEAD + 7;
		assert_int_equal(count(&ret, &good, &err), whole + 1);
		write_sample();
	}
	free(data);
}

static void every_flipped_bit_is_found(void **state)
{
	struct err err = ERR_INIT;
	char *data, at[64];
	uint64_t good;
	size_t len;
	int ret, in, n;

	(void)state;
	write_sample();
	assert_int_equal(file_read(path, &data, &len, &err), 0);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		struct err e = ERR_INIT;

		data[bit / 8] ^= 1 << bit % 8;
		put(data, len);
		data[bit / 8] ^= 1 << bit % 8;
		n = count(&ret, &good, &e);
		assert_true(ret < 0);
		assert_int_equal(e.exit, EXIT_CONFIG);
		if (bit / 8 < JOURNAL_MAGIC_LEN) {
			assert_non_null(strstr(e.text, bit / 8 == 6 ? "format" : "not a kduel journal"));
			continue;
		}
		for (in = 0; ends[in + 1] <= bit / 8; in++)
			;
		assert_int_equal(n, in);
		snprintf(at, sizeof(at), "damaged at byte %llu:",
			 (unsigned long long)ends[in]);
		assert_non_null(strstr(e.text, at));
	}
	free(data);
}

/* After a power cut the file's end may be there and never written. */
static void zeros_at_the_end_are_a_torn_tail(void **state)
{
	struct err err = ERR_INIT;
	char *data, *more;
	uint64_t good;
	size_t len;
	int ret;

	(void)state;
	write_sample();
	assert_int_equal(file_read(path, &data, &len, &err), 0);
	more = calloc(1, len + 5000);
	memcpy(more, data, len);
	put(more, len + 5000);
	assert_int_equal(count(&ret, &good, &err), RECORDS);
	assert_int_equal(ret, 0);
	assert_int_equal(good, len);
	/* the last record half written, the rest zero */
	memset(more + len - 6, 0, 6);
	put(more, len);
	assert_int_equal(count(&ret, &good, &err), RECORDS - 1);
	assert_int_equal(ret, 0);
	/* zeros in the middle are none */
	memcpy(more, data, len);
	memset(more + ends[1], 0, ends[2] - ends[1]);
	put(more, len);
	assert_int_equal(count(&ret, &good, &err), 1);
	assert_true(ret < 0);
	free(more);
	free(data);
}

static void a_failed_sync_stops_the_journal(void **state)
{
	struct err err = ERR_INIT, later = ERR_INIT;
	struct journal *j;

	(void)state;
	write_sample();
	assert_int_equal(journal_open(&j, path, NULL, &err), 0);
	sync_error = EIO;
	assert_int_equal(journal_sync(j, &err), -EIO);
	assert_non_null(strstr(err.text, "cannot sync"));
	sync_error = 0;
	/* the disk is well again, but what it lost is not known */
	assert_true(journal_sync(j, &later) < 0);
	assert_true(journal_append(j, "{\"a\":1}", 7, &later) < 0);
	assert_non_null(strstr(later.text, "an earlier write failed"));
	journal_close(j);
}

static void a_full_disk_leaves_whole_records(void **state)
{
	struct err err = ERR_INIT;
	struct journal *j;
	uint64_t good;
	int ret;

	(void)state;
	for (size_t room = 0; room < 15; room++) {
		struct err e = ERR_INIT;

		write_sample();
		assert_int_equal(journal_open(&j, path, NULL, &err), 0);
		write_room = room;
		assert_int_equal(journal_append(j, "{\"a\":1}", 7, &e), -ENOSPC);
		write_room = SIZE_MAX;
		assert_true(journal_append(j, "{\"a\":1}", 7, &e) < 0);
		journal_close(j);
		assert_int_equal(count(&ret, &good, &err), RECORDS);
		assert_int_equal(ret, 0);
		assert_int_equal(good, ends[RECORDS]);
	}
}

static void says_why_a_record_was_cut(void **state)
{
	struct err err = ERR_INIT;
	struct journal *j;

	(void)state;
	write_sample();
	assert_int_equal(journal_open(&j, path, NULL, &err), 0);
	write_room = 9;
	write_error = EFBIG;
	assert_int_equal(journal_append(j, "{\"a\":1}", 7, &err), -EFBIG);
	assert_non_null(strstr(err.text, "File too large"));
	write_room = SIZE_MAX;
	write_error = ENOSPC;
	journal_close(j);
}

static void a_record_written_in_parts_is_whole(void **state)
{
	struct err err = ERR_INIT;
	struct journal *j;
	uint64_t good;
	int ret;

	(void)state;
	for (size_t part = 1; part < 15; part++) {
		write_sample();
		assert_int_equal(journal_open(&j, path, NULL, &err), 0);
		write_part = part;
		assert_int_equal(journal_append(j, "{\"a\":1}", 7, &err), 0);
		write_part = SIZE_MAX;
		journal_close(j);
		assert_int_equal(count(&ret, &good, &err), RECORDS + 1);
		assert_int_equal(ret, 0);
		assert_int_equal(good, ends[RECORDS] + 15);
	}
}

static void one_writer_at_a_time(void **state)
{
	struct err err = ERR_INIT, second = ERR_INIT;
	struct journal *j, *other;

	(void)state;
	write_sample();
	assert_int_equal(journal_open(&j, path, NULL, &err), 0);
	assert_int_equal(journal_open(&other, path, NULL, &second), -EBUSY);
	assert_non_null(strstr(second.text, "another kduel is writing to it"));
	journal_close(j);
	assert_int_equal(journal_open(&j, path, NULL, &err), 0);
	journal_close(j);
	assert_int_equal(journal_create(&j, path, &err), -EEXIST);
}

static void refuses_what_does_not_fit(void **state)
{
	struct err err = ERR_INIT;
	struct journal *j;

	(void)state;
	write_sample();
	assert_int_equal(journal_open(&j, path, NULL, &err), 0);
	assert_int_equal(journal_append(j, "{}", JOURNAL_PAYLOAD_MAX + 1u, &err),
			 -EMSGSIZE);
	assert_int_equal(journal_size(j), ends[RECORDS]);
	journal_close(j);
}

static void reads_at_an_offset(void **state)
{
	struct err err = ERR_INIT;
	struct journal_reader *r;
	const char *text;
	size_t len;

	(void)state;
	write_sample();
	assert_int_equal(journal_reader_open(&r, path, &err), 0);
	assert_int_equal(journal_read_at(r, ends[3], &text, &len, &err), 0);
	assert_non_null(strstr(text, "\"n\":3"));
	assert_int_equal(journal_read_at(r, ends[1], &text, &len, &err), 0);
	assert_non_null(strstr(text, "\"n\":1"));
	assert_true(journal_read_at(r, ends[1] + 3, &text, &len, &err) < 0);
	journal_reader_close(r);
}

static void expect_refused(int exit_code, const char *want)
{
	struct journal_reader *r = NULL;
	struct err err = ERR_INIT;

	assert_true(journal_reader_open(&r, path, &err) < 0);
	if (!strstr(err.text, want) || !strstr(err.text, path))
		fail_msg("said '%s', not '%s'", err.text, want);
	assert_int_equal(err.exit, exit_code);
}

static void what_is_no_journal_is_named(void **state)
{
	struct err err = ERR_INIT;
	struct journal *j;

	(void)state;
	unlink(path);
	expect_refused(EXIT_MACHINE, "No such file");
	put("", 0);
	expect_refused(EXIT_CONFIG, "is empty");
	assert_int_equal(journal_begin(&j, path, &err), -EEXIST);
	assert_non_null(strstr(err.text, "nothing was recorded"));
	put("KDUEL", 5);
	expect_refused(EXIT_CONFIG, "is truncated in its first bytes");
	put("KDUELJ2\nmore", 12);
	expect_refused(EXIT_CONFIG, "is a journal of format '2'");
	put("name: x\n", 8);
	expect_refused(EXIT_CONFIG, "is not a kduel journal");
	unlink(path);
	err = (struct err)ERR_INIT;
	assert_int_equal(file_mkdirs(path, &err), 0);
	expect_refused(EXIT_MACHINE, "Is a directory");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_refused(EXIT_CONFIG, "is not a regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/zero", path), 0);
	expect_refused(EXIT_CONFIG, "is not a regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(rmdir(path), 0);
}

static int make_folder(void **state)
{
	(void)state;
	if (scratch_make(folder, NULL) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/journal.kdj", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_truncation_keeps_the_prefix),
		cmocka_unit_test(every_flipped_bit_is_found),
		cmocka_unit_test(zeros_at_the_end_are_a_torn_tail),
		cmocka_unit_test(a_failed_sync_stops_the_journal),
		cmocka_unit_test(a_full_disk_leaves_whole_records),
		cmocka_unit_test(says_why_a_record_was_cut),
		cmocka_unit_test(a_record_written_in_parts_is_whole),
		cmocka_unit_test(one_writer_at_a_time),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(reads_at_an_offset),
		cmocka_unit_test(what_is_no_journal_is_named),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
