/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "plan-make.h"

#define TOP(kind, member) CONF_AT(CONF_##kind, struct config, member)
#define ARM(kind, member) CONF_AT(CONF_##kind, struct config_arm, member)
#define CELL(kind, member) CONF_AT(CONF_##kind, struct config_cell, member)
#define COUNT(structure, member) .count = offsetof(struct structure, member)
#define REQUIRED .required = true

static const struct conf_field machine_fields[] = {
	{ "kind", TOP(CHOICE, machine.kind), .choices = machine_kind_names },
	{ "accel", TOP(CHOICE, machine.accel), .choices = machine_accel_names },
	{ "cpus", TOP(UNSIGNED, machine.cpus) },
	{ "memory", TOP(TEXT, machine.memory), .fallback = "3G" },
	{ "pmem", TOP(TEXT, machine.pmem), .fallback = "1G" },
	{ "host", TOP(TEXT, machine.host) },
	{ "device", TOP(TEXT, machine.device) },
	{ 0 }
};

static const struct conf_field guest_fields[] = {
	{ "kernel", TOP(TEXT, guest.kernel), REQUIRED },
	{ "cpus", TOP(UNSIGNED, guest.cpus), .fallback = "1" },
	{ "memory", TOP(TEXT, guest.memory), .fallback = "512M" },
	{ "pmem", TOP(TEXT, guest.pmem) },
	{ "pmem-device", TOP(CHOICE, guest.pmem_device), .choices = guest_pmem_words },
	{ 0 }
};

static const struct conf_field arm_fields[] = {
	{ "kernel", ARM(TEXT, kernel), REQUIRED },
	{ "name", ARM(TEXT, name) },
	{ "baseline", ARM(BOOL, baseline) },
	{ "second-level", ARM(TEXT, second_level) },
	{ "cmdline", ARM(TEXT, cmdline) },
	{ "control", ARM(CHOICE, control), .choices = control_words },
	{ "layout", ARM(TEXTS, layouts), COUNT(config_arm, n_layouts) },
	{ 0 }
};

static const struct conf_field cell_fields[] = {
	{ "backing", CELL(TEXTS, backings), COUNT(config_cell, n_backings), REQUIRED },
	{ "source", CELL(TEXTS, sources), COUNT(config_cell, n_sources) },
	{ "workload", CELL(TEXTS, workloads), COUNT(config_cell, n_workloads), REQUIRED },
	{ "params", CELL(PAIRS, params), COUNT(config_cell, n_params), .deep = true },
	{ "processes", CELL(UNSIGNED, processes), .fallback = "1" },
	{ "samples", CELL(UNSIGNED, samples) },
	{ "allow-small", CELL(BOOL, allow_small) },
	{ "backing-params", CELL(PAIRS, backing_params), COUNT(config_cell, n_backing_params) },
	{ "fresh-guest", CELL(BOOL, fresh_guest) },
	{ "disturb", CELL(CHOICE, disturb), .choices = disturb_words },
	{ "timeline", CELL(TEXT, timeline) },
	{ 0 }
};

static const struct conf_field gate_fields[] = {
	{ "cell", CONF_AT(CONF_TEXT, struct config_gate, cell), REQUIRED },
	{ "metric", CONF_AT(CONF_TEXT, struct config_gate, metric), REQUIRED },
	{ 0 }
};

static const struct conf_field expect_fields[] = {
	{ "says", CONF_AT(CONF_TEXT, struct config_expect, says) },
	{ "claim", CONF_AT(CONF_TEXT, struct config_expect, claim), REQUIRED },
	{ 0 }
};

/* Fields of nested structs have offsets from the top of struct config. */
const struct conf_field config_fields[] = {
	{ "name", TOP(TEXT, name), REQUIRED },
	{ "question", TOP(TEXT, question) },
	{ "seed", TOP(WIDE, seed), .fallback = "1" },
	{ "blocks", TOP(UNSIGNED, blocks), .fallback = "5" },
	{ "clock", TOP(CHOICE, clock), .choices = plan_clock_names },
	{ "aa", TOP(BOOL, aa) },
	{ "counters", TOP(BOOL, counters), .fallback = "true" },
	{ "profile", TOP(CHOICE, profile), .choices = plan_profile_names },
	{ "machine", .type = CONF_MAP, .of = machine_fields },
	{ "guest", .type = CONF_MAP, REQUIRED, .of = guest_fields },
	{ "arms", TOP(LIST, arms), COUNT(config, n_arms), REQUIRED,
	  .of = arm_fields, .size = sizeof(struct config_arm) },
	{ "cells", TOP(LIST, cells), COUNT(config, n_cells), REQUIRED,
	  .of = cell_fields, .size = sizeof(struct config_cell) },
	{ "gates", TOP(LIST, gates), COUNT(config, n_gates),
	  .of = gate_fields, .size = sizeof(struct config_gate) },
	{ "expect", TOP(LIST, expect), COUNT(config, n_expect),
	  .of = expect_fields, .size = sizeof(struct config_expect), .lone = "claim" },
	{ 0 }
};
