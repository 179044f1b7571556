/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A workload process: kduel-agent --workload, executed anew for each. A forked
 * copy of the agent would inherit the agent's heap, whose mappings depend on
 * all that the agent did before and when: one mapping more costs every page
 * fault of the workload some 7 instructions. It speaks with its parent in
 * frames on a socket:
 *
 *	{"run":{arguments}}		the request's, from the parent
 *	{"progress":"text"}		any number, any time
 *	{"ready":{proof}}		then waits
 *	{"go":true}			from the parent
 *	{"result":{...}}		or
 *	{"error":"text","code":-22}	and exits
 */
#ifndef KDUEL_WORK_H
#define KDUEL_WORK_H

#include <jansson.h>

#include "err.h"
#include "proc.h"

/*
 * Starts the process, which waits for its request. `*fd` is our end of the
 * socket, the caller's to close; `p` is the caller's to release.
 */
int work_start(struct proc *p, int *fd, struct err *err);

/* The process itself, from its first message to its exit code. */
int work_serve(int in, int out);

/* Are these arguments good, before anything is started? */
int work_check(const json_t *args, struct err *err);

#endif
