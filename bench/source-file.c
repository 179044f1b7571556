/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buffers that lie in a file or a device: DAX, and for tests any other. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "source-map.h"

#ifndef STATX_ATTR_DAX
#define STATX_ATTR_DAX 0x00200000
#endif
#ifndef MAP_SYNC
#define MAP_SYNC 0x80000
#endif

static int source_file_check_path(const struct source *s, const char *path, struct err *err)
{
	struct stat st;

	if (!path || !*path)
		return err_config(err, "source %s: say where with --path", s->name);
	if (stat(path, &st))
		return err_sys(err, errno, "source %s: %s", s->name, path);
	return 0;
}

int source_check_fsdax(const struct buffer *buf, const char *path, struct err *err)
{
	const struct source *s = buf->source;
	struct stat st;
	int ret = source_file_check_path(s, path, err);

	if (ret)
		return ret;
	if (stat(path, &st) || (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)))
		return err_config(err, "source %s: %s is neither a folder nor a file",
				  s->name, path);
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size < buf->mapped)
		return err_config(err, "source %s: %s has %lld bytes, %zu are wanted",
				  s->name, path, (long long)st.st_size, buf->mapped);
	return 0;
}

/*
 * A folder gets a file without a name, gone with the process. Blocks are
 * allocated at once, also in the holes of a file that is there: where the
 * disk is full, the store that finds out would be a SIGBUS.
 */
static int source_file_open_fsdax(const char *path, struct buffer *buf, struct err *err)
{
	struct stat st;
	bool folder = !stat(path, &st) && S_ISDIR(st.st_mode);
	int error;

	if (folder)
		buf->fd = open(path, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	else
		buf->fd = open(path, O_RDWR | O_CLOEXEC);
	if (buf->fd < 0)
		return err_sys(err, errno, folder ? "cannot make a file in %s" : "cannot open %s",
			       path);
	error = posix_fallocate(buf->fd, 0, buf->mapped);
	if (error)
		return err_sys(err, error, "cannot allocate %zu MiB in %s",
			       buf->mapped >> 20, path);
	return 0;
}

static bool source_file_is_dax(int fd)
{
	struct statx st;

	return !statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) &&
	       st.stx_attributes & STATX_ATTR_DAX;
}

int source_map_fsdax(const struct source *s, const char *path,
		     struct buffer *buf, struct err *err)
{
	int error, ret = source_file_open_fsdax(path, buf, err);

	if (!ret)
		ret = source_reserve(buf, M2, err);
	if (ret)
		return ret;
	/* Only a DAX mapping can be synchronous: this proves that it is one. */
	buf->map_flags = MAP_SHARED_VALIDATE | MAP_SYNC;
	error = source_map_again(buf);
	/* Not every one can: a virtio-pmem device is flushed by its host. */
	if (error == EOPNOTSUPP && source_file_is_dax(buf->fd)) {
		buf->map_flags = MAP_SHARED;
		error = source_map_again(buf);
	}
	if (error == EOPNOTSUPP)
		return err_machine(err, "source %s: %s is not on a DAX file system "
				   "(mount it with -o dax=always)", s->name, path);
	return error ? err_sys(err, error, "source %s: cannot map %s", s->name, path) : 0;
}

static uint64_t source_file_device_attribute(const char *path, const char *name)
{
	char file[128];
	struct stat st;

	if (stat(path, &st) || !S_ISCHR(st.st_mode))
		return 0;
	snprintf(file, sizeof(file), "/sys/dev/char/%u:%u/%s", major(st.st_rdev),
		 minor(st.st_rdev), name);
	return source_number(file, 0);
}

int source_check_devdax(const struct buffer *buf, const char *path, struct err *err)
{
	const struct source *s = buf->source;
	int ret = source_file_check_path(s, path, err);
	uint64_t have;

	if (ret)
		return ret;
	have = source_file_device_attribute(path, "size");
	if (!have)
		return err_config(err, "source %s: %s is not a DAX device", s->name, path);
	if (have < buf->mapped)
		return err_config(err, "source %s: %s has %" PRIu64 " bytes, %zu are wanted",
				  s->name, path, have, buf->mapped);
	return 0;
}

int source_map_devdax(const struct source *s, const char *path,
		      struct buffer *buf, struct err *err)
{
	uint64_t align = source_file_device_attribute(path, "align");
	int ret;

	(void)s;
	buf->page = align ? align : M2;
	buf->mapped = source_round(buf->size, buf->page);
	ret = source_check_devdax(buf, path, err);
	if (ret)
		return ret;
	buf->fd = open(path, O_RDWR | O_CLOEXEC);
	if (buf->fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	ret = source_reserve(buf, buf->page, err);
	return ret ? ret : source_map_into(buf, MAP_SHARED, 0, err);
}

int source_map_file(const char *path, size_t size, struct buffer *buf,
		    struct err *err)
{
	static const struct source file = { .name = "file", .page = K4 };
	int ret;

	memset(buf, 0, sizeof(*buf));
	buf->fd = -1;
	buf->source = &file;
	buf->size = size;
	buf->page = K4;
	buf->mapped = source_round(size, K4);
	if (!size || buf->mapped < size)
		return err_config(err, "a buffer of %zu bytes is not possible", size);
	ret = source_check_fsdax(buf, path, err);
	if (!ret)
		ret = source_file_open_fsdax(path, buf, err);
	if (!ret)
		ret = source_reserve(buf, M2, err);
	if (!ret)
		ret = source_map_into(buf, MAP_SHARED, 0, err);
	if (ret)
		source_unmap(buf);
	return ret;
}
