/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KVM_PRE_FAULT_MEMORY (Linux 6.11): the second level of a guest's RAM is filled
 * at once, instead of by a fault for each page when the guest first touches it.
 *
 * The call is made on a vCPU, which only QEMU has open, and no QEMU that kduel knows makes
 * it: so the vCPU's own thread is stopped and made to (inject.h).
 */
#ifndef KDUEL_PRE_FAULT_H
#define KDUEL_PRE_FAULT_H

#include <stdint.h>
#include <sys/types.h>

#include "err.h"

struct pre_fault_range {
	uint64_t gpa, size;	/* bytes */
};

/* EXIT_MACHINE, saying what is missing, if this kernel's KVM lacks it. */
int pre_fault_check(struct err *err);
/* Fills all of these ranges, through the first vCPU of `qemu`. */
int pre_fault(pid_t qemu, const struct pre_fault_range *ranges, size_t n, struct err *err);

#endif
