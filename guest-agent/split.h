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
 * made longer again (split-scratch.c).
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

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

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

/* --- split-scratch.c --- */

/*
 * A file that a guest has as its NVDIMM and whose bytes it has been told may go: what
 * cannot be done to its RAM is done to this. Holes are punched where the guest has it
 * mapped and goes on writing; the blocks that become free are given to another file,
 * which must then be nobody else's; and the file is cut off and made longer again, while
 * QEMU stands still (a guest that touched what is not there would be ended by its QEMU).
 */
struct split_scratch {
	int fd;			/* of the file, whose owner keeps it; -1: there is none */
	uint64_t size;
	char other[112];	/* the file that gets the blocks */
	pid_t qemu;
};

/*
 * A hole of 2M at a multiple of 2M, `at`. -EBADSLT: afterwards the new owner of free
 * blocks found bytes in them that it had not written.
 */
int split_scratch_hole(const struct split_scratch *s, uint64_t at);
/* Cut off at `at`, a multiple of 4K, then as long as before, all of it allocated. */
int split_scratch_truncate(const struct split_scratch *s, uint64_t at);

#endif
