/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of workloads: one line each in registry.c. A table that is broken
 * (wrong version, a function or text missing, an unknown fallback) is refused
 * before it is used.
 */
#ifndef KDUEL_REGISTRY_H
#define KDUEL_REGISTRY_H

#include "workload.h"

/* Ends with NULL. */
extern const struct workload *const workloads[];

/* EXIT_CONFIG, with the nearest name and all of them, if there is none. */
int workload_find(const char *name, const struct workload **w, struct err *err);

/* Is the table usable? */
int workload_check(const struct workload *w, struct err *err);

/* The metric of that name; NULL if the workload has none. */
const struct workload_metric *workload_metric(const struct workload *w, const char *name);
/* The first metric with that role; NULL if the workload has none. */
const struct workload_metric *workload_role(const struct workload *w, enum metric_role role);

/*
 * Does the workload of that name have a metric of that name, in its table or, where
 * `m` is NULL, declared by its parameters (NULL: none)? EXIT_CONFIG if not, with
 * the nearest name and all of them.
 */
int workload_metric_find(const char *workload, const json_t *params, const char *metric,
			 const struct workload_metric **m, struct err *err);

#endif
