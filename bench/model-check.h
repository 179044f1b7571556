/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measured beside expected: what a result says about the TLBs against what
 * the model says for its processor.
 *
 *   first_level_knee     the knee that tlb-miss found, within 10% of the
 *                        entries of the first level
 *   second_level_half    half of the second rise, within 0.9 - 1.25 x the
 *                        entries of the second level
 *   walks_per_access     counted walks, within 10% of the expected ones, where
 *                        they were counted and at least twice the second
 *                        level's entries were gone through
 */
#ifndef KDUEL_MODEL_CHECK_H
#define KDUEL_MODEL_CHECK_H

#include <jansson.h>

#include "cpu.h"

/*
 * {"label":"model","cpu","expected":{see model_json},
 *  "checks":[{"name","point","expected","measured","ratio","least","most",
 *             "holds"}]}
 * or NULL where the model says nothing about the workload. `expected` is for
 * the upper end of a ladder. The second level of page tables is taken from
 * what tlb-miss inferred, else there is none.
 */
json_t *model_check(const struct cpu *cpu, const json_t *result);

#endif
