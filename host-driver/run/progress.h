/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `kduel run` shows while it works: on a terminal one live line (what is being
 * done, which boot of how many, time elapsed and left), elsewhere a plain line per
 * boot. Permanent lines are printed above the live one. Texts are made safe here
 * (lib/safe.h), so callers may pass foreign text.
 */
#ifndef KDUEL_PROGRESS_H
#define KDUEL_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "plan/plan.h"
#include "session.h"

struct progress {
	FILE *out;
	bool terminal;
	bool verbose;
	bool live;		/* a live line stands on the screen */
	double start;		/* of the campaign; loop_now() */
	double expected;	/* seconds of one boot, a guess at first */
	unsigned done, total;	/* boots */
	double spent;		/* seconds in the boots that are done */
	double boot_start;	/* of the running boot; 0: none */
	char boot[160];		/* "block 2/5, 6.1-rfc" */
	char phase[160];
};

/* `expected` is an estimate for one boot, in seconds. */
void progress_init(struct progress *p, FILE *out, bool verbose, unsigned total,
		   double expected);

/* Prints a permanent line. */
void progress_say(struct progress *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same, only with -v. */
void progress_detail(struct progress *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Sets what is being done, before or within a boot. */
void progress_phase(struct progress *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void progress_boot_begin(struct progress *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void progress_boot_end(struct progress *p);

/* Redraws the live line; call it about once a second. */
void progress_tick(struct progress *p);
/* Erases the live line, before something else is printed. */
void progress_clear(struct progress *p);

/* Seconds left, estimated from the boots so far, or from `expected` before the first. */
double progress_left(const struct progress *p);

/* "1:05", "2:03:04". Returns `buf`. */
const char *progress_time(double seconds, char *buf, size_t size);

/*
 * The line about a boot that ended, with the reason if it failed. On a terminal
 * successful boots are only reported with -v.
 */
void tell_boot(struct progress *p, const struct plan *plan,
	       const struct plan_boot *b, const struct session_result *s);

#endif
