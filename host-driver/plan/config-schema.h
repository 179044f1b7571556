/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A campaign config as it is read; docs/config.md explains every key. What
 * was not given is as the table in config-schema.c says, NULL, 0 or false.
 */
#ifndef KDUEL_CONFIG_SCHEMA_H
#define KDUEL_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"
#include "conf.h"

#define CONFIG_CELLS_MAX 1000

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
	unsigned processes, samples;
	bool allow_small;
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
	bool aa, counters;
	struct {
		unsigned kind;
		enum machine_accel accel;
		unsigned cpus;		/* 0: as the clock says */
		char *memory, *pmem, *host, *device;
	} machine;
	struct {
		char *kernel, *memory;
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

#endif
