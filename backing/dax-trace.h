/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How DAX faults were served, counted by tracepoints of the kernel: the only
 * way to tell, before Linux 6.7, which page sizes a DAX file is mapped with.
 *
 * fs_dax:dax_pmd_fault_done says for each fault that could be huge whether it
 * was, fs_dax:dax_pte_fault_done counts the 4K ones. The counts are of one file
 * from dax_trace_new() on: open it before the guest starts.
 */
#ifndef KDUEL_DAX_TRACE_H
#define KDUEL_DAX_TRACE_H

#include <stdint.h>

#include "err.h"

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
