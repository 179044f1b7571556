/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what an agent sent to records of docs/record-format.md. A guest is not
 * trusted: every field is checked before it becomes a record, so that the
 * journal holds nothing that its readers would refuse.
 */
#ifndef KDUEL_MEASURE_RECORDS_H
#define KDUEL_MEASURE_RECORDS_H

#include <jansson.h>

#include "judge.h"
#include "lib/err.h"
#include "plan/plan.h"

/* Which measurement; the fields that every record of it carries. */
struct measure {
	const struct plan *plan;
	const struct plan_boot *boot;
	const struct plan_cell *cell;
	unsigned process;
	const char *domain;
	json_t *counters;	/* an object: the summary in the cell-end, see count-records.h */
};

/*
 * Appends one sample record per metric point to the array `records`.
 * `void_reason` may be NULL. -EPROTO naming what is wrong in `result`.
 */
int measure_samples(const struct measure *m, const struct view *result,
		    const char *void_reason, json_t *records, struct err *err);
/*
 * Appends one sample record. Takes `metric`, which was checked, and `labels`,
 * which may be NULL. `place` stands before the names of its counters: "", or
 * COUNTER_VCPU.
 */
void measure_add(const struct measure *m, json_t *metric, json_t *labels,
		 const char *place, const char *void_reason, json_t *records);

/* Appends one proof record for each layer and side that is known. */
void measure_proofs(const struct measure *m, const struct proof *p,
		    json_t *records);

/* The cell-end record; `result` may be NULL. */
json_t *measure_end(const struct measure *m, const char *class,
		    const char *text, const struct view *result);

#endif
