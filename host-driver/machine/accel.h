/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which accelerator a machine under test gets. Hardware is used only if kvm_intel
 * or kvm_amd is loaded with two-level paging and nesting, and a short boot proves
 * that it can run a kernel. A /dev/kvm that opens, and even creates a VM and a
 * vCPU, proves nothing: on some machines an ordinary kernel then hangs silently.
 */
#ifndef KDUEL_ACCEL_H
#define KDUEL_ACCEL_H

#include "err.h"
#include "plan/plan.h"
#include "qemu.h"

struct accel_probe {
	const char *modules;	/* NULL: /sys/module */
	const char *device;	/* NULL: /dev/kvm */
	/*
	 * A short boot with hardware: 0 if its agent said hello, else `err` says
	 * what happened. NULL: not tried.
	 */
	int (*boot)(void *arg, struct err *err);
	void *arg;
};

/*
 * Sets `*accel`, and `why` (of `size` bytes) to the reason. If hardware was asked for
 * and is unusable: EXIT_MACHINE; with `auto`, emulation is used instead.
 */
int accel_decide(enum machine_accel wish, enum plan_clock clock,
		 const struct accel_probe *probe, enum qemu_accel *accel,
		 char *why, size_t size, struct err *err);

#endif
