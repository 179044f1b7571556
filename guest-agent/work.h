/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A workload process: kduel-agent --workload, executed again for each and held
 * by its parent (lib/worker.h). A forked copy of the agent would inherit the
 * agent's heap, whose mappings depend on all that the agent did before and
 * when: one mapping more costs every page fault of the workload some 7
 * instructions.
 */
#ifndef KDUEL_WORK_H
#define KDUEL_WORK_H

#include <stdbool.h>

#include "err.h"
#include "view.h"

/*
 * The process itself, from its first message to its exit code. `reserve`: huge
 * pages that its source needs are added to the kernel's pool.
 */
int work_serve(int in, int out, bool reserve);

/* Are these arguments good, before anything is started? */
int work_check(const struct view *args, struct err *err);

#endif
