/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running a workload, as seen by those who start one: kduel-bench, the guest
 * agent, the fake machine under test. They know a workload by its name only.
 *
 *	struct bench_request rq = { .workload = "tlb-miss", .source = "thp",
 *				    .params = params, .seed = 1,
 *				    .cpu = -1, .node = -1 };
 *	char *result;
 *
 *	if (bench_run_forked(&rq, NULL, 60, &result, err))
 *		return err->exit;	// what the exit code would be
 *
 * The result is an object, described in docs/bench-result.md:
 *
 *	{ "workload", "source", "params", "seed", "labels": [],
 *	  "metrics": [ { "metric", "point": {}, "unit", "better", "kind",
 *	                 "values": [], "rejected": [], "steady",
 *	                 "counters": [] } ],
 *	  "derived": {}, "providers": [ { "name", "used", "why" } ],
 *	  "proof": { "before": { "layer", "bytes": {"4k","2m","1g"}, "method" },
 *	             "after": {} },
 *	  "placement": {}, "validated": [], "timer": {} }
 *
 * bench_run() works in the calling process: it pins the calling thread and
 * maps the buffers there. bench_run_forked() does so in a child and survives
 * whatever happens to it; hooks are called in the parent.
 */
#ifndef KDUEL_BENCH_H
#define KDUEL_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <jansson.h>

#include "err.h"

struct workload;
struct source;
struct bench_asked;

struct bench_request {
	const char *workload;	/* a name of `kduel-bench list` */
	const char *source;	/* "anon-4k", "thp", ...; NULL = anon-4k */
	const json_t *params;	/* object of strings, numbers, booleans, trees; NULL = {} */
	uint64_t seed;
	unsigned samples;	/* 0 = what the workload asks for */
	int cpu;		/* OS number; -1 = the first one that is ours */
	int node;		/* NUMA node of the memory; -1 = the CPU's own */
	bool allow_small;	/* run sizes that fit in a cache, labelled */
	bool counters;		/* processor events too; software events are always on */
	bool multiplex;		/* all events at once, sharing the processor's counters */
	/* For clock_align(), before each timed region; 0 = not at all. */
	uint64_t align_ns, phase_ns;
	const char *files_root;	/* where a guest's files are here; NULL: we are in it, or need none */
	const char *rootfs;	/* the command's mounted root; NULL: as its parameter says */
	const json_t *events;	/* [{"name","native"}] for this CPU; NULL = the kernel's generic ones */
};

struct bench_hooks {
	/*
	 * The workload is set up and verified; nothing has been timed yet.
	 * Returns 0 to go on. NULL = go on at once.
	 */
	int (*hold)(void *arg, const json_t *proof_before, struct err *err);
	/* A line for the user ("tlb-miss: 512 pages"). May be NULL. */
	void (*progress)(void *arg, const char *text);
	/* bench_run_forked() only: the child's pid, before it does anything. */
	void (*started)(void *arg, pid_t pid);
	void *arg;
};

/*
 * Everything a request says is checked (names, types, ranges, what the
 * machine has) before memory is mapped. No value is ever clamped in silence.
 * On success `*result` is the caller's.
 */
int bench_run(const struct bench_request *rq, const struct bench_hooks *hooks,
	      json_t **result, struct err *err);

/*
 * The same, but the result is text: `*text` is JSON on one line, the caller's
 * to free and to pass on as bytes.
 */
int bench_run_text(const struct bench_request *rq, const struct bench_hooks *hooks,
		   char **text, struct err *err);

/*
 * bench_run_text() in a child process. A child that dies gives an error that names
 * the signal or exit code. `timeout_s` of wall time after hold() returned,
 * then the child is killed; 0 = none.
 */
int bench_run_forked(const struct bench_request *rq,
		     const struct bench_hooks *hooks, double timeout_s,
		     char **text, struct err *err);

/*
 * What can be known to be wrong before anything runs, wherever that will be: a path that
 * is missing or would not be used, and what the workload's check() says. `field`
 * (PARAM_FIELD_MAX) gets the parameter, or stays empty.
 */
int bench_check_asked(const struct workload *w, const struct source *s,
		      const struct bench_asked *a, char *field, struct err *err);

/* Only checks: what bench_run() would refuse before it maps memory. */
int bench_check(const struct bench_request *rq, struct err *err);

#endif
