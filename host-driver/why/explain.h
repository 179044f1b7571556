/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Explains what a dying kernel wrote on its console: adds the function to an address
 * in the kernel's text, and file and line to a function, if a vmlinux with debug
 * information lies beside the image. With KASLR the kernel prints its offset ("Kernel
 * Offset"), if it still can.
 *
 *	RAX: ffffffff81000042		RAX: ffffffff81000042 <startup+0x2>
 *	kvm_mmu_page_fault+0x1c/0x40	kvm_mmu_page_fault+0x1c/0x40 (mmu.c:5590)
 */
#ifndef KDUEL_WHY_EXPLAIN_H
#define KDUEL_WHY_EXPLAIN_H

#include <jansson.h>

#include "symbols.h"

/*
 * Rewrites the strings of `lines`, with the symbols of the bzImage `image`. If these
 * cannot be read the lines stay unchanged: that must not add another failure.
 */
void explain_console(json_t *lines, const char *image);

/* The same with given symbols; `vmlinux` may be NULL. */
void explain_lines(json_t *lines, const struct symbols *s, const char *vmlinux);

#endif
