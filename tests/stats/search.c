/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Searches through a history that never was; see simulate.h. */
#include "simulate.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define COMMITS_MAX 1024

struct search {
	struct rng *r;
	struct model with, without;	/* the effect */
	const unsigned *looks;		/* of the ends, then of a commit */
	unsigned expected, decisions;
	struct stats_effect ends;
	bool exact;			/* commits are booted alone, and compared with these: */
	struct stats_ends boots;
};

static struct stats_effect search_effect(const struct search *s, const struct campaign *c, size_t n)
{
	struct stats_pairs p = { .base = c->base, .arm = c->arm, .n = n, .margin = STATS_MARGIN,
				 .deterministic = s->exact };
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
		s->ends = search_effect(s, &c, *look);
		if (stats_search_differ(&s->ends, 0,
					stats_search_level(s->expected, 0, s->looks)))
			return true;
	}
	return false;
}

/* --- booted alone -------------------------------------------------------------------- */

/* Boots of one kernel, as values. */
static void search_boots(struct search *s, const struct model *m, double *v)
{
	struct campaign c;

	simulate(s->r, m, BLOCKS_MAX, &c);
	for (size_t i = 0; i < BLOCKS_MAX; i++)
		v[i] = exp(c.arm[i]);
}

/* As bisect_step_judge_ends(), but for the margin. */
static bool search_exact_ends_differ(struct search *s)
{
	double good[BLOCKS_MAX], bad[BLOCKS_MAX], level, next;
	struct campaign c;

	s->looks = stats_search_looks(STATS_SEARCH_ENDS);
	level = stats_search_level(s->expected, 0, s->looks);
	next = stats_search_level(s->expected, 1, stats_search_looks(STATS_SEARCH_ALONE));
	search_boots(s, &s->without, good);
	search_boots(s, &s->with, bad);
	for (size_t i = 0; i < BLOCKS_MAX; i++) {
		c.base[i] = log(good[i]);
		c.arm[i] = log(bad[i]);
	}
	for (const unsigned *look = s->looks; *look; look++) {
		s->ends = search_effect(s, &c, *look);
		if (stats_search_ends(good, *look, bad, *look, false, &s->boots))
			continue;
		if (stats_search_differ(&s->ends, 0, level) &&
		    (stats_search_one_decides(&s->boots, next) || !look[1]))
			return true;
	}
	return false;
}

static enum stats_side search_exact_step(struct search *s, bool has)
{
	enum stats_side side = STATS_SIDE_OPEN;
	double v[BLOCKS_MAX], level;
	struct stats_effect e;

	s->looks = stats_search_looks(STATS_SEARCH_ALONE);
	level = stats_search_level(s->expected, s->decisions + 1, s->looks);
	search_boots(s, has ? &s->with : &s->without, v);
	for (const unsigned *look = s->looks; *look && side == STATS_SIDE_OPEN; look++)
		side = stats_search_alone(&s->boots, v, *look, level, &e, NULL);
	s->decisions += side != STATS_SIDE_OPEN;
	return side;
}

/* --- in blocks ----------------------------------------------------------------------- */

static enum stats_side search_step(struct search *s, bool has)
{
	double level = stats_search_level(s->expected, s->decisions + 1, s->looks);
	enum stats_side side = STATS_SIDE_OPEN;
	struct campaign c;

	simulate(s->r, has ? &s->with : &s->without, BLOCKS_MAX, &c);
	for (const unsigned *look = s->looks; *look && side == STATS_SIDE_OPEN; look++) {
		struct stats_effect e = search_effect(s, &c, *look);

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

static enum search_end search_run(struct search *s, unsigned commits)
{
	bool skipped[COMMITS_MAX + 1] = { false };
	/* 0 is the good end; the bad one is `commits`. */
	unsigned culprit = 1 + (unsigned)rng_below(s->r, commits), good = 0, bad = commits, at;

	s->expected = stats_search_decisions(commits);
	s->without.effect = 0;
	for (unsigned i = 1; i < commits; i++)
		skipped[i] = rng_uniform(s->r) < 0.1;
	if (!(s->exact ? search_exact_ends_differ : search_ends_differ)(s))
		return SEARCH_NOT_BEGUN;
	while ((at = search_next(skipped, good, bad)) != bad) {
		enum stats_side side = (s->exact ? search_exact_step : search_step)(s, at >= culprit);

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

enum search_end simulate_search(struct rng *r, const struct model *m, unsigned commits)
{
	struct search s = { .r = r, .with = *m, .without = *m,
			    .looks = stats_search_looks(STATS_SEARCH_TIME) };

	return search_run(&s, commits);
}

enum search_end simulate_search_exact(struct rng *r, const struct model *m, double wider,
				      unsigned commits)
{
	struct search s = { .r = r, .with = *m, .without = *m, .exact = true };

	s.with.boot *= wider;
	return search_run(&s, commits);
}
