/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words that driver, agents and reports share, one table each: page
 * sizes, layers, domains, kinds of values, how boots and cells ended. What is
 * written to a journal or a stream is the `name`; a reader finds an entry by
 * it, and a word that is in no table is refused where it comes in.
 *
 * Backings and sources have tables of their own, in backing/backing.h and
 * bench/source.h: they bring functions along.
 */
#ifndef KDUEL_WORDS_H
#define KDUEL_WORDS_H

#include <stdbool.h>
#include <stdint.h>

enum page_size { PAGE_4K, PAGE_2M, PAGE_1G, PAGE_SIZES };

struct page_word {
	const char *name;	/* "2m", in journals and configs */
	const char *title;	/* "2M", in text */
	uint64_t bytes;
};
extern const struct page_word page_words[PAGE_SIZES];

/* By name, by bytes; -1 if there is none. */
int page_find(const char *name);
int page_of_bytes(uint64_t bytes);

enum layer { LAYER_GUEST, LAYER_SECOND, LAYER_MUT, LAYER_FILE, LAYERS };

struct layer_word {
	const char *name;	/* "second-level" */
	const char *title;	/* "second level" */
	const char *help;	/* one line: what it is */
};
extern const struct layer_word layer_words[LAYERS];
extern const char *const layer_names[LAYERS + 1];	/* ends with NULL */
int layer_find(const char *name);

/* Which side of the timed region a proof was read on. */
enum when { WHEN_BEFORE, WHEN_AFTER, WHENS };
extern const char *const when_words[WHENS + 1];	/* ends with NULL */

/*
 * What is done to a guest between a workload's set-up and its timed region, or in
 * it, and the steps of that and of a timeline at which page sizes are read.
 */
enum disturb { DISTURB_NONE, DISTURB_DIRTY_LOG, DISTURB_DIRTY_LOG_ON, DISTURB_SPLIT, DISTURBS };
extern const char *const disturb_words[DISTURBS + 1];	/* ends with NULL */

/* One kernel in several states: what an arm's guest is given, or what is done to it. */
enum control { CONTROL_NONE, CONTROL_SHIFT_4K, CONTROL_DIRTY_LOG, CONTROL_PRE_FAULT, CONTROLS };
extern const char *const control_words[CONTROLS + 1];	/* ends with NULL */

/* How a guest sees persistent memory of its own. */
enum guest_pmem { GUEST_NVDIMM, GUEST_VIRTIO_PMEM, GUEST_PMEMS };
extern const char *const guest_pmem_words[GUEST_PMEMS + 1];	/* ends with NULL */

enum run_step { STEP_SETUP, STEP_READY, STEP_LOGGING, STEP_LOGGED, STEP_RUN, STEP_END, STEPS };
struct step_word {
	const char *name;	/* "logging" */
	const char *title;	/* "while logging" */
};
extern const struct step_word step_words[STEPS];
extern const char *const step_names[STEPS + 1];	/* ends with NULL */
int step_find(const char *name);

enum domain { DOMAIN_HARDWARE, DOMAIN_NESTED, DOMAIN_EMULATED,
	      DOMAIN_INSTRUCTIONS, DOMAIN_FAKE, DOMAINS };

struct domain_word {
	const char *name;	/* "emulated" */
	const char *title;	/* "emulated time" */
	const char *meaning;	/* where its values come from */
	const char *limit;	/* what it cannot show; "" if nothing */
	bool walks;		/* page walks, TLBs and caches show in its times */
	bool exact;		/* equal means equal: no clock's noise */
};
extern const struct domain_word domain_words[DOMAINS];
/* For choices: the names alone, ending with NULL. */
extern const char *const domain_names[DOMAINS + 1];
/* NULL if there is none of that name. */
const struct domain_word *domain_find(const char *name);

/* What a value is, and which way is better; each list ends with NULL. */
enum value_kind { KIND_TIME, KIND_RATE, KIND_COUNT };
extern const char *const kind_words[];		/* "time", ... */
enum better { BETTER_LOWER, BETTER_HIGHER, BETTER_NONE };
extern const char *const better_words[];	/* "lower", ... */

/* How a boot, and how a cell, ended; [0] is "ok". Each ends with NULL. */
extern const char *const boot_classes[];
extern const char *const cell_classes[];

/* The metric that every workload has: from go to its result, by the driver's clock. */
#define METRIC_GO_TO_RESULT "go_to_result"

/* Stands before the names of counters of the machine under test. */
#define COUNTER_VCPU "mut-vcpu."

/*
 * Kinds of machine under test, as a config names them: what each is, and which
 * of a config's keys it takes. What they do is in host-driver/machine, a table
 * of functions of the same name; nobody else asks which kind it is.
 *
 * A new kind is one line here, one in machine-table.c, and its mut-<name>.c.
 */

struct machine_kind {
	const char *name;
	const char *help;
	bool sized;		/* takes accel, cpus, memory, pmem: it is made for the campaign */
	bool has_host;		/* needs host: which machine it is */
	bool has_device;	/* takes device: its backings overwrite that, and nothing else */
	bool has_kernel;	/* runs the arms' kernels; false: everything is made up */
	bool is_driver;		/* the driver runs on it: its own kernel is under test */
};

/* Ends with a NULL name; the first is the default. */
extern const struct machine_kind machine_kinds[];
/* Their names, in the same order; ends with NULL. */
extern const char *const machine_kind_names[];

/* NULL if there is none of this name. */
const struct machine_kind *machine_kind_find(const char *name);

#endif
