/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan for people: what `kduel plan` and `kduel run --dry-run` print.
 */
#ifndef KDUEL_PLAN_TEXT_H
#define KDUEL_PLAN_TEXT_H

#include <stdio.h>

#include "plan.h"

void plan_print(const struct plan *p, FILE *to);

#endif
