/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables: each is written row by row in one of two forms, CSV or NDJSON, with the
 * same columns.
 */
#ifndef KDUEL_EXPORT_SHEET_H
#define KDUEL_EXPORT_SHEET_H

#include "export.h"

#define SHEET_COLUMNS_MAX 32

enum sheet_kind { SHEET_TEXT, SHEET_COUNT, SHEET_REAL, SHEET_TRUTH, SHEET_UNKNOWN };

struct sheet_cell {
	const char *column;
	bool first;		/* of its row */
	enum sheet_kind kind;
	const char *text;	/* foreign; never NULL */
	uint64_t count;
	double real;		/* finite */
	bool truth;
};

struct sheet_form {
	void (*head)(FILE *to, const char *columns);	/* "block,boot,..." */
	void (*cell)(FILE *to, const struct sheet_cell *cell);
	void (*end_row)(FILE *to);
};

extern const char *const sheet_tables[];	/* ends with NULL */

/* Writes from->table in that form. */
int sheet_write(const struct export_from *from, const struct sheet_form *form,
		FILE *to, struct err *err);

#endif
