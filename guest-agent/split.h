/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rounds in which the huge mappings of a guest's memory are split and removed while it
 * runs: what KVM's walk of a page table has to withstand. The guest's memory is a file
 * on DAX; nothing that is done to it changes a byte that the guest has.
 *
 * A process of its own does it, in QEMU's address space (inject.h: MADV_DONTNEED,
 * mprotect and mapping anew of parts of the RAM), to the file (writing it back, which write-protects all
 * mappings; a hole beyond the guest's end; truncating and extending; a reflink where the
 * file system has them), and in another mapping of the file (mprotect, mremap, munmap).
 * An NVDIMM whose bytes the guest may lose gets holes where it is mapped, and is cut off and
 * made longer again (split-scratch.h).
 *
 *	struct split *s;
 *
 *	if (split_start(&s, backing, qemu, false, err))
 *		return err->code;
 *	...				// the guest works
 *	json = split_stop(s, err);	// NULL: it could not go on
 */
#ifndef KDUEL_SPLIT_H
#define KDUEL_SPLIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backing/backing.h"
#include "err.h"

struct split;

/*
 * Refused where the RAM is not a file that outlives its mappings. `scratch`: the guest may
 * lose what is on its NVDIMM, if it has one.
 */
int split_start(struct split **s, const struct backing *b, pid_t qemu, bool scratch,
		struct err *err);
/* How many rounds there have been so far. */
uint64_t split_count(const struct split *s);
/*
 * Ends the rounds and frees it. {"rounds":812,"operations":{"dontneed":..},
 * "kernel_log":[..]}: what the kernel has complained about meanwhile, at most 40 lines.
 * NULL, with an error, if the rounds ended by themselves.
 */
json_t *split_stop(struct split *s, struct err *err);
/* Ends the rounds. NULL is allowed. */
void split_free(struct split *s);

#endif
