/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The campaign config: YAML as docs/config.md describes it. Every mistake that
 * can be detected without booting is found here, and reported as
 * "file:line: field: what is wrong, and what is allowed".
 *
 * Only this room reads configs; everything else reads the plan.
 */
#ifndef KDUEL_CONFIG_H
#define KDUEL_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "err.h"
#include "plan-make.h"
#include "plan.h"

/*
 * A campaign config as read; docs/config.md explains every key. Keys that were
 * not given have the default of the table in config-schema.c, else NULL, 0 or false.
 */

#define CONFIG_CELLS_MAX 1000

struct config_arm {
	char *name, *kernel, *second_level, *cmdline;
	char **layouts;
	unsigned n_layouts;
	enum control control;
	bool baseline;
};

struct config_cell {
	char **backings, **sources, **workloads;
	unsigned n_backings, n_sources, n_workloads;
	struct conf_pair *params;
	unsigned n_params;
	unsigned processes, samples;
	bool allow_small, fresh_guest;
	struct conf_pair *backing_params;
	unsigned n_backing_params;
	enum disturb disturb;
	char *timeline;
};

struct config_gate {
	char *cell, *metric;
};

/* A claim, and the same in words. */
struct config_expect {
	char *says, *claim;
};

struct config {
	char *name, *question;
	uint64_t seed;
	unsigned blocks;
	enum plan_clock clock;
	enum plan_profile profile;
	bool aa, counters;
	struct {
		unsigned kind;
		enum machine_accel accel;
		unsigned cpus;		/* 0: not given, depends on the clock */
		char *memory, *pmem, *host, *device;
	} machine;
	struct {
		char *kernel, *memory, *pmem;
		unsigned cpus, pmem_device;
	} guest;
	struct config_arm *arms;
	unsigned n_arms;
	struct config_cell *cells;
	unsigned n_cells;
	struct config_gate *gates;
	unsigned n_gates;
	struct config_expect *expect;
	unsigned n_expect;
};

extern const struct conf_field config_fields[];

/*
 * Reads `text`, the content of the file `path`, into `plan`: all but the
 * boots and the hash, which plan_load() adds. EXIT_CONFIG, with file and line. The
 * plan is to be freed by plan_free() whatever the outcome.
 */
int config_parse(const char *path, const char *text, size_t len,
		 const struct plan_options *o, struct plan *plan,
		 struct err *err);

/* From a config to a plan; for config*.c only. */

/* Where a cell of the plan comes from: the entry, and the index in each of its lists. */
struct config_origin {
	unsigned entry, backing, source, workload;
	size_t pick;		/* which combination of parameter values */
};

struct build {
	const struct config *c;
	const struct conf *y;
	const struct plan_options *o;
	struct plan *p;
	struct err *err;
	struct config_origin *cells;	/* one per cell of the plan */
	unsigned arms[PLAN_ARMS_MAX + 1];	/* which entries the plan's arms come from */
	unsigned gates[PLAN_GATES_MAX];
};

int build_cells(struct build *b);

/* Fills in missing sources: "own" if the workloads take none, else an error. */
int build_sources(struct config *c, const struct conf *y, struct err *err);

/* config-files.c: reads, hashes and keeps the files that cells bring into the guest. */
int build_files(struct build *b);

/* Is this parameter of the entry a tree, and thus one value even if it is a list? */
bool build_is_tree(const struct config_cell *c, const char *key, size_t len);

/* Which value of the parameter `key`, an index in the file's list, `pick` stands for. */
unsigned build_value(const struct config_cell *c, size_t pick, const char *key);

#endif
