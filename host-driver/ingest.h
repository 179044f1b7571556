/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From journal records to rows of the index, in journal order; see index.h.
 *
 *	ingest_new(db, plan, run, campaign, &in, err);
 *	while (...)
 *		ingest_record(in, record, offset, err);
 *	ingest_finish(in, &run, &campaign, &samples, err);
 *	ingest_free(in);
 *
 * `run` and `campaign` are how many boots and campaigns were taken in before;
 * within a transaction that the caller holds.
 */
#ifndef KDUEL_INGEST_H
#define KDUEL_INGEST_H

#include <sqlite3.h>
#include <stdint.h>

#include "err.h"
#include "plan.h"
#include "record.h"

struct ingest;

/* 0, a negative errno, or 1: the database is not as it should be. */
int ingest_new(sqlite3 *db, const struct plan *plan, int64_t run,
	       int64_t campaign, struct ingest **in, struct err *err);
int ingest_record(struct ingest *in, const struct record *r, uint64_t offset,
		  struct err *err);
/* `*samples` is added to. */
int ingest_finish(struct ingest *in, int64_t *run, int64_t *campaign,
		  int64_t *samples, struct err *err);
void ingest_free(struct ingest *in);

#endif
