/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pointer chases: nodes in memory, each of which holds the address of the
 * next, so that no access can start before the one before it has ended.
 *
 * A `struct chase_field` says where the nodes are; a chase_link_*() function
 * threads one closed cycle through all of them; chase_check() proves that it
 * did. Links are made in place: no memory but the nodes is used, so a field
 * may fill all that there is.
 *
 *	struct chase_field f = { .base = memory, .spacing = 4096,
 *				 .nodes = 512, .coloured = true };
 *	char why[128];
 *
 *	chase_link_random(&f, rng);
 *	if (chase_check(&f, why, sizeof(why)))
 *		puts(why);
 *	end = chase_walk(chase_node(&f, 0), 100000);
 *
 * Coloured: node i sits at another cache line of its page than its
 * neighbours, line (i + i/64) mod lines-per-page. Any 64 neighbours then use
 * each set of a first-level cache alike, and 4096 of them each set of a
 * second-level cache, as the same number of adjacent lines would: what a chase
 * costs beyond the dense one is translation, not conflicts.
 */
#ifndef KDUEL_CHASE_H
#define KDUEL_CHASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rng.h"

#define CHASE_LINE 64

struct chase_field {
	char *base;
	size_t spacing;		/* bytes between places; a multiple of 16 */
	size_t nodes;		/* at least 1 */
	bool coloured;		/* spacing is then a multiple of CHASE_LINE */
	const uint32_t *place;	/* the place of each node; NULL = node i at place i */
};

/* The address of node i. */
static inline char *chase_node(const struct chase_field *f, size_t i)
{
	char *at = f->base + f->spacing * (f->place ? f->place[i] : i);

	if (f->coloured)
		at += (i + i / 64) % (f->spacing / CHASE_LINE) * CHASE_LINE;
	return at;
}

/* One uniformly random cycle (Sattolo): one in (nodes-1)!, none shorter. */
void chase_link_random(const struct chase_field *f, struct rng *rng);

/*
 * Random order of groups of `group` neighbouring nodes (the nodes of a page,
 * say), each group's nodes in rising order.
 */
void chase_link_groups(const struct chase_field *f, size_t group,
		       struct rng *rng);

/*
 * Steps of `jump` nodes, and at the end back to the first node not yet
 * visited; jump 1 is plain rising order.
 */
void chase_link_strided(const struct chase_field *f, size_t jump);

/*
 * Proves that the cycle from node 0 visits every node of the field once and
 * comes back. Returns 0, or -1 and says in `why` what it found. Never reads
 * an address that is not a node's.
 */
int chase_check(const struct chase_field *f, char *why, size_t size);

/* n dependent loads; returns where they ended. */
char *chase_walk(char *from, uint64_t n);

#endif
