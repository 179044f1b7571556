/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which accelerator a machine under test gets. Hardware is taken only where
 * kvm_intel or kvm_amd is loaded with two-level paging and nesting, and a
 * short boot proves that it runs a kernel: a /dev/kvm that opens, and even
 * makes a VM and a processor, proves nothing; on some machines an ordinary
 * kernel then hangs without a byte.
 */
#ifndef KDUEL_ACCEL_H
#define KDUEL_ACCEL_H

#include "lib/err.h"
#include "lib/qemu.h"
#include "plan/plan.h"

struct accel_probe {
	const char *modules;	/* NULL: /sys/module */
	const char *device;	/* NULL: /dev/kvm */
	/*
	 * Boots something short with hardware: 0 if it spoke, else `err` says
	 * what happened. NULL: not tried.
	 */
	int (*boot)(void *arg, struct err *err);
	void *arg;
};

/*
 * `*accel` gets what to use and `why` (size bytes) one sentence. A wish for
 * hardware that cannot be met is EXIT_MACHINE; `auto` then takes emulation.
 */
int accel_decide(enum machine_accel wish, enum plan_clock clock,
		 const struct accel_probe *probe, enum qemu_accel *accel,
		 char *why, size_t size, struct err *err);

#endif
