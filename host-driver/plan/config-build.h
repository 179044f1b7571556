/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a checked config to a plan; for config.c and config-cells.c only. */
#ifndef KDUEL_CONFIG_BUILD_H
#define KDUEL_CONFIG_BUILD_H

#include "config-schema.h"
#include "plan-make.h"

struct build {
	const struct config *c;
	const struct conf *y;
	const struct plan_options *o;
	struct plan *p;
	struct err *err;
};

int build_no_memory(struct build *b);
/* NULL becomes "". */
int build_copy(struct build *b, char **to, const char *from);

int build_cells(struct build *b);

#endif
