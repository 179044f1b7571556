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

/* The line of node i in its page: a page is a power of two, as a rule, and a division takes long. */
static inline size_t chase_colour(const struct chase_field *f, size_t i)
{
	size_t lines = f->spacing / CHASE_LINE, n = i + i / 64;

	return lines & (lines - 1) ? n % lines : n & (lines - 1);
}

/* The address of node i. */
static inline char *chase_node(const struct chase_field *f, size_t i)
{
	char *at = f->base + f->spacing * (f->place ? f->place[i] : i);

	if (f->coloured)
		at += chase_colour(f, i) * CHASE_LINE;
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

/* --- several at once --- */

/*
 * Walking 1 to 16 chases side by side. Within a chain each access waits for
 * the one before; between chains nothing waits, so that as many accesses as
 * there are chains are under way.
 *
 * A node holds two words: the address of the next one, and one that the writing
 * operations use.
 *
 *	read	follow the link
 *	write	follow it, and store in the node reached where the walk came from
 *	rmw	follow it, and add 1 in the node reached
 */
#define CHAINS_MOST 16

enum walk_op { WALK_READ, WALK_WRITE, WALK_RMW, WALK_OPS };

struct chains {
	unsigned n;
	struct chase_field field[CHAINS_MOST];
	char *at[CHAINS_MOST];	/* where each chain stands */
	uint64_t steps;		/* each chain has made since chains_start() */
};

/* `steps` of each of the chains whose places are in `at`. */
typedef void (*walk_fn)(char **at, uint64_t steps);

/* The code for so many chains, 1 to CHAINS_MOST. */
walk_fn walk_find(enum walk_op op, unsigned chains);

/*
 * Cuts the places of a field into `n` chains of neighbouring nodes; nodes
 * left over by the division are not walked. n <= nodes.
 */
void chains_cut(struct chains *c, const struct chase_field *whole, unsigned n);

/* To the first nodes; the second words become 0. */
void chains_start(struct chains *c);

static inline void chains_walk(struct chains *c, walk_fn walk, uint64_t steps)
{
	walk(c->at, steps);
	c->steps += steps;
}

/*
 * Proves that the steps were made: each chain stands where so many steps lead,
 * and the second words are what the operation leaves. 0, or -1 and `why`.
 */
int chains_check(const struct chains *c, enum walk_op op, char *why, size_t size);

#endif
