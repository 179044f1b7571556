/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What -fsanitize-coverage=trace-pc calls at every branch of a sanitizer
 * build: marks where the program has been. Only tests/fuzz looks at the map.
 */
#include "trace.h"

#include <string.h>

unsigned char trace_map[TRACE_SIZE];

/* Every page is there from the start: a test that counts faults counts its own. */
static void __attribute__((constructor)) trace_begin(void)
{
	memset(trace_map, 0, sizeof(trace_map));
}

void __sanitizer_cov_trace_pc(void)
{
	uintptr_t at = (uintptr_t)__builtin_return_address(0);

	trace_map[(at ^ at >> 16) % TRACE_SIZE] = 1;
}
