/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Getting stores out of the caches: clwb keeps the line, clflushopt drops it,
 * clflush drops it and waits for the one before. Chosen at run time by CPUID.
 */
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

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

static bool has_clflushopt(void)
{
	return pmem_flush_leaf7_ebx(23);
}

static bool has_clflush(void)
{
	return true;
}

__attribute__((target("clwb"))) static void do_clwb(const void *addr)
{
	_mm_clwb((void *)addr);
}

__attribute__((target("clflushopt"))) static void do_clflushopt(const void *addr)
{
	_mm_clflushopt((void *)addr);
}

static void do_clflush(const void *addr)
{
	_mm_clflush(addr);
}

static const struct pmem_flush flushes[] = {
	{ "clwb", pmem_flush_has_clwb, do_clwb },
	{ "clflushopt", has_clflushopt, do_clflushopt },
	{ "clflush", has_clflush, do_clflush },
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

int pmem_flush_find(const char *name, const struct pmem_flush **f, struct err *err)
{
	for (size_t i = 0; i < sizeof(flushes) / sizeof(flushes[0]); i++) {
		bool wanted = !strcmp(name, "auto") || !strcmp(name, flushes[i].name);

		if (wanted && flushes[i].here()) {
			*f = &flushes[i];
			return 0;
		}
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
