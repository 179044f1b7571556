/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One boot of an arm for a person to look around in: as in a campaign, up to the
 * prepared backing or up to the guest on it. The user's terminal stays in line mode
 * (it edits and echoes lines); the shell's output reaches it unchanged.
 */
#ifndef KDUEL_SHELL_H
#define KDUEL_SHELL_H

#include <stdbool.h>

#include "lib/err.h"
#include "plan/plan.h"

struct shell_options {
	const struct plan *plan;
	const struct plan_arm *arm;
	bool in_guest;
	bool gdb;	/* open QEMU's stub on a socket, and print the gdb command */
	bool console;	/* show what the machine prints on its console */
};

/* 0 when the shell has ended; EXIT_INCOMPLETE if a signal ended it. */
int shell_run(const struct shell_options *o, struct err *err);

#endif
