/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which functions make the difference between two arms: the instructions of each,
 * per thing (page, access, iteration) that the regions did, block by block.
 *
 *	struct why_words words = { .arm = { "6.1", "6.1-rfc" }, .thing = "page" };
 *	struct why w;
 *
 *	ret = why_init(&w, 1, err);
 *	ret = why_add(&w, WHY_BASE, 0, symbols, region, err);	// each block, both arms
 *	ret = why_add(&w, WHY_OTHER, 0, symbols, region, err);
 *	ret = why_judge(&w, err);
 *	why_print(&w, stdout, &words);
 *	why_release(&w);
 *
 * A function is identified by its side and name. One that was renamed or split is
 * joined by why_map(), called before anything is added: `name` then counts as `as`.
 */
#ifndef KDUEL_WHY_DIFFERENCE_H
#define KDUEL_WHY_DIFFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "calls.h"
#include "exits.h"
#include "hottest.h"
#include "profile.h"
#include "symbols.h"

enum why_arm { WHY_BASE, WHY_OTHER, WHY_ARMS };

/* Whose code it is. Firmware is what runs below 4 GiB, boot loaders included. */
enum why_side {
	WHY_MUT_KERNEL, WHY_MUT_PROGRAMS, WHY_MUT_FIRMWARE,
	WHY_GUEST_KERNEL, WHY_GUEST_PROGRAMS, WHY_GUEST_FIRMWARE,
	WHY_SIDES,
};

const char *why_side_name(enum why_side side);	/* "machine's kernel" */

struct why_symbols {
	const struct symbols *mut, *guest;	/* of the kernels */
	const struct symbols *program;		/* of what runs the workloads; NULL: not known */
	const struct exits_places *exits;	/* of the machine's kernel; NULL: not known */
};

struct why_function {
	enum why_side side;
	char *name;
	double *count[WHY_ARMS];	/* instructions, loads or stores, by block */
	/* why_judge(): per thing, over blocks */
	double mean[WHY_ARMS];
	double diff, lo, hi;	/* OTHER - BASE, with its 95% interval: of samples, at least what chance makes of so many */
	double share;		/* of the whole difference; NAN: that may be chance */
	bool only[WHY_ARMS];	/* the other arm never executed it */
	struct hottest_function hot;	/* its lines, by why_find_hottest() */
};

/* Why a whole difference may be chance, of which nothing has a share. */
enum why_doubt {
	WHY_SURE,
	WHY_EQUAL,		/* there is none */
	WHY_HOLDS_0,		/* its interval does */
	WHY_TINY,		/* one block, and a part of the whole below WHY_LEAST */
	WHY_FEW_SAMPLES,	/* one block, and no more than what chance makes of so many */
};

/* One kernel's first touch was up to 0.16% apart between two boots (docs/why.md). */
#define WHY_LEAST 0.005

/* Of one block, until why_judge() knows how many things it did. */
struct why_block {
	struct calls calls;
	struct hottest hot[WHY_ARMS][WHY_SIDES];
};

/* Leaves it empty, and is safe to call again. */
void why_block_release(struct why_block *b);

struct why {
	enum profile_what what;	/* what is compared; instructions, unless set before why_add() */
	unsigned n_blocks;
	struct why_function *v;		/* why_judge(): largest difference first */
	size_t n, room;
	size_t *slots, n_slots;		/* by side and name */
	double *things[WHY_ARMS];	/* by block */
	double *total[WHY_ARMS];	/* of all functions, by block */
	/* Sums over all blocks: things, entries into the guest; memory, if it was counted. */
	double n_things[WHY_ARMS], entries[WHY_ARMS];
	double rest[WHY_ARMS];	/* that call stacks hold, too (profile.h) */
	struct exits exits[WHY_ARMS];	/* why the guest was left */
	double bytes[WHY_ARMS][2], pages[WHY_ARMS][2];	/* of the machine, of its guest */
	bool memory;
	/* Regions whose clock counted instructions, and how far their sums are above it. */
	char event[64];	/* that perf sampled, and how often a second; "": all was counted */
	size_t n_clocked;
	int64_t above_least, above_most;
	struct why_block *blocks;
	/*
	 * why_judge(): who called whom, and where. Blocks weigh the same, as in the table, whatever
	 * they did: calls.things are those of the blocks compared.
	 */
	struct calls calls;
	size_t n_hot;		/* of so many functions lines are wanted; set before why_add() */
	struct hottest hot[WHY_ARMS][WHY_SIDES];
	bool told[WHY_ARMS][WHY_SIDES];	/* by debug information */
	struct why_function whole;	/* the sum, judged like one function */
	enum why_doubt doubt;	/* may the whole difference be chance? */
	char **map;			/* name, as, name, as, ... */
	bool *mapped;			/* by map: the baseline executed `name` */
	size_t n_map;
};

int why_init(struct why *w, unsigned n_blocks, struct err *err);
void why_release(struct why *w);

/* `text` is "name=as": in the baseline `name` counts as `as`. */
int why_map(struct why *w, const char *text, struct err *err);

/* Is it of use: did the baseline execute `name`, and the other arm `as`? Once it is judged. */
void why_map_seen(const struct why *w, size_t map, bool seen[WHY_ARMS]);

const char *why_unit(const struct why *w);	/* "instructions" */

/*
 * Adds a region to a block (from 0) of an arm. -EINVAL if w->what was not counted in
 * it. A kernel's symbols may be NULL. r->clock must be 0 if the region's clock does not
 * count instructions.
 */
int why_add(struct why *w, enum why_arm arm, unsigned block,
	    const struct why_symbols *s, const struct profile_region *r,
	    struct err *err);

/* --- difference-judge.c --- */

/*
 * Compares the blocks in which both arms did things. -EINVAL if there is none: no
 * marked region, or none that said how many things it did.
 */
int why_judge(struct why *w, struct err *err);

/* Files with debug information, of an arm: its kernel, the guest's, the workloads' program. NULL: none. */
struct why_debug {
	struct why_symbols symbols[WHY_ARMS];
	const char *mut[WHY_ARMS], *guest, *program;
};

/* The lines of the first w->n_hot functions, once it is judged. */
void why_find_hottest(struct why *w, const struct why_debug *d);

/* --- print.c --- */

struct why_words {
	const char *arm[WHY_ARMS], *thing;	/* "page" */
	size_t most;		/* most lines of the table; 0: all */
};

#define WHY_FIRST 10

/*
 * How numbers per thing are written: none with an exponent, the largest of the first
 * WHY_FIRST functions with five digits. "of" is what they are per: "page", "thousand pages".
 */
struct why_scale {
	double times;		/* 1, 1000, ... */
	int decimals;
	char of[96];
};

struct why_scale why_scale_of(const struct why *w, const char *thing);

/* A sentence: in which functions 95% of the difference is, or why that cannot be said. */
void why_print_sentence(const struct why *w, FILE *to, const struct why_words *words);

/*
 * What is known of whole regions, not of functions, in all of them: entries into the guest and
 * what it was left for, bytes and pages where memory was counted. NAN: not known of the arm.
 */
typedef void (*why_beside_fn)(void *arg, const char *what, double base, double other);
void why_each_beside(const struct why *w, why_beside_fn fn, void *arg);

/* The sentence, the table, and what is beside it. */
void why_print(const struct why *w, FILE *to, const struct why_words *words);

#endif
