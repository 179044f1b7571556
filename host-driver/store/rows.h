/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows for the index: statements that are prepared once. For the ingest only.
 */
#ifndef KDUEL_ROWS_H
#define KDUEL_ROWS_H

#include <sqlite3.h>

#include "err.h"

enum rows_table {
	ROWS_CAMPAIGN, ROWS_BOOT, ROWS_BOOT_END, ROWS_SERIES, ROWS_VALUE,
	ROWS_REASON, ROWS_CELL, ROWS_PROOF, ROWS_ENV, ROWS_ARM, ROWS_NOTE,
	ROWS_MISSING, ROWS_TABLES
};

struct rows {
	sqlite3 *db;
	sqlite3_stmt *q[ROWS_TABLES];
};

/* 0, or 1 if the database has not got the tables. */
int rows_init(struct rows *r, sqlite3 *db);
void rows_release(struct rows *r);

/*
 * Inserts a row: `types` has a letter for each column: i int64_t, d double
 * (NaN is null), t const char * (NULL is null), j const struct view *, as it
 * was written (NULL is null), b const void * and its size_t. They must stay
 * until it returns.
 */
int rows_add(struct rows *r, enum rows_table table, struct err *err,
	     const char *types, ...);

#endif
