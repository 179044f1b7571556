/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest was left for, and what became of its second-level faults: KVM
 * has a function for each, so how often these were entered tells. Known of
 * KVM for AMD, which is what QEMU emulates. A kernel whose compiler put such a
 * function into another one does not tell: its exits are among those of other
 * causes.
 *
 *	struct symbols s = SYMBOLS_INIT;	// filled by symbols_of_image()
 *	struct exits_places places;
 *	struct exits e = { 0 };
 *
 *	exits_find(&places, &s);		// once for each kernel
 *	exits_look(&e, &places);
 *	exits_add(&e, &places, 0xffffffff81000040, 4096);
 *	if (e.known[EXITS_FAULTS])
 *		printf("%g %s", e.n[EXITS_FAULTS], exits_causes[EXITS_FAULTS].what);
 */
#ifndef KDUEL_WHY_EXITS_H
#define KDUEL_WHY_EXITS_H

#include <stdbool.h>
#include <stdint.h>

#include "symbols.h"

#define EXITS_CAUSES 20

struct exits_cause {
	bool fault;			/* became of a second-level fault; else: why the guest was left */
	const char *what;		/* "second-level fault" */
	const char *functions;		/* of KVM, blanks between; one is entered once each time */
};

extern const struct exits_cause exits_causes[EXITS_CAUSES];

#define EXITS_FAULTS 0			/* the cause of all second-level faults */

#define EXITS_PLACES 128		/* of a kernel's functions; their variants included */

/* Where a kernel has these functions, in the order of their addresses. */
struct exits_places {
	struct exits_place {
		uint64_t addr;
		int cause;
	} v[EXITS_PLACES];
	size_t n;
};

void exits_find(struct exits_places *p, const struct symbols *s);

struct exits {
	double n[EXITS_CAUSES];
	bool known[EXITS_CAUSES];	/* the kernel has one of the functions */
	bool looked;
};

/* Which causes a kernel tells apart; once is enough. */
void exits_look(struct exits *e, const struct exits_places *p);

/* What begins at `addr` of the machine's kernel was executed so often; any address will do. */
void exits_add(struct exits *e, const struct exits_places *p, uint64_t addr, uint64_t times);

/* Of so many entries into the guest, those that were left for no known cause. */
double exits_others(const struct exits *e, double entries);

#endif
