/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A workload process. It is forked, not executed anew: the workload starts
 * with every library loaded, and costs no second start-up in an emulated
 * guest. It tells its parent, in frames on a socket:
 *
 *	{"progress":"text"}		any number, any time
 *	{"ready":{proof}}		then waits for one byte
 *	{"result":{...}}		or
 *	{"error":"text","code":-22}	and exits
 */
#ifndef KDUEL_WORK_H
#define KDUEL_WORK_H

#include <jansson.h>
#include <sys/types.h>

#include "err.h"

/*
 * Forks. `args` are those of the request `run`. `*fd` is our end of the
 * socket, `*pidfd` the process; both are the caller's to close.
 */
int work_start(const json_t *args, int *fd, int *pidfd, pid_t *pid,
	       struct err *err);

/* Are these arguments good, before anything is forked? */
int work_check(const json_t *args, struct err *err);

#endif
