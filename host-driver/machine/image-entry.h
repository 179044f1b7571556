/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image from within: its list of entries (image.c) and the archive made of
 * them (image-write.c). Nobody else includes this.
 */
#ifndef KDUEL_IMAGE_ENTRY_H
#define KDUEL_IMAGE_ENTRY_H

#include "image.h"

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
