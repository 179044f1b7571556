/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns what an agent sent into records (docs/record-format.md). A guest is not
 * trusted: every field is checked before it becomes a record, so that the journal
 * holds nothing that its readers would refuse. The agent's members are copied
 * verbatim; the driver adds its own.
 */
#ifndef KDUEL_MEASURE_RECORDS_H
#define KDUEL_MEASURE_RECORDS_H

#include <jansson.h>

#include "judge.h"
#include "lib/err.h"
#include "plan/plan.h"
#include "store/record-text.h"

/* A measurement: the fields that all of its records carry. */
struct measure {
	const struct plan *plan;
	const struct plan_boot *boot;
	const struct plan_cell *cell;
	unsigned process;
	const char *domain;
	json_t *counters;	/* an object: the summary in the cell-end, see count-records.h */
};

/*
 * Appends one sample record per metric and point. `void_reason` may be NULL. -EPROTO
 * naming what is wrong in `result`.
 */
int measure_samples(const struct measure *m, const struct view *result,
		    const char *void_reason, struct record_text *t, struct err *err);

/* The sample made of the reply to `count-stop`: the seconds, and the vCPUs' counters. */
int measure_counted(const struct measure *m, const struct view *reply,
		    const char *void_reason, struct record_text *t, struct err *err);

/* The proof record of a layer that proof_take() accepted. */
void measure_proof(const struct measure *m, enum when when, const struct view *layer,
		   struct record_text *t);

/* The cell-end record; `result` may be NULL. */
void measure_end(const struct measure *m, const char *class, const char *text,
		 const struct view *result, struct record_text *t);

#endif
