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

#include "err.h"
#include "judge.h"
#include "plan/plan.h"
#include "store/record-text.h"
#include "vocab/words.h"

/* A measurement: the fields that all of its records carry. */
struct measure {
	const struct plan *plan;
	const struct plan_boot *boot;
	const struct plan_cell *cell;
	unsigned process;
	const char *domain;
	json_t *counters;	/* an object: the summary in the cell-end, see count_summarise() */
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

/*
 * Counters on their way into the journal. For every event of every series an agent
 * reports who counted it, or why it could not be counted. A sample keeps what was
 * counted; unavailable counters are listed once, in the cell-end.
 */

/*
 * Adds the member "counters" to a sample, [{"name","provider","value","things",
 * "batches"}], for those that were counted; `place` precedes each name.
 */
void count_of_sample(struct record_text *t, const struct view *counters,
		     const char *place);

/*
 * Adds one series' counters to the cell's summary, an object that begins as {}:
 *	"native": {"minor_faults":"perf::MINOR-FAULTS"}
 *	"unavailable": [{"reason":"...","samples":{"cycles":12}}]
 */
void count_summarise(json_t *summary, const struct view *counters, const char *place);

/* Adds an event that is unavailable in `samples` series. */
void count_unavailable(json_t *summary, const char *place, const char *name,
		       const char *reason, unsigned samples);

#endif
