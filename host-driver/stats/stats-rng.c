/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats.h"

#include <math.h>

#include "rng.h"

/* SplitMix64 spreads any seed, 0 too, over the whole state. */
void stats_rng_init(struct stats_rng *r, uint64_t seed)
{
	struct rng spread;

	rng_init(&spread, seed);
	for (int i = 0; i < 4; i++)
		r->s[i] = rng_next(&spread);
}

static uint64_t rotate(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

uint64_t stats_rng_next(struct stats_rng *r)
{
	uint64_t *s = r->s, out = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return out;
}

double stats_rng_uniform(struct stats_rng *r)
{
	return ((double)(stats_rng_next(r) >> 11) + 0.5) * 0x1p-53;
}

double stats_rng_normal(struct stats_rng *r)
{
	double u = stats_rng_uniform(r), v = stats_rng_uniform(r);

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}
