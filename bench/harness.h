/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a workload gets from the harness: its parameters, its memory, a way to
 * measure, and a place for its results. See bench/workload.h for the life
 * cycle and bench/null.c for the smallest user.
 *
 *	static const struct workload_metric metrics[] = {
 *		{ "ns_per_access", "ns", KIND_TIME, BETTER_LOWER },
 *		{ 0 }
 *	};
 *
 *	struct state { struct buffer *buf; };
 *
 *	static void chase(void *arg, uint64_t n)
 *	{
 *		struct state *s = arg;
 *
 *		chase_walk(s->buf->addr, n);
 *	}
 *
 *	static int setup(struct bench *b, struct err *err)
 *	{
 *		struct state *s = calloc(1, sizeof(*s));
 *
 *		bench_set_state(b, s);
 *		return bench_buffer(b, bench_number(b, "size"), 0, &s->buf, err);
 *	}
 *
 *	static int run(struct bench *b, struct err *err)
 *	{
 *		struct state *s = bench_state(b);
 *		const struct measure m = {
 *			.metric = &metrics[0], .body = chase, .arg = s,
 *		};
 *
 *		return bench_measure(b, &m, NULL, err);
 *	}
 */
#ifndef KDUEL_HARNESS_H
#define KDUEL_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "pages.h"
#include "proc.h"
#include "source.h"
#include "workload.h"

/* --- parameters: asking for one that the table lacks is a bug (abort) --- */

uint64_t bench_number(const struct bench *b, const char *name);	/* size, count */
void bench_range(const struct bench *b, const char *name,
		 uint64_t *lo, uint64_t *hi);
const char *bench_text(const struct bench *b, const char *name); /* choice, path */
bool bench_flag(const struct bench *b, const char *name);

/* False while a parameter with the fallback "" has neither been given nor set. */
bool bench_given(const struct bench *b, const char *name);

/* Decides a parameter at run time; it is recorded as if it had been given. */
int bench_set_number(struct bench *b, const char *name, uint64_t value,
		     struct err *err);
int bench_set_range(struct bench *b, const char *name, uint64_t lo, uint64_t hi,
		    struct err *err);

/* --- conditions --- */

uint64_t bench_seed(const struct bench *b);
unsigned bench_samples(const struct bench *b);
const char *bench_source(const struct bench *b);	/* "thp" */
uint64_t bench_llc(const struct bench *b);	/* bytes of the CPU's last cache; 0 = unknown */
uint64_t bench_cache(const struct bench *b, unsigned level); /* data cache 1..; 0 = none */
uint64_t bench_memory(const struct bench *b);	/* bytes available now */

/*
 * Refuses `bytes` below `least` ("every array at least 4 x the last-level
 * cache") unless --allow-small was given; then the result gets the label
 * "small: ...".
 */
int bench_at_least(struct bench *b, const char *what, uint64_t bytes,
		   uint64_t least, const char *why, struct err *err);

void bench_set_state(struct bench *b, void *state);
void *bench_state(const struct bench *b);

/* --- memory --- */

enum buffer_flags {
	BUFFER_UNTOUCHED = 1,	/* leave it unmapped: the first touch is the workload's */
};

/*
 * `size` bytes from the request's source, on the request's node, written once
 * unless BUFFER_UNTOUCHED. Page size and placement are verified and part of
 * the proof before and after. Aligned to the source's page. The harness
 * unmaps it. A workload may ask for several.
 */
int bench_buffer(struct bench *b, size_t size, unsigned flags,
		 struct buffer **buf, struct err *err);

/*
 * Takes over a buffer that the workload mapped itself (malloc'ed struct): it
 * is part of the proof, and unmapped and freed by the harness.
 */
int bench_adopt(struct bench *b, struct buffer *buf, struct err *err);

/*
 * Instead of buffers: the pages of another process's memory, for the proof that is
 * read next. `why` says why nothing is known of them, where p->method is NULL.
 */
void bench_pages(struct bench *b, const struct page_bytes *p, const char *why);

/* The CPUs that the run had before the workload's thread was pinned. */
const struct proc_cpus *bench_cpus(const struct bench *b);

/* All parameters, as check() gets them; a new reference. */
json_t *bench_params(const struct bench *b);
/* The parameters themselves, for what check() and others share with a run. */
const struct params *bench_values(const struct bench *b);

/* Where the guest's files are here (bench_request.files_root); NULL: as in a guest. */
const char *bench_files_root(const struct bench *b);
/* Where a command's root is mounted (bench_request.rootfs); NULL: nowhere. */
const char *bench_rootfs(const struct bench *b);

/* --- results --- */

struct series;

/*
 * A new series of the result, of one of the metrics in the workload's table
 * (another is a bug: abort). Takes the reference to `point` (an object of
 * strings and numbers: where on the ladder this is; NULL = {}).
 */
struct series *bench_series(struct bench *b, const struct workload_metric *metric,
			    json_t *point);
void series_push(struct series *s, double value);
/* A warm-up value: kept, but it does not count. */
void series_reject(struct series *s, double value);
/*
 * For a warm-up by hand: do the last four rejected values lie within 3%? The
 * answer is the series' `steady`.
 */
bool series_settled(struct series *s);
size_t series_count(const struct series *s);
double series_value(const struct series *s, size_t i);
double series_min(const struct series *s);
double series_median(const struct series *s);

/* Puts `value` (reference taken) under "derived" in the result. */
void bench_derive(struct bench *b, const char *key, json_t *value);
/* Something a reader must know to judge the numbers: "small: ...". */
void bench_label(struct bench *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* What a verify function proved: "the cycle visits all 512 lines once". */
void bench_validated(struct bench *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void bench_progress(struct bench *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A failed proof of the work: names the workload. EXIT_MACHINE, -EBADMSG. */
int bench_invalid(struct bench *b, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Memory that does not hold what was written to it: a class of its own. EXIT_MACHINE, -EBADSLT. */
int bench_corrupt(struct bench *b, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* --- measuring --- */

struct measure {
	const struct workload_metric *metric;
	json_t *point;		/* reference taken, also on failure */
	/* Does `n` iterations of the work. Nothing else. */
	void (*body)(void *arg, uint64_t n);
	/* Before each timed batch, untimed. May be NULL. */
	int (*prepare)(void *arg, uint64_t n, struct err *err);
	void *arg;
	double per_iteration;	/* things (accesses, bytes) an iteration does; 0 = 1 */
	uint64_t iterations;	/* of a batch; 0 = calibrated to about 10 ms */
	unsigned samples;	/* 0 = bench_samples() */
	unsigned warmup;	/* at most so many batches; 0 = 12; MEASURE_COLD = none */
};

#define MEASURE_COLD (~0u)	/* the first batch counts */

/*
 * Calibrates a batch (doubling, then scaled to about 10 ms), checks that
 * twice the work takes twice the time within 5% (else the result is labelled
 * "unproportional: ..."), warms up until the last four batches lie within 3%
 * or the bound is reached (steady = false), and takes the samples. KIND_TIME:
 * ns per thing. KIND_RATE: things per second. Both times metric->scale.
 * Warm-up values are kept as "rejected".
 */
int bench_measure(struct bench *b, const struct measure *m,
		  struct series **out, struct err *err);

/*
 * By hand, for work that bench_measure() does not fit. bench_begin() starts
 * the counters, of hardware events the group with the fewest batches in the
 * series, then the clock; bench_end() stops them and returns nanoseconds.
 * Counts go to the same series (NULL: nowhere), as those of `things` accesses,
 * pages or bytes.
 */
void bench_begin(struct bench *b, const struct series *s);
double bench_end(struct bench *b, struct series *s, double things);

/* --- team.c --- */

/*
 * Threads that work together: member 0 is the calling thread, each other one
 * is pinned to a core of its own (hwloc; the run's CPU first). They wait by
 * spinning, then by yielding, so a start costs well under a microsecond when
 * every member has its core.
 *
 *	bench_team(b, 4, &team, err);
 *	team_run(team, fn, arg);	// fn(arg, 0..3), returns when all have
 *	team_free(team);
 */
struct team;

typedef void (*team_fn)(void *arg, unsigned member);

/* `threads` 0 = one per core. More than there are cores is refused. */
int bench_team(struct bench *b, unsigned threads, struct team **team,
	       struct err *err);
void team_free(struct team *team);

unsigned team_size(const struct team *team);
int team_cpu(const struct team *team, unsigned member);

void team_run(struct team *team, team_fn fn, void *arg);

/*
 * Starts fn on members 1.. only and returns; team_join() waits for them. How
 * long they run is up to fn.
 */
void team_start(struct team *team, team_fn fn, void *arg);
void team_join(struct team *team);

#endif
