/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One clock for everything that is timed: the time-stamp counter where it is
 * invariant and the kernel trusts it, CLOCK_MONOTONIC_RAW otherwise (under
 * emulation, for one). Its rate, resolution and cost are measured once, by
 * clock_init(), and belong in the record.
 *
 *	clock_init();
 *	t0 = clock_ticks();
 *	...
 *	ns = clock_ns(clock_ticks() - t0);
 */
#ifndef KDUEL_CLOCK_H
#define KDUEL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

struct clock_facts {
	const char *name;	/* "tsc" or "CLOCK_MONOTONIC_RAW" */
	const char *why;	/* why not the other one; "" for tsc */
	bool tsc;
	double ns_per_tick;
	double resolution_ns;	/* smallest step seen */
	double overhead_ns;	/* of one reading, median */
};

extern struct clock_facts clock_facts;

/* Measures the clock; about 20 ms the first time, free after that. */
void clock_init(void);

static inline uint64_t clock_raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + ts.tv_nsec;
}

/*
 * Sleeps to `phase` ns after the next whole multiple of `ns` on
 * CLOCK_MONOTONIC, then keeps the CPU busy for CLOCK_SETTLE_NS; returns at once
 * for ns = 0. Where time is an instruction count, work that begins after it
 * finds the timer tick and the kernel's periodic work at the same point in
 * every boot with the same `phase`. What the kernel put off while its CPU slept
 * (deferrable timers) is done while the CPU is kept busy.
 */
#define CLOCK_SETTLE_NS 20000000
void clock_align(uint64_t ns, uint64_t phase);

/* Fenced: all work before the call is done, none after it has begun. */
static inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
	if (clock_facts.tsc) {
		uint64_t t;

		_mm_lfence();
		t = __rdtsc();
		_mm_lfence();
		return t;
	}
#endif
	return clock_raw_ns();
}

/*
 * The time-stamp counter itself, which counts instructions where the emulator's
 * clock does. 0 where there is none.
 */
static inline uint64_t clock_stamp(void)
{
#if defined(__x86_64__)
	return __rdtsc();
#else
	return 0;
#endif
}

static inline double clock_ns(uint64_t ticks)
{
	return ticks * clock_facts.ns_per_tick;
}

#endif
