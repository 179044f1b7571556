/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the plugin share: the state of the one machine that runs, and the
 * functions by which they call each other. QEMU calls from the thread of each virtual
 * processor; translation and markers hold the lock.
 */
#ifndef KDUEL_PLUGIN_WHY_H
#define KDUEL_PLUGIN_WHY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "counts.h"
#include "qemu-api.h"
#include "stack.h"

#define KERNEL_SPACE 0xffff800000000000ULL
#define KERNEL_TEXT 0xffffffff80000000ULL

struct why {
	pthread_mutex_t lock;
	qemu_plugin_id_t id;
	const char *path;
	FILE *out;
	bool boot, wait, memory;	/* as asked for */
	bool inline_adds;		/* one processor: translated code counts by itself */
	struct segments segments;
	struct stacks stacks;		/* of one processor */
	struct touched touched[2];	/* by the machine, by its guest; in the open region */
	uint64_t calls, reads_of_calls;	/* direct calls' accesses; see regions_write_memory() */
	uint64_t entries;		/* into the guest */
	bool open;			/* a region is */
};

extern struct why why;

/* --- regions.c --- */

void why_first_line(int n_vcpus);
void why_on_marker(unsigned vcpu, void *arg);	/* arg: the enum marker, which is executed */
void why_tell_phase(uint64_t vaddr);		/* with boot=on: new code may begin a phase */

/* --- guest.c --- */

/* Is this thread's processor in a guest? What it translates then is the guest's. */
extern __thread bool why_in_guest;

void why_watch_entry(struct qemu_plugin_insn *insn);	/* a `vmrun` */
void why_watch_block(struct qemu_plugin_insn *first);	/* may be where a guest is left to */

/* Counts from now on, or with wait=on from when it is told: the callback is for new code. */
int why_start(qemu_plugin_tb_cb on_translation);

/* --- calls.c --- */

/* Whether an instruction of a kernel, of so many bytes, calls or returns is known from these. */
void why_watch_calls(struct qemu_plugin_insn *insn, const void *bytes, size_t size);

/* --- translate.c --- */

void why_on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);

#endif
