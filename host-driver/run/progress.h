/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `kduel run` shows while it works: on a terminal one live line (what is
 * being done, which boot of how many, time gone and time left), elsewhere a
 * plain line per boot. Lines that stay are printed above the live one. What is
 * said is made safe here (lib/safe.h): callers pass foreign text as it came.
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
	double boot_start;	/* of the boot under way; 0: none */
	char boot[160];		/* "block 2/5, 6.1-rfc" */
	char phase[160];
};

/* `expected` is the guess, in seconds, for one boot. */
void progress_init(struct progress *p, FILE *out, bool verbose, unsigned total,
		   double expected);

/* A line that stays. */
void progress_say(struct progress *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same, only with -v. */
void progress_detail(struct progress *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What is done now, before or within a boot. */
void progress_phase(struct progress *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void progress_boot_begin(struct progress *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void progress_boot_end(struct progress *p);

/* Draws the live line anew; call it about once a second. */
void progress_tick(struct progress *p);
/* Takes the live line away, before something else is printed. */
void progress_clear(struct progress *p);

/* Seconds to go by the boots so far; the guess before there are any. */
double progress_left(const struct progress *p);

/* "1:05", "2:03:04". Returns `buf`. */
const char *progress_time(double seconds, char *buf, size_t size);

/* The line about a boot that ended, and why if it ended badly. */

/* Nothing on a terminal where all went well, but with -v. */
void tell_boot(struct progress *p, const struct plan *plan,
	       const struct plan_boot *b, const struct session_result *s);

#endif
