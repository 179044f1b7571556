/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads to the end of `fd`; st_size is no guide for /proc and /sys. */
static int read_all(int fd, char **data, size_t *len)
{
	size_t room = 4096, used = 0;
	char *buf = malloc(room + 1), *more;
	ssize_t n;

	if (!buf)
		return ENOMEM;
	for (;;) {
		if (used == room) {
			room *= 2;
			more = realloc(buf, room + 1);
			if (!more) {
				free(buf);
				return ENOMEM;
			}
			buf = more;
		}
		n = read(fd, buf + used, room - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int error = errno;

			free(buf);
			return error;
		}
		if (n == 0)
			break;
		used += n;
	}
	buf[used] = '\0';
	*data = buf;
	if (len)
		*len = used;
	return 0;
}

int file_read(const char *path, char **data, size_t *len, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	error = read_all(fd, data, len);
	close(fd);
	return error ? err_sys(err, error, "cannot read %s", path) : 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		data += n;
		len -= n;
	}
	return 0;
}

static int sync_folder_of(const char *path)
{
	char *copy = strdup(path);
	int fd, error = 0;

	if (!copy)
		return ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		error = errno;
	if (fd >= 0)
		close(fd);
	free(copy);
	return error;
}

int file_publish(const char *path, const void *data, size_t len,
		 struct err *err)
{
	char *tmp = NULL;
	int fd = -1, error = 0;

	if (asprintf(&tmp, "%s.XXXXXX", path) < 0)
		return err_sys(err, ENOMEM, "cannot write %s", path);
	fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0) {
		error = errno;
		goto free_name;
	}
	error = write_all(fd, data, len);
	if (!error && (fchmod(fd, 0644) || fsync(fd)))
		error = errno;
	if (close(fd) && !error)
		error = errno;
	if (!error && rename(tmp, path))
		error = errno;
	if (error)
		unlink(tmp);
	else
		error = sync_folder_of(path);
free_name:
	free(tmp);
	return error ? err_sys(err, error, "cannot write %s", path) : 0;
}

int file_poke(const char *path, const char *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return err_sys(err, errno, "cannot open %s for writing", path);
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error ? err_sys(err, error, "cannot write '%s' to %s", text, path)
		     : 0;
}

int file_mkdirs(const char *path, struct err *err)
{
	char *copy = strdup(path);
	int ret = 0;

	if (!copy)
		return err_sys(err, ENOMEM, "cannot make folder %s", path);
	for (char *p = copy + 1; !ret; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0755) && errno != EEXIST)
			ret = err_sys(err, errno, "cannot make folder %s", copy);
		*p = c;
		if (c == '\0')
			break;
	}
	free(copy);
	return ret;
}

static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path) ? errno : 0;
}

int file_remove_tree(const char *path, struct err *err)
{
	int error = nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);

	if (error < 0)
		error = errno;
	if (error && error != ENOENT)
		return err_sys(err, error, "cannot remove %s", path);
	return 0;
}

int file_hash(const char *path, char hex[static FILE_HASH_MAX],
	      struct err *err)
{
	if (!SHA256File(path, hex))
		return err_sys(err, errno, "cannot read %s", path);
	return 0;
}

void data_hash(const void *data, size_t len, char hex[static FILE_HASH_MAX])
{
	SHA256Data(data, len, hex);
}

char *file_cache_path(const char *below)
{
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	char *path = NULL;
	int n;

	if (cache && cache[0] == '/')
		n = asprintf(&path, "%s/kduel/%s", cache, below);
	else
		n = asprintf(&path, "%s/.cache/kduel/%s", home ? home : "/root",
			     below);
	return n < 0 ? NULL : path;
}
