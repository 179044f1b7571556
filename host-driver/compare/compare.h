/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The comparison: everything a report, a verdict line or a dashboard says
 * about one results folder, computed once. Reports read this struct and
 * nothing else.
 *
 *	struct compare_options options = { 0 };
 *	struct comparison c;
 *
 *	if (compare_run(s, &options, &c, err))
 *		return err->code;
 *	if (c.refused)
 *		ret = c.refused_exit;	// there are numbers, but no verdicts
 *	...
 *	comparison_release(&c);
 *
 * Every string and array belongs to the comparison. Strings are never NULL
 * unless noted here. They may contain text from guests: print them as foreign
 * text. An unknown number is NaN, never 0: print it as "unavailable" or leave it
 * out. Effects are relative: 0.02 is 2% more than the baseline; whether that is
 * worse is in the series' `better`.
 */
#ifndef KDUEL_COMPARE_H
#define KDUEL_COMPARE_H

#include <jansson.h>

#include "err.h"
#include "stats/stats.h"
#include "vocab/number.h"
#include "vocab/words.h"

struct store;

struct compare_options {
	bool allow_differences;	/* judge although the arms differ in more than the kernel */
	double margin;		/* D; 0 = STATS_MARGIN */
	double alpha;		/* 0 = STATS_ALPHA, or STATS_UNTIL_ALPHA after looks */
	const char *baseline;	/* instead of the plan's, without gates and claims; or NULL */
};

struct compare_arm {
	char *name, *kernel;
	bool baseline;		/* of this comparison */
	bool control;		/* same kernel, command line and layout as the
				 * baseline: the other half of an A/A pair */
	char *second_level;	/* what the proof must find: "4k", "2m", "1g"; "" = not judged */
	unsigned boots;		/* that ended, with whatever class */
	unsigned failed;	/* of those, not "ok" */
	char *failures;		/* "panic 1, hang 2"; "" if none */
	unsigned samples, voids;	/* samples recorded, and how many of them are void */
	json_t *identity;	/* as recorded; {} if none */
};

/* One arm's own figure for a series, over its boots. */
struct compare_estimate {
	unsigned boots;		/* that contribute; 0: the rest is NaN */
	unsigned voids, unsteady;	/* samples that are void; that never became steady */
	double value;		/* geometric mean over boots (counts: mean) */
	double lo, hi;		/* its t interval over boots, see stats.h;
				 * NaN for a single boot */
	double min, max;	/* of the boots */
	double *boot;		/* value of block b at [b - 1], NaN if it has none;
				 * n_block_ids of them */
	char *void_reason;	/* of the first void sample, "" if none */
};

/* One arm against the baseline. */
struct compare_result {
	enum verdict verdict;
	struct stats_effect e;	/* e.n = 0: no effect could be computed */
	double p_adjusted, p_worse_adjusted;	/* e.p and e.p_worse, corrected */
	double margin;		/* D */
	char *reason;		/* why inconclusive, unstable, not comparable; else "" */
};

/* One (cell, metric, point); or one of its counters. */
struct compare_series {
	char *cell;		/* "fsdax-xfs/thp/tlb-miss" */
	char *backing, *source, *workload;
	char *metric;		/* "ns_per_access" */
	char *counter;		/* NULL, or the counter this series is about */
	json_t *point;		/* {"pages":512}; {} if the metric has no points */
	char *point_text;	/* "pages=512"; "" */
	char *unit;		/* "ns", "GB/s"; "instr" where instructions are counted */
	char *kind;		/* "time" (or "instructions"), "rate", "count" */
	double scale;		/* from the recorded unit to this one */
	enum stats_better better;
	bool gate;		/* declared: in the Holm family */
	struct compare_estimate *est;	/* one per arm, in the order of `arms` */
	struct compare_result *vs;	/* one per arm; VERDICT_NONE for the baseline */
};

/*
 * Page sizes seen in one layer, means over boots of the reading after the
 * timed region; `before` holds the same of the reading before it.
 */
struct compare_pages {
	double bytes_4k, bytes_2m, bytes_1g;
	double faults;		/* second-level faults taken; NaN if unknown */
	unsigned readings;	/* 0: unavailable, the bytes are NaN */
	unsigned counted;	/* readings with faults; an old KVM counts them, not pages */
};
struct compare_proof {
	unsigned arm;		/* index into `arms` */
	char *backing, *source;	/* "devdax?align=4K" beside devdax with other parameters */
	char *cell;		/* NULL: all cells of that backing and source */
	unsigned place;		/* in the plan: of the cell, or the first of them */
	char *layer;		/* "guest", "second-level", "mut", "file" */
	char *method;		/* "" if not known */
	struct compare_pages before, after;
	struct compare_pages *block;	/* `after` in block b at [b - 1] */
	double huge_least, huge_most;	/* share of bytes in huge pages, over all
				 * readings after the region; NaN if none */
	char *unavailable;	/* the reason, "" if there are readings */
};

/* A reading of a timeline, or an event of it, of a boot that ended well. */
struct compare_reading {
	unsigned arm, block;
	char *cell;
	bool apart;		/* from a separate run, whose times are not kept */
	enum run_step step;
	int layer;		/* enum layer; -1: an event */
	char *event;		/* NULL: a reading */
	double seconds;		/* since the process's run began */
	double bytes[PAGE_SIZES], faults;
};

/* A histogram over single pages (or the like) of one process. */
struct compare_bucket {
	double at, n;		/* lower end, ns; count */
};
struct compare_spread {
	unsigned arm, block;
	char *cell, *name;	/* "first": its key in the result's "derived" */
	struct compare_bucket *bucket;	/* ascending */
	size_t n;
};

/* Something besides the kernel under test that differs between arms. */
struct compare_difference {
	char *what;		/* "command line", "env.node.thp" */
	char *arm;
	char *baseline_value, *arm_value;
};

/* A boot whose environment differs from that of all others: its samples are void. */
struct compare_odd {
	unsigned boot, arm;
	char *reason;
};

/* A counter that could not be read. */
struct compare_missing {
	char *counter, *reason;
	unsigned samples;
};

enum claim_outcome {
	CLAIM_HOLDS,
	CLAIM_FAILS,
	CLAIM_UNDECIDED,
	CLAIM_UNMEASURABLE,	/* cannot be measured here */
};
const char *claim_outcome_name(enum claim_outcome o);

struct compare_claim {
	char *text;		/* as written */
	char *where;		/* "configs/x.yaml:12", or "expect 2" */
	enum claim_outcome outcome;
	bool never;		/* it names an arm or a metric that cannot exist */
	char *says;		/* the same in words; "" if the file has none */
	char *detail;		/* one line: both sides with their units, the interval,
				 * n; or the reason */
	double left, right;	/* of the relation that decided; else NaN */
	char *unit;		/* of the left side; "share", "bytes"; may be "" */
	double value, lo, hi;	/* the left side; or left / right or left - right
				 * if the right side is measured as well */
};

struct comparison {
	char *name, *question;	/* question may be "" */
	char *plan_hash;
	char *domain;		/* "hardware", "nested", "emulated", "instructions" */
	uint64_t seed;
	unsigned blocks_planned;
	unsigned blocks;	/* complete ones: every arm has an "ok" boot that is not odd */
	unsigned n_block_ids;	/* blocks are numbered 1..n_block_ids */
	bool deterministic;	/* domain "instructions": equal means equal */
	double margin;
	double alpha;		/* of every test; STATS_UNTIL_ALPHA if looks > 0 */
	unsigned watched;	/* blocks whose intervals were shown while it ran; 0: none */
	unsigned looks;		/* at the data before the end (--until verdict) */
	bool unfinished;	/* boots are missing, and no look has ended it early */
	json_t *env;		/* facts of the driver's machine: {} if none */

	char *refused;		/* NULL, or why this is not a comparison; several
				 * lines; every verdict is "not comparable" */
	enum kduel_exit refused_exit;	/* EXIT_DONE: no comparison was asked for */
	enum kduel_exit gates_exit;	/* for gates without values: EXIT_MACHINE, or
				 * EXIT_CONFIG if they can have none; notes name them */

	struct compare_arm *arms;
	size_t n_arms;
	size_t baseline;	/* index into `arms` */
	char *declared;		/* NULL; or the plan's baseline, if another one was
				 * asked for: then no gates, no claims */
	struct compare_series *series;	/* cells in the plan's order */
	size_t n_series;
	struct compare_proof *proofs;	/* for each backing and source in the plan's
				 * order, then for each cell; by layer, by arm */
	size_t n_proofs;
	struct compare_reading *timeline;	/* in the journal's order */
	size_t n_timeline;
	struct compare_spread *spreads;	/* none before compare_spreads() */
	size_t n_spreads;
	struct compare_difference *differences;
	size_t n_differences;
	struct compare_odd *odd;
	size_t n_odd;
	struct compare_missing *missing;
	size_t n_missing;
	struct compare_claim *claims;	/* of the plan's `expect` */
	size_t n_claims;
	char *drift;		/* NULL; or how the baseline changed over the blocks */
	unsigned drift_tests;	/* series that were tested for it */
	char **notes;		/* what a reader must know; one line each */
	size_t n_notes;

	/* The number of tests in each family of the correction. */
	unsigned gate_tests, other_tests;
	/* The A/A pair: tests, those with raw p <= alpha, those judged different. */
	unsigned control_tests, control_nominal, control_alarms;

	struct compare_memory *memory;	/* owns all of the above */
};

/* -ENOMEM, or EXIT_CONFIG for an unknown baseline or a claim that cannot be parsed. */
int compare_run(struct store *s, const struct compare_options *o,
		struct comparison *c, struct err *err);
void comparison_release(struct comparison *c);
/* Reads the histograms of boots that count. */
int compare_spreads(struct comparison *c, struct store *s, struct err *err);

/*
 * The exit code of the comparison, the same for every verb that shows it:
 *
 *	EXIT_REGRESSION	a gate regressed, or an expectation fails
 *	EXIT_CONFIG	a gate or expectation names what cannot exist, or the
 *			arms differ in more than the kernel under test
 *	EXIT_INCOMPLETE	blocks are missing, an expectation is undecided, or, if
 *			`strict`, a gate has no verdict (inconclusive, unstable,
 *			not comparable)
 *	EXIT_MACHINE	a gate or expectation could not be measured here
 *
 * the first that applies; else EXIT_DONE.
 */
enum kduel_exit compare_exit(const struct comparison *c, bool strict);

/* The proof of one arm and layer in that cell; NULL if there is none. */
const struct compare_proof *compare_proof_of(const struct comparison *c, size_t arm,
					     const char *layer, const char *cell);
/* The record of the arm's kernel in its first code layout; NULL if there is none. */
const json_t *compare_arm_kernel(const struct compare_arm *a);
/* A series by cell glob, metric and point text (NULL: any); NULL if none. */
const struct compare_series *compare_find(const struct comparison *c,
					  const char *cell, const char *metric,
					  const char *point);
/* Is there a series for a gate on that cell and metric (or counter)? */
bool compare_has_gate(const struct comparison *c, const char *cell, const char *metric);
/* How many (series, arm) have this verdict, of what the domain can show and of gates. */
unsigned compare_count(const struct comparison *c, enum verdict v);

/* "first-touch.ns_per_page", "tlb-miss.ns_per_access pages=512". */
void compare_series_name(const struct compare_series *s, char *buf, size_t len);
/* An effect with its interval, as everything shows it; absolute ones in the unit. */
void compare_effect(const struct compare_series *s, const struct stats_effect *e,
		    struct number_effect *out);

/* Can the domain show such values? Where not they are folded away. */
bool compare_measurable(const struct comparison *c, const struct compare_series *s);

#endif
