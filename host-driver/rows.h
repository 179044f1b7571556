/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows for the index: statements prepared once, and the many rows of values
 * kept back and written in the order of their table, which is several times
 * as fast as in the order of the journal. For ingest.c only.
 */
#ifndef KDUEL_ROWS_H
#define KDUEL_ROWS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "pool.h"
#include "summary.h"

enum rows_table {
	ROWS_CAMPAIGN, ROWS_BOOT, ROWS_BOOT_END, ROWS_SERIES, ROWS_VALUE,
	ROWS_CELL, ROWS_PROOF, ROWS_ENV, ROWS_ARM, ROWS_NOTE, ROWS_MISSING,
	ROWS_TABLES
};

struct rows_value {
	int64_t series, run, offset;
	unsigned process, rejected;
	bool steady;
	struct summary s;
	const char *void_reason;	/* NULL, or text in the pool */
};

struct rows {
	sqlite3 *db;
	sqlite3_stmt *q[ROWS_TABLES];
	struct rows_value *batch;
	size_t n;
	struct pool texts;	/* of the batch */
};

/* 0, or 1 if the database has not got the tables. */
int rows_init(struct rows *r, sqlite3 *db);
void rows_release(struct rows *r);

/*
 * Inserts a row: `types` has a letter for each column: i int64_t, d double,
 * t const char * (NULL is null). Texts must stay until it returns.
 */
int rows_add(struct rows *r, enum rows_table table, struct err *err,
	     const char *types, ...);

/* Keeps a value back; copies its void_reason. */
int rows_add_value(struct rows *r, const struct rows_value *v,
		   struct err *err);
/* Writes what was kept back. */
int rows_flush(struct rows *r, struct err *err);

#endif
