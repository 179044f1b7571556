/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mem-walk-chains.h"

#include <inttypes.h>
#include <stdio.h>

/* A local variable for each chain: an array would live in memory. */
#define LOAD(i)  char *p##i = at[i];
#define STORE(i) at[i] = p##i;

#define READ(i)  p##i = *(char **)p##i;
#define WRITE(i) { char *q = *(char **)p##i; ((char **)q)[1] = p##i; p##i = q; }
#define RMW(i)   { p##i = *(char **)p##i; ((uint64_t *)p##i)[1]++; }

#define CHAINS_1(X)  X(0)
#define CHAINS_2(X)  CHAINS_1(X) X(1)
#define CHAINS_3(X)  CHAINS_2(X) X(2)
#define CHAINS_4(X)  CHAINS_3(X) X(3)
#define CHAINS_5(X)  CHAINS_4(X) X(4)
#define CHAINS_6(X)  CHAINS_5(X) X(5)
#define CHAINS_7(X)  CHAINS_6(X) X(6)
#define CHAINS_8(X)  CHAINS_7(X) X(7)
#define CHAINS_9(X)  CHAINS_8(X) X(8)
#define CHAINS_10(X) CHAINS_9(X) X(9)
#define CHAINS_11(X) CHAINS_10(X) X(10)
#define CHAINS_12(X) CHAINS_11(X) X(11)
#define CHAINS_13(X) CHAINS_12(X) X(12)
#define CHAINS_14(X) CHAINS_13(X) X(13)
#define CHAINS_15(X) CHAINS_14(X) X(14)
#define CHAINS_16(X) CHAINS_15(X) X(15)

#define WALK(OP, N)							\
static void walk_##OP##_##N(char **at, uint64_t steps)			\
{									\
	CHAINS_##N(LOAD)						\
	while (steps--) {						\
		CHAINS_##N(OP)						\
	}								\
	CHAINS_##N(STORE)						\
}

#define EACH_COUNT(X, OP)						\
	X(OP, 1) X(OP, 2) X(OP, 3) X(OP, 4) X(OP, 5) X(OP, 6)		\
	X(OP, 7) X(OP, 8) X(OP, 9) X(OP, 10) X(OP, 11) X(OP, 12)	\
	X(OP, 13) X(OP, 14) X(OP, 15) X(OP, 16)

#define NAME(OP, N) walk_##OP##_##N,

EACH_COUNT(WALK, READ)
EACH_COUNT(WALK, WRITE)
EACH_COUNT(WALK, RMW)

walk_fn walk_find(enum walk_op op, unsigned chains)
{
	static const walk_fn table[WALK_OPS][CHAINS_MOST] = {
		[WALK_READ] = { EACH_COUNT(NAME, READ) },
		[WALK_WRITE] = { EACH_COUNT(NAME, WRITE) },
		[WALK_RMW] = { EACH_COUNT(NAME, RMW) },
	};

	return table[op][chains - 1];
}

void chains_cut(struct chains *c, const struct chase_field *whole, unsigned n)
{
	size_t nodes = whole->nodes / n;

	c->n = n;
	c->steps = 0;
	for (unsigned i = 0; i < n; i++) {
		c->field[i] = *whole;
		c->field[i].nodes = nodes;
		c->field[i].base = chase_node(whole, i * nodes);
		c->at[i] = c->field[i].base;
	}
}

void chains_start(struct chains *c)
{
	c->steps = 0;
	for (unsigned k = 0; k < c->n; k++) {
		const struct chase_field *f = &c->field[k];

		c->at[k] = chase_node(f, 0);
		for (size_t i = 0; i < f->nodes; i++)
			((uint64_t *)chase_node(f, i))[1] = 0;
	}
}

/* Of the second words, how many were written, and the sum of the counts. */
struct tally {
	uint64_t written, sum, strangers;
};

static struct tally mem_walk_chains_tally_of(const struct chase_field *f)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < f->nodes; i++) {
		char *node = chase_node(f, i);
		uint64_t word = ((uint64_t *)node)[1];
		char *from = (char *)(uintptr_t)word;

		t.written += word != 0;
		t.sum += word;
		/* Only a node of the field is followed, whatever was stored. */
		if (word && (from < f->base || from >= f->base + f->spacing * f->nodes ||
			     (from - f->base) % f->spacing || *(char **)from != node))
			t.strangers++;
	}
	return t;
}

static int mem_walk_chains_check_words(const struct chains *c, unsigned k, enum walk_op op,
				       char *why, size_t size)
{
	struct tally t = mem_walk_chains_tally_of(&c->field[k]);
	uint64_t nodes = c->field[k].nodes, visited = c->steps < nodes ? c->steps : nodes;

	if (op == WALK_RMW && t.sum != c->steps)
		snprintf(why, size, "chain %u: the counts add up to %" PRIu64 " after %" PRIu64
			 " additions", k, t.sum, c->steps);
	else if (op == WALK_READ && t.written)
		snprintf(why, size, "chain %u: %" PRIu64 " nodes were written by a walk that only "
			 "reads", k, t.written);
	else if (op != WALK_READ && t.written != visited)
		snprintf(why, size, "chain %u: %" PRIu64 " nodes were written, not %" PRIu64,
			 k, t.written, visited);
	else if (op == WALK_WRITE && t.strangers)
		snprintf(why, size, "chain %u: %" PRIu64 " nodes do not name the one before them",
			 k, t.strangers);
	else
		return 0;
	return -1;
}

int chains_check(const struct chains *c, enum walk_op op, char *why, size_t size)
{
	for (unsigned k = 0; k < c->n; k++) {
		const struct chase_field *f = &c->field[k];

		if (chase_walk(chase_node(f, 0), c->steps % f->nodes) != c->at[k]) {
			snprintf(why, size, "chain %u does not stand where %" PRIu64 " steps lead",
				 k, c->steps);
			return -1;
		}
		if (mem_walk_chains_check_words(c, k, op, why, size))
			return -1;
	}
	return 0;
}
