/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the workload tlb-miss: measuring (tlb-miss.c), the
 * arithmetic of a ladder (tlb-miss-ladder.c, tlb-miss-hinge.c), what the samples
 * become (tlb-miss-result.c).
 */
#ifndef KDUEL_TLB_MISS_H
#define KDUEL_TLB_MISS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness.h"

/* --- tlb-miss-ladder.c --- */

/*
 * What a ladder of page counts says about the TLB, as pure arithmetic on
 * measured rungs: where the knees are, what a walk costs, and which page size
 * the layers below really map.
 *
 * The shape that is looked for, in d(N), the cost of an access above that of
 * a dense chase over the same number of lines:
 *
 *	d = a			N <= K1		every translation in the first level
 *	d = b			K1 < N <= K2	in the second level
 *	d = b + W (1 - K2/N)	N > K2		a share of 1 - K2/N has to be walked
 *
 * K1 is the page count, interpolated, where d has done a quarter of its rise:
 * beyond its reach a TLB overflows set by set, so that half of the rise comes
 * later. K2 is the corner of the shape (hinge_find()): its rise has no end
 * that a quarter could be taken of, since page tables leave the caches, and an
 * entry that serves several neighbouring pages moves it. W is fitted by least
 * squares through b over the rungs from 1.5 K2 to 3 K2, weighted by the inverse
 * of their access time: nearer to the knee the share is ill known (replacement
 * is not random), further off page tables leave the caches and W is no
 * constant. `walk_residual` says how well the shape fits.
 */
#define LADDER_MOST 256

struct rung {
	double pages;
	double access;		/* ns of a chase over that many pages */
	double control;		/* ns of a dense chase over as many lines */
};

struct knee {
	bool found;
	double pages;		/* K1 or K2 */
	double half;		/* half of the rise done */
	double rise;		/* ns, from the level before to the one after */
};

struct ladder_fit {
	double floor;		/* a */
	double plateau;		/* b */
	struct knee first, second;
	double walk_ns;		/* W; NAN if it cannot be fitted */
	double walk_residual;	/* root mean square of that fit, ns */
	size_t walk_rungs;	/* how many rungs it rests on */
};

/*
 * The rungs from lo to hi, both included: `step` percent apart where a TLB of
 * any processor of the last ten years has a knee or its walk cost is fitted
 * (48 to 144 pages, 768 to 12288), twice that elsewhere. Depends on the
 * arguments alone, so that two boots and two machines have the same points.
 * Returns how many, at most LADDER_MOST, or 0 if they would be more.
 */
size_t ladder_points(uint64_t lo, uint64_t hi, unsigned step,
		     uint64_t points[static LADDER_MOST]);

/* `n` rungs in rising order of pages. */
void ladder_fit(const struct rung *r, size_t n, struct ladder_fit *fit);

/*
 * The page size that the TLB works with, seen from a ladder of 4K steps over
 * a buffer whose own pages have `page` bytes.
 *
 * Second-level TLBs hold 1024 to 4096 translations. If the walks of such a
 * ladder begin there, one translation serves 4K, whatever the guest's page
 * table says: the layer below is to blame. If the ladder reaches 8192 pages
 * without them, one translation serves more.
 */
struct inference {
	uint64_t bytes;		/* 4K, 2M, 1G; 0 = cannot be told */
	bool or_larger;
	char why[160];
};

void ladder_infer(const struct ladder_fit *fit, double most_pages,
		  uint64_t page, struct inference *out);

/*
 * A second ladder with steps of 2M tells 2M from 1G: `fit` is over lines 2M
 * apart. First levels hold 24 to 96 translations of 2M and at most 16, or 96
 * of any size, of 1G, which is then 96G.
 */
void ladder_infer_huge(const struct ladder_fit *fit, double most_lines,
		       struct inference *out);

/* --- tlb-miss-hinge.c --- */

/*
 * Where a second-level TLB's reach ends, as the corner in
 *
 *	d(N) = b + q ln(N/K) + W max(0, 1 - K/N)
 *
 * b and q are what a hit costs: it gets slowly dearer with N, as the entries
 * are not replaced by age alone. W is a walk, and 1 - K/N the share that needs
 * one (see ladder_fit()). For each K the three are fitted to the rungs
 * from K/1.7 to 1.5 K by least absolute residuals, each in units of its doubt,
 * so that a disturbed rung counts little; the corner is the K that explains
 * most of what a line without one leaves unexplained (segmented regression:
 * Muggeo, Statistics in Medicine 22, 2003; iteratively reweighted:
 * Schlossmacher, JASA 68, 1973).
 */
/* A point of the ladder: pages, ns, and how far ns can be wrong for no reason. */
struct hinge_point {
	double pages, ns, doubt;
};

/*
 * K between `from` and `to` pages, for points in rising order of pages. NaN if
 * there is no upward corner, or there are fewer than three points on a side.
 */
double hinge_find(const struct hinge_point *p, size_t n, double from, double to);

/* --- tlb-miss.c --- */

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

/* --- tlb-miss-result.c --- */

/* The least of each rung's samples; returns how many rungs. */
size_t tlb_miss_rungs(const struct ladder *l, struct rung r[static LADDER_MOST]);

/* [{"pages","access_ns","control_ns","difference_ns","median_ns"}] */
json_t *tlb_miss_ladder_json(const struct ladder *l);

/* Puts it all in the result. `in` is NULL where no page size was looked for. */
void tlb_miss_derive(struct bench *b, const struct ladder *l,
		     const struct ladder_fit *fit, const struct inference *in);

#endif
