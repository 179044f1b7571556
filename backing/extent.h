/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a file lies on its device, and how much of it a DAX mapping can map
 * with huge entries.
 *
 * A 2M entry needs 2M of file, aligned in the file, that lie together on the
 * device and start on a 2M boundary of *physical memory*: the extent's place
 * on the device plus the place of the device's data in memory, which a
 * partition or a namespace's own header shifts.
 */
#ifndef KDUEL_EXTENT_H
#define KDUEL_EXTENT_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "pages.h"

struct extent {
	uint64_t logical, physical, length;	/* bytes; physical on the device */
};

/* All extents of an open file, in order; the caller frees `*v`. */
int extent_read(int fd, struct extent **v, size_t *n, struct err *err);

/*
 * How many of the first `size` bytes of a file can be in 2M entries, when the
 * device's data start at physical address `base`; the rest counts as 4K, and
 * what no extent covers as absent.
 */
void extent_pages(const struct extent *v, size_t n, uint64_t base,
		  uint64_t size, struct page_bytes *p);

#endif
