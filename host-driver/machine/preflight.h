/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be known to be missing before anything is built or booted: memory
 * and disk (and how much of it), and QEMU.
 */
#ifndef KDUEL_PREFLIGHT_H
#define KDUEL_PREFLIGHT_H

#include <jansson.h>
#include <stdint.h>

#include "lib/err.h"
#include "machine.h"
#include "plan/plan.h"

/* What this machine has to give. */
struct preflight {
	uint64_t memory;	/* bytes that can be had without swapping */
	uint64_t disk;		/* bytes free where the results go */
	uint64_t cache;		/* bytes free where kernels and images are kept */
};

/* Reads them; `folder` need not exist yet. */
int preflight_read(struct preflight *f, const char *folder, struct err *err);

/* EXIT_MACHINE, with the figures, if the plan needs more. */
int preflight_check(const struct preflight *f, const struct plan *p,
		    const char *folder, struct err *err);

/* What is recorded of the machine on which the driver runs. */

/* An object of facts; what cannot be read is absent. */
json_t *driver_env(const struct machine *m);

/* Writes <folder>/hwloc.xml. */
int driver_env_topology(const char *folder, struct err *err);

#endif
