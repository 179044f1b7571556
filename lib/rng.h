/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small seeded generator: the same seed gives the same sequence on every
 * machine and with every compiler, so an access pattern, a plan and a test
 * can be made again from the seed in the record. Not for secrets.
 *
 *	struct rng r;
 *
 *	rng_init(&r, seed);
 *	i = rng_below(&r, n);
 *
 * SplitMix64 (public domain algorithm by Sebastiano Vigna): full period
 * 2^64, one add, two multiplies and three xor-shifts a number.
 */
#ifndef KDUEL_RNG_H
#define KDUEL_RNG_H

#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline void rng_init(struct rng *r, uint64_t seed)
{
	r->state = seed;
}

static inline uint64_t rng_next(struct rng *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* Uniform in (0, 1), without the ends. */
static inline double rng_uniform(struct rng *r)
{
	return ((double)(rng_next(r) >> 11) + 0.5) * 0x1p-53;
}

/* Uniform in [0, n), n > 0. The bias is below n / 2^64. */
static inline uint64_t rng_below(struct rng *r, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)rng_next(r) * n) >> 64);
}

#endif
