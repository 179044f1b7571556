/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest: a QEMU process with the link to the agent inside it and its
 * console. It ends when vm_release() ends it, or by itself: then `lost` is
 * called once, with the class and the reason; the vm must still be released.
 */
#ifndef KDUEL_VM_H
#define KDUEL_VM_H

#include <stdbool.h>
#include <stddef.h>

#include "console.h"
#include "err.h"
#include "link.h"
#include "proc.h"
#include "qemu.h"
#include "view.h"

/* --- monitor.c --- */

/*
 * The monitor of the guest's QEMU (QMP), and what is done to a running guest
 * over it: dirty logging, begun and ended as by a migration that is cancelled.
 * QEMU sends the guest's memory to a socket of ours, which is read until memory
 * comes, so that KVM has write-protected and split what it logs, and then no
 * more: the migration stands still, and logging goes on.
 *
 *	struct monitor m;
 *
 *	monitor_open(&m, fd);		// the fd is the monitor's from here
 *	ret = monitor_log_start(&m, err);
 *	...	// pages that the guest writes to are logged, at 4K
 *	ret = monitor_log_stop(&m, err);
 *	monitor_release(&m);
 *
 * Calls block, up to MONITOR_LIMIT_S; they are for times when nothing is timed.
 * What QEMU says is not trusted. Errors are EXIT_MACHINE, with QEMU's words.
 */
#define MONITOR_LIMIT_S 15

struct monitor {
	int fd;			/* -1: none */
	char *text;		/* what came that is not a whole line yet */
	size_t len;
	struct view_doc doc;	/* the last answer */
	bool greeted;
	char path[64];		/* of the socket that memory is sent to; "" */
	int listener, stream;	/* -1: none */
};

#define MONITOR_INIT { .fd = -1, .listener = -1, .stream = -1 }

/* Owns a connected socket from here on; nothing is sent on it yet. */
void monitor_open(struct monitor *m, int fd);
void monitor_release(struct monitor *m);

/* Is the log on? */
bool monitor_logs(const struct monitor *m);
int monitor_log_start(struct monitor *m, struct err *err);
int monitor_log_stop(struct monitor *m, struct err *err);

/* --- vm.c --- */

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
