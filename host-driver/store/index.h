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
#include "plan/plan.h"

#define INDEX_FORMAT 2

/* Tables of the database. Times in seconds, values in the series' unit. */
extern const char index_schema[];

/* What opening it found in the journal. */
struct index_found {
	uint64_t samples;	/* records of samples */
	uint64_t torn;		/* bytes of the unfinished record at its end */
};

/*
 * `plan` is that of the journal's first campaign. With `fresh` an index that is
 * there is thrown away.
 */
int index_open(const char *journal, const char *path, const struct plan *plan,
	       bool fresh, sqlite3 **db, struct index_found *found,
	       struct err *err);

/* An error of SQLite's, in words. Returns -EIO. */
int index_error(sqlite3 *db, const char *path, struct err *err);

#endif
