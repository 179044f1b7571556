/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A workload: one small file in bench/ that ends in one `struct workload`,
 * and one line in bench/registry.c. docs/adding-a-workload.md walks through
 * one; bench/null.c is the smallest.
 *
 * Life cycle, driven by the harness (bench/harness.h) in a process of its own:
 *
 *	validate -> setup -> verify_before -> [ proof, hold, "go" ]
 *	         -> run -> [ proof ] -> verify_after -> teardown
 *
 * Only what run() does between bench_begin() and bench_end() is timed; most
 * workloads call bench_measure(), which does this for them.
 * verify_before proves the work right before its time counts (a cycle visits
 * every node, a kernel computes the right sums on a small input);
 * verify_after proves that the timed work was really done (checksum, replay,
 * lost updates). Both say what they proved with bench_validated().
 * teardown is called whenever setup was, also after a failure; buffers from
 * bench_buffer() are unmapped by the harness after it.
 *
 * A workload knows no VM, no driver and no journal.
 */
#ifndef KDUEL_WORKLOAD_H
#define KDUEL_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "err.h"
#include "vocab/words.h"

#define WORKLOAD_ABI 5

#define PARAM_FIELD_MAX 80

struct bench;
struct model_in;
struct params;

/* What is known of a run before there is one: for check(), bytes() and rungs(). */
struct bench_asked {
	const struct params *params;
	uint64_t page;		/* of the source, in bytes */
	unsigned samples;	/* of a series; never 0 */
	unsigned cpus;		/* that threads can have; 0: not known yet */
};

#define RUNGS_MOST 512

enum param_type {
	PARAM_SIZE,	/* "64M": bytes */
	PARAM_COUNT,	/* "64", "64k": a number of things */
	PARAM_RANGE,	/* "64..65536": a ladder of counts or sizes */
	PARAM_CHOICE,	/* one of `choices`, separated by '|' */
	PARAM_FLAG,	/* true or false; the option alone means true */
	PARAM_PATH,	/* a file or device */
	PARAM_TEXT,	/* any text that is not empty */
	PARAM_TREE,	/* a list or mapping, of texts or of more of these; see check() */
};

struct param {
	const char *name;	/* "pages"; the option is --pages */
	enum param_type type;
	const char *fallback;	/* value when not given, as text; "" = decided at run time */
	const char *choices;	/* PARAM_CHOICE only */
	const char *help;	/* one line, with the unit */
	uint64_t min, max;	/* bounds of numbers; max 0 = none. Outside: refused */
};

/* How a metric's series want to be drawn; each shape is one data function of the report. */
enum figure_shape {
	FIGURE_ROWS,	/* a row an arm, logarithmic: one value that spans decades */
	FIGURE_LADDER,	/* a line an arm over the numbers of the metric's axis */
	FIGURE_BARS,	/* a group a metric (all that name this figure), a bar an arm */
	FIGURE_PAGES,	/* a map: guest page by second-level page, as the proofs found them */
	FIGURE_SHARES,	/* a line an arm: which share of single things took no more than that */
};

/*
 * Metrics that point to the same figure are drawn into it. A ladder takes the
 * series whose point has the axis and no other key, the others those with
 * an empty point.
 */
struct workload_figure {
	const char *name;	/* "chase-ladder": the file's name; one figure a name */
	enum figure_shape shape;
	const char *title;	/* "TLB misses: a random chase over a ladder of pages" */
	const char *text;	/* the same as a sentence's beginning, for those who cannot see it */
	const char *value;	/* what the axis of values shows: "per access" */
	const char *axis;	/* FIGURE_LADDER: what the other shows: "pages in the chase" */
	const char *derived;	/* FIGURE_SHARES: the histogram among what a result derives */
};

/*
 * What the model of the TLBs (bench/model.h) says about a metric: which one its
 * misses are counted per, and which hold what it expects.
 */
enum metric_role {
	ROLE_NONE,
	ROLE_ACCESS,		/* counters of this metric are per access of the model's pattern */
	ROLE_WALK_COST,		/* what a page walk costs */
	ROLE_FIRST_KNEE,	/* pages at which the first level ends */
	ROLE_SECOND_HALF,	/* pages at which half of the accesses walk */
};

/* One of the metrics that a result of the workload may have. */
struct workload_metric {
	const char *name;	/* "ns_per_access" */
	const char *unit;	/* "ns", "GB/s", "faults" */
	enum value_kind kind;
	enum better better;
	const char *help;	/* one line */
	double scale;		/* factor from ns or things/s to the unit; 0 = 1 */
	/*
	 * The keys of its points, in order: "op,depth"; other sets they may have
	 * after a '|'. NULL: it has no points. Anything else is refused.
	 */
	const char *points;
	const char *axis;	/* the point's key that holds the rung of a ladder; NULL = none */
	enum metric_role role;
	const struct workload_figure *figure, *second;	/* NULL = none */
};

struct workload {
	unsigned abi;			/* WORKLOAD_ABI */
	const char *name;
	const char *help;		/* one line */
	const char *unit;		/* of the main metric */
	const struct workload_metric *metrics;	/* ends with a NULL name; a result has these and declared() */
	const char *method;		/* paragraph for --help: what is done, how it is counted, source */
	const struct param *params;	/* ends with a NULL name; NULL = none */
	/*
	 * What the model of the TLBs (bench/model.h) has to know of its access
	 * pattern with these parameters; NULL: it says nothing about it.
	 */
	void (*pattern)(const json_t *params, struct model_in *in);
	/*
	 * Its values are the processor's, of TLBs, caches or memory: a domain
	 * that has none of them shows nothing by them.
	 */
	bool memory;
	unsigned samples;		/* default number of samples a series; 0 = 11 */
	bool children;			/* counters count its child processes, too */
	bool files;			/* `files` go into the guest, and `command` is among them */
	bool sourceless;		/* its memory is its own matter: no source need be named */
	unsigned buffers;		/* of bytes() each that a run has; 0 = 1 */
	/* Of one buffer, as far as parameters say; 0: decided at run time. NULL: --size. */
	uint64_t (*bytes)(const struct bench_asked *a);

	/*
	 * Whatever can be known to be wrong before anything runs, here or in a guest,
	 * beyond the types of parameters: `field` (PARAM_FIELD_MAX) gets which it is,
	 * "metrics[1].regex". May be NULL.
	 */
	int (*check)(const struct bench_asked *a, char *field, struct err *err);
	/*
	 * The numbers that this key of the metrics' points will have, rising, at most
	 * RUNGS_MOST; returns how many, 0: not known before it runs. May be NULL.
	 */
	size_t (*rungs)(const struct bench_asked *a, const char *key, uint64_t *rungs);
	/* The i-th metric that these parameters add to the table; NULL: no more. May be NULL. */
	const char *(*declared)(const json_t *params, size_t i);

	int (*validate)(struct bench *b, struct err *err);	/* may be NULL */
	int (*setup)(struct bench *b, struct err *err);
	int (*verify_before)(struct bench *b, struct err *err);	/* may be NULL */
	int (*run)(struct bench *b, struct err *err);
	int (*verify_after)(struct bench *b, struct err *err);	/* may be NULL */
	void (*teardown)(struct bench *b);			/* may be NULL */
};

/* --- registry.c --- */

/*
 * The list of workloads, one line each, which ends with NULL. A table that is broken
 * (wrong version, a function or text missing, an unknown fallback) is refused
 * before it is used.
 */
extern const struct workload *const workloads[];

/* EXIT_CONFIG, with the nearest name and all of them, if there is none. */
int workload_find(const char *name, const struct workload **w, struct err *err);

/* Is the table usable? */
int workload_check(const struct workload *w, struct err *err);

/* The metric of that name; NULL if the workload has none. */
const struct workload_metric *workload_metric(const struct workload *w, const char *name);
/* The first metric with that role; NULL if the workload has none. */
const struct workload_metric *workload_role(const struct workload *w, enum metric_role role);

/*
 * Does the workload of that name have a metric of that name, in its table or, where
 * `m` is NULL, declared by its parameters (NULL: none)? EXIT_CONFIG if not, with
 * the nearest name and all of them.
 */
int workload_metric_find(const char *workload, const json_t *params, const char *metric,
			 const struct workload_metric **m, struct err *err);

#endif
