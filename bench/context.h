/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of `struct bench`: for the harness's own files, not for
 * workloads, which use bench/harness.h.
 */
#ifndef KDUEL_CONTEXT_H
#define KDUEL_CONTEXT_H

#include "bench.h"
#include "clock.h"
#include "counters.h"
#include "env.h"
#include "harness.h"
#include "pages.h"
#include "params.h"
#include "proc.h"
#include "source.h"

#define BENCH_BUFFERS 16

struct values {
	double *v;
	size_t n, room;
};

struct series {
	const struct workload_metric *metric;
	struct workload_metric own;	/* of a metric that parameters declared: its copy */
	json_t *point;
	struct values values, rejected;
	bool steady;
	uint64_t iterations;	/* of a batch; 0 = not by bench_measure() */
	struct counter_sum counts[COUNTERS_MOST];
	double proportion;	/* time of twice the work / twice the time; 0 = not checked */
};

struct bench {
	const struct bench_request *rq;
	const struct bench_hooks *hooks;
	const struct workload *w;
	const struct source *source;
	struct params params;
	struct topology *topo;
	struct counters *counters;
	int cpu, node;
	int cpu_before, cpu_after;
	void *state;
	struct buffer *buffers[BENCH_BUFFERS];
	unsigned n_buffers;
	uint64_t untouched;	/* bytes of memory in them that are mapped but not touched */
	struct series **series;
	size_t n_series;
	json_t *derived, *labels, *validated;
	json_t *proof_before, *proof_after, *placement;
	uint64_t t0;		/* of bench_begin() */
	uint64_t stamp;		/* of the marked region's begin */
	struct proc_cpus cpus;	/* that were ours before the thread was pinned */
	struct page_bytes pages;	/* of bench_pages(); .method NULL: nothing is known */
	const char *pages_why;	/* and why; NULL: the buffers are the proof */
};

/* run.c: bench_run() for a table that is not in the registry (tests). */
int bench_run_workload(const struct workload *w, const struct bench_request *rq,
		       const struct bench_hooks *hooks, json_t **result,
		       struct err *err);

/* harness.c */
void values_push(struct values *v, double value);
void bench_free_series(struct bench *b);
json_t *series_json(const struct bench *b, const struct series *s);
void label_proportions(struct bench *b);

/* memory.c */
void bench_free_buffers(struct bench *b);
/* Page sizes of all buffers: the guest layer of the proof. */
json_t *bench_proof(struct bench *b);
/* Are buffers of an exact source mapped with other pages than its own? */
int bench_check_pages(struct bench *b, struct err *err);
json_t *bench_placement(struct bench *b);

#endif
