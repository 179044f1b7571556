/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Searches through a history that never was; see simulate.h. */
#include "simulate.h"

#include <stdbool.h>
#include <stddef.h>

#define COMMITS_MAX 1024

struct search {
	struct rng *r;
	struct model with, without;	/* the effect */
	const unsigned *looks;
	unsigned expected, decisions;
	struct stats_effect ends;
};

static struct stats_effect search_effect(const struct campaign *c, size_t n)
{
	struct stats_pairs p = { .base = c->base, .arm = c->arm, .n = n, .margin = STATS_MARGIN };
	struct stats_effect e;

	if (stats_effect(&p, &e))
		e.n = 0;
	return e;
}

static bool search_ends_differ(struct search *s)
{
	struct campaign c;

	simulate(s->r, &s->with, BLOCKS_MAX, &c);
	for (const unsigned *look = s->looks; *look; look++) {
		s->ends = search_effect(&c, *look);
		if (stats_search_differ(&s->ends, 0,
					stats_search_level(s->expected, 0, s->looks)))
			return true;
	}
	return false;
}

static enum stats_side search_step(struct search *s, bool has)
{
	double level = stats_search_level(s->expected, s->decisions + 1, s->looks);
	enum stats_side side = STATS_SIDE_OPEN;
	struct campaign c;

	simulate(s->r, has ? &s->with : &s->without, BLOCKS_MAX, &c);
	for (const unsigned *look = s->looks; *look && side == STATS_SIDE_OPEN; look++) {
		struct stats_effect e = search_effect(&c, *look);

		side = stats_search_side(&s->ends, &e, level, NULL);
	}
	s->decisions += side != STATS_SIDE_OPEN;
	return side;
}

/* The commit nearest to the middle of (good, bad) that was not skipped; bad: none. */
static unsigned search_next(const bool *skipped, unsigned good, unsigned bad)
{
	unsigned middle = (good + bad) / 2, best = bad, far = COMMITS_MAX;

	for (unsigned i = good + 1; i < bad; i++) {
		unsigned d = i > middle ? i - middle : middle - i;

		if (!skipped[i] && d < far) {
			far = d;
			best = i;
		}
	}
	return best;
}

enum search_end simulate_search(struct rng *r, const struct model *m, unsigned commits)
{
	struct search s = { .r = r, .with = *m, .without = *m,
			    .looks = stats_search_looks(STATS_SEARCH_TIME),
			    .expected = stats_search_decisions(commits) };
	bool skipped[COMMITS_MAX + 1] = { false };
	/* 0 is the good end; the bad one is `commits`. */
	unsigned culprit = 1 + (unsigned)rng_below(r, commits), good = 0, bad = commits, at;

	s.without.effect = 0;
	for (unsigned i = 1; i < commits; i++)
		skipped[i] = rng_uniform(r) < 0.1;
	if (!search_ends_differ(&s))
		return SEARCH_NOT_BEGUN;
	while ((at = search_next(skipped, good, bad)) != bad) {
		enum stats_side side = search_step(&s, at >= culprit);

		if (side == STATS_SIDE_GOOD)
			good = at;
		else if (side == STATS_SIDE_BAD)
			bad = at;
		else
			skipped[at] = true;
	}
	if (culprit <= good || culprit > bad)
		return SEARCH_WRONG;	/* also where skipped ones are left: the range lacks it */
	return bad - good == 1 ? SEARCH_RIGHT : SEARCH_OPEN;
}
