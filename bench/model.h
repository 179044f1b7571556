/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the TLBs of a processor should do with an access pattern: the numbers
 * that measured ones are held against, and all there is where nothing can be
 * counted. They are always labelled `model`.
 *
 * The model. An entry of a TLB covers the effective page, the smaller of the
 * guest's page and the second-level page. N is how many effective pages the
 * pattern goes through, E how many entries the processor has for them.
 *   random      an access misses with probability max(0, 1 - E/N)
 *   cycle       a fixed order over and over, one line a page: under LRU every
 *               access misses once N > E, and none before. Real replacement is
 *               not LRU: the rise is around E, half of it at 0.9 - 1.25 x E.
 *               With several lines a page, in random order, it is as random
 *   sequential  every new page misses once N > E, one in accesses-per-page
 * A walk is a miss of the second level. It reads at most (g+1)(h+1)-1 entries,
 * g and h being the levels of the two tables down to their pages (4K: 4,
 * 2M: 3, 1G: 2), or g without a second table. Caches of upper levels save
 * most of these: the references are an upper bound.
 */
#ifndef KDUEL_MODEL_H
#define KDUEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "cpu.h"
#include "err.h"

enum model_pattern { MODEL_RANDOM, MODEL_CYCLE, MODEL_SEQUENTIAL };

struct model_in {
	enum model_pattern pattern;
	uint64_t span;		/* bytes of address space the pattern goes through */
	uint64_t spacing;	/* bytes from one line to the next in it (4096: one a page) */
	uint64_t guest_page;	/* 4096, 2M, 1G */
	uint64_t second_page;	/* the same, or 0 = no second level */
	uint64_t burst;		/* accesses in a row to one place of the pattern; 0 = 1 */
};

struct model_out {
	uint64_t page;		/* the effective one */
	uint64_t pages;		/* N */
	unsigned first, second;	/* E of both levels */
	double first_misses;	/* per access */
	double walks;		/* per access */
	unsigned references;	/* of a walk, at most */
	double walk_references;	/* per access, at most */
};

/* EXIT_CONFIG for an unknown page size. */
int model_expect(const struct tlb *first, const struct tlb *second,
		 const struct model_in *in, struct model_out *out,
		 struct err *err);

/* References of one walk, at most; second_page 0 = none. */
unsigned model_references(uint64_t guest_page, uint64_t second_page);

/*
 * The pattern of a workload with these parameters (strings, as in a plan) and
 * buffer source. -ENOTSUP (no error text) where the model says nothing about
 * it. `second_page` as above. `lines` of a ladder: the upper end.
 */
int model_of_workload(const char *workload, const char *source,
		      const json_t *params, uint64_t second_page,
		      struct model_in *in);

/*
 * {"label":"model","cpu","effective_page","pages","first_entries",
 *  "second_entries","first_misses_per_access","walks_per_access",
 *  "references_per_walk","references_per_access"}
 */
json_t *model_json(const char *cpu_name, const struct model_out *out);

/*
 * The ratio of arm to baseline, of walks and of walk references per access; NAN where the
 * baseline expects none.
 */
struct model_change {
	double walks, references;
};
void model_compare(const struct model_out *base, const struct model_out *arm,
		   struct model_change *change);

/*
 * How far a measured figure may be from the model's, as a ratio: the knee of
 * the first level, half of the second level's rise, and walks that were
 * counted, from twice the second level's entries on.
 */
#define MODEL_KNEE_LEAST 0.9
#define MODEL_KNEE_MOST 1.1
#define MODEL_HALF_LEAST 0.9
#define MODEL_HALF_MOST 1.25
#define MODEL_WALKS_LEAST 0.9
#define MODEL_WALKS_MOST 1.1
bool model_judges_walks(const struct model_out *out);

/* The lines, `spacing` apart, that `entries` cover: a knee is found in lines. */
double model_lines(const struct model_in *in, const struct model_out *out,
		   unsigned entries);

/*
 * Counters that are parts of the walks of loads, or of the hits of the second
 * level, by the names of configs/cpus. AMD has one for each page size.
 */
bool model_is_walk(const char *counter);
bool model_is_hit(const char *counter);

/* 4096 -> "4K"; anything else: NULL. The reverse gives 0 if it is not a page size. */
const char *model_page_name(uint64_t page);
uint64_t model_page(const char *name);

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
