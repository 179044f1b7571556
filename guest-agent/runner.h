/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's role: one workload at a time, in a process of its own, held
 * before its timed region until the driver says go.
 */
#ifndef KDUEL_RUNNER_H
#define KDUEL_RUNNER_H

#include <jansson.h>
#include <stdint.h>

#include "err.h"
#include "view.h"

struct agent;
struct runner;

int runner_new(struct runner **r, struct agent *a, struct err *err);
/* Kills the workload. NULL is allowed. */
void runner_free(struct runner *r);

/* Requests, see docs/protocol.md. */
int runner_op_run(struct agent *a, int64_t id, const struct view *args,
		  json_t *reply, struct err *err);
int runner_op_go(struct agent *a, int64_t id, const struct view *args,
		 json_t *reply, struct err *err);
int runner_op_cancel(struct agent *a, int64_t id, const struct view *args,
		     json_t *reply, struct err *err);

#endif
