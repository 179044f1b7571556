/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions by address. A kernel's come out of its image: the table that the
 * kernel itself prints as /proc/kallsyms is in there (CONFIG_KALLSYMS), so
 * that the symbols of a kernel are never another kernel's. A program's come
 * out of its ELF file.
 *
 *	struct symbols s = SYMBOLS_INIT;
 *
 *	ret = symbols_of_image(&s, "bzImage", err);
 *	const struct symbol *f = symbols_find(&s, 0xffffffff81000040);
 *	...
 *	symbols_release(&s);
 */
#ifndef KDUEL_WHY_SYMBOLS_H
#define KDUEL_WHY_SYMBOLS_H

#include <stdint.h>
#include <stddef.h>

#include "err.h"

struct symbol {
	uint64_t addr;
	char *name;
};

/* Sorted by address, one name an address. */
struct symbols {
	struct symbol *v;
	size_t n, room;
	uint64_t end;		/* no function is at or beyond it; 0: not known */
};

#define SYMBOLS_INIT { 0 }

void symbols_release(struct symbols *s);

/*
 * Adds a function; symbols_sort() once all are in. Of several names at one
 * address the one added first is kept.
 */
int symbols_add(struct symbols *s, uint64_t addr, const char *name, size_t len);
void symbols_sort(struct symbols *s);

/* The function that holds `addr`: the last that begins at or before it. NULL: none. */
const struct symbol *symbols_find(const struct symbols *s, uint64_t addr);

/* The functions of an ELF program that is not stripped, as they were linked. -EINVAL. */
int symbols_of_program(struct symbols *s, const char *path, struct err *err);

/* Where a function is; 0: it has none of that name. */
uint64_t symbols_address(const struct symbols *s, const char *name);

/* The functions of a Linux bzImage. -EINVAL if it is none or has no table. */
int symbols_of_image(struct symbols *s, const char *path, struct err *err);

/* The same of an uncompressed kernel that lies in memory. */
int symbols_of_kernel(struct symbols *s, const uint8_t *kernel, size_t size,
		      struct err *err);

#endif
