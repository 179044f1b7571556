/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An initramfs, assembled from this machine's own programs: an archive in cpio's
 * newc format, as the kernel unpacks it. It is reproducible: entries are sorted,
 * owned by root, without times. Its name in the cache is the hash of its content.
 *
 *	struct image *im;
 *
 *	if (image_new(&im, err) ||
 *	    image_add_program(im, "mkfs.xfs", NULL, err) ||	// with its libraries
 *	    image_add_file(im, "/etc/mke2fs.conf", NULL, err) ||
 *	    image_publish(im, &path, err))			// in the cache
 *		ret = err->code;
 *	image_free(im);
 *
 * An image has the merged layout (/bin is a link to usr/bin and so on), so that a
 * library is found where its program expects it on either kind of system. Parent
 * folders are created automatically.
 */
#ifndef KDUEL_IMAGE_H
#define KDUEL_IMAGE_H

#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "file.h"
#include "proc.h"

struct image;

int image_new(struct image **im, struct err *err);
void image_free(struct image *im);

/*
 * A program by name (looked up in PATH and the sbin folders) or path, with its
 * interpreter and every library it needs, as this machine's dynamic linker finds
 * them. `as` is its path in the image; NULL: the same as here. Debugging sections
 * are left out, since they are never loaded.
 */
int image_add_program(struct image *im, const char *program, const char *as,
		      struct err *err);

/* A file with its mode; `as` NULL: the same path. Links are followed. */
int image_add_file(struct image *im, const char *path, const char *as,
		   struct err *err);
/* The same with an explicit mode; different content at the same path is an error. */
int image_add_as(struct image *im, const char *path, const char *as, mode_t mode,
		 struct err *err);
int image_add_folder(struct image *im, const char *path, struct err *err);
int image_add_link(struct image *im, const char *path, const char *target,
		   struct err *err);
int image_add_device(struct image *im, const char *path, mode_t mode,
		     unsigned major, unsigned minor, struct err *err);

/* The hash of all paths, modes and contents, in hex. */
int image_hash(struct image *im, char hex[static FILE_HASH_MAX],
	       struct err *err);

/* Writes the archive atomically, as in lib/file.h. */
int image_write(struct image *im, const char *path, struct err *err);

/*
 * Writes it into the cache unless it is there already; the caller frees `*path`.
 * Images in the cache that no boot used for a day are removed.
 */
int image_publish(struct image *im, char **path, struct err *err);

/*
 * Writes `first` with `second` appended to the cache; the kernel unpacks both. The caller
 * frees `*path`, after an error, too.
 */
int image_append(const char *first, const char *second, char **path, struct err *err);

/* Bytes of all files, which have to be loaded at boot. */
uint64_t image_size(const struct image *im);

/*
 * The internals: the list of entries (image.c) and the archive made of them
 * (image-write.c). Only those two files use what follows.
 */

struct entry {
	char *path;	/* in the image, without the leading slash */
	mode_t mode;	/* with its type */
	char *from;	/* regular file: where it is here */
	char *target;	/* link */
	dev_t device;
	uint64_t size;
};

struct image {
	struct entry *v;
	size_t n, room;
};

#endif
