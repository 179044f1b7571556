/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernels of a campaign: the guest's, and one for each arm and layout.
 * The same kernel is resolved, built and held once.
 */
#ifndef KDUEL_ARM_KERNELS_H
#define KDUEL_ARM_KERNELS_H

#include <jansson.h>
#include <stddef.h>

#include "kernel/kernel.h"
#include "plan/plan.h"

struct arm_kernels {
	struct kernel *v;
	size_t n;
};

/* Reads and checks all of them; builds nothing. */
int arm_kernels_resolve(struct arm_kernels *k, const struct plan *p,
			struct err *err);
/* Builds what is not in the cache. */
int arm_kernels_ensure(struct arm_kernels *k, kernel_progress_fn fn, void *arg,
		       struct err *err);
/*
 * For a machine that boots none: takes the arms' kernels that are given by a path and
 * are in the cache; leaves out the others.
 */
void arm_kernels_take(struct arm_kernels *k, const struct plan *p);
void arm_kernels_release(struct arm_kernels *k);

const struct kernel *arm_kernels_guest(const struct arm_kernels *k,
				       const struct plan *p);
const struct kernel *arm_kernels_of(const struct arm_kernels *k,
				    const struct plan_arm *arm,
				    const char *layout);

/*
 * The arm's identity, for its record: that of its kernel for each layout, the values
 * of its config, and the guest's kernel, which all arms share. A new reference.
 */
json_t *arm_kernels_identity(const struct arm_kernels *k, const struct plan *p,
			     const struct plan_arm *arm);

#endif
