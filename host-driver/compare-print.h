/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a comparison that verbs print on a terminal besides the table
 * of verdicts (report.h). Text of guests is made harmless on the way.
 */
#ifndef KDUEL_COMPARE_PRINT_H
#define KDUEL_COMPARE_PRINT_H

#include <stdio.h>

#include "claims.h"
#include "compare.h"

void compare_print_differences(FILE *out, const struct comparison *c);
void compare_print_notes(FILE *out, const struct comparison *c);

/* One claim a paragraph: outcome, text, what both sides came to. */
void compare_print_claims(FILE *out, const struct compare_claim *list, size_t n);

#endif
