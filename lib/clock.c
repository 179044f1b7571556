/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "file.h"
#include "order.h"

struct clock_facts clock_facts = {
	.name = "CLOCK_MONOTONIC_RAW",
	.why = "clock_init() was not called",
	.ns_per_tick = 1,
};

static bool clock_tsc_is_invariant(void)
{
#if defined(__x86_64__)
	unsigned a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & (1u << 8));
#else
	return false;
#endif
}

/* The kernel watches the counter; where it has given up on it, so do we. */
static bool clock_kernel_trusts_tsc(void)
{
	char *text;
	bool trusted;

	if (file_read("/sys/devices/system/clocksource/clocksource0/current_clocksource",
		      &text, NULL, NULL))
		return false;
	trusted = !strncmp(text, "tsc", 3) || !strncmp(text, "kvm-clock", 9) ||
		  !strncmp(text, "hyperv", 6);
	free(text);
	return trusted;
}

#if defined(__x86_64__)
/* One reading of both clocks, the tightest of a few. */
static void clock_read_both(uint64_t *tsc, uint64_t *ns)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 16; i++) {
		uint64_t before = __rdtsc();
		uint64_t now = clock_raw_ns();
		uint64_t after = __rdtsc();

		if (after - before < best) {
			best = after - before;
			*tsc = before + (after - before) / 2;
			*ns = now;
		}
	}
}

static double clock_measure_tick(void)
{
	uint64_t t0 = 0, n0 = 0, t1 = 0, n1 = 0;

	clock_read_both(&t0, &n0);
	usleep(20000);
	clock_read_both(&t1, &n1);
	return t1 > t0 ? (double)(n1 - n0) / (t1 - t0) : 0;
}
#else
static double clock_measure_tick(void)
{
	return 0;
}
#endif

static uint64_t clock_monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + ts.tv_nsec;
}

void clock_align(uint64_t ns, uint64_t phase)
{
	struct timespec ts;
	uint64_t at;

	if (!ns)
		return;
	at = clock_monotonic_ns() / ns * ns + ns + phase;
	ts.tv_sec = at / 1000000000u;
	ts.tv_nsec = at % 1000000000u;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
	while (clock_monotonic_ns() < at + CLOCK_SETTLE_NS)
		;
}

static void clock_measure_cost(void)
{
	enum { N = 255 };	/* odd: the median is one of them */
	double step[N], median;
	uint64_t smallest = UINT64_MAX, t0 = clock_ticks();

	for (int i = 0; i < N; i++) {
		uint64_t t = clock_ticks(), ticks = t - t0;

		step[i] = ticks;
		t0 = t;
		if (ticks && ticks < smallest)
			smallest = ticks;
	}
	median = order_median(step, N);
	clock_facts.overhead_ns = clock_ns(median);
	clock_facts.resolution_ns = smallest == UINT64_MAX ? 1 : clock_ns(smallest);
	/* A coarse clock reads the same many times over: then the mean is the cost. */
	if (!(median > 0)) {
		t0 = clock_ticks();
		for (int i = 0; i < 10000; i++)
			(void)clock_ticks();
		clock_facts.overhead_ns = clock_ns(clock_ticks() - t0) / 10000;
	}
}

void clock_init(void)
{
	static bool done;
	double tick = 0;

	if (done)
		return;
	done = true;
	if (!clock_tsc_is_invariant())
		clock_facts.why = "the time-stamp counter is not invariant";
	else if (!clock_kernel_trusts_tsc())
		clock_facts.why = "the kernel does not use the time-stamp counter";
	else if ((tick = clock_measure_tick()) <= 0)
		clock_facts.why = "the time-stamp counter stands still";
	if (tick > 0) {
		clock_facts.name = "tsc";
		clock_facts.why = "";
		clock_facts.tsc = true;
		clock_facts.ns_per_tick = tick;
	}
	clock_measure_cost();
}
