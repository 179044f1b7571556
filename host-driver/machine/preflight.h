/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is found out about the driver's machine before anything is built or booted: is there
 * enough memory and disk space, and QEMU, and what may a machine under test use of it?
 */
#ifndef KDUEL_PREFLIGHT_H
#define KDUEL_PREFLIGHT_H

#include <stdint.h>

#include <jansson.h>

#include "err.h"
#include "machine.h"
#include "plan/plan.h"
#include "qemu.h"

/* --- accel.c --- */

/*
 * Which accelerator a machine under test gets. Hardware is used only if kvm_intel
 * or kvm_amd is loaded with two-level paging and nesting, and a short boot proves
 * that it can run a kernel. A /dev/kvm that opens, and even creates a VM and a
 * vCPU, proves nothing: on some machines an ordinary kernel then hangs silently.
 */
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

/* --- preflight.c --- */

/* What this machine has available. */
struct preflight {
	uint64_t memory;	/* bytes available without swapping */
	uint64_t disk;		/* bytes free where the results go */
	uint64_t cache;		/* bytes free where kernels and images are kept */
};

/* Fills `f`; `folder` is the results folder, which need not exist yet. */
int preflight_read(struct preflight *f, const char *folder, struct err *err);

/* EXIT_MACHINE, with both figures, if the plan needs more. */
int preflight_check(const struct preflight *f, const struct plan *p,
		    const char *folder, struct err *err);

/* The facts recorded about the driver's machine; unreadable ones are absent. A new reference. */
json_t *driver_env(const struct machine *m);

/* Writes <folder>/hwloc.xml. */
int driver_env_topology(const char *folder, struct err *err);

#endif
