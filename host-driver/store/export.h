/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results for other programs: what was measured in full, as JSON, or one
 * table of it as CSV. docs/man/kduel-export.1 describes both.
 */
#ifndef KDUEL_EXPORT_H
#define KDUEL_EXPORT_H

#include <stdio.h>

#include "store.h"

/* The CSV tables; ends with NULL. [0] is the one by default. */
extern const char *const export_tables[];

int export_json(struct store *s, FILE *to, struct err *err);
int export_csv(struct store *s, const char *table, FILE *to, struct err *err);

#endif
