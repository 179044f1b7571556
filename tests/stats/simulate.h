/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Campaigns that never happened: the model of docs/statistics.md (block >
 * boot > process > iteration) with spreads of our choice, sent through the
 * functions that judge real ones, to count how often they are wrong.
 */
#ifndef KDUEL_TESTS_SIMULATE_H
#define KDUEL_TESTS_SIMULATE_H

#include "host-driver/stats/stats.h"
#include "rng.h"

#define BLOCKS_MAX 20

double simulate_normal(struct rng *r);	/* mean 0, spread 1 */

/* How boots are spread around their arm's level. */
enum shape { NORMAL, T3, LOGNORMAL, BIMODAL, DRIFT, SHAPES };
const char *shape_name(enum shape s);

struct model {
	enum shape shape;
	double boot, process, iteration;	/* relative spreads */
	unsigned processes, iterations;
	double effect;		/* log effect of the other arm */
};
extern const struct model model_usual;	/* 1%, .5%, 1%; 5 x 11 */

/* Boots of both arms for blocks 0..n-1: logs, or counts with that mean. */
struct campaign {
	double base[BLOCKS_MAX], arm[BLOCKS_MAX];
};
void simulate(struct rng *r, const struct model *m, size_t n,
	      struct campaign *c);
/* The same, read from a clock that goes in steps of `step`, as a share of 1. */
void simulate_clock(double step, size_t n, struct campaign *c);
void simulate_counts(struct rng *r, double mean, size_t n,
		     struct campaign *c);

/*
 * A search through `commits` commits of which a random one has m->effect, every step
 * of it judged as kduel bisect does; one commit in ten cannot be judged. Steps that
 * do not decide are skipped for the nearest other commit.
 */
enum search_end { SEARCH_RIGHT, SEARCH_WRONG, SEARCH_OPEN, SEARCH_NOT_BEGUN };
enum search_end simulate_search(struct rng *r, const struct model *m, unsigned commits);
/*
 * The same with counted instructions: commits are booted alone. Boots with the effect
 * spread `wider` times as much as those without.
 */
enum search_end simulate_search_exact(struct rng *r, const struct model *m, double wider,
				      unsigned commits);

/* A series without a change: white noise, t3, or AR(.5); sd 1 (t3: scale 1). */
enum noise { WHITE, HEAVY, WANDERING, NOISES };
const char *noise_name(enum noise k);
void simulate_series(struct rng *r, enum noise k, double *v, size_t n);

#endif
