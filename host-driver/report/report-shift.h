/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two campaigns of one plan side by side (compare/shift.h), for a reader or a program. */
#ifndef KDUEL_REPORT_SHIFT_H
#define KDUEL_REPORT_SHIFT_H

#include <jansson.h>
#include <stdio.h>

#include "compare/shift.h"

/* `begun`: seconds since the epoch, 0 if unknown. */
void report_shift_print(FILE *out, const struct shift *s, const char *const folder[2],
			const double begun[2]);
/* docs/man/kduel-compare.1 describes the keys. A new reference. */
json_t *report_shift_json(const struct shift *s, const char *const folder[2],
			  const double begun[2]);

#endif
