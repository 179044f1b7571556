/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Object trees. The arms of one source, configuration, compiler and layout
 * share one: what does not differ between two arms is compiled once. The tree
 * of another configuration begins as a copy of the most recently used one, so
 * that only what depends on the configuration is compiled.
 *
 * All trees of a source, compiler and layout are built at the same path, and moved
 * there from their resting places: kbuild compares command lines, and those of the
 * kernel's tools contain the tree's path. At another path objtool would be rebuilt,
 * and then, because it is newer, everything that depends on it.
 *
 * A build in progress leaves a mark (.building) in the tree, which stays if the
 * build is interrupted. The next build then repairs what was being written.
 */
#ifndef KDUEL_KERNEL_OBJECTS_H
#define KDUEL_KERNEL_OBJECTS_H

#include <stdbool.h>

#include "kernel-build.h"

struct kernel_objects {
	char *path;	/* where it is built */
	char *rest;	/* where it is kept between builds */
	bool is_new;	/* nothing in it is compiled yet */
};

#define KERNEL_OBJECTS_INIT { NULL, NULL, false }

/* Call with the job's lock held. To be released whatever the outcome. */
int kernel_objects_take(struct kernel_job *job, const struct kernel_build *b,
			struct kernel_objects *o, struct err *err);
/* make ended without being stopped; `whole`: the disk did not fill up meanwhile. */
void kernel_objects_ended(const struct kernel_objects *o, bool whole);
/* Moves the tree back to its resting place, and frees the paths. */
void kernel_objects_release(struct kernel_objects *o);

/*
 * After an interrupted build: removes files that may be half written although make
 * would take them for finished. These are the files written in the last minute
 * before the newest one that lack kbuild's record of the finished command
 * (.<name>.cmd). `lost`: the machine went down since, so records may be lost or
 * empty too, and everything of that minute is removed.
 */
int kernel_objects_repair(const char *path, bool lost, struct err *err);

#endif
