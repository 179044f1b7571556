/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the plugin must know of an x86 instruction, from its bytes alone.
 */
#ifndef KDUEL_PLUGIN_INSN_H
#define KDUEL_PLUGIN_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Always runs to its end once begun: works on registers only, and cannot trap.
 * An unknown instruction counts as one that may stop, which costs a counter but
 * no accuracy.
 */
bool insn_never_stops(const unsigned char *bytes, size_t size);

/*
 * Pushes or pops a register: a running kernel's stack is always mapped, so that
 * in a machine's own kernel it runs to its end, too.
 */
bool insn_is_push_or_pop(const unsigned char *bytes, size_t size);

enum insn_flow { INSN_GOES_ON, INSN_CALLS, INSN_RETURNS };

/*
 * Does it store a return address, or take one? `target` is where a call at
 * `vaddr` goes to; 0 for an indirect call.
 */
enum insn_flow insn_flow(const unsigned char *bytes, size_t size, uint64_t vaddr,
			 uint64_t *target);

/* Reads or writes a port, upon which a guest is left and goes on behind it. */
bool insn_uses_port(const unsigned char *bytes, size_t size);

/* `vmrun`: what follows it runs in a guest, until that exits. */
bool insn_is_vmrun(const unsigned char *bytes, size_t size);

#endif
