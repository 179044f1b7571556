/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One boot of the machine under test, from power-on to its last sample:
 *
 *	boot -> hello -> for each backing: prepare -> guest-start -> hello
 *	     -> for each cell and process: run -> ready -> proof -> go
 *	        -> result -> proof -> records
 *
 * Whatever the other side does, the boot ends with a class (below) and a text, and the
 * campaign continues with the next boot. Everything learned on the way is handed out
 * as records (docs/record-format.md).
 *
 *	class		means
 *	ok		every cell was tried
 *	panic		the kernel's console shows a panic
 *	hang		no answer, not even to a ping
 *	timeout		it answers pings, but the work was not done in time
 *	lost		the machine or the guest ended, without a panic
 *	protocol	it sent something invalid, or flooded its console
 *	failed		it refused what the campaign needs
 */
#ifndef KDUEL_SESSION_H
#define KDUEL_SESSION_H

#include <jansson.h>
#include <stdbool.h>

#include "err.h"
#include "frame.h"
#include "loop.h"
#include "machine/machine.h"
#include "plan/plan.h"

struct wire;
struct session_result;

/* Time limits, in seconds. */
struct session_limits {
	double hello;	/* power-on to the node's agent */
	double prepare;	/* the backing */
	double guest;	/* guest-start to the guest's agent */
	double ready;	/* a workload's set-up */
	double run;	/* a workload's timed region */
	double proof;	/* and everything else that should be quick */
	double ping;	/* a sign of life */
};

/* Generous limits for the domain: emulation is slow. `patience` multiplies them all. */
struct session_limits session_limits(const char *domain, double patience);

struct session_calls {
	/* Takes a record, for store_append_text(). An error ends the session. */
	int (*record)(void *arg, const char *text, size_t len, struct err *err);
	/*
	 * What is being done now: "boot", "prepare", "guest", "cell" (with its
	 * name), "at" (with what an agent says it is at). `cell` may be NULL.
	 */
	void (*phase)(void *arg, const char *phase, const char *cell);
	/* A line worth showing with -v. */
	void (*log)(void *arg, const char *text);
	/*
	 * The boot or one of its cells failed, which is recorded already. The machine, if
	 * it still exists, stays up until this returns. May be NULL.
	 */
	void (*failed)(void *arg, struct wire *w, const struct session_result *r);
	/* Called often: does the user want to abandon the boot? */
	bool (*abandoned)(void *arg);
	void *arg;
};

struct session_options {
	const struct plan *plan;
	const struct plan_boot *boot;
	unsigned attempt;
	struct machine *machine;	/* prepared */
	const char *kernel, *release;	/* of the arm; see struct machine_boot */
	const char *guest_kernel;	/* its image, for its symbols and counts; NULL */
	const char *modules;	/* an archive for its initramfs; NULL: none */
	const struct machine_boot *next;	/* to be booted ahead; NULL: none */
	const char *console_log;	/* path, may be NULL */
	const char *profile;	/* see struct machine_boot */
	const char *profile_name;	/* the file's name in the record */
	bool profile_boot;
	const char *own;	/* a device of a real machine that may be overwritten; NULL */
	bool debug_vm, debug_proto;
	/*
	 * Instead of cells: called once the backing is prepared and, with `in_guest`, the
	 * guest is started. Returns 0, -EIO or -EINTR, as wire_wait() does.
	 */
	int (*visit)(void *arg, struct wire *w, enum frame_channel channel);
	void *visit_arg;
	bool in_guest;
	struct session_limits limits;
	struct session_calls calls;
};

struct session_result {
	char class[16];
	char text[512];
	unsigned cells_ok, cells_failed, cells_void;
	double seconds;
	double first_sample;	/* seconds from power-on to the first timed region */
};

/*
 * 0 with `r` filled in and a boot-end recorded; -EINTR if it was abandoned (without a
 * boot-end the boot counts as never run); or the error of record().
 */
int session_run(const struct session_options *o, struct session_result *r,
		struct err *err);

#endif
