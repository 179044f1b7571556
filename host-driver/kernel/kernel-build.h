/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a patched tree to a bzImage, in an object tree that the arms of one
 * source, compiler and layout share: what does not differ between two arms is
 * compiled once.
 */
#ifndef KDUEL_KERNEL_BUILD_H
#define KDUEL_KERNEL_BUILD_H

#include "kernel-job.h"
#include "kernel-source.h"
#include "kernel-spec.h"

/* What compiles: "gcc (Debian 12.2.0-14) 12.2.0; GNU ld ... 2.40". */
int kernel_compiler(char **text, struct err *err);

struct kernel_build {
	const struct kernel_spec *spec;
	const struct kernel_tree *tree;
	const char *compiler;
	const char *layout;	/* "" or the alignment of functions */
	const char *suffix;	/* of uname -r: "-k1a2b3c4d" */
	const char *out;	/* an existing folder for bzImage and config */
};

/* Under the job's lock, the tree patched. */
int kernel_build_run(struct kernel_job *job, const struct kernel_build *b,
		     struct err *err);

/*
 * After a build that was cut off: removes from `objects` the files of the
 * last minute before its newest, for a file that was being written looks as
 * finished to make as any other.
 */
int kernel_build_repair(const char *objects, struct err *err);

#endif
