/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a results folder whose boots were profiled to the differences between its
 * arms: one struct why for each cell and metric (or phase of the boot) and each arm
 * but the baseline.
 */
#ifndef KDUEL_WHY_GATHER_H
#define KDUEL_WHY_GATHER_H

#include "difference.h"
#include "store/store.h"

struct why_request {
	const char *cell;	/* glob; NULL: all */
	const char *arm;	/* one arm; NULL: all but the baseline */
	bool boot;		/* the boot's phases instead of the cells */
	enum profile_what what;	/* instructions, loads or stores */
	const char *const *maps;	/* see why_map() */
	size_t n_maps;
	unsigned lines;		/* of so many functions of each table; 0: none */
	const char *const *vmlinux;	/* "ARM=FILE", "guest=FILE": kernels with debug information */
	size_t n_vmlinux;
};

struct why_group {
	char *what;		/* the cell, or "boot" */
	char metric[300];	/* or the name of the phase */
	char thing[32];		/* "page"; "boot" */
	unsigned series, arm;
	struct why why;		/* judged, or error is set */
	struct err error;
};

struct why_groups {
	struct why_group *v;
	size_t n;
};

/*
 * -EINVAL, with nothing to release, if nothing was profiled, or if a file or a
 * kernel's image was changed since.
 */
int why_gather(struct store *s, const struct why_request *rq, struct why_groups *g,
	       struct err *err);

/*
 * The same in two halves: what the journal says, which is little, and the boots' files and
 * the kernels' symbols, which take no part of the store and so may be read by another thread.
 * `rq` and the store live until the second, which frees `w` whatever comes of it; or drop it.
 */
struct gather;
int why_gather_begin(struct gather **w, struct store *s, const struct why_request *rq,
		     struct err *err);
int why_gather_end(struct gather *w, struct why_groups *g, struct err *err);
void why_gather_drop(struct gather *w);

void why_groups_release(struct why_groups *g);

/* --- overview.c --- */

/*
 * Where there are more than two tables: in which the whole differs, the largest part of the
 * baseline's first. Each is judged alone: of many some differ by chance.
 */
void why_print_overview(const struct why_groups *g, const struct plan *p, FILE *to);

#endif
