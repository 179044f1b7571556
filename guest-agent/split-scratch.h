/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that a guest has as its NVDIMM and whose bytes it has been told may go: what
 * cannot be done to its RAM is done to this. Holes are punched where the guest has it
 * mapped and goes on writing; the blocks that become free are given to another file,
 * which must then be nobody else's; and the file is cut off and made longer again, while
 * QEMU stands still (a guest that touched what is not there would be ended by its QEMU).
 */
#ifndef KDUEL_SPLIT_SCRATCH_H
#define KDUEL_SPLIT_SCRATCH_H

#include <stdint.h>
#include <sys/types.h>

#include "err.h"

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
