/* SPDX-License-Identifier: GPL-2.0-or-later */
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
#ifndef KDUEL_MONITOR_H
#define KDUEL_MONITOR_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "view.h"

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

#endif
