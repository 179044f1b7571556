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

/*
 * Parses and evaluates `text`. What `out` points to belongs to the comparison. `fixed`: it
 * is about what does not vary between boots, such as page sizes, and judged by the range
 * of the blocks instead of their interval, so that a single block decides.
 */
int claim_check(struct comparison *c, const char *text, const char *where, bool fixed,
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

/* --- inside claims*.c -------------------------------------------------------- */

/*
 * The internals of the evaluation of claims, for claims*.c only: values of arms in
 * a block (claims-value.c), the text about a relation (claims-show.c), outcomes
 * (claims.c).
 */

/* One claim being evaluated. */
struct claim_check {
	struct comparison *c;
	const struct claim *claim;
	const struct claim_pick *lead;	/* the claim is evaluated at each of its series */
	bool one_place;			/* all picks name the same cells */
	const struct compare_series *at;	/* the lead's current series; NULL: none */
	double confidence;
	bool fixed;			/* between boots: a range is enough */
	char why[512];			/* why it cannot be measured */
	bool never;			/* not on any machine */
};

/* The two sides of a relation in the blocks that have both. */
struct claim_sides {
	double *left, *right, *d;
	size_t n;
	bool logs;		/* d is of logarithms: both sides are positive */
	struct stats_interval t;	/* of left / right, or left - right */
};

/* Keeps the first reason; returns -ENODATA. */
int claim_cannot(struct claim_check *k, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* As claim_cannot(), for a pick without a series; says so if the workload lacks the metric. */
int claim_no_series(struct claim_check *k, const struct claim_pick *p);

/* An index into c->arms; "" is the baseline; -1: no arm has that name. */
int claim_find_arm(const struct comparison *c, const char *name);
bool claim_matches(const struct claim_pick *p, const struct compare_series *s);
/* The series that a pick means while the lead is at `k->at`; NULL, with k->why set. */
const struct compare_series *claim_series(struct claim_check *k,
					  const struct claim_pick *p);
/* NaN if the block has no value; k->why is set if no block can have one. */
double claim_value(struct claim_check *k, const struct claim_node *n,
		   size_t block);

/* Fills value, lo, hi and detail. */
void claim_show(struct claim_check *k, const struct claim_relation *r,
		const struct claim_sides *s, struct compare_claim *out);

#endif
