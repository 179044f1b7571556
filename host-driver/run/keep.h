/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a person needs to look into a machine: QEMU's gdb stub on a socket, the
 * agent's shell on the user's terminal, and, for a failed boot, the time to use them.
 * The user's terminal stays in line mode (it edits and echoes lines); the shell's
 * output reaches it unchanged.
 */
#ifndef KDUEL_KEEP_H
#define KDUEL_KEEP_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"
#include "plan/plan.h"
#include "session-wire.h"

#define KEEP_PATH_MAX 80	/* of a socket's 108 bytes */
#define KEEP_READ_MAX 4096	/* bytes of one request, the same as in the agent */

/* The stub's socket, in a folder of its own. Initialize with zeros. */
struct keep_stub {
	char dir[KEEP_PATH_MAX + 30], option[KEEP_PATH_MAX + 80];
	int held;		/* the folder, see file.h */
};

/* Call before the machine boots, so that it gets the stub; close it afterwards. */
int keep_stub_open(struct keep_stub *s, struct machine *m, struct err *err);
/* Prints the gdb command to stderr, with the vmlinux beside `image` if there is one. */
void keep_stub_say(const struct keep_stub *s, const char *image);
void keep_stub_close(struct keep_stub *s);

/* The user's end of a shell. Initialize with zeros, except `loop`. */
struct keep_terminal {
	struct loop *loop;
	bool open;		/* the shell is running: SIGINT goes to it */
	bool stopped;		/* the user wants to stop */
	bool interrupted, ended_input;
	char input[KEEP_READ_MAX];
	ssize_t n;		/* bytes in it; -1: the input has ended */
	int64_t input_id;
};

/* Runs a shell of the agent at `channel` until it ends; 0, or as wire_wait(). */
int keep_shell(struct keep_terminal *t, struct wire *w, enum frame_channel channel,
	       const char *arm);

/* Call on SIGINT: true if it was passed on to the shell. */
bool keep_interrupt(struct keep_terminal *t);

/*
 * For a failed boot: says how to enter what is left of the machine, and waits: with a
 * terminal and an agent that answers, for the end of a shell there; else until
 * t->stopped or the machine's end.
 */
void keep_hold(struct keep_terminal *t, const struct keep_stub *s, struct wire *w,
	       const struct session_result *r, const char *arm);

/* --- shell.c --- */

/*
 * One boot of an arm for a person to look around in: as in a campaign, up to the
 * prepared backing or up to the guest on it. The user's terminal stays in line mode
 * (it edits and echoes lines); the shell's output reaches it unchanged.
 */
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
