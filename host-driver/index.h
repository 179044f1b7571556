/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index of a results folder: an SQLite database that can be made again
 * from the journal at any time, and is brought up to date whenever it is
 * opened. Only the store uses it.
 *
 * index_open() reads the whole journal and checks every frame, but takes in
 * only what is new. How far the index reaches is stored with a checksum over
 * the frames up to there; an index that does not fit its journal, or that
 * cannot be read, is thrown away and made again. Where the folder cannot be
 * written, the index is in memory.
 *
 * The journal is not trusted: records that break the format, or that do not
 * belong where they are (a sample outside of a boot, a cell that the plan has
 * not got), are errors with the byte offset.
 */
#ifndef KDUEL_INDEX_H
#define KDUEL_INDEX_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "plan.h"

#define INDEX_FORMAT 2

/* Tables of the database. Times in seconds, values in the series' unit. */
extern const char index_schema[];

struct index_options {
	bool fresh;		/* throw away what is there */
	bool memory;		/* do not touch the disk */
};

/*
 * `plan` is that of the journal's first campaign. `*samples` (may be NULL)
 * gets the number of sample records in the journal.
 */
int index_open(const char *journal, const char *path, const struct plan *plan,
	       const struct index_options *o, sqlite3 **db, uint64_t *samples,
	       struct err *err);

/* An error of SQLite's, in words. Returns -EIO. */
int index_error(sqlite3 *db, const char *path, struct err *err);

#endif
