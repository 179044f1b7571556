/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config-schema.h"

#define OPT CYAML_FLAG_OPTIONAL
#define PTR CYAML_FLAG_POINTER

#define TEXT(key, flags, structure, member) \
	CYAML_FIELD_STRING_PTR(key, PTR | (flags), structure, member, 1, \
			       CYAML_UNLIMITED)
#define TEXTS(key, flags, structure, member, count) \
	CYAML_FIELD_SEQUENCE_COUNT(key, PTR | (flags), structure, member, \
				   count, &conf_text_schema, 0, \
				   CYAML_UNLIMITED)

static const cyaml_strval_t clocks[] = {
	{ "time", CLOCK_TIME }, { "instructions", CLOCK_INSTRUCTIONS },
};
static const cyaml_strval_t kinds[] = {
	{ "vm", MACHINE_VM }, { "host", MACHINE_HOST },
	{ "ssh", MACHINE_SSH }, { "fake", MACHINE_FAKE },
};
static const cyaml_strval_t accels[] = {
	{ "auto", ACCEL_AUTO }, { "hardware", ACCEL_HARDWARE },
	{ "emulation", ACCEL_EMULATION },
};

static const cyaml_schema_field_t machine_fields[] = {
	CYAML_FIELD_ENUM("kind", OPT, struct config_machine, kind, kinds, 4),
	CYAML_FIELD_ENUM("accel", OPT, struct config_machine, accel, accels, 3),
	CYAML_FIELD_UINT_PTR("cpus", PTR | OPT, struct config_machine, cpus),
	TEXT("memory", OPT, struct config_machine, memory),
	TEXT("pmem", OPT, struct config_machine, pmem),
	TEXT("host", OPT, struct config_machine, host),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t guest_fields[] = {
	TEXT("kernel", 0, struct config_guest, kernel),
	CYAML_FIELD_UINT_PTR("cpus", PTR | OPT, struct config_guest, cpus),
	TEXT("memory", OPT, struct config_guest, memory),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t arm_fields[] = {
	TEXT("kernel", 0, struct config_arm, kernel),
	TEXT("name", OPT, struct config_arm, name),
	CYAML_FIELD_BOOL("baseline", OPT, struct config_arm, baseline),
	TEXT("second-level", OPT, struct config_arm, second_level),
	TEXT("cmdline", OPT, struct config_arm, cmdline),
	TEXTS("layout", OPT, struct config_arm, layouts, n_layouts),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t cell_fields[] = {
	TEXTS("backing", 0, struct config_cell, backings, n_backings),
	TEXTS("source", 0, struct config_cell, sources, n_sources),
	TEXTS("workload", 0, struct config_cell, workloads, n_workloads),
	CYAML_FIELD_SEQUENCE_COUNT("params", PTR | OPT, struct config_cell,
				   params, n_params, &conf_pair_schema, 0,
				   CYAML_UNLIMITED),
	CYAML_FIELD_UINT_PTR("processes", PTR | OPT, struct config_cell,
			     processes),
	CYAML_FIELD_UINT_PTR("samples", PTR | OPT, struct config_cell,
			     samples),
	CYAML_FIELD_BOOL("allow-small", OPT, struct config_cell, allow_small),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t gate_fields[] = {
	TEXT("cell", 0, struct config_gate, cell),
	TEXT("metric", 0, struct config_gate, metric),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t arm_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_arm, arm_fields),
};
static const cyaml_schema_value_t cell_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_cell,
			    cell_fields),
};
static const cyaml_schema_value_t gate_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_gate,
			    gate_fields),
};

static const cyaml_schema_field_t config_fields[] = {
	TEXT("name", 0, struct config, name),
	TEXT("question", OPT, struct config, question),
	CYAML_FIELD_UINT_PTR("seed", PTR | OPT, struct config, seed),
	CYAML_FIELD_UINT_PTR("blocks", PTR | OPT, struct config, blocks),
	CYAML_FIELD_ENUM("clock", OPT, struct config, clock, clocks, 2),
	CYAML_FIELD_BOOL("aa", OPT, struct config, aa),
	CYAML_FIELD_BOOL_PTR("counters", PTR | OPT, struct config, counters),
	CYAML_FIELD_MAPPING_PTR("machine", PTR | OPT, struct config, machine,
				machine_fields),
	CYAML_FIELD_MAPPING_PTR("guest", PTR, struct config, guest,
				guest_fields),
	CYAML_FIELD_SEQUENCE_COUNT("arms", PTR, struct config, arms, n_arms,
				   &arm_schema, 0, CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE_COUNT("cells", PTR, struct config, cells, n_cells,
				   &cell_schema, 0, CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE_COUNT("gates", PTR | OPT, struct config, gates,
				   n_gates, &gate_schema, 0, CYAML_UNLIMITED),
	TEXTS("expect", OPT, struct config, expect, n_expect),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config, config_fields),
};
