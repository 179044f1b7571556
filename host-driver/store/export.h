/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results for other programs: what was measured in full, as JSON, or one
 * table of it as CSV. docs/man/kduel-export.1 describes both.
 */
#ifndef KDUEL_EXPORT_H
#define KDUEL_EXPORT_H

#include <stdio.h>

#include "store.h"

/* The names of CSV tables, NULL behind the last. The first is the one by default. */
const char *export_table(size_t i);

int export_json(struct store *s, FILE *to, struct err *err);
int export_csv(struct store *s, const char *table, FILE *to, struct err *err);

#endif
