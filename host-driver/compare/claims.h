/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims (claim/claim.h) evaluated on a comparison. Every relation is evaluated
 * within blocks and judged by its interval over blocks: it holds if the whole
 * interval satisfies it, fails if none of the interval does, and is undecided
 * otherwise. A claim about a series is checked for every cell and point that the
 * series matches, and holds only if it holds for all of them.
 */
#ifndef KDUEL_CLAIMS_H
#define KDUEL_CLAIMS_H

#include "claim/claim.h"
#include "compare.h"

/* Parses and evaluates `text`. What `out` points to belongs to the comparison. */
int claim_check(struct comparison *c, const char *text, const char *where,
		struct compare_claim *out, struct err *err);
/*
 * The same for what does not vary between boots, such as page sizes: judged by the range
 * of the blocks instead of their interval, so that a single block decides.
 */
int claim_check_fixed(struct comparison *c, const char *text, const char *where,
		      struct compare_claim *out, struct err *err);

/*
 * The exit code of a list: the first that applies of a failed claim, an impossible one,
 * an undecided one, one that cannot be measured here; else EXIT_DONE.
 */
enum kduel_exit claims_exit(const struct compare_claim *list, size_t n);

/*
 * Is this metric impossible for the workload? `err` then names those it has. Without
 * `params` (NULL) a metric that parameters could declare counts as possible.
 */
bool claim_no_metric(const struct comparison *c, const char *workload, const json_t *params,
		     const char *metric, struct err *err);

#endif
