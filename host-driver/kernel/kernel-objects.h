/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Object trees. The arms of one source, configuration, compiler and layout
 * share one: what does not differ between two arms is compiled once. The tree
 * of another configuration begins as a copy of the one used last, so that
 * only what the configurations make different is compiled.
 *
 * All trees of a source, compiler and layout are built at one place, and moved
 * there from where they rest: kbuild compares command lines, and those of the
 * kernel's tools hold the tree's own path. Were a copy built elsewhere, objtool
 * would be made again, and everything after it, because it is newer.
 *
 * The mark of a build under way lies in the tree, and stays if the build is cut
 * off. The next one repairs what was being written then.
 */
#ifndef KDUEL_KERNEL_OBJECTS_H
#define KDUEL_KERNEL_OBJECTS_H

#include <stdbool.h>

#include "kernel-build.h"

struct kernel_objects {
	char *path;	/* where it is built */
	char *rest;	/* where it is kept otherwise */
	bool is_new;	/* nothing in it is compiled */
};

#define KERNEL_OBJECTS_INIT { NULL, NULL, false }

/* Under the job's lock. To be released, whatever comes of it. */
int kernel_objects_take(struct kernel_job *job, const struct kernel_build *b,
			struct kernel_objects *o, struct err *err);
/* make ended by itself; `whole`: there was room for all that it wrote. */
void kernel_objects_ended(const struct kernel_objects *o, bool whole);
/* Puts the tree back where it rests. */
void kernel_objects_release(struct kernel_objects *o);

/*
 * After a build that was cut off: removes what looks as finished to make as any
 * other file and may be half written. That is what was written in the last
 * minute before the newest file and is not followed by kbuild's record of the
 * finished command (.<name>.cmd). With `lost`, the machine went down meanwhile:
 * then records may be lost or empty, and all of the last minute is removed.
 */
int kernel_objects_repair(const char *path, bool lost, struct err *err);

#endif
