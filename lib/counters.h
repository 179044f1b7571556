/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event counts around a timed region, whoever can deliver them.
 *
 * Each event is served by the first provider that can really add and start it
 * (a provider's own "available" is not believed): PAPI, then
 * perf_event_open(2), then getrusage(2). Why an event cannot be counted is
 * kept, in the words of the providers that refused it, and becomes
 * "unavailable: <reason>" in the record: never 0.
 *
 * Where the kernel has no PMU, PAPI is not started unless it is named: it could
 * count software events only, which the kernel counts as well, and its tables
 * ask the processor hundreds of CPUIDs, each of which leaves a guest.
 *
 * Software events cost the processor nothing and count in every batch.
 * Hardware events are packed in groups of at most four that take turns, so no
 * event is ever extrapolated: each batch goes to the group that had the fewest
 * so far, and of those to the first in the order of the events. With
 * `multiplex`, all events of a provider count at once and the kernel shares
 * the processor's counters between them.
 *
 *	struct counters *c;
 *	struct counter_sum sum[COUNTERS_MOST] = { 0 };
 *
 *	ret = counters_new(&c, &(struct counters_options){
 *		.events = counters_software, .n = counters_software_n }, err);
 *	for (i = 0; i < n; i++) {	// batches
 *		counters_start(c, sum);
 *		...
 *		counters_stop(c, sum, 512);	// things done
 *	}
 *	json = counters_json(c, sum);
 *	counters_free(c);
 *
 * Counts are of one thread: the caller, or `tid`. On the machine under test,
 * `guest_only` with the tid of a vCPU thread counts what its guest does and
 * nothing of what the host does for it (software events have no such filter
 * and are unavailable then).
 */
#ifndef KDUEL_COUNTERS_H
#define KDUEL_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <jansson.h>

#include "err.h"

#define COUNTERS_MOST 32
#define COUNTERS_GROUP 4

struct counter_event {
	const char *name;	/* ours: "minor_faults", "dtlb_load_walks" */
	const char *native;	/* libpfm4's: "perf::MINOR-FAULTS" */
	bool hardware;
	uint64_t software;	/* else: PERF_COUNT_SW_*, for the kernel */
};

/* Software events that every kernel has, and generic processor events. */
extern const struct counter_event counters_software[];
extern const size_t counters_software_n;
extern const struct counter_event counters_generic[];
extern const size_t counters_generic_n;

struct counters_options {
	const struct counter_event *events;	/* copied, with their texts */
	size_t n;
	pid_t tid;		/* 0 = the calling thread */
	bool guest_only;
	bool multiplex;
	bool inherit;		/* also counts processes started meanwhile */
	const char *provider;	/* this one only; NULL = in their order */
};

struct counter_sum {
	uint64_t value;		/* events counted */
	uint64_t batches;	/* in how many batches */
	uint64_t lost;		/* batches in which it should have been, but was not */
	double things;		/* and over how many things (accesses, pages) */
	bool scaled;		/* the kernel multiplexed and extrapolated it */
};

struct counters;

/* Fails only for a wrong request or lack of memory, not for absent events. */
int counters_new(struct counters **c, const struct counters_options *o,
		 struct err *err);
void counters_free(struct counters *c);

/* How many events, and in how many batches each is counted once (0: none can be). */
size_t counters_count(const struct counters *c);
unsigned counters_passes(const struct counters *c);
const struct counter_event *counters_event(const struct counters *c, size_t i);

/*
 * Starts the software events and the hardware group with the fewest batches in
 * `sum` (NULL: the first); stops them and adds to sum[0..counters_count()-1],
 * unless that is NULL.
 */
void counters_start(struct counters *c, const struct counter_sum *sum);
void counters_stop(struct counters *c, struct counter_sum *sum, double things);

/* Provider of event i ("papi"), or NULL and the reason in *why. */
const char *counters_provider(const struct counters *c, size_t i,
			      const char **why);

/*
 * [{"name","native","provider","value","batches","things"},
 *  {"name","native","unavailable":"<reason>"}]
 * or [] where there was no batch to count in (a figure derived from others).
 */
json_t *counters_json(const struct counters *c, const struct counter_sum *sum);

/* [{"name":"papi","used":false,"why":"..."}], in the order of trying. */
json_t *counters_providers_json(const struct counters *c);

/* ns that one start and stop takes, median of a few; 0 = nothing counts. */
double counters_overhead(struct counters *c);

/*
 * Counts the minor faults of the first writes to `pages` fresh pages with one
 * provider. Right if *counted == pages. Fails if the provider has no such
 * event here.
 */
int counters_self_test(const char *provider, uint64_t pages, uint64_t *counted,
		       struct err *err);

/* "papi", "perf", "getrusage", NULL. */
const char *counters_provider_name(unsigned i);
/* Was it asked for, and does it count anything? *why says why or why not. */
bool counters_provider_asked(const struct counters *c, unsigned i);
bool counters_provider_used(const struct counters *c, unsigned i, const char **why);

#endif
