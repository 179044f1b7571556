/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A journal in memory: its boots, cells, proofs and notes as lists, and the
 * median of each sample and counter, by series. The iterations themselves and
 * long texts stay in the journal, at the byte offset `at`.
 *
 * Reader and writer both use it, so whatever a writer accepts a reader accepts:
 * columns_take() checks a record against those before it (its boot is in the plan
 * and in progress, its cell is in the plan, no sample is given twice). After an
 * error nothing more may be taken.
 *
 *	struct view_doc doc = VIEW_DOC_INIT;
 *	struct record record;
 *	struct columns c;
 *	uint64_t offset;
 *
 *	ret = columns_init(&c, plan, err);
 *	while (!ret && journal_next(reader, &text, &len, &offset, err) > 0) {
 *		ret = record_read(&doc, text, len, &record, err);
 *		if (!ret)
 *			ret = columns_take(&c, &record, offset, err);
 *	}
 *	view_release(&doc);
 *	columns_release(&c);
 *
 * A boot that never ended has no class. The lists still hold its entries; skip
 * those whose `run` is not columns_ended().
 */
#ifndef KDUEL_COLUMNS_H
#define KDUEL_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "journal.h"
#include "plan/plan.h"
#include "pool.h"
#include "record.h"
#include "vocab/words.h"

struct column_run {		/* a boot, or an attempt at one */
	unsigned campaign, boot, block, order, arm, attempt;
	const char *class;	/* NULL: it never ended */
	const char *text;
	bool ok;
	double begun, ended;
	uint64_t end_at;	/* of its boot-end */
};

struct column_cell {
	unsigned run, cell, process;	/* `run` counts from 1 everywhere */
	const char *class, *text;
	uint64_t at;
};

struct column_env {
	unsigned run;		/* 0: of no boot */
	const char *where;
	uint64_t at;
};

struct column_proof {
	unsigned run, cell, process;
	bool before;
	const char *layer, *method, *unavailable;
	uint64_t bytes_4k, bytes_2m, bytes_1g;
	double faults;
};

struct column_reading {		/* of a timeline */
	unsigned run, cell, process;
	bool apart;
	const char *step, *layer, *event;
	double seconds, bytes[PAGE_SIZES], faults;
};

struct column_missing {		/* a counter that `samples` of a boot lack */
	unsigned run, what;	/* `what`: a number in columns.missing_what */
	uint64_t samples;
};

struct column_value {
	double median;		/* NaN if n is 0 */
	uint64_t at;
	unsigned run, process;
	unsigned n;		/* iterations kept */
	unsigned reason : 31;	/* why it is void, a number in columns.reasons; 0: not void */
	unsigned steady : 1;
};

struct column_series {
	unsigned cell;
	const char *metric, *counter, *provider, *unit, *kind, *better;
	const char *point, *point_text;	/* JSON, and "pages=512" */
	COLUMN(struct column_value) values;
};

struct columns {
	const struct plan *plan;
	struct pool pool;
	unsigned campaigns;
	char domain[16];
	uint64_t samples;
	bool open;		/* the last run is in progress */
	bool *ok;		/* by boot - 1, of the last campaign */
	uint64_t *identity_at;	/* by arm; 0: none */
	COLUMN(struct column_run) runs;
	COLUMN(struct column_cell) cells;
	COLUMN(struct column_env) envs;
	COLUMN(struct column_proof) proofs;
	COLUMN(struct column_reading) readings;
	COLUMN(struct column_missing) missing;
	COLUMN(const char *) notes;
	COLUMN(struct column_series) series;
	COLUMN(double) scratch;
	COLUMN(char) key;	/* scratch as well */
	COLUMN(size_t) last_missing;	/* by what - 1: its last entry + 1 */
	struct texts series_keys, reasons, words, missing_what;
	unsigned cell;		/* of the previous record */
};

int columns_init(struct columns *c, const struct plan *plan, struct err *err);
void columns_release(struct columns *c);

/* Takes a record in. `at`: byte offset of its frame. EXIT_CONFIG if it is inconsistent. */
int columns_take(struct columns *c, const struct record *r, uint64_t at,
		 struct err *err);

/*
 * The one way into a journal: the text is read as a reader will read it, taken in,
 * and written. `doc` and `r` are scratch, as for record_read().
 */
int columns_append(struct columns *c, struct view_doc *doc, struct record *r,
		   struct journal *j, const char *text, size_t len, struct err *err);

static inline bool columns_ended(const struct columns *c, unsigned run)
{
	return !run || c->runs.items[run - 1].class;
}

/* For columns.c only. */
int columns_take_sample(struct columns *c, const struct record *r, unsigned cell,
			uint64_t at, struct err *err);
/* The counters that a cell-end lists as unavailable; NULL: none. */
int columns_take_missing(struct columns *c, const struct view *list,
			 struct err *err);

/* A summary of the iterations of one workload process. */
struct summary {
	unsigned n;
	double median, mean, sd;	/* sd over n - 1; NaN for n < 2 */
	double min, max, p10, p90;	/* quantiles interpolated (R's type 7) */
};

/* Sorts `values`. All NaN for n = 0. */
void summary_of(double *values, size_t n, struct summary *s);

#endif
