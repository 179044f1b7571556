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

/* EXIT_CONFIG, listing the names, if there is none. */
int workload_find(const char *name, const struct workload **w, struct err *err);

/* Is the table usable? */
int workload_check(const struct workload *w, struct err *err);

#endif
