/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A campaign config as libcyaml reads it; docs/config.md explains every key.
 * What was not given is NULL or 0.
 */
#ifndef KDUEL_CONFIG_SCHEMA_H
#define KDUEL_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"
#include "conf.h"

#define CONFIG_CELLS_MAX 1000

struct config_machine {
	enum machine_kind kind;
	enum machine_accel accel;
	uint32_t *cpus;
	char *memory, *pmem, *host;
};

struct config_guest {
	char *kernel, *memory;
	uint32_t *cpus;
};

struct config_arm {
	char *name, *kernel, *second_level, *cmdline;
	char **layouts;
	unsigned n_layouts;
	bool baseline;
};

struct config_cell {
	char **backings, **sources, **workloads;
	unsigned n_backings, n_sources, n_workloads;
	struct conf_pair *params;
	unsigned n_params;
	uint32_t *processes, *samples;
	bool allow_small;
};

struct config_gate {
	char *cell, *metric;
};

struct config {
	char *name, *question;
	uint64_t *seed;
	uint32_t *blocks;
	enum plan_clock clock;
	bool aa;
	bool *counters;
	struct config_machine *machine;
	struct config_guest *guest;
	struct config_arm *arms;
	unsigned n_arms;
	struct config_cell *cells;
	unsigned n_cells;
	struct config_gate *gates;
	unsigned n_gates;
	char **expect;
	unsigned n_expect;
};

extern const cyaml_schema_value_t config_schema;

#endif
