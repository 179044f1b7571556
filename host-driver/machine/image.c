/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "proc.h"

/* Folders that the /usr merge turned into links; images have the merged layout. */
static const char *const merged[] = { "bin", "sbin", "lib", "lib64" };

int image_new(struct image **im, struct err *err)
{
	int ret = 0;

	*im = calloc(1, sizeof(**im));
	if (!*im)
		return err_sys(err, ENOMEM, "cannot make an image");
	for (size_t i = 0; i < sizeof(merged) / sizeof(*merged) && !ret; i++) {
		char path[16], target[16];

		snprintf(path, sizeof(path), "/%s", merged[i]);
		snprintf(target, sizeof(target), "usr/%s", merged[i]);
		ret = image_add_link(*im, path, target, err);
		strcpy(path, target);
		if (!ret)
			ret = image_add_folder(*im, path, err);
	}
	if (ret) {
		image_free(*im);
		*im = NULL;
	}
	return ret;
}

static void image_entry_release(struct entry *e)
{
	free(e->path);
	free(e->from);
	free(e->target);
}

void image_free(struct image *im)
{
	if (!im)
		return;
	for (size_t i = 0; i < im->n; i++)
		image_entry_release(&im->v[i]);
	free(im->v);
	free(im);
}

uint64_t image_size(const struct image *im)
{
	uint64_t size = 0;

	for (size_t i = 0; i < im->n; i++)
		size += im->v[i].size;
	return size;
}

/* The path without leading slashes, and below usr/ if a link would lead there. */
static char *image_place(const char *path)
{
	char *text;

	path += strspn(path, "/");
	for (size_t i = 0; i < sizeof(merged) / sizeof(*merged); i++) {
		size_t n = strlen(merged[i]);

		if (!strncmp(path, merged[i], n) && path[n] == '/')
			return asprintf(&text, "usr/%s", path) < 0 ? NULL : text;
	}
	return strdup(path);
}

static struct entry *image_find(struct image *im, const char *path)
{
	for (size_t i = 0; i < im->n; i++) {
		if (!strcmp(im->v[i].path, path))
			return &im->v[i];
	}
	return NULL;
}

/* Takes ownership of the strings in `e`, even if it fails or the entry exists already. */
static int image_add(struct image *im, struct entry *e, struct err *err)
{
	struct entry *more;

	if (!e->path)
		goto no_memory;
	if (image_find(im, e->path)) {
		image_entry_release(e);
		return 0;
	}
	if (im->n == im->room) {
		im->room = im->room ? 2 * im->room : 64;
		more = realloc(im->v, im->room * sizeof(*more));
		if (!more)
			goto no_memory;
		im->v = more;
	}
	im->v[im->n++] = *e;
	return 0;

no_memory:
	image_entry_release(e);
	return err_sys(err, ENOMEM, "cannot make an image");
}

static int image_add_parents(struct image *im, const char *path, struct err *err)
{
	int ret = 0;

	for (const char *p = strchr(path, '/'); p && !ret; p = strchr(p + 1, '/')) {
		struct entry e = { .path = strndup(path, p - path),
				   .mode = S_IFDIR | 0755 };

		ret = image_add(im, &e, err);
	}
	return ret;
}

static int image_add_at(struct image *im, struct entry *e, const char *path,
			struct err *err)
{
	int ret;

	e->path = image_place(path);
	ret = e->path ? image_add_parents(im, e->path, err) : 0;
	if (ret) {
		image_entry_release(e);
		return ret;
	}
	return image_add(im, e, err);
}

int image_add_folder(struct image *im, const char *path, struct err *err)
{
	struct entry e = { .mode = S_IFDIR | 0755 };

	return image_add_at(im, &e, path, err);
}

int image_add_link(struct image *im, const char *path, const char *target,
		   struct err *err)
{
	struct entry e = { .mode = S_IFLNK | 0777, .target = strdup(target) };

	return image_add_at(im, &e, path, err);
}

int image_add_device(struct image *im, const char *path, mode_t mode,
		     unsigned major, unsigned minor, struct err *err)
{
	struct entry e = { .mode = mode, .device = makedev(major, minor) };

	return image_add_at(im, &e, path, err);
}

static int image_add_from(struct image *im, const char *from, const char *as,
			  uint64_t size, mode_t mode, struct err *err)
{
	struct entry e = { .from = strdup(from), .size = size,
			   .mode = S_IFREG | (mode & 0777) };

	return image_add_at(im, &e, as ? as : from, err);
}

int image_add_file(struct image *im, const char *path, const char *as,
		   struct err *err)
{
	struct stat st;

	if (stat(path, &st))
		return err_sys(err, errno, "an image needs %s", path);
	if (!S_ISREG(st.st_mode))
		return err_machine(err, "an image needs %s, which is not a regular file", path);
	return image_add_from(im, path, as, st.st_size, st.st_mode, err);
}

/* The same file may be added twice, e.g. a library of the agent and of a program. */
static int image_check_same(const struct entry *have, const char *path, const char *as,
			    struct err *err)
{
	char a[FILE_HASH_MAX] = "", b[FILE_HASH_MAX];
	int ret = have->from ? file_hash(have->from, a, err) : 0;

	if (!ret)
		ret = file_hash(path, b, err);
	if (!ret && strcmp(a, b))
		ret = err_config(err, "two different files would both be %s in the guest; give one another path",
				 as);
	return ret;
}

int image_add_as(struct image *im, const char *path, const char *as, mode_t mode,
		 struct err *err)
{
	char *place = image_place(as);
	const struct entry *have = place ? image_find(im, place) : NULL;
	struct stat st;

	free(place);
	if (have)
		return image_check_same(have, path, as, err);
	if (stat(path, &st))
		return err_sys(err, errno, "an image needs %s", path);
	return image_add_from(im, path, as, st.st_size, mode, err);
}

static int image_add_elf(struct image *im, const char *path, const char *as,
			 struct err *err)
{
	uint64_t size;
	int ret = elf_loaded_size(path, &size, err);

	return ret ? ret : image_add_from(im, path, as, size, 0755, err);
}

int image_add_program(struct image *im, const char *program, const char *as,
		      struct err *err)
{
	struct args needs = ARGS_INIT;
	char *path = proc_find(program);
	int ret;

	if (!path)
		return err_machine(err, "an image needs the program %s, which was not found; install it",
				   program);
	ret = elf_needs(path, &needs, err);
	for (size_t i = 0; i < needs.n && !ret; i++)
		ret = image_add_elf(im, needs.v[i], NULL, err);
	if (!ret)
		ret = image_add_elf(im, path, as, err);
	args_release(&needs);
	free(path);
	return ret;
}
