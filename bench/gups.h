/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random updates of a table by the rules of HPCC RandomAccess, code of our
 * own: the table has 2^k words, word i starts as i, and each number r of a
 * fixed pseudo-random sequence does table[r mod 2^k] ^= r.
 *
 * The sequence is 1, x, x^2, ... in the field of polynomials over {0, 1}
 * modulo x^64 + x^2 + x + 1: a step is a shift. Any place of it can be jumped
 * to, so it is cut into `flight` streams that advance in turn.
 *
 *	struct gups g;
 *
 *	gups_init(&g, table, words, updates, 128);
 *	gups_update(&g, g.steps);	// each stream does that many
 *	wrong = gups_replay(table, words, updates);	// 0 if none was lost
 *
 * Each stream has one update under way: its line is asked for, all other
 * streams take their turn, then it is done, and the stream's next number is
 * made to wait for the word it has read. So exactly `flight` are in flight,
 * 1 to 1024: the most that the rules let a program look ahead. The wait costs
 * up to 8%; from GUPS_FLIGHT_FREE streams on there is none, and the processor
 * has in flight whatever else it can see.
 */
#ifndef KDUEL_GUPS_H
#define KDUEL_GUPS_H

#include <stddef.h>
#include <stdint.h>

#define GUPS_FLIGHT_MOST 1024
#define GUPS_FLIGHT_FREE 64

struct gups {
	uint64_t *table;
	uint64_t mask;		/* words - 1 */
	uint64_t steps;		/* of each stream, for all updates */
	unsigned flight;
	uint64_t zero;		/* always 0, which the compiler must not know */
	uint64_t next[GUPS_FLIGHT_MOST];	/* asked for, not done yet */
};

static inline uint64_t gups_step(uint64_t r)
{
	return r << 1 ^ ((int64_t)r < 0 ? 7 : 0);
}

/* The n-th number of the sequence; the 0th is 1. */
uint64_t gups_jump(uint64_t n);

/*
 * Fills the table and sets the streams up. `words` and `flight` are powers of
 * two, `updates` a multiple of `flight`.
 */
void gups_init(struct gups *g, uint64_t *table, uint64_t words,
	       uint64_t updates, unsigned flight);

/* `steps` updates of each stream. */
void gups_update(struct gups *g, uint64_t steps);

/*
 * Undoes `updates` updates in their plain order and counts the words that do
 * not come back to what they were. Leaves the table filled if there are none.
 */
uint64_t gups_replay(uint64_t *table, uint64_t words, uint64_t updates);

#endif
