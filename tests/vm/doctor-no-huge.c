/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests/vm/test-doctor, preloaded into QEMU: memory that it wants huge is marked as
 * never to be (MADV_NOHUGEPAGE), as a migration that copies on demand does.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int madvise(void *addr, size_t length, int advice)
{
	return (int)syscall(SYS_madvise, addr, length,
			    advice == MADV_HUGEPAGE ? MADV_NOHUGEPAGE : advice);
}
