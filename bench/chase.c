/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chase.h"

#include <stdio.h>
#include <string.h>

static uintptr_t *chase_word(const struct chase_field *f, size_t i)
{
	return (uintptr_t *)chase_node(f, i);
}

/*
 * Leaves in each group's first node the index of the group that follows it.
 * The addresses of a swap depend on no value that was loaded, so swaps overlap
 * in the memory system even on a field far larger than the caches.
 */
static void chase_sattolo(const struct chase_field *f, size_t groups, size_t group,
			  struct rng *rng)
{
	for (size_t i = 0; i < groups; i++)
		*chase_word(f, i * group) = i;
	for (size_t i = groups - 1; i > 0; i--) {
		uintptr_t *a = chase_word(f, i * group);
		uintptr_t *b = chase_word(f, rng_below(rng, i) * group);
		uintptr_t t = *a;

		*a = *b;
		*b = t;
	}
}

void chase_link_groups(const struct chase_field *f, size_t group,
		       struct rng *rng)
{
	size_t groups = (f->nodes + group - 1) / group;

	chase_sattolo(f, groups, group, rng);
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

void chase_link_random(const struct chase_field *f, struct rng *rng)
{
	chase_link_groups(f, 1, rng);
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
