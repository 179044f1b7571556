/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gups-table.h"

/* The product of two polynomials. */
static uint64_t gups_table_multiply(uint64_t a, uint64_t b)
{
	uint64_t product = 0;

	for (; b; b >>= 1) {
		if (b & 1)
			product ^= a;
		a = gups_step(a);
	}
	return product;
}

uint64_t gups_jump(uint64_t n)
{
	uint64_t power = 2, result = 1;	/* x, and 1 */

	for (; n; n >>= 1) {
		if (n & 1)
			result = gups_table_multiply(result, power);
		power = gups_table_multiply(power, power);
	}
	return result;
}

void gups_init(struct gups *g, uint64_t *table, uint64_t words,
	       uint64_t updates, unsigned flight)
{
	g->table = table;
	g->mask = words - 1;
	g->flight = flight;
	g->steps = updates / flight;
	g->zero = 0;
	for (uint64_t i = 0; i < words; i++)
		table[i] = i;
	for (unsigned j = 0; j < flight; j++)
		g->next[j] = gups_step(gups_jump(g->steps * j));
}

/* With 0 for `zero` a stream's next number does not wait for the word it read. */
static inline __attribute__((always_inline))
void gups_table_update(struct gups *g, uint64_t steps, uint64_t zero)
{
	uint64_t *table = g->table, mask = g->mask;
	unsigned flight = g->flight;

	while (steps--) {
		for (unsigned j = 0; j < flight; j++) {
			uint64_t r = g->next[j], *at = &table[r & mask], was = *at;

			*at = was ^ r;
			r = gups_step(r ^ (was & zero));
			__builtin_prefetch(&table[r & mask], 1);
			g->next[j] = r;
		}
	}
}

void gups_update(struct gups *g, uint64_t steps)
{
	if (g->flight < GUPS_FLIGHT_FREE)
		gups_table_update(g, steps, *(volatile uint64_t *)&g->zero);
	else
		gups_table_update(g, steps, 0);
}

uint64_t gups_replay(uint64_t *table, uint64_t words, uint64_t updates)
{
	uint64_t r = 1, wrong = 0;

	for (uint64_t i = 0; i < updates; i++) {
		r = gups_step(r);
		table[r & (words - 1)] ^= r;
	}
	for (uint64_t i = 0; i < words; i++)
		wrong += table[i] != i;
	return wrong;
}
