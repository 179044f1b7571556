/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a patched tree to a bzImage, in an object tree that the arms of one
 * source, configuration, compiler and layout share.
 */
#ifndef KDUEL_KERNEL_BUILD_H
#define KDUEL_KERNEL_BUILD_H

#include <stdbool.h>

#include "kernel-job.h"
#include "kernel-source.h"
#include "kernel-spec.h"

/* All programs that a build runs must be here: the error names the package of one that is not. */
int kernel_build_needs(struct err *err);

/* The toolchain: "gcc (Debian 12.2.0-14) 12.2.0; GNU ld ... 2.40"; the caller frees it. */
int kernel_compiler(char **text, struct err *err);

struct kernel_build {
	const struct kernel_spec *spec;
	const struct kernel_tree *tree;
	const char *compiler;
	const char *layout;	/* "" or the alignment of functions */
	const char *suffix;	/* of uname -r: "-k1a2b3c4d" */
	const char *out;	/* an existing folder for bzImage and config */
};

/* Call with the job's lock held and the tree patched. */
int kernel_build_run(struct kernel_job *job, const struct kernel_build *b,
		     struct err *err);

/* --- kernel-config.c --- */

/*
 * Config fragments: lines of `CONFIG_X=value` or `# CONFIG_X is not set`,
 * with comments and empty lines between them. Blanks and CR at the end of a
 * line, and a byte order mark at the start, are ignored. If several fragments of
 * a kernel set a symbol, the last line counts. What a fragment asks for must
 * be in the kernel's final .config: kconfig silently drops symbols that it does
 * not know or whose dependencies are missing, and a kernel without them would be
 * measured as if it had them.
 */
#define KERNEL_VALUE_MAX 2200	/* a command line of 2,048 bytes, and quotes */

struct kernel_want {
	char symbol[96];		/* "CONFIG_FS_DAX" */
	char value[KERNEL_VALUE_MAX];	/* "y", "0x100", "\"text\""; "n" = not set */
	const struct kernel_text *from;
	unsigned line;
};

/*
 * All that the fragments want, one entry per symbol; the caller frees the array.
 * Any other line is an error, with file and line.
 */
int kernel_config_wants(const struct kernel_text *fragments, size_t n,
			struct kernel_want **wants, size_t *n_wants,
			struct err *err);

/*
 * Checks .config's `text` against the wants: the error names each symbol that is
 * missing or has another value (up to 10), with its fragment and line.
 */
int kernel_config_check(const char *text, const struct kernel_want *wants,
			size_t n_wants, struct err *err);

/* The value of `symbol` in .config's text into `value`: "n" if not set. */
void kernel_config_value(const char *text, const char *symbol, char *value,
			 size_t size);

/* --- kernel-objects.c --- */

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
