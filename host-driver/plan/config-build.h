/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a config to a plan; for config.c and config-cells.c only. */
#ifndef KDUEL_CONFIG_BUILD_H
#define KDUEL_CONFIG_BUILD_H

#include "config-schema.h"
#include "plan-make.h"

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

/* A parameter's value of a cell of the plan: its index in the file's list. */
unsigned build_value(const struct config_cell *c, size_t pick, const char *key);

#endif
