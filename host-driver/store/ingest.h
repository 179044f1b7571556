/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From journal records to rows of the index, in journal order; see index.h.
 *
 *	ingest_new(db, plan, run, campaign, &in, err);
 *	while (...)
 *		ingest_record(in, record, offset, err);
 *	ingest_reach(in, &run, &campaign, &samples);
 *	ingest_free(in);
 *
 * `run` and `campaign` are how many boots and campaigns were taken in before;
 * within a transaction that the caller holds.
 *
 * Samples are written when their boot ends: one that never ends leaves none.
 * An ingest that goes on in the middle of a boot is shown that boot's records
 * again, by ingest_again().
 */
#ifndef KDUEL_INGEST_H
#define KDUEL_INGEST_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "plan/plan.h"
#include "record.h"

struct ingest;

/* 0, a negative errno, or 1: the database is not as it should be. */
int ingest_new(sqlite3 *db, const struct plan *plan, int64_t run,
	       int64_t campaign, struct ingest **in, struct err *err);
int ingest_record(struct ingest *in, const struct record *r, uint64_t offset,
		  struct err *err);
/* True if it goes on in a boot, which begins at `offset`. */
bool ingest_again_from(const struct ingest *in, uint64_t *offset);
int ingest_again(struct ingest *in, const struct record *r, uint64_t offset,
		 struct err *err);
/* `*samples` is added to. */
void ingest_reach(const struct ingest *in, int64_t *run, int64_t *campaign,
		  int64_t *samples);
void ingest_free(struct ingest *in);

#endif
