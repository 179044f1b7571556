/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the workload tlb-miss: measuring (tlb-miss.c), what the
 * samples become (tlb-miss-result.c), the arithmetic of a ladder
 * (tlb-miss-ladder.h).
 */
#ifndef KDUEL_TLB_MISS_H
#define KDUEL_TLB_MISS_H

#include "harness.h"
#include "tlb-miss-ladder.h"

/* Ends with a NULL name, as a workload's table wants it. */
enum { ACCESS_NS, CONTROL_NS, WALK_COST, EFFECTIVE_PAGE, FIRST_KNEE, SECOND_HALF, TLB_MISS_METRICS };
extern const struct workload_metric tlb_miss_metrics[TLB_MISS_METRICS + 1];

/* A ladder: its rungs, and the samples that belong to them. */
struct ladder {
	uint64_t points[LADDER_MOST];
	size_t n;
	size_t spacing;		/* bytes between lines of the chase */
	const uint32_t *place;
	struct series *access[LADDER_MOST], *control[LADDER_MOST];
};

/* The least of each rung's samples; returns how many rungs. */
size_t tlb_miss_rungs(const struct ladder *l, struct rung r[static LADDER_MOST]);

/* [{"pages","access_ns","control_ns","difference_ns","median_ns"}] */
json_t *tlb_miss_ladder_json(const struct ladder *l);

/* Puts it all in the result. `in` is NULL where no page size was looked for. */
void tlb_miss_derive(struct bench *b, const struct ladder *l,
		     const struct ladder_fit *fit, const struct inference *in);

#endif
