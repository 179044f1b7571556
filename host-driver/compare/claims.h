/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims (claim/claim.h) held against a comparison. Every relation is
 * evaluated within blocks and judged by its interval over blocks: it holds if
 * the whole interval does, fails if none of it does, and is undecided between.
 * A claim about a series is checked for every cell and point that the series
 * matches, and holds only if it holds for all.
 */
#ifndef KDUEL_CLAIMS_H
#define KDUEL_CLAIMS_H

#include "claim/claim.h"
#include "compare.h"

/* Parses and evaluates. `out` belongs to the comparison. */
int claim_check(struct comparison *c, const char *text, const char *where,
		struct compare_claim *out, struct err *err);

/* Of a list alone: a failure, an impossible, an undecided, an unmeasurable, done. */
enum kduel_exit claims_exit(const struct compare_claim *list, size_t n);

/*
 * No result of the workload can have this metric; `err` names those it has. Without
 * `params` a metric that parameters could declare is taken for possible.
 */
bool claim_no_metric(const struct comparison *c, const char *workload, const json_t *params,
		     const char *metric, struct err *err);

#endif
