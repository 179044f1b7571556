/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters on their way into the journal. For every event of every series an agent
 * reports who counted it, or why it could not be counted. A sample keeps what was
 * counted; unavailable counters are listed once, in the cell-end.
 */
#ifndef KDUEL_COUNT_RECORDS_H
#define KDUEL_COUNT_RECORDS_H

#include <jansson.h>

#include "err.h"
#include "store/record-text.h"
#include "vocab/words.h"

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
