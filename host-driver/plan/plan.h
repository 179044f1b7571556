/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan: a campaign decided in full before anything boots. Cells, arms,
 * the order of the boots and the seed are frozen in one JSON object that is
 * named by the SHA-256 of its own canonical text, and is the first record of
 * the journal. Two results are comparable only if their plans are equal.
 *
 *	struct plan *p;
 *
 *	if (plan_load("configs/smoke.yaml", NULL, &p, err))
 *		return err->code;
 *	for (size_t i = 0; i < p->n_boots; i++)
 *		printf("block %u\n", p->boots[i].block);
 *	plan_free(p);
 *
 * The plan owns everything in it and does not change once it is made, except by
 * plan_extend(). Strings are never NULL; what was not given is "".
 *
 * Canonical JSON: keys sorted, no white space, UTF-8 as it is, no real
 * numbers. The hash covers the object without its "hash" key.
 *
 * Order: in each block every arm boots once. The order is a Fisher-Yates
 * shuffle driven by SplitMix64, started at seed + block * 0x9e3779b97f4a7c15
 * (see plan_shuffle()), so that a plan of more blocks begins with the plan of
 * fewer.
 */
#ifndef KDUEL_PLAN_H
#define KDUEL_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "file.h"
#include "vocab/words.h"

struct view;

#define PLAN_ARMS_MAX 16
#define PLAN_GATES_MAX 8

enum plan_clock { CLOCK_TIME, CLOCK_INSTRUCTIONS };

/* What the emulator counts per function. */
enum plan_profile {
	PROFILE_NONE,
	PROFILE_FUNCTIONS,	/* instructions in timed regions */
	PROFILE_MEMORY,		/* their loads and stores, too */
	PROFILE_BOOT,		/* instructions in timed regions and in boots */
};
enum machine_accel { ACCEL_AUTO, ACCEL_HARDWARE, ACCEL_EMULATION };

struct plan_machine {
	const struct machine_kind *kind;	/* vocab/words.h */
	enum machine_accel accel;
	unsigned cpus;
	uint64_t memory;	/* bytes */
	uint64_t pmem;		/* bytes; 0 = none */
	char *host;		/* user@host, of a kind that has one */
	char *device;		/* the nvdimm namespace that backings may overwrite, or "" */
};

struct plan_guest {
	char *kernel;
	unsigned cpus;
	uint64_t memory;	/* bytes */
	uint64_t pmem;		/* bytes of its NVDIMM, on the same backing; 0: none, then not in JSON */
	enum guest_pmem pmem_device;	/* in JSON if it is not an NVDIMM */
};

struct plan_arm {
	char *name;
	char *kernel;		/* a name or a path: lib/data.h */
	bool baseline;		/* exactly one arm is */
	bool aa;		/* a copy of the baseline, for an A/A pair */
	char *second_level;	/* "4k", "2m", "1g": what the proof must find; "" = not judged */
	char *cmdline;		/* added to the kernel command line of the MUT */
	enum control control;	/* of its guests; in JSON only if there is one */
	char **layouts;		/* code layouts; block b uses layouts[(b - 1) % n] */
	size_t n_layouts;	/* at least 1; "default" if none was given */
};

struct plan_cell {
	char *id;		/* "fsdax-xfs/thp/tlb-miss", unique */
	char *backing;
	char *source;
	char *workload;
	json_t *params;		/* object of strings, as the user wrote them */
	unsigned processes;	/* workload processes, one after another */
	unsigned samples;	/* iterations a process keeps; 0 = the workload's own number */
	bool allow_small;	/* sizes that fit in a cache are run, and labelled */
	/* In JSON only where they are not NULL, false, DISTURB_NONE and 0. */
	json_t *backing_params;	/* object of strings, for the backing; NULL: none */
	bool fresh_guest;	/* each of its processes gets a guest of its own */
	enum disturb disturb;	/* before the timed region */
	unsigned timeline;	/* ms between page-size readings, in a run of its own; 0: none */
};

/* Can the cells share a guest: do they have the same backing, with the same parameters? */
bool plan_same_backing(const struct plan_cell *a, const struct plan_cell *b);

struct plan_boot {
	unsigned boot;		/* 1.. */
	unsigned block;		/* 1.. */
	unsigned order;		/* 1..: position in its block */
	unsigned arm;		/* index into arms */
	const char *layout;	/* one of the arm's */
};

struct plan_gate {
	char *cell;		/* glob over cell ids */
	char *metric;
};

struct plan_expect {
	char *claim;		/* claim/claim.h */
	char *says;		/* the same in words; "" if not given */
};

struct plan {
	char *name;
	char *question;
	uint64_t seed;
	unsigned n_blocks;
	enum plan_clock clock;
	bool counters;		/* count processor events; in JSON only if false */
	enum plan_profile profile;	/* in JSON only if there is one */
	struct plan_machine machine;
	struct plan_guest guest;
	struct plan_arm *arms;
	size_t n_arms;
	struct plan_cell *cells;
	size_t n_cells;
	struct plan_boot *boots;	/* in the order they are run */
	size_t n_boots;
	struct plan_gate *gates;
	size_t n_gates;
	struct plan_expect *expect;
	size_t n_expect;
	/*
	 * The folder of the config, if a kernel of the plan is found only there;
	 * else "". In JSON only if not "", and not part of the hash: it says where
	 * this user's files are, not what is compared.
	 */
	char *beside;
	char hash[FILE_HASH_MAX];
};

/*
 * What a command line may change about a config; refused for a frozen plan,
 * which can only be extended.
 */
struct plan_options {
	unsigned blocks;	/* instead of the config's; 0: the config's */
	unsigned least_blocks;	/* at least so many, if `blocks` is 0 */
	const char *only;	/* glob: the cells whose id matches; NULL = all */
	bool aa;		/* only the baseline, as two arms */
	const char *machine;	/* "fake", "vm", ... instead of the config's; NULL */
	enum plan_profile profile;	/* at least this one */
};

/*
 * Reads a config (YAML) or a plan (JSON, recognized by its first character), given
 * by its path or as a campaign's name (lib/data.h), that is to be run: what no
 * machine can run is refused as well. Every error of the file is EXIT_CONFIG and
 * names file, line and field. `o` may be NULL.
 */
int plan_load(const char *asked, const struct plan_options *o,
	      struct plan **plan, struct err *err);

/* Reads a frozen plan only to inspect it: its kernels need not exist any more. */
int plan_read(const char *path, struct plan **plan, struct err *err);

/* From untrusted JSON: everything is checked, the hash too. */
int plan_from_view(const struct view *json, struct plan **plan, struct err *err);

int plan_copy(const struct plan *p, struct plan **copy, struct err *err);

/* Checks that it has the arm ("": the baseline); EXIT_CONFIG suggests the nearest name. */
int plan_check_arm(const struct plan *p, const char *arm, struct err *err);
/*
 * The error that `glob` matches no cell (the plan has at least one): EXIT_CONFIG
 * with the nearest name, or one as an example. `before` says where the glob stands.
 */
int plan_unknown_cell(const struct plan *p, const char *before, const char *glob,
		      struct err *err);

/*
 * Checks that this plan can decide a claim (claim/claim.h): its arms, cells, metrics
 * and points must exist; EXIT_CONFIG suggests the nearest name if one does not.
 */
struct claim;
int plan_check_claim(const struct plan *p, const struct claim *claim, struct err *err);

/*
 * Extends the plan to `blocks`; its existing boots stay as they are. Fewer blocks are
 * refused. Pointers into p->boots become invalid.
 */
int plan_extend(struct plan *p, unsigned blocks, struct err *err);

/* Publishes the plan as a JSON file. */
int plan_write(const struct plan *p, const char *path, struct err *err);

/* The whole object with its hash; a new reference, NULL if out of memory. */
json_t *plan_to_json(const struct plan *p);

/* Canonical text of any JSON value, malloc()ed. */
char *plan_canonical(const json_t *json);

void plan_free(struct plan *p);

/* p->beside as data_find() takes it: NULL instead of "". */
static inline const char *plan_beside(const struct plan *p)
{
	return p->beside && *p->beside ? p->beside : NULL;
}

/*
 * Bytes of the second NVDIMM that a machine of ours needs: for a guest's NVDIMM that takes
 * a namespace of its own. 0: none.
 */
uint64_t plan_next_pmem(const struct plan *p);

/* The arm's or cell's index, or -1. */
int plan_arm(const struct plan *p, const char *name);
int plan_cell(const struct plan *p, const char *id);
const struct plan_arm *plan_baseline(const struct plan *p);

/* Where a cell's backing lies in persistent memory: its own `device`, else the machine's; or NULL. */
const char *plan_cell_device(const struct plan *p, const struct plan_cell *cell);

size_t plan_gate_tests(const struct plan *p);
/* The level that Holm requires of the first gate test; half of it if other metrics are judged, too. */
double plan_strictest_level(const struct plan *p);
/* "p99_ns", "ns_p50": its spread is not that of a mean. */
bool plan_metric_is_percentile(const char *metric);
/*
 * Why the plan's blocks are too few for a verdict, or for one on any but large effects; NULL if they
 * are not. Instructions are not times: two blocks decide. The caller frees it.
 */
char *plan_few_blocks(const struct plan *p);

/* An estimate, from the sizes in the plan and the figures in plan.c. */
struct plan_cost {
	double seconds;		/* of the whole campaign, kernels already built */
	uint64_t disk;		/* bytes of the results folder */
};
void plan_cost(const struct plan *p, struct plan_cost *cost);

/* The order of block `block`: a permutation of 0..n-1. */
void plan_shuffle(uint64_t seed, unsigned block, unsigned *order, size_t n);

const char *plan_clock_name(enum plan_clock c);		/* "time" */
const char *plan_profile_name(enum plan_profile p);	/* "functions" */
/* Are functions sampled by perf, as on every machine that is not booted here? */
bool plan_is_sampled(const struct plan *p);
const char *machine_accel_name(enum machine_accel a);	/* "auto" */

/*
 * The plan in readable form: what `kduel plan` and `kduel run --dry-run` print.
 */

void plan_print(const struct plan *p, FILE *to);

#endif
