/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records, as docs/record-format.md describes them, checked one by one: the same
 * function decides what a writer may put into a journal and what a reader accepts.
 * Checks that need other records (is this boot in progress?) are in columns.h.
 *
 * Everything in a struct record belongs to the document it was read into, and
 * is valid until the next record is read into that.
 */
#ifndef KDUEL_RECORD_H
#define KDUEL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "view.h"

enum record_type {
	RECORD_CAMPAIGN,
	RECORD_ARM,
	RECORD_ENV,
	RECORD_BOOT,
	RECORD_SAMPLE,
	RECORD_PROOF,
	RECORD_TIMELINE,
	RECORD_CELL_END,
	RECORD_BOOT_END,
	RECORD_NOTE,
	RECORD_TYPES
};

const char *record_type_name(enum record_type t);	/* "cell-end" */

/* No measurement is this large, and sums of squares stay finite. */
#define RECORD_VALUE_MAX 1e30
#define RECORD_NAME_MAX 255	/* bytes of a short text */
#define RECORD_UNIT_MAX 64

struct record {
	enum record_type type;
	double at;		/* seconds since the epoch */
	unsigned boot;		/* 0: none */
	unsigned block, order, attempt, process;
	const char *arm, *cell, *class, *text;

	/* campaign */
	const char *id, *plan_hash, *domain;
	const struct view *plan;
	/* boot-end: the file of counts that was recorded, and its SHA-256; or NULL */
	const char *profile, *profile_hash;
	/* arm: identity; env: facts; boot-end: phases, console; cell-end: result */
	const char *where;
	const struct view *object, *console;	/* NULL if not given */
	const struct view *missing;	/* cell-end: counters that were unavailable; or NULL */
	/* sample */
	const char *metric, *unit, *kind, *better, *void_reason;
	const struct view *point, *values;
	const struct view *rejected, *counters;		/* NULL if not given */
	bool steady;
	/* proof */
	bool before;
	const char *layer, *method, *unavailable;
	uint64_t bytes_4k, bytes_2m, bytes_1g;
	double faults;		/* NaN if not given */
	/* timeline: a reading of a layer as above, or an event (layer NULL) */
	const char *step, *event;
	double seconds;
	bool apart;

	/* private to record_read(): the document, and a sample's numbers in it */
	const struct view_doc *of;
	uint64_t shape;
	const struct view *at_value, *boot_value, *process_value;
};

/*
 * Reads a record's text. `r` is all zero, or the record last read into `doc`: a
 * sample that differs from the previous one only in numbers is read several times
 * as fast. Errors are EXIT_CONFIG and name the record's type and the field. An
 * unknown type is an error too, rather than being silently ignored.
 */
int record_read(struct view_doc *doc, const char *text, size_t len,
		struct record *r, struct err *err);

/*
 * The parts of a sample and of a proof that come from an agent: what was measured,
 * and the page sizes of a layer. `o` is an object.
 */
int record_read_metric(const struct view *o, struct record *r, struct err *err);
int record_read_layer(const struct view *o, struct record *r, struct err *err);

/* Checks a text: at most `max` bytes, no control characters. */
int record_check_text(const char *key, const char *text, size_t max,
		      struct err *err);

/* The parts of a workload's result that its cell-end keeps; ends with NULL. */
extern const char *const record_kept[];

/* One of r->counters. */
struct record_counter {
	const char *name, *provider;	/* the latter may be NULL */
	const char *unavailable;	/* why there is no value; NULL */
	double value;			/* per thing counted, if "things" is given */
};
int record_counter(const struct view *v, struct record_counter *c,
		   struct err *err);
/* The checks of record_read() for r->counters and r->missing, which may be NULL. */
int record_check_counters(const struct view *array, struct err *err);
int record_check_missing(const struct view *list, struct err *err);

/* A point has few members; its text is not longer than this. */
#define RECORD_POINT_MAX 512
typedef char record_point[RECORD_POINT_MAX];

/* "pages=512,kind=random"; "" if it is empty. */
void record_point_text(const struct view *point, record_point text);
/* The same for all points that differ only in the order of their members. */
void record_point_key(const struct view *point, record_point key);
/* The check of record_read() for a point. */
int record_check_point(const struct view *point, struct err *err);

/* --- record-agent.c --- */

/*
 * Checks what an agent says before any of it is written: the same checks, by the
 * same functions, that a reader of the journal makes. Whatever passes here can be
 * recorded; anything else fails this boot (class `protocol`) and no other.
 *
 *	struct view_doc doc = VIEW_DOC_INIT;
 *	const struct view *root, *result;
 *
 *	if (view_parse(&doc, frame->payload, frame->len, &root, err) ||
 *	    view_list(root, "result", JSON_OBJECT, &result, err) ||
 *	    record_check_result(result, err))
 *		ret = err->code;
 *	view_release(&doc);
 *
 * Errors are -EPROTO and name the metric and the field. Their text quotes the agent:
 * print it as foreign text.
 */

/*
 * Limits that keep every record made of a result far below the size that a journal's
 * record may have: each sample repeats the labels and the void reason.
 */
#define RECORD_METRICS_MAX 4096u	/* of a result */
#define RECORD_VALUES_MAX 131072u	/* of a series, with the rejected ones */
#define RECORD_COUNTERS_MAX 1024u	/* of a series */

/*
 * A workload's result (docs/bench-result.md): at least one metric, each valid as a
 * sample; no metric and no counter of one is given twice; labels and the other
 * parts are of limited size.
 */
int record_check_result(const struct view *result, struct err *err);

/* The reply to `count-stop`: "seconds" and "counters". */
int record_check_counted(const struct view *reply, struct err *err);

/* A layer of a proof (docs/record-format.md); "layer" must be a known one. */
int record_check_layer(const struct view *layer, struct err *err);

#endif
