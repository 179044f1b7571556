/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls made in another process, by one of its threads: what a debugger
 * does (ptrace(2)). For what only that process may do: change its mappings, or ask KVM
 * something of a virtual machine that it made.
 *
 *	struct inject in;
 *
 *	if (inject_open(&in, qemu, err))	// this thread is stopped
 *		return err->code;
 *	ret = (int)inject_call(&in, SYS_munlock, at, len, 0);
 *	inject_close(&in);			// it goes on as if nothing had happened
 *
 * A system call in which it slept is made again afterwards, with its whole time
 * limit. Needs the rights to debug it; x86-64 alone.
 */
#ifndef KDUEL_INJECT_H
#define KDUEL_INJECT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#include "err.h"

struct inject {
	pid_t tid;
	struct user_regs_struct before;	/* as it was found */
	uint64_t at;		/* of a `syscall` instruction of its own */
	int signal;		/* that came meanwhile, and is sent again; 0: none */
};

/*
 * Stops a thread; its other threads run on. EXIT_MACHINE where that is refused, or if
 * it makes no system call within some seconds.
 */
int inject_open(struct inject *in, pid_t tid, struct err *err);
/* What the call returned: a value, or a negative errno; -ESRCH when the thread is gone. */
long inject_call(struct inject *in, long nr, uint64_t a, uint64_t b, uint64_t c);
/* The same, of a call with more arguments. */
long inject_call6(struct inject *in, long nr, const uint64_t args[6]);
/* Memory of its own that nobody uses while it is stopped: 1024 bytes. */
uint64_t inject_room(const struct inject *in);
/* `size` is a multiple of 8; 0 or a negative errno. */
int inject_put(const struct inject *in, uint64_t at, const void *data, size_t size);
int inject_get(const struct inject *in, uint64_t at, void *data, size_t size);
void inject_close(struct inject *in);

/* --- pre-fault.c --- */

/*
 * KVM_PRE_FAULT_MEMORY (Linux 6.11): the second level of a guest's RAM is filled
 * at once, instead of by a fault for each page when the guest first touches it.
 *
 * The call is made on a vCPU, which only QEMU has open, and no QEMU that kduel knows makes
 * it: so the vCPU's own thread is stopped and made to.
 */
struct pre_fault_range {
	uint64_t gpa, size;	/* bytes */
};

/*
 * Fills all of these ranges, through the first vCPU of `qemu`. EXIT_MACHINE, saying what
 * is missing, if this kernel's KVM lacks it.
 */
int pre_fault(pid_t qemu, const struct pre_fault_range *ranges, size_t n, struct err *err);

#endif
