/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walking 1 to 16 chases side by side. Within a chain each access waits for
 * the one before; between chains nothing waits, so that as many accesses as
 * there are chains are under way.
 *
 * A node holds two words: the address of the next one (bench/chase.h), and
 * one that the writing operations use.
 *
 *	read	follow the link
 *	write	follow it, and store in the node reached where the walk came from
 *	rmw	follow it, and add 1 in the node reached
 */
#ifndef KDUEL_MEM_WALK_CHAINS_H
#define KDUEL_MEM_WALK_CHAINS_H

#include <stddef.h>
#include <stdint.h>

#include "chase.h"

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
