/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records, as docs/record-format.md describes them, checked one by one: what
 * a writer may put into a journal and what a reader believes of it is decided
 * by the same function. What needs other records (is this boot under way?) is
 * checked by the index.
 *
 * Everything in a struct record belongs to the JSON object it was read from.
 */
#ifndef KDUEL_RECORD_H
#define KDUEL_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"

enum record_type {
	RECORD_CAMPAIGN,
	RECORD_ARM,
	RECORD_ENV,
	RECORD_BOOT,
	RECORD_SAMPLE,
	RECORD_PROOF,
	RECORD_CELL_END,
	RECORD_BOOT_END,
	RECORD_NOTE,
	RECORD_TYPES
};

const char *record_type_name(enum record_type t);	/* "cell-end" */

struct record {
	enum record_type type;
	double at;		/* seconds since the epoch */
	unsigned boot;		/* 0: none */
	unsigned block, order, attempt, process;
	const char *arm, *cell, *class, *text;
	json_t *json;		/* the whole record */

	/* campaign */
	const char *id, *plan_hash, *domain;
	json_t *plan;
	/* arm: identity; env: facts; boot-end: phases, console; cell-end: result */
	const char *where;
	json_t *object, *console;
	json_t *missing;	/* of a cell-end: counters that were unavailable, or NULL */
	/* sample */
	const char *metric, *unit, *kind, *better, *void_reason;
	json_t *point, *values, *rejected, *counters;	/* the last may be NULL */
	bool steady;
	/* proof */
	bool before;
	const char *layer, *method, *unavailable;
	uint64_t bytes_4k, bytes_2m, bytes_1g;
	double faults;		/* NaN if not given */
};

/*
 * Reads `json`, which must stay while `r` is used. Errors are EXIT_CONFIG and
 * name the record's type and the field. A type that is not known is an error,
 * too: it would be ignored in silence otherwise.
 */
int record_read(json_t *json, struct record *r, struct err *err);

/* "pages=512,kind=random": a sample's point as text; malloc()ed, "" if empty. */
char *record_point_text(const json_t *point);

extern const char *const record_domains[];	/* end with NULL */
extern const char *const record_boot_classes[];	/* [0] is "ok" */

#endif
