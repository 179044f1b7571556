/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "kernel-cache.h"
#include "safe.h"

static const char *const folders[] = {
	[CACHE_KERNEL] = "kernels", [CACHE_SOURCE] = "sources",
	[CACHE_OBJECTS] = "objects", [CACHE_IMAGE] = "images",
};
#define FOLDERS (sizeof(folders) / sizeof(folders[0]))

/* What is being made in one of them, until it has its name. */
#define FRESH ".new"

const char *cache_kind_name(enum cache_kind kind)
{
	static const char *const names[] = { "kernel", "source", "objects", "image",
					     "left" };

	return names[kind];
}

void cache_used(const char *path)
{
	utimensat(AT_FDCWD, path, NULL, 0);
}

int cache_images_lock(void)
{
	char *folder = file_cache_path("images");
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(folder);
	if (fd < 0 || !flock(fd, LOCK_EX))
		return fd;
	close(fd);
	return -1;
}

bool cache_take_image(const char *path)
{
	int lock = cache_images_lock();
	bool there = lock >= 0 && (!utimensat(AT_FDCWD, path, NULL, 0) || !access(path, R_OK));

	if (lock >= 0)
		close(lock);
	return there;
}

uint64_t cache_disk_usage(const char *path)
{
	char *paths[] = { (char *)path, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	uint64_t blocks = 0;
	FTSENT *e;

	while (fts && (e = fts_read(fts)))
		if (e->fts_info != FTS_DP && e->fts_statp)
			blocks += e->fts_statp->st_blocks;
	if (fts)
		fts_close(fts);
	return blocks * 512;
}

/* --- what there is ------------------------------------------------------------ */

/* A kernel that is booted has its image locked; a build locks build.lock. */
static bool prune_is_held(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool held;

	if (fd < 0)
		return false;
	held = flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
	close(fd);
	return held;
}

static bool prune_is_busy(const struct cache_list *l, const struct cache_item *it)
{
	char *image;
	bool held;

	if (it->kind == CACHE_IMAGE)
		return it->idle < CACHE_IMAGE_IDLE;
	if (it->kind != CACHE_KERNEL)
		return l->building;
	image = text_format("%s/bzImage", it->path);
	held = prune_is_held(image);
	free(image);
	return held;
}

static char *prune_name(const struct cache_item *it, const char *entry)
{
	char *release = NULL, *image;

	if (it->kind == CACHE_KERNEL) {
		image = text_format("%s/bzImage", it->path);
		kernel_image_release(image, &release, NULL);
		free(image);
	}
	if (release && *release)
		return release;
	free(release);
	return text_format("%s", entry);
}

static int prune_add(struct cache_list *l, enum cache_kind kind,
		     const char *folder, const char *entry, struct err *err)
{
	struct cache_item it = { .kind = kind }, *more;
	struct stat st;

	it.path = text_format("%s/%s", folder, entry);
	if (lstat(it.path, &st) || S_ISREG(st.st_mode) != (kind == CACHE_IMAGE)) {
		free(it.path);
		return 0;
	}
	more = realloc(l->v, (l->n + 1) * sizeof(*more));
	if (!more) {
		free(it.path);
		return err_sys(err, ENOMEM, "the cache");
	}
	it.idle = difftime(time(NULL), st.st_mtime);
	it.idle = it.idle < 0 ? 0 : it.idle;
	it.bytes = cache_disk_usage(it.path);
	it.name = prune_name(&it, entry);
	it.busy = prune_is_busy(l, &it);
	l->v = more;
	l->v[l->n++] = it;
	l->bytes += it.bytes;
	return 0;
}

static int prune_scan_kind(struct cache_list *l, enum cache_kind kind,
			   struct err *err)
{
	char *folder = file_cache_path(folders[kind]);
	DIR *dir = folder ? opendir(folder) : NULL;
	struct dirent *e;
	int ret = 0;

	while (dir && !ret && (e = readdir(dir))) {
		errno = 0;
		if (*e->d_name != '.')
			ret = prune_add(l, kind, folder, e->d_name, err);
	}
	if (dir)
		closedir(dir);
	free(folder);
	return ret;
}

static int prune_scan_left(struct cache_list *l, const char *kind, struct err *err)
{
	char *root = file_cache_path(""), *entry = text_format("%s/" FRESH, kind);
	int ret = root ? prune_add(l, CACHE_UNFINISHED, root, entry, err) : 0;

	free(entry);
	free(root);
	return ret;
}

static int prune_compare(const void *a, const void *b)
{
	const struct cache_item *x = a, *y = b;

	if (x->idle != y->idle)
		return x->idle < y->idle ? 1 : -1;
	return strcmp(x->path, y->path);
}

int cache_scan(struct cache_list *l, struct err *err)
{
	char *lock = file_cache_path("build.lock");
	int ret = lock ? 0 : err_machine(err, "there is no home folder for the cache; set HOME, or set XDG_CACHE_HOME to an absolute path");

	*l = (struct cache_list){ .n = 0 };
	if (!ret)
		l->building = prune_is_held(lock);
	for (size_t k = 0; k < FOLDERS && !ret; k++)
		ret = prune_scan_kind(l, k, err);
	for (size_t k = 0; k < FOLDERS && !ret; k++)
		ret = prune_scan_left(l, folders[k], err);
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), prune_compare);
	free(lock);
	return ret;
}

void cache_list_free(struct cache_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].path);
		free(l->v[i].name);
	}
	free(l->v);
	*l = (struct cache_list){ .n = 0 };
}

/* --- room ----------------------------------------------------------------------- */

static int prune_remove(struct cache_list *l, struct cache_item *it, bool dry_run,
			struct err *err)
{
	int ret;

	if (it->gone || it->busy)
		return 0;
	/* It may have come into use since the list was made. */
	if (it->kind == CACHE_KERNEL && prune_is_busy(l, it)) {
		it->busy = true;
		return 0;
	}
	ret = dry_run ? 0 : file_remove_tree(it->path, err);
	if (!ret) {
		it->gone = true;
		l->bytes -= it->bytes;
	}
	return ret;
}

/* Takes the lock, so that no build begins; -1: a build is running, or there is no lock. */
static int prune_lock(struct cache_list *l)
{
	char *path = file_cache_path("build.lock");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		fd = -1;
		l->building = true;
	}
	free(path);
	return fd;
}

int cache_sweep(struct err *err)
{
	int ret = 0;

	for (size_t k = 0; k < FOLDERS && !ret; k++) {
		char *folder = file_cache_path(folders[k]);
		char *fresh = folder ? text_format("%s/" FRESH, folder) : NULL;

		if (fresh) {
			file_sweep(folder);
			ret = file_remove_tree(fresh, err);
		}
		free(fresh);
		free(folder);
	}
	return ret;
}

int cache_prune(struct cache_list *l, const struct cache_prune *how,
		struct err *err)
{
	int lock = prune_lock(l), ret = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].kind != CACHE_KERNEL && l->v[i].kind != CACHE_IMAGE)
			l->v[i].busy = l->building;
	for (size_t i = 0; i < l->n && !ret; i++)
		if (l->v[i].kind == CACHE_UNFINISHED)
			ret = prune_remove(l, &l->v[i], how->dry_run, err);
	if (lock >= 0 && !ret && !how->dry_run)
		ret = cache_sweep(err);
	for (size_t i = 0; i < l->n && !ret; i++)
		if (l->v[i].idle > how->older)
			ret = prune_remove(l, &l->v[i], how->dry_run, err);
	for (size_t i = 0; i < l->n && !ret && l->bytes > how->keep; i++)
		ret = prune_remove(l, &l->v[i], how->dry_run, err);
	if (lock >= 0)
		close(lock);
	return ret;
}
