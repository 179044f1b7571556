/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The internals of the evaluation of claims, for claims*.c only: values of arms in
 * a block (claims-value.c), the text about a relation (claims-show.c), outcomes
 * (claims.c).
 */
#ifndef KDUEL_CLAIMS_CHECK_H
#define KDUEL_CLAIMS_CHECK_H

#include "claims.h"

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
