/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A comparison on a terminal: the table of verdicts (report.h), and what else
 * verbs print. Text of guests is made harmless on the way.
 */
#ifndef KDUEL_REPORT_COMPARE_H
#define KDUEL_REPORT_COMPARE_H

#include <stdio.h>

#include "compare/claims.h"
#include "compare/compare.h"

/* Verdicts, what differs besides the kernels, notes. */
void compare_print(FILE *out, const struct comparison *c);

/* One claim a paragraph: outcome, text, what both sides came to. */
void compare_print_claims(FILE *out, const struct compare_claim *list, size_t n);

#endif
