/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counters that a report shows outside its full list: for each cell those
 * of its first metric, of a ladder at the upper end, and those of the vCPUs;
 * and why the others could not be had, those of one reason together.
 */
#ifndef KDUEL_REPORT_COUNTERS_H
#define KDUEL_REPORT_COUNTERS_H

#include <stdbool.h>
#include <stdio.h>

#include "report.h"

/* Is series `i` one of those? Counters that are 0 in all arms are not. */
bool report_counter_shown(const struct comparison *c, size_t i);

/* What the figures are counted for: a sentence or two. */
extern const char report_counters_meaning[];

/*
 * The names of all counters that miss for the reason of missing[i]; the
 * caller frees it. NULL if an earlier one had that reason.
 */
char *report_missing_names(const struct comparison *c, size_t i);

/* The section of report.txt. */
void report_counters_text(const struct report *r, FILE *out);

#endif
