/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On which NUMA node memory is wanted, and on which it is. Wanting is
 * mbind(2); the truth is move_pages(2) without target nodes, which only asks.
 */
#ifndef KDUEL_PLACEMENT_H
#define KDUEL_PLACEMENT_H

#include <stddef.h>

#include "err.h"

#define PLACEMENT_NODES 64

struct placement {
	size_t asked;		/* pages looked at */
	size_t on[PLACEMENT_NODES];	/* how many are on each node */
	size_t absent;		/* not mapped yet */
	size_t unknown;		/* the kernel does not say (device memory) */
};

/* Binds a range to a node, before its first touch. -1 = no wish. */
int placement_bind(void *addr, size_t len, int node, struct err *err);

/* Asks for at most 4096 pages, evenly spread over the range. */
int placement_read(const void *addr, size_t len, struct placement *p,
		   struct err *err);

/* 0 if every page that is mapped and known is on `node` (-1: anywhere). */
int placement_verify(const struct placement *p, int node, struct err *err);

#endif
