/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what a user has (patches, a repository, images) to a campaign of two
 * arms: a folder with the config, the descriptions of the kernels and the
 * patches, which can be edited and run again like any other.
 *
 *	const struct try_wish wish = { .git = "/home/me/linux" };
 *	struct try_made made;
 *
 *	if (try_make(&wish, &made, err))	// nothing is built or booted by it
 *		return err->code;
 *	ret = plan_load(made.config, NULL, &plan, err);
 *	try_made_release(&made);
 */
#ifndef KDUEL_TRY_H
#define KDUEL_TRY_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct try_wish {
	/* Of these three one is given. */
	char *const *patches;	/* paths; "-" is the standard input */
	size_t n_patches;
	const char *git;	/* the top of a repository */
	const char *images[2];	/* bzImages; the first is the baseline */

	const char *on;		/* patches: the kernel below; NULL: the newest that is
				 * built and that they apply to */
	const char *rev;	/* git: "A..B"; NULL: HEAD~1..HEAD, or HEAD and the files
				 * as they lie there, if one was changed */
	const char *config;	/* git: a .config of the user's own */
	bool add_needed;	/* and what it lacks is added */
	const char *modules[2];	/* images: the folder of each one's modules, or of both */

	const char *cells;	/* a YAML with cells, and perhaps gates and expect */
	const char *workload;	/* instead of first-touch */
	char *const *command;	/* or a program and its arguments, ends with NULL */
	unsigned blocks;	/* 0: as many as the clock wants */
	const char *machine;	/* a kind; NULL: vm */
	bool exact;		/* the instruction clock, wherever it runs */
	const char *metric;	/* the gate's, where `cells` is not given; NULL: the workload's first */
	const char *expect;	/* a claim, where `cells` is not given; NULL: none */

	const char *names[2];	/* of the arms; NULL: of what they are */
	const char *folder;	/* where the config goes; NULL: below try/ */
};

struct try_made {
	char *folder;		/* try/<name>-<date>-<time> */
	char *config;		/* <folder>/campaign.yaml */
	char *on;		/* the kernel that was chosen, if one was; else NULL */
	char *what;		/* what is compared, in lines */
};

/*
 * Every mistake that can be seen in what was given is EXIT_CONFIG and leaves
 * no folder. It waits for a kernel that is being built.
 */
int try_make(const struct try_wish *wish, struct try_made *made, struct err *err);
/* The description of a kernel: `commit` of wish->git, as the arms of a try have it. */
char *try_revision_yaml(const struct try_wish *wish, const char *commit);
void try_made_release(struct try_made *made);

#endif
