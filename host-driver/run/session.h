/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One boot of the machine under test, from power-on to its last sample:
 *
 *	boot -> hello -> for each backing: prepare -> guest-start -> hello
 *	     -> for each cell and process: run -> ready -> proof -> go
 *	        -> result -> proof -> records
 *
 * Whatever the other side does ends in a class (below) and a text; the
 * campaign goes on with the next boot. Everything learned on the way is
 * handed out as records, as docs/record-format.md has them.
 *
 *	class		means
 *	ok		every cell was tried
 *	panic		the kernel said so on its console
 *	hang		no answer, not even to a ping
 *	timeout		an answer to a ping, but the work was not done in time
 *	lost		the machine or the guest ended, without a panic
 *	protocol	it sent what is no message, or flooded its console
 *	failed		it refused what a campaign needs
 */
#ifndef KDUEL_SESSION_H
#define KDUEL_SESSION_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/err.h"
#include "lib/frame.h"
#include "lib/loop.h"
#include "machine/machine.h"
#include "plan/plan.h"

struct wire;
struct session_result;

/* How long to wait, in seconds. */
struct session_limits {
	double hello;	/* power-on to the node's agent */
	double prepare;	/* the backing */
	double guest;	/* guest-start to the guest's agent */
	double ready;	/* a workload's set-up */
	double run;	/* a workload's timed region */
	double proof;	/* and everything else that should be quick */
	double ping;	/* a sign of life */
};

/* Generous for the domain: emulation is slow. `patience` multiplies all. */
struct session_limits session_limits(const char *domain, double patience);

struct session_calls {
	/* A record, as store_append_text() wants it. An error ends the session. */
	int (*record)(void *arg, const char *text, size_t len, struct err *err);
	/*
	 * What is being done now: "boot", "prepare", "guest", "cell" (with its
	 * name), "at" (with what an agent says it is at). `cell` may be NULL.
	 */
	void (*phase)(void *arg, const char *phase, const char *cell);
	/* A line worth showing with -v. */
	void (*log)(void *arg, const char *text);
	/*
	 * The boot went badly, or a cell of it, and that is recorded. The machine is up
	 * as long as this runs, if it has not ended. May be NULL.
	 */
	void (*failed)(void *arg, struct wire *w, const struct session_result *r);
	/* Asked all the time: has the user had enough? */
	bool (*abandoned)(void *arg);
	void *arg;
};

struct session_options {
	const struct plan *plan;
	const struct plan_boot *boot;
	unsigned attempt;
	struct machine *machine;	/* prepared */
	const char *kernel, *release;	/* of the arm; see struct machine_boot */
	const char *guest_kernel;	/* its image, for its symbols; NULL */
	const char *modules;	/* an archive for its initramfs; NULL: none */
	const struct machine_boot *next;	/* to be booted ahead; NULL: none is known */
	const char *console_log;	/* path, may be NULL */
	const char *profile;	/* begun by profile_begin(); NULL: functions are not counted */
	const char *profile_name;	/* the file as the record names it */
	bool profile_boot;
	const char *own;	/* a device of a real machine that may be overwritten; NULL */
	bool debug_vm, debug_proto;
	/*
	 * Instead of cells: called when the backing is prepared, with `in_guest`
	 * also the guest started. As wire_wait() it returns 0, -EIO or -EINTR.
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
 * 0 with `r` filled and a boot-end recorded; -EINTR if it was abandoned (no
 * boot-end: the boot never happened); or what record() failed with.
 */
int session_run(const struct session_options *o, struct session_result *r,
		struct err *err);

#endif
