/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "frame.h"

struct journal {
	int fd;
	char *path;
	char *part;	/* its path until it is published; NULL afterwards */
	uint64_t size;
	bool failed;	/* a write or fsync failed: refuse everything */
};

static void journal_put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = v >> 8 * i;
}

static struct journal *journal_new(const char *path, int fd)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->fd = fd;
	j->path = strdup(path);
	if (!j->path) {
		free(j);
		return NULL;
	}
	return j;
}

static int journal_lock(int fd, const char *path, struct err *err)
{
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(err, EXIT_CONFIG, -EBUSY,
			       "%s: another kduel is writing to it; wait until it ends, or stop it",
			       path);
	return err_sys(err, errno, "cannot lock %s", path);
}

static int journal_refuse_existing(const char *path, struct err *err)
{
	struct stat st;

	/* The same message as --resume gives. */
	if (!stat(path, &st) && S_ISREG(st.st_mode) && st.st_size == 0)
		return err_set(err, EXIT_CONFIG, -EEXIST,
			       "%s: is empty; nothing was recorded, remove the folder and run it again",
			       path);
	return err_set(err, EXIT_CONFIG, -EEXIST,
		       "%s: exists already; use another folder, or continue it with kduel run --resume",
		       path);
}

int journal_create(struct journal **out, const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC,
		      0644);
	struct journal *j;
	int ret;

	if (fd < 0 && errno == EEXIST)
		return journal_refuse_existing(path, err);
	if (fd < 0)
		return err_sys(err, errno, "cannot make %s", path);
	ret = journal_lock(fd, path, err);
	if (ret)
		goto close_fd;
	if (write(fd, JOURNAL_MAGIC, JOURNAL_MAGIC_LEN) != JOURNAL_MAGIC_LEN ||
	    fdatasync(fd)) {
		ret = err_sys(err, errno, "cannot write %s", path);
		goto close_fd;
	}
	j = journal_new(path, fd);
	if (!j) {
		ret = err_sys(err, ENOMEM, "cannot make %s", path);
		goto close_fd;
	}
	j->size = JOURNAL_MAGIC_LEN;
	*out = j;
	return 0;
close_fd:
	close(fd);
	return ret;
}

/* --- a journal that appears when it is complete ------------------------------- */

/* Removes a .part file whose writer was killed: it is no longer locked. */
static int journal_remove_stale(const char *part, struct err *err)
{
	int fd = open(part, O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, errno, "cannot open %s", part);
	ret = journal_lock(fd, part, err);
	if (!ret && unlink(part) && errno != ENOENT)
		ret = err_sys(err, errno, "cannot remove %s", part);
	close(fd);
	return ret;
}

int journal_begin(struct journal **out, const char *path, struct err *err)
{
	struct journal *j;
	char *part;
	int ret;

	if (!access(path, F_OK))
		return journal_refuse_existing(path, err);
	if (asprintf(&part, "%s.part", path) < 0)
		return err_sys(err, ENOMEM, "cannot make %s", path);
	ret = journal_remove_stale(part, err);
	if (!ret)
		ret = journal_create(&j, part, err);
	if (ret) {
		free(part);
		return ret;
	}
	j->part = part;
	free(j->path);
	j->path = strdup(path);
	if (!j->path) {
		journal_close(j);
		return err_sys(err, ENOMEM, "cannot make %s", path);
	}
	*out = j;
	return 0;
}

/*
 * link() fails if the name exists. On file systems without links rename() must do;
 * journal_begin() has checked the name.
 */
static int journal_give_name(const char *part, const char *path)
{
	if (!link(part, path))
		return unlink(part) ? errno : 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
		return errno;
	return rename(part, path) ? errno : 0;
}

int journal_publish(struct journal *j, struct err *err)
{
	int error, ret = journal_sync(j, err);

	if (ret)
		return ret;
	error = journal_give_name(j->part, j->path);
	if (error == EEXIST)
		return journal_refuse_existing(j->path, err);
	if (error)
		return err_sys(err, error, "cannot make %s", j->path);
	free(j->part);
	j->part = NULL;
	return 0;
}

/* --- appending to an existing one ---------------------------------------------- */

/* Reads and checks all of it; `*good`: bytes up to the end of the last valid frame. */
static int journal_check_all(const char *path, uint64_t *good, struct err *err)
{
	struct journal_reader *r;
	const char *text;
	uint64_t offset;
	size_t len;
	int ret = journal_reader_open(&r, path, err);

	if (ret)
		return ret;
	do
		ret = journal_next(r, &text, &len, &offset, err);
	while (ret > 0);
	*good = journal_good(r);
	journal_reader_close(r);
	return ret;
}

int journal_open(struct journal **out, const char *path, uint64_t *cut,
		 struct err *err)
{
	int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK);
	uint64_t good = 0;
	struct journal *j;
	struct stat st;
	int ret;

	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	ret = journal_lock(fd, path, err);
	if (ret)
		goto close_fd;
	ret = journal_check_all(path, &good, err);
	if (ret)
		goto close_fd;
	if (fstat(fd, &st) || ((uint64_t)st.st_size > good &&
			       (ftruncate(fd, good) || fdatasync(fd)))) {
		ret = err_sys(err, errno, "cannot cut the unfinished tail of %s",
			      path);
		goto close_fd;
	}
	j = journal_new(path, fd);
	if (!j) {
		ret = err_sys(err, ENOMEM, "cannot open %s", path);
		goto close_fd;
	}
	j->size = good;
	if (cut)
		*cut = st.st_size - good;
	*out = j;
	return 0;
close_fd:
	close(fd);
	return ret;
}

static int journal_refuse_failed(const struct journal *j, struct err *err)
{
	return err_set(err, EXIT_MACHINE, -EIO,
		       "%s: an earlier write failed; nothing more is written to it",
		       j->path);
}

/* What the system takes of one record; asked again for the rest, it says why it stopped. */
static ssize_t journal_write(int fd, struct iovec iov[2])
{
	ssize_t all = 0, n;

	while (iov[0].iov_len + iov[1].iov_len) {
		n = writev(fd, iov, 2);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n ? errno : ENOSPC;
			return all ? all : -1;
		}
		all += n;
		for (int i = 0; i < 2; i++) {
			size_t part = (size_t)n < iov[i].iov_len ? (size_t)n : iov[i].iov_len;

			iov[i].iov_base = (char *)iov[i].iov_base + part;
			iov[i].iov_len -= part;
			n -= (ssize_t)part;
		}
	}
	return all;
}

int journal_append(struct journal *j, const char *text, size_t len,
		   struct err *err)
{
	uint8_t head[JOURNAL_FRAME_HEAD];
	struct iovec iov[2] = { { head, sizeof(head) },
				{ (void *)(uintptr_t)text, len } };
	ssize_t n;
	int error;

	if (j->failed)
		return journal_refuse_failed(j, err);
	if (len < 2 || len > JOURNAL_PAYLOAD_MAX)
		return err_set(err, EXIT_MACHINE, -EMSGSIZE,
			       "%s: a record of %zu bytes cannot be written; at most %u",
			       j->path, len, JOURNAL_PAYLOAD_MAX);
	journal_put_le32(head, len);
	journal_put_le32(head + 4, crc32c(0, text, len));
	n = journal_write(j->fd, iov);
	if (n == (ssize_t)(sizeof(head) + len)) {
		j->size += n;
		return 0;
	}
	error = errno;
	j->failed = true;
	/* Best effort: a reader treats the rest as a torn tail. */
	if (n > 0 && ftruncate(j->fd, j->size))
		error = errno;
	return err_sys(err, error, "cannot write %s", j->path);
}

int journal_sync(struct journal *j, struct err *err)
{
	if (j->failed)
		return journal_refuse_failed(j, err);
	if (!fdatasync(j->fd))
		return 0;
	j->failed = true;
	return err_sys(err, errno, "cannot sync %s", j->path);
}

uint64_t journal_size(const struct journal *j)
{
	return j->size;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->part)
		unlink(j->part);
	close(j->fd);
	free(j->part);
	free(j->path);
	free(j);
}

static int journal_write_part(const char *part, journal_fill_fn fill, void *arg,
			      struct err *err)
{
	struct journal *to = NULL;
	int ret = journal_create(&to, part, err);

	if (!ret)
		ret = fill(to, arg, err);
	if (!ret)
		ret = journal_sync(to, err);
	journal_close(to);
	return ret;
}

int journal_replace(const char *path, journal_fill_fn fill, void *arg,
		    struct err *err)
{
	struct journal *lock = NULL;
	char *part;
	int ret = 0;

	if (asprintf(&part, "%s.part", path) < 0)
		return err_sys(err, ENOMEM, "cannot write %s", path);
	if (!access(path, F_OK))
		ret = journal_open(&lock, path, NULL, err);
	if (!ret) {
		unlink(part);
		ret = journal_write_part(part, fill, arg, err);
		if (!ret && rename(part, path))
			ret = err_sys(err, errno, "cannot write %s", path);
		if (ret)
			unlink(part);
	}
	journal_close(lock);
	free(part);
	return ret;
}
