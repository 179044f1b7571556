/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a report as parts of a document (doc.h). */
#ifndef KDUEL_REPORT_PARTS_H
#define KDUEL_REPORT_PARTS_H

#include "doc.h"
#include "plot.h"
#include "report.h"

/* The table of verdicts: a screen of it, the rest are details. */
void report_verdicts(struct doc *d, const struct comparison *c);
/* How to read it. */
void report_reading(struct doc *d, const struct comparison *c);
/* Every series at every point, folded away. */
void report_full_list(struct doc *d, const struct comparison *c);
/* Nothing where there are none. */
void report_claims(struct doc *d, const struct compare_claim *list, size_t n);
/* "2 hold, 1 fails"; the caller's. */
char *report_claims_text(const struct comparison *c);
void report_proof(struct doc *d, const struct report *r);
void report_counters(struct doc *d, const struct comparison *c);
void report_conditions(struct doc *d, const struct report *r);
void report_differences(struct doc *d, const struct comparison *c);
void report_figures(struct doc *d, const struct report *r, enum figure_section where);

/* An arm's name in its colour. */
void report_arm_cell(struct doc *d, const struct comparison *c, size_t arm);

#endif
