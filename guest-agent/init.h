/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PID 1 of a VM that exists for one run: mounts what the agent needs, runs it
 * as a child, reaps what it leaves behind, and ends the machine.
 *
 * The machine ends by a restart, which QEMU's -no-reboot makes an exit: it
 * works on every machine type, with and without ACPI. An agent that fails
 * takes the kernel with it (PID 1 exits, the kernel panics, and its last words
 * are on the console).
 */
#ifndef KDUEL_INIT_H
#define KDUEL_INIT_H

/* Calls agent(arg), which returns an exit code, in a child. Does not return. */
void init_run(int (*agent)(void *arg), void *arg)
	__attribute__((noreturn));

#endif
