/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kernel/kernel-cache.h"
#include "safe.h"

static int image_write_by_path(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->path,
		      ((const struct entry *)b)->path);
}

int image_hash(struct image *im, char hex[static FILE_HASH_MAX],
	       struct err *err)
{
	char *list = NULL, file[FILE_HASH_MAX];
	size_t len;
	FILE *f = open_memstream(&list, &len);
	int ret = 0;

	if (!f)
		return err_sys(err, ENOMEM, "cannot make an image");
	qsort(im->v, im->n, sizeof(*im->v), image_write_by_path);
	for (size_t i = 0; i < im->n && !ret; i++) {
		const struct entry *e = &im->v[i];

		file[0] = '\0';
		if (e->from)
			ret = file_hash(e->from, file, err);
		fprintf(f, "%s %o %s %llu %s %lx\n", e->path, e->mode,
			e->target ? e->target : "", (unsigned long long)e->size,
			file, (unsigned long)e->device);
	}
	fclose(f);
	if (!ret)
		data_hash(list, len, hex);
	free(list);
	return ret;
}

static int image_write_archive_error(struct archive *a, const char *path, struct err *err)
{
	const char *text = archive_error_string(a);

	return err_set(err, EXIT_MACHINE, -EIO, "cannot write %s: %s", path,
		       text ? text : "unknown error");
}

/*
 * Writes a file's bytes. A program is cut after its loaded part: only the section
 * table is lost, and its offset in the ELF header is cleared.
 */
static int write_content(struct archive *a, const struct entry *e,
			 const char *path, struct err *err)
{
	char *data;
	size_t len;
	int ret = file_read(e->from, &data, &len, err);

	if (ret)
		return ret;
	if (len < e->size)
		ret = err_set(err, EXIT_MACHINE, -EIO, "%s changed while it was read",
			      e->from);
	if (!ret && e->size < len && e->size >= 64) {
		memset(data + 0x28, 0, 8);	/* e_shoff */
		memset(data + 0x3c, 0, 4);	/* e_shnum, e_shstrndx */
	}
	if (!ret && archive_write_data(a, data, e->size) != (la_ssize_t)e->size)
		ret = image_write_archive_error(a, path, err);
	free(data);
	return ret;
}

static int write_entry(struct archive *a, const struct entry *e, size_t number,
		       const char *path, struct err *err)
{
	struct archive_entry *ae = archive_entry_new();
	int ret = 0;

	if (!ae)
		return err_sys(err, ENOMEM, "cannot make an image");
	archive_entry_set_pathname(ae, e->path);
	archive_entry_set_mode(ae, e->mode);
	archive_entry_set_size(ae, e->size);
	archive_entry_set_mtime(ae, 0, 0);
	archive_entry_set_nlink(ae, 1);
	archive_entry_set_ino64(ae, number + 1);
	if (e->target)
		archive_entry_set_symlink(ae, e->target);
	if (e->device)
		archive_entry_set_rdev(ae, e->device);
	if (archive_write_header(a, ae) != ARCHIVE_OK)
		ret = image_write_archive_error(a, path, err);
	if (!ret && e->from)
		ret = write_content(a, e, path, err);
	archive_entry_free(ae);
	return ret;
}

static int write_archive(struct image *im, int fd, const char *path,
			 struct err *err)
{
	struct archive *a = archive_write_new();
	int ret = 0;

	if (!a)
		return err_sys(err, ENOMEM, "cannot make an image");
	qsort(im->v, im->n, sizeof(*im->v), image_write_by_path);
	archive_write_set_format_cpio_newc(a);
	archive_write_add_filter_none(a);
	if (archive_write_open_fd(a, fd) != ARCHIVE_OK)
		ret = image_write_archive_error(a, path, err);
	for (size_t i = 0; i < im->n && !ret; i++)
		ret = write_entry(a, &im->v[i], i, path, err);
	if (archive_write_close(a) != ARCHIVE_OK && !ret)
		ret = image_write_archive_error(a, path, err);
	archive_write_free(a);
	return ret;
}

int image_write(struct image *im, const char *path, struct err *err)
{
	struct file_out o;
	int ret = file_begin(&o, path, err);

	if (ret)
		return ret;
	ret = write_archive(im, fileno(o.to), path, err);
	if (!ret)
		return file_commit(&o, err);
	file_drop(&o);
	return ret;
}

/* Every change of a program that is in images makes new ones: the old go with the next. */
static void image_write_remove_unused(const char *folder)
{
	int lock = cache_images_lock();
	DIR *d = lock >= 0 ? opendir(folder) : NULL;
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d))) {
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		if (difftime(time(NULL), st.st_mtime) > CACHE_IMAGE_IDLE)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
	if (lock >= 0)
		close(lock);
}

int image_publish(struct image *im, char **path, struct err *err)
{
	char hex[FILE_HASH_MAX];
	char *folder = file_cache_path("images");
	int ret = image_hash(im, hex, err);

	*path = NULL;
	if (ret)
		goto out;
	if (!folder || asprintf(path, "%s/%s.cpio", folder, hex) < 0) {
		*path = NULL;
		ret = err_sys(err, ENOMEM, "cannot make an image");
		goto out;
	}
	ret = file_mkdirs(folder, err);
	if (ret)
		goto out;
	if (!cache_take_image(*path))
		ret = image_write(im, *path, err);
	image_write_remove_unused(folder);
out:
	if (ret) {
		free(*path);
		*path = NULL;
	}
	free(folder);
	return ret;
}

int image_append(const char *first, const char *second, char **path, struct err *err)
{
	char *both = text_format("%s %s", first, second), *below, *node = NULL, *more = NULL;
	char hash[FILE_HASH_MAX];
	size_t n = 0, m = 0;
	int ret = 0;

	/* Both have names that are hashes of their contents. */
	data_hash(both, strlen(both), hash);
	below = text_format("images/%s.cpio", hash);
	*path = file_cache_path(below);
	if (!*path)
		ret = err_sys(err, ENOMEM, "the cache");
	else if (!cache_take_image(*path))
		ret = file_read(first, &node, &n, err);
	if (node && !ret)
		ret = file_read(second, &more, &m, err);
	if (more && !ret) {
		char *all = realloc(node, n + m + 4);
		size_t gap = -n & 3;	/* an archive begins at a multiple of 4 */

		if (all) {
			node = all;
			memset(node + n, 0, gap);
			memcpy(node + n + gap, more, m);
			ret = file_publish(*path, node, n + gap + m, err);
		} else {
			ret = err_sys(err, ENOMEM, "%s", first);
		}
	}
	free(node);
	free(more);
	free(below);
	free(both);
	return ret;
}
