/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The campaign config: YAML as docs/config.md describes it. Everything that
 * can be known to be wrong before a boot is found here, and said as
 * "file:line: field: what, and what is allowed".
 *
 * Only the plan reads this; everything else reads the plan.
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
 * A campaign config as it is read; docs/config.md explains every key. What
 * was not given is as the table in config-schema.c says, NULL, 0 or false.
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

/* A claim, and what it says in words. */
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
		unsigned cpus;		/* 0: as the clock says */
		char *memory, *pmem, *host, *device;
	} machine;
	struct {
		char *kernel, *memory, *pmem;
		unsigned cpus;
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
 * boots and the hash, which plan_load() adds. The plan is to be freed by
 * plan_free() whatever the outcome.
 */
int config_parse(const char *path, const char *text, size_t len,
		 const struct plan_options *o, struct plan *plan,
		 struct err *err);

/* From a config to a plan; for config.c and config-cells.c only. */

/* Where a cell of the plan comes from: which words of which entry. */
struct config_origin {
	unsigned entry, backing, source, workload;
	size_t pick;		/* of the parameters' values */
};

struct build {
	const struct config *c;
	const struct conf *y;
	const struct plan_options *o;
	struct plan *p;
	struct err *err;
	struct config_origin *cells;	/* of each of the plan's */
	unsigned arms[PLAN_ARMS_MAX + 1];	/* entries that arms come from */
	unsigned gates[PLAN_GATES_MAX];
};

int build_cells(struct build *b);

/* Where no source is given: the one of workloads that need none, or an error. */
int build_sources(struct config *c, const struct conf *y, struct err *err);

/* config-files.c: what cells carry into the guest is read, hashed and kept. */
int build_files(struct build *b);

/* Is this parameter of the entry one value however it is written: a tree? */
bool build_is_tree(const struct config_cell *c, const char *key, size_t len);

/* A parameter's value of a cell of the plan: its index in the file's list. */
unsigned build_value(const struct config_cell *c, size_t pick, const char *key);

#endif
