/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks, before anything is built or booted, that there is enough memory and disk
 * space, and QEMU.
 */
#ifndef KDUEL_PREFLIGHT_H
#define KDUEL_PREFLIGHT_H

#include <jansson.h>
#include <stdint.h>

#include "err.h"
#include "machine.h"
#include "plan/plan.h"

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
