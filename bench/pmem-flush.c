/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Getting stores out of the caches: clwb keeps the line, clflushopt drops it,
 * clflush drops it and waits for the one before. CPUID says which can be executed;
 * which of them is taken is measured.
 */
#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#include "clock.h"
#include "pmem-io.h"

#define LINE 64

#if defined(__x86_64__)
static bool pmem_flush_leaf7_ebx(unsigned bit)
{
	unsigned a, b, c, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> bit & 1);
}

static bool pmem_flush_has_clwb(void)
{
	return pmem_flush_leaf7_ebx(24);
}

static bool pmem_flush_has_clflushopt(void)
{
	return pmem_flush_leaf7_ebx(23);
}

static bool pmem_flush_has_clflush(void)
{
	return true;
}

__attribute__((target("clwb"))) static void pmem_flush_by_clwb(const void *addr)
{
	_mm_clwb((void *)addr);
}

__attribute__((target("clflushopt"))) static void pmem_flush_by_clflushopt(const void *addr)
{
	_mm_clflushopt((void *)addr);
}

static void pmem_flush_by_clflush(const void *addr)
{
	_mm_clflush(addr);
}

static const struct pmem_flush flushes[] = {
	{ "clwb", pmem_flush_has_clwb, pmem_flush_by_clwb },
	{ "clflushopt", pmem_flush_has_clflushopt, pmem_flush_by_clflushopt },
	{ "clflush", pmem_flush_has_clflush, pmem_flush_by_clflush },
};

void pmem_fence(void)
{
	_mm_sfence();
}
#else
static const struct pmem_flush flushes[0];

void pmem_fence(void)
{
	__sync_synchronize();
}
#endif

#define TRIALS 7
#define TRIAL_LINES 256
/*
 * A share: less is chance. Arms that differ by chance could not be compared, as
 * the instruction is part of the series' point.
 */
#define WORTH_IT 0.1

/* ns a line, stored to and flushed, the best of all trials. */
static double pmem_flush_cost(const struct pmem_flush *f, void *to, size_t len)
{
	size_t lines = len / LINE < TRIAL_LINES ? len / LINE : TRIAL_LINES;
	double best = INFINITY;

	for (int t = 0; t < TRIALS; t++) {
		uint64_t began = clock_raw_ns();

		for (size_t i = 0; i < lines; i++) {
			((volatile char *)to)[i * LINE] = (char)t;
			f->line((char *)to + i * LINE);
		}
		pmem_fence();
		best = fmin(best, (double)(clock_raw_ns() - began) / (double)lines);
	}
	return best;
}

int pmem_flush_find(const char *name, void *to, size_t len, const struct pmem_flush **f,
		    json_t *tried, struct err *err)
{
	double least = INFINITY;

	*f = NULL;
	for (size_t i = 0; i < sizeof(flushes) / sizeof(flushes[0]); i++) {
		double cost;

		if ((strcmp(name, "auto") && strcmp(name, flushes[i].name)) || !flushes[i].here())
			continue;
		cost = pmem_flush_cost(&flushes[i], to, len);
		json_object_set_new(tried, flushes[i].name, json_real(cost));
		if (cost >= least * (1 - WORTH_IT))
			continue;
		least = cost;
		*f = &flushes[i];
	}
	if (*f) {
		json_object_set_new(tried, "taken", json_string((*f)->name));
		return 0;
	}
	return err_machine(err, "this processor has no %s", strcmp(name, "auto")
			   ? name : "instruction that writes cache lines back");
}

void pmem_flush_range(const struct pmem_flush *f, const void *addr, size_t len)
{
	const char *p = addr, *end = p + len;

	for (; p < end; p += LINE)
		f->line(p);
}
