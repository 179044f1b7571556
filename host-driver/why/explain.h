/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a dying kernel wrote on its console, for a reader: an address in the
 * kernel's text gets its function, and what names a function gets file and line
 * where a vmlinux with debug information lies beside the image. A kernel that
 * placed itself at random says by how much ("Kernel Offset"), if it still can.
 *
 *	RAX: ffffffff81000042		RAX: ffffffff81000042 <startup+0x2>
 *	kvm_mmu_page_fault+0x1c/0x40	kvm_mmu_page_fault+0x1c/0x40 (mmu.c:5590)
 */
#ifndef KDUEL_WHY_EXPLAIN_H
#define KDUEL_WHY_EXPLAIN_H

#include <jansson.h>

#include "symbols.h"

/*
 * Rewrites the strings of `lines`. They stay as they are if the image's symbols
 * cannot be read: this is for a machine that died, and no reason to fail.
 */
void explain_console(json_t *lines, const char *image);

/* The same, by symbols at hand; `vmlinux` may be NULL. */
void explain_lines(json_t *lines, const struct symbols *s, const char *vmlinux);

#endif
