/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chase.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uintptr_t *chase_word(const struct chase_field *f, size_t i)
{
	return (uintptr_t *)chase_node(f, i);
}

/*
 * Sattolo's algorithm on what the first nodes of groups hold. The addresses of a swap depend on
 * no value that was loaded, so swaps overlap in the memory system even on a field far larger
 * than the caches. A field and a generator of its own lie in registers: the words that are
 * stored might be theirs.
 */
static void chase_shuffle(const struct chase_field *field, size_t groups, size_t group,
			  struct rng *rng)
{
	const struct chase_field f = *field;
	struct rng r = *rng;

	for (size_t i = groups - 1; i > 0; i--) {
		uintptr_t *a = chase_word(&f, i * group);
		uintptr_t *b = chase_word(&f, rng_below(&r, i) * group);
		uintptr_t t = *a;

		*a = *b;
		*b = t;
	}
	*rng = r;
}

/* Each node leads to itself, then to the one that came in its place. */
void chase_link_random(const struct chase_field *field, struct rng *rng)
{
	const struct chase_field f = *field;

	for (size_t i = 0; i < f.nodes; i++)
		*chase_word(&f, i) = (uintptr_t)chase_node(&f, i);
	chase_shuffle(&f, f.nodes, 1, rng);
}

/* The same with the groups' numbers in their first nodes, which become addresses then. */
void chase_link_groups(const struct chase_field *f, size_t group,
		       struct rng *rng)
{
	size_t groups = (f->nodes + group - 1) / group;

	for (size_t i = 0; i < groups; i++)
		*chase_word(f, i * group) = i;
	chase_shuffle(f, groups, group, rng);
	for (size_t g = 0; g < groups; g++) {
		size_t first = g * group, last = first + group - 1;
		char *follows = chase_node(f, *chase_word(f, first) * group);

		if (last >= f->nodes)
			last = f->nodes - 1;
		for (size_t i = first; i < last; i++)
			*chase_word(f, i) = (uintptr_t)chase_node(f, i + 1);
		*chase_word(f, last) = (uintptr_t)follows;
	}
}

void chase_link_strided(const struct chase_field *f, size_t jump)
{
	for (size_t i = 0; i < f->nodes; i++) {
		size_t next = i + jump;

		if (next >= f->nodes) {
			next = i % jump + 1;
			if (next >= jump || next >= f->nodes)
				next = 0;
		}
		*chase_word(f, i) = (uintptr_t)chase_node(f, next);
	}
}

static uint64_t chase_mix(uintptr_t at)
{
	uint64_t z = at * 0x9e3779b97f4a7c15ULL;

	return (z ^ (z >> 29)) * 0xbf58476d1ce4e5b9ULL;
}

struct bounds {
	uintptr_t first, last;
};

/* The lowest and highest node, and a checksum of the set of nodes. */
static uint64_t chase_survey(const struct chase_field *f, struct bounds *b)
{
	uint64_t sum = 0;

	b->first = UINTPTR_MAX;
	b->last = 0;
	for (size_t i = 0; i < f->nodes; i++) {
		uintptr_t at = (uintptr_t)chase_node(f, i);

		sum += chase_mix(at);
		if (at < b->first)
			b->first = at;
		if (at > b->last)
			b->last = at;
	}
	return sum;
}

int chase_check(const struct chase_field *f, char *why, size_t size)
{
	uintptr_t start = (uintptr_t)chase_node(f, 0), at = start;
	struct bounds b;
	uint64_t want = chase_survey(f, &b), sum = 0;
	size_t seen = 0;

	/*
	 * A walk that first comes back after exactly `nodes` steps has seen as
	 * many different addresses; the sum says that they were the nodes.
	 */
	do {
		if (at < b.first || at > b.last || at % sizeof(uintptr_t)) {
			snprintf(why, size, "after %zu of %zu nodes the chase leaves its field",
				 seen, f->nodes);
			return -1;
		}
		sum += chase_mix(at);
		at = *(uintptr_t *)at;
		seen++;
	} while (at != start && seen <= f->nodes);
	if (seen != f->nodes) {
		snprintf(why, size, "the cycle is broken: it %s %zu nodes instead of %zu",
			 seen < f->nodes ? "closes after" : "is not closed after",
			 seen < f->nodes ? seen : f->nodes, f->nodes);
		return -1;
	}
	if (sum != want) {
		snprintf(why, size, "the cycle visits %zu addresses that are not the nodes",
			 seen);
		return -1;
	}
	return 0;
}

char *chase_walk(char *from, uint64_t n)
{
	char *p = from;

	for (; n >= 8; n -= 8) {
		p = *(char **)p;
		p = *(char **)p;
		p = *(char **)p;
		p = *(char **)p;
		p = *(char **)p;
		p = *(char **)p;
		p = *(char **)p;
		p = *(char **)p;
	}
	while (n--)
		p = *(char **)p;
	return p;
}

/* --- several at once --- */

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

static struct tally chase_tally_of(const struct chase_field *f)
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

static int chase_check_words(const struct chains *c, unsigned k, enum walk_op op,
			     char *why, size_t size)
{
	struct tally t = chase_tally_of(&c->field[k]);
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
		if (chase_check_words(c, k, op, why, size))
			return -1;
	}
	return 0;
}
