/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a second-level TLB's reach ends, as the corner in
 *
 *	d(N) = b + q ln(N/K) + W max(0, 1 - K/N)
 *
 * b and q are what a hit costs: it gets slowly dearer with N, as the entries
 * are not replaced by age alone. W is a walk, and 1 - K/N the share that needs
 * one (see tlb-miss-ladder.h). For each K the three are fitted to the rungs
 * from K/1.7 to 1.5 K by least absolute residuals, each in units of its doubt,
 * so that a disturbed rung counts little; the corner is the K that explains
 * most of what a line without one leaves over (segmented regression: Muggeo,
 * Statistics in Medicine 22, 2003; iteratively reweighted: Schlossmacher, JASA
 * 68, 1973).
 */
#ifndef KDUEL_TLB_MISS_HINGE_H
#define KDUEL_TLB_MISS_HINGE_H

#include <stddef.h>

/* A point of the ladder: pages, ns, and how far ns can be wrong for no reason. */
struct hinge_point {
	double pages, ns, doubt;
};

/*
 * K between `from` and `to` pages, for points in rising order of pages. NaN if
 * there is no upward corner, or there are fewer than three points on a side.
 */
double hinge_find(const struct hinge_point *p, size_t n, double from, double to);

#endif
