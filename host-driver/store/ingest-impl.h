/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of an ingest, for ingest.c and ingest-sample.c only. All return
 * 0 or a negative errno and set in->err.
 */
#ifndef KDUEL_INGEST_IMPL_H
#define KDUEL_INGEST_IMPL_H

#include <jansson.h>
#include <stdbool.h>

#include "index-value.h"
#include "ingest.h"
#include "rows.h"

struct pending {		/* a value of the boot under way */
	int64_t series;
	uint64_t offset;	/* of its record */
	struct index_value v;
};

struct ingest {
	sqlite3 *db;
	const struct plan *plan;
	struct rows rows;
	int64_t campaigns, runs, samples;
	char domain[16];	/* of the campaign */
	struct {		/* the boot under way, or the last one */
		bool open;
		unsigned boot;
		uint64_t at;	/* offset of its record */
	} now;
	bool *ok;		/* boots of this campaign that ended ok */
	int64_t cell;		/* of the record before */
	json_t *series, *reasons;	/* identity or text -> id, from 1 */
	json_t *missing;	/* counter US reason -> samples, of this boot */
	struct pending *pending;
	size_t n_pending, room;
	double *values;		/* scratch */
	size_t values_room;
	char *key;		/* scratch */
	size_t key_room;
	uint64_t offset;	/* of the record at hand */
	struct err *err;
};

int ingest_no_memory(struct ingest *in);
/* Is it the boot under way? */
int ingest_check_boot(struct ingest *in, unsigned boot);
int ingest_find_cell(struct ingest *in, const char *id, int64_t *cell);

/* Keeps a sample back until its boot has ended. */
int ingest_sample(struct ingest *in, const struct record *r);
/* Counters that a cell's end says were not to be had; NULL: none. */
int ingest_missing(struct ingest *in, const struct view *list);
/* Writes what was kept back. */
int ingest_write_samples(struct ingest *in);
/* The boot never ended. */
void ingest_drop_samples(struct ingest *in);

#endif
