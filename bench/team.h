/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that work together: member 0 is the calling thread, each other one
 * is pinned to a core of its own (hwloc; the run's CPU first). They wait by
 * spinning, then by yielding, so a start costs well under a microsecond when
 * every member has its core.
 *
 *	bench_team(b, 4, &team, err);
 *	team_run(team, fn, arg);	// fn(arg, 0..3), returns when all have
 *	team_free(team);
 */
#ifndef KDUEL_TEAM_H
#define KDUEL_TEAM_H

#include "harness.h"

struct team;

typedef void (*team_fn)(void *arg, unsigned member);

/* `threads` 0 = one per core. More than there are cores is refused. */
int bench_team(struct bench *b, unsigned threads, struct team **team,
	       struct err *err);
void team_free(struct team *team);

unsigned team_size(const struct team *team);
int team_cpu(const struct team *team, unsigned member);

void team_run(struct team *team, team_fn fn, void *arg);

/*
 * Starts fn on members 1.. only and returns; team_join() waits for them. How
 * long they run is up to fn.
 */
void team_start(struct team *team, team_fn fn, void *arg);
void team_join(struct team *team);

#endif
