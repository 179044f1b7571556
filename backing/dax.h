/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files accessed by DAX: how much of one can be mapped with huge entries, by where
 * it lies on its device, and how its faults were really served.
 *
 * A 2M entry needs 2M of file, aligned in the file, that lie together on the
 * device and start on a 2M boundary of *physical memory*: the extent's place
 * on the device plus the place of the device's data in memory, which a
 * partition or a namespace's own header shifts.
 */
#ifndef KDUEL_DAX_H
#define KDUEL_DAX_H

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

/* --- faults --- */

/*
 * How DAX faults were served, counted by tracepoints of the kernel: the only
 * way to tell, before Linux 6.7, which page sizes a DAX file is mapped with.
 *
 * fs_dax:dax_pmd_fault_done says for each fault that could be huge whether it
 * was, fs_dax:dax_pte_fault_done counts the 4K ones. The counts are of one file
 * from dax_trace_new() on: open it before the guest starts.
 */
struct dax_trace;

struct dax_counts {
	uint64_t pmd_mapped;	/* a 2M entry was installed */
	uint64_t pmd_fallback;	/* 2M was tried and given up */
	uint64_t pte_mapped;	/* a 4K entry was installed */
};

/* Counts for the file with this inode number. */
int dax_trace_new(struct dax_trace **t, uint64_t inode, struct err *err);
void dax_trace_free(struct dax_trace *t);
int dax_trace_read(const struct dax_trace *t, struct dax_counts *c,
		   struct err *err);

#endif
