/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions that do nothing and mean something: long NOPs of one form, by
 * which a program tells the emulator's plugin (plugin/) where a region to be
 * counted begins and ends, and which one it is. Without the plugin, and on
 * hardware, they cost a cycle each, so a workload always executes them: what is
 * counted does not depend on whether anybody counts.
 *
 *	marker_number(t0);	// once: where MARKER_PLACE is
 *	marker(MARKER_HERE);
 *	marker_number(series << 16 | i);
 *	marker(MARKER_BEGIN);
 *	...	// the timed region
 *	marker(MARKER_END);
 *	marker_number(ticks);	// the time stamp counter's, between the two
 *	marker(MARKER_CLOCK);
 *	marker_number(n);	// pages
 *	marker(MARKER_THINGS);
 *
 * The region holds the marker that begins it and not the one that ends it. A
 * second BEGIN starts it again; an END without one is ignored.
 *
 * The form is `nopl disp32(%rax,%rax,1)`: 0f 1f 84 00 and the displacement,
 * of which the upper half says that it is ours.
 */
#ifndef KDUEL_MARKER_H
#define KDUEL_MARKER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MARKER_SIZE 8
#define MARKER_OURS 0x4b570000u
#define MARKER_PLACE "bench_begin"	/* the function that tells where a program was loaded */

enum marker {
	MARKER_NONE = -1,
	MARKER_BEGIN = 1,
	MARKER_END,
	MARKER_THINGS,	/* the number is how many things the last region did */
	MARKER_ZERO,	/* shift a 0 or a 1 into the number, of 64 bits */
	MARKER_ONE,
	MARKER_CLOCK,	/* the number is the last region's time-stamp ticks */
	MARKER_HERE,	/* the number is where the program has MARKER_PLACE */
};

#if defined(__x86_64__)
#define MARKER_EMIT(n) \
	__asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00\n\t.long %c0" \
			 : : "i"(MARKER_OURS | (n)) : "memory")
#else
#define MARKER_EMIT(n) ((void)(n))
#endif

/* `m` is a constant. */
#define marker(m) MARKER_EMIT(m)

static inline void marker_number(uint64_t number)
{
	for (int i = 63; i >= 0; i--) {
		if (number >> i & 1)
			marker(MARKER_ONE);
		else
			marker(MARKER_ZERO);
	}
}

/* Which marker an instruction of `size` bytes is. */
static inline int marker_of(const void *insn, size_t size)
{
	static const uint8_t form[4] = { 0x0f, 0x1f, 0x84, 0x00 };
	uint32_t what;

	if (size != MARKER_SIZE || memcmp(insn, form, sizeof(form)))
		return MARKER_NONE;
	memcpy(&what, (const uint8_t *)insn + sizeof(form), sizeof(what));
	if ((what & 0xffff0000u) != MARKER_OURS || !(what & 0xffff) ||
	    (what & 0xffff) > MARKER_HERE)
		return MARKER_NONE;
	return what & 0xffff;
}

#endif
