/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An initramfs, put together from this machine's own programs: an archive in
 * cpio's newc format, as the kernel unpacks it. The same content gives the
 * same bytes whoever builds it and when: entries are sorted, owned by root,
 * without times. What an image is called in the cache is the hash of its
 * content.
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
 * An image holds the merged layout (/bin is a link to usr/bin and so on), so
 * that a library is found where its program expects it on either kind of
 * system. Folders above an entry are made by themselves.
 */
#ifndef KDUEL_IMAGE_H
#define KDUEL_IMAGE_H

#include <stdint.h>
#include <sys/types.h>

#include "args.h"
#include "lib/elf-needs.h"
#include "lib/err.h"
#include "lib/file.h"

struct image;

int image_new(struct image **im, struct err *err);
void image_free(struct image *im);

/*
 * A program by name (sought in PATH and the sbin folders) or path, with its
 * interpreter and every library it names, as this machine's dynamic linker
 * finds them. `as` is its path in the image, NULL: where it is here. Debugging
 * sections are left out: nothing loads them.
 */
int image_add_program(struct image *im, const char *program, const char *as,
		      struct err *err);

/* A file with its mode; `as` NULL: the same path. Links are followed. */
int image_add_file(struct image *im, const char *path, const char *as,
		   struct err *err);
/* The same with a mode of one's own; another content there before is an error. */
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

/* Writes the archive. `path` is absent or complete, as in lib/file.h. */
int image_write(struct image *im, const char *path, struct err *err);

/*
 * Writes it into the cache unless it is there already; `*path` is the
 * caller's. Images there that were not used for a month are removed.
 */
int image_publish(struct image *im, char **path, struct err *err);

/*
 * An archive in the cache with another one behind it, as the kernel unpacks one after
 * the other; there, too, `*path` is the caller's.
 */
int image_append(const char *first, const char *second, char **path, struct err *err);

/* Bytes of all files: what the image costs to load. */
uint64_t image_size(const struct image *im);

/*
 * An image from within: its list of entries (image.c) and the archive made of
 * them (image-write.c), which alone use what follows.
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
