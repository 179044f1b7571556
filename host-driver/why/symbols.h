/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions by address. A kernel's come from its image, which contains the table that
 * the kernel prints as /proc/kallsyms (CONFIG_KALLSYMS), so that they are never those
 * of another kernel.
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

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "err.h"

struct symbol {
	uint64_t addr;
	char *name;
};

/* Sorted by address, one name per address. */
struct symbols {
	struct symbol *v;
	size_t n, room;
	uint64_t end;		/* all functions lie below it; 0: unknown */
};

#define SYMBOLS_INIT { 0 }

void symbols_release(struct symbols *s);

/*
 * Adds a function; call symbols_sort() after the last. Of several names at one address
 * the first one added is kept.
 */
int symbols_add(struct symbols *s, uint64_t addr, const char *name, size_t len);
void symbols_sort(struct symbols *s);

/* The function that contains `addr`: the last one that begins at or before it; or NULL. */
const struct symbol *symbols_find(const struct symbols *s, uint64_t addr);

/* The functions of an ELF program that is not stripped, as they were linked. -EINVAL. */
int symbols_of_program(struct symbols *s, const char *path, struct err *err);

/* Where a function is; 0: it has none of that name. */
uint64_t symbols_address(const struct symbols *s, const char *name);

/* The functions of a Linux bzImage. -EINVAL if it is none or has no table. */
int symbols_of_image(struct symbols *s, const char *path, struct err *err);

/* The same for an uncompressed kernel in memory. */
int symbols_of_kernel(struct symbols *s, const uint8_t *kernel, size_t size,
		      struct err *err);

/* --- explain.c --- */

/*
 * Explains what a dying kernel wrote on its console: adds the function to an address
 * in the kernel's text, and file and line to a function, if a vmlinux with debug
 * information lies beside the image. With KASLR the kernel prints its offset ("Kernel
 * Offset"), if it still can.
 *
 *	RAX: ffffffff81000042		RAX: ffffffff81000042 <startup+0x2>
 *	kvm_mmu_page_fault+0x1c/0x40	kvm_mmu_page_fault+0x1c/0x40 (mmu.c:5590)
 */

/*
 * Rewrites the strings of `lines`, with the symbols of the bzImage `image`. If these
 * cannot be read the lines stay unchanged: that must not add another failure.
 */
void explain_console(json_t *lines, const char *image);

/* The same with given symbols; `vmlinux` may be NULL. */
void explain_lines(json_t *lines, const struct symbols *s, const char *vmlinux);

#endif
