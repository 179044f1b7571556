/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A results folder. Its journal is the truth, and the only file that is read here:
 * plan.json and everything else beside it is for people.
 *
 * Writing (the driver, while a campaign runs):
 *
 *	ret = store_create(&s, folder, plan, "emulated", err);
 *	ret = store_append(s, boot_begin, err);
 *	...
 *	ret = store_append(s, boot_end, err);	// synced to the disk
 *	store_close(s);
 *
 * store_open(..., STORE_APPEND) continues it: it locks the journal, cuts a torn
 * tail, and store_boot_done() tells which boots need not be run again.
 *
 * Reading (compare, report, export): store_open(..., STORE_READ) reads and
 * checks the whole journal, even while a driver writes to it. Returned lists
 * belong to the store unless noted otherwise.
 *
 * A boot without a boot-end record counts as never run: none of its records are
 * visible here. Journals are not trusted: a record that breaks
 * docs/record-format.md is an error that names its offset and field.
 *
 * After `kduel merge` a folder holds several campaigns of one plan. Their blocks
 * and boots are numbered consecutively: block b of the second campaign is block
 * plan->n_blocks + b here.
 */
#ifndef KDUEL_STORE_H
#define KDUEL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "err.h"
#include "plan/plan.h"

struct store;

enum store_mode { STORE_READ, STORE_APPEND };

/*
 * Creates the folder (and its parents) with plan.json and a journal that begins
 * with the campaign record and what first() appends (NULL: nothing). The journal
 * appears only when all of that is in it, so that a folder either has none or can be
 * continued. A folder that already has one is refused.
 */
typedef int (*store_first_fn)(struct store *s, void *arg, struct err *err);
int store_begin(struct store **s, const char *folder, const struct plan *plan,
		const char *domain, store_first_fn first, void *arg,
		struct err *err);
/* The same without first(). */
int store_create(struct store **s, const char *folder, const struct plan *plan,
		 const char *domain, struct err *err);
int store_open(struct store **s, const char *folder, enum store_mode mode,
	       struct err *err);
void store_close(struct store *s);	/* NULL is fine */

const char *store_folder(const struct store *s);
const struct plan *store_plan(const struct store *s);
const char *store_domain(const struct store *s);
const char *store_id(const struct store *s);	/* of the (first) campaign */
unsigned store_blocks(const struct store *s);	/* planned, of all its campaigns */
const char *store_journal(const struct store *s);	/* the path of its journal */
uint64_t store_samples(const struct store *s);	/* records, whether good or void */
/* Bytes of an unfinished record at the journal's end, which are ignored. */
uint64_t store_torn(const struct store *s);

/* --- writing -------------------------------------------------------------- */

/*
 * Appends a record and takes the reference, even on error; NULL gives -ENOMEM. "at" is
 * added if it is missing. The record is checked against the format. After a boot-end
 * the journal is synced.
 */
int store_append(struct store *s, json_t *record, struct err *err);
/* The same for a record's text, which is one line and already has its "at". */
int store_append_text(struct store *s, const char *text, size_t len,
		      struct err *err);

/* Is this a results folder, valid or not? */
bool store_has_journal(const char *folder);

/*
 * Writes plan.json, for people and scripts; kduel itself reads the journal's plan.
 * Syncs the folder.
 */
int store_publish_plan(const char *folder, const struct plan *plan,
		       struct err *err);

/* Has boot `boot` of the plan ended, with whatever class? */
bool store_boot_done(const struct store *s, unsigned boot);
/* How often was it begun? The next attempt is this plus 1. */
unsigned store_boot_attempts(const struct store *s, unsigned boot);

/* --- reading: boots, arms, environments ----------------------------------- */

struct store_boot {
	unsigned boot, block, order, attempt;
	unsigned arm;		/* index into plan->arms */
	const char *class;	/* "ok", "panic", ... */
	const char *text;	/* "" if none */
	bool ok;
	double begun, ended;	/* seconds since the epoch */
	const json_t *phases;	/* {name: seconds} */
	const json_t *console;	/* array of the last lines */
};

/* All boots that ended, in order of boot and attempt. */
int store_boots(struct store *s, const struct store_boot **list, size_t *n,
		struct err *err);

struct store_cell {		/* a workload process and how it ended */
	unsigned boot, block, arm, process;
	const char *cell;
	const char *class;	/* "ok", "failed", "void" */
	const char *text;
};
int store_cells(struct store *s, const struct store_cell **list, size_t *n,
		struct err *err);

/* The identity recorded for an arm; {} if none was. NULL if it cannot be read. */
const json_t *store_identity(struct store *s, unsigned arm);

struct store_env {
	const char *where;	/* "driver", "node", "guest" */
	unsigned boot;		/* 0: at the campaign's start */
	int arm;		/* of the boot; -1 without one */
	const json_t *facts;
};
int store_envs(struct store *s, const struct store_env **list, size_t *n,
	       struct err *err);

/* The texts of all notes. */
int store_notes(struct store *s, const char *const **list, size_t *n,
		struct err *err);

/* --- reading: measurements ------------------------------------------------ */

/* One metric at one point of one cell, or one of its counters. */
struct store_series {
	int id;
	const char *cell;
	const char *metric;
	const char *counter;	/* NULL, or "perf::MINOR-FAULTS" */
	const char *provider;	/* of the counter; NULL without */
	const json_t *point;	/* {"pages":512} */
	const char *point_text;	/* "pages=512"; "" if there is none */
	const char *unit;
	const char *kind;	/* "time", "rate", "count" */
	const char *better;	/* "lower", "higher", "none" */
};

/* In the plan's order of cells, then in the order of the first record. */
int store_series(struct store *s, const struct store_series **list, size_t *n,
		 struct err *err);

/*
 * The value of one workload process, of a boot that ended ok. A void value must not
 * be averaged: check `void_reason` first. For the iterations see store_records().
 */
struct store_value {
	unsigned block, boot, arm, process;
	unsigned n;		/* iterations kept; may be 0 for a void one */
	bool steady;
	/* of the iterations, NaN if n is 0; a counter's is per thing counted */
	double median;
	const char *void_reason;	/* NULL: good */
};

/* Sorted by block, arm, process. The caller frees the array, but not its texts. */
int store_values(struct store *s, const struct store_series *series,
		 struct store_value **list, size_t *n, struct err *err);

/* Unavailable counters, with the reason and the number of samples that lack them. */
struct store_missing {
	const char *counter;
	const char *reason;
	unsigned samples;
};
int store_missing(struct store *s, const struct store_missing **list,
		  size_t *n, struct err *err);

struct store_proof {
	unsigned boot, block, arm, process;
	const char *cell;
	bool before;		/* the timed region */
	const char *layer;	/* "guest", "second-level", "mut", "file" */
	const char *method;	/* "" if not known */
	const char *unavailable;	/* NULL, or why there are no bytes */
	uint64_t bytes_4k, bytes_2m, bytes_1g;
	double faults;		/* NaN if not known */
};
int store_proofs(struct store *s, const struct store_proof **list, size_t *n,
		 struct err *err);

/* A reading of a timeline, or an event of it: docs/record-format.md. */
struct store_reading {
	unsigned boot, block, arm, process;
	const char *cell;
	bool ok;		/* of a boot that ended well */
	bool apart;		/* from a separate run, whose times are not kept */
	const char *step;	/* "logging": vocab/words.h */
	const char *layer;	/* NULL: an event */
	const char *event;	/* NULL: a reading */
	double seconds;		/* since the process's run began */
	double bytes[PAGE_SIZES], faults;
};
/* In the journal's order. */
int store_timeline(struct store *s, const struct store_reading **list, size_t *n,
		   struct err *err);

/* --- reading: raw records -------------------------------------------------- */

struct record;

/* Where a record belongs; numbers continue over merged campaigns. */
struct store_place {
	unsigned campaign;	/* 1.. */
	unsigned boot, block;	/* 0: of no boot */
	int arm;		/* -1: of no boot */
	const char *class;	/* how the boot ended; NULL: of no boot */
	uint64_t offset;	/* of the record's frame in the journal */
	const char *text;	/* the record as it is there */
	size_t len;
};

/*
 * Calls `each` for every record in the journal's order, except those of boots that
 * never ended. Stops at the first non-zero result and returns it.
 */
typedef int (*store_record_fn)(void *arg, const struct record *r,
			       const struct store_place *at, struct err *err);
int store_records(struct store *s, store_record_fn each, void *arg,
		  struct err *err);
/* The same for the cell-ends of class ok in boots that ended ok; reads no other records. */
int store_cell_ends(struct store *s, store_record_fn each, void *arg, struct err *err);

/* --- merge.c --- */

/*
 * Merges several results folders of one plan into one.
 *
 * The same plan run twice gives twice the blocks. Copies of one campaign that
 * were continued in different places contribute each boot once. Merging is
 * idempotent and the order of the folders does not matter: the same inputs
 * give the same bytes, and a folder that is merged in again changes nothing.
 */
struct merge_result {
	unsigned campaigns, boots;
	unsigned repeated;	/* boots that were in more than one folder */
};

/*
 * Merges `folders` into `to`, which is created if need be. Results of the plan that
 * `to` already holds are merged as well. EXIT_CONFIG for different plans, mixed
 * domains, and two outcomes of one boot.
 */
int merge_folders(const char *const *folders, size_t n, const char *to,
		  struct merge_result *result, struct err *err);

#endif
