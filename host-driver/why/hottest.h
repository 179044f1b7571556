/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hottest lines of a function: instructions of two arms by address, which
 * debug information turns into file and line. Without any they are places in
 * the function, "+0x40-0x52".
 *
 *	struct hottest_function f = { .name = "make_spte" };
 *	struct symbols k = SYMBOLS_INIT;	// filled by symbols_of_image()
 *	struct hottest h = { 0 };
 *
 *	ret = hottest_add(&h, 0xffffffff81061234, 4096);	// for each instruction
 *	hottest_find(&h, &k, "vmlinux", 0, &f, 1);
 *	hottest_sort(&f);
 *	hottest_release(&h);
 */
#ifndef KDUEL_WHY_HOTTEST_H
#define KDUEL_WHY_HOTTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols.h"

struct hottest_place {
	uint64_t addr;		/* as it was linked; 0: free */
	double n;		/* instructions */
};

#define HOTTEST_MOST 50		/* functions of one question */

/* Of one arm and one side. */
struct hottest {
	struct hottest_place *v;	/* by a hash of the address */
	size_t n, room;
};

int hottest_add(struct hottest *h, uint64_t addr, double n);	/* -ENOMEM */
int hottest_merge(struct hottest *h, const struct hottest *from, double weight);	/* -ENOMEM */
void hottest_release(struct hottest *h);

/* A line, or a run of instructions that were executed equally often. */
struct hottest_line {
	char *where;		/* "spte.c:140", "+0x40-0x52" */
	double n[2];		/* instructions of both arms, of the blocks as they were merged */
};

struct hottest_function {
	const char *name;
	struct hottest_line *line;	/* the hottest first */
	size_t n;
};

/*
 * Gives functions of one side their lines, from one arm's places. `debug` is an
 * ELF file with debug information for `s`, or NULL. True: it told lines. May be
 * called for the other arm, too, with the same functions, of which there are at most HOTTEST_MOST.
 */
bool hottest_find(const struct hottest *h, const struct symbols *s, const char *debug, int arm,
		  struct hottest_function *f, size_t n);

/* Sorts them, once all arms are in. */
void hottest_sort(struct hottest_function *f);
void hottest_function_release(struct hottest_function *f);

/*
 * File and line of each address by an ELF file's debug information, in one
 * question, as it takes seconds: NULL in `said` where there is none, else the
 * caller's. Files without their folders.
 */
void hottest_ask(const char *elf, const uint64_t *addr, size_t n, char **said);

#endif
