/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest: a QEMU process with the link to the agent inside it and its
 * console. It ends when vm_release() ends it, or by itself: then `lost` is
 * called once, with the class and the reason; the vm must still be released.
 */
#ifndef KDUEL_VM_H
#define KDUEL_VM_H

#include <stdbool.h>

#include "console.h"
#include "link.h"
#include "monitor.h"
#include "proc.h"
#include "qemu.h"

struct vm;

typedef void (*vm_frame_fn)(void *arg, const struct frame *f);
/* `class` is "lost", "panic" or "protocol". */
typedef void (*vm_lost_fn)(void *arg, const char *class, const char *text);

struct vm {
	struct loop *loop;
	struct proc proc;
	struct args args;	/* QEMU's command line */
	struct link link;
	struct console *console;
	struct monitor monitor;	/* .fd -1: none was asked for */
	int64_t child_id;
	vm_frame_fn frame;
	vm_lost_fn lost;
	void *arg;
	bool running;		/* QEMU runs and its link is good */
};

/*
 * Starts QEMU as `q` says; console and link are made here, and the monitor where
 * `monitor` asks for it: a guest that needs none has none, so that its QEMU does
 * no extra work. On failure nothing is left; on success the vm must not move
 * until vm_release().
 */
int vm_start(struct vm *vm, struct loop *loop, const struct qemu_vm *q,
	     bool monitor, uint64_t nonce, vm_frame_fn frame, vm_lost_fn lost, void *arg,
	     struct err *err);
/* Kills QEMU if it runs; a vm that was never started is left alone. */
void vm_release(struct vm *vm);

#endif
