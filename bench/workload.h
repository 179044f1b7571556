/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A workload: one small file in bench/ that ends in one `struct workload`,
 * and one line in bench/registry.c.
 *
 * Life cycle, driven by the harness (bench/harness.h) in a process of its own:
 *
 *	validate -> setup -> verify_before -> [ hold: proof, "go" ]
 *	         -> run -> [ proof ] -> verify_after -> teardown
 *
 * Only what run() does between bench_begin() and bench_end() is timed.
 * verify_before proves the work right before its time counts (a cycle visits
 * every node, a kernel computes the right sums on a small input);
 * verify_after proves that the timed work was really done (checksum, replay,
 * lost updates). A workload knows no VM, no driver and no journal.
 */
#ifndef KDUEL_WORKLOAD_H
#define KDUEL_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define WORKLOAD_ABI 1

struct bench;

enum param_type {
	PARAM_SIZE,	/* "64M": bytes */
	PARAM_COUNT,	/* "64", "64k": a number of things */
	PARAM_RANGE,	/* "64..65536": a ladder of counts */
	PARAM_CHOICE,	/* one of `choices`, separated by '|' */
	PARAM_FLAG,	/* true or false */
};

struct param {
	const char *name;	/* "pages"; the option is --pages */
	enum param_type type;
	const char *fallback;	/* value when not given, as text; "" = decided at run time */
	const char *choices;	/* PARAM_CHOICE only */
	const char *help;	/* one line, with the unit */
};

struct workload {
	unsigned abi;			/* WORKLOAD_ABI */
	const char *name;
	const char *help;		/* one line */
	const char *unit;		/* of the main metric */
	const char *method;		/* paragraph for --help: what is done, how it is counted, source */
	const struct param *params;	/* ends with a NULL name */

	int (*validate)(struct bench *b, struct err *err);	/* may be NULL */
	int (*setup)(struct bench *b, struct err *err);
	int (*verify_before)(struct bench *b, struct err *err);	/* may be NULL */
	int (*run)(struct bench *b, struct err *err);
	int (*verify_after)(struct bench *b, struct err *err);
	void (*teardown)(struct bench *b);
};

#endif
