/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does the proof match the cell and the arm? A sample whose proof contradicts what
 * was to be measured is kept, marked void with the reason, and never averaged.
 *
 * The requirements on the bytes mapped before and after the timed region:
 *	guest		the buffer's pages are of the cell's source: at least
 *			95% of that size, and none huge for anon-4k
 *	second-level	as the arm says: at least 95% of that size after the
 *			timed region; for 4k none huge, before or after
 *	file		at least 95% in aligned 2M extents, if the backing
 *			promises that
 * The MUT's own page table is shown, not judged: the guest gets the second-level
 * table. If a layer that must be judged is unknown, the sample is void.
 */
#ifndef KDUEL_JUDGE_H
#define KDUEL_JUDGE_H

#include <stdbool.h>

#include "plan/plan.h"
#include "view.h"
#include "vocab/words.h"

/* The page sizes of a layer (docs/record-format.md). */
struct proof_layer {
	bool given;
	double bytes[PAGE_SIZES];
	char *unavailable;	/* the reason; NULL: there are bytes */
};

struct proof {
	struct proof_layer layer[WHENS][LAYERS];
};

void proof_release(struct proof *p);

/*
 * Keeps what will be judged of an agent's layer object, if it passes
 * record_check_layer(). 0, or -EPROTO naming what is wrong.
 */
int proof_take(struct proof *p, enum when when, const struct view *layer,
	       struct err *err);

/*
 * NULL if it matches, else the reason, which the caller frees. Then `*small` is the
 * layer that lacks the huge pages it should have, or LAYERS if none were wanted.
 */
char *proof_judge(const struct proof *p, const struct plan_cell *cell,
		  const struct plan_arm *arm, enum layer *small);

#endif
