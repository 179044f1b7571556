/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a campaign of two arms from what a user has (patches, a repository, images):
 * a folder with the config, the descriptions of the kernels and the patches, which
 * can be edited and run again like any other.
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
#include <stdio.h>

#include "data.h"
#include "err.h"
#include "kernel/kernel-spec.h"

struct try_wish {
	/* Exactly one of these three is given. */
	char *const *patches;	/* paths; "-" is the standard input */
	size_t n_patches;
	const char *git;	/* the top of a repository */
	const char *images[2];	/* bzImages; the first is the baseline */

	const char *on;		/* patches: the kernel to apply them to; NULL: the newest
				 * built one that they apply to */
	const char *rev;	/* git: "A..B"; NULL: HEAD~1..HEAD, or HEAD and the working
				 * tree if that was changed */
	const char *config;	/* git: the user's own .config */
	bool add_needed;	/* and what it lacks is added to a copy */
	const char *modules[2];	/* images: the folder of each one's modules, or of both */

	const char *cells;	/* a YAML with cells, and perhaps gates and expect */
	const char *workload;	/* instead of first-touch */
	char *const *command;	/* or a program and its arguments, ends with NULL */
	unsigned blocks;	/* 0: as many as suits the clock */
	const char *machine;	/* a kind; NULL: vm */
	bool exact;		/* the instruction clock, wherever it runs */
	const char *metric;	/* the gate's, without `cells`; NULL: the workload's first */
	const char *expect;	/* a claim, without `cells`; NULL: none */

	const char *names[2];	/* of the arms; NULL: derived from the kernels */
	const char *folder;	/* where the config goes; NULL: below try/ */
};

struct try_made {
	char *folder;		/* try/<name>-<date>-<time> */
	char *config;		/* <folder>/campaign.yaml */
	char *on;		/* the kernel that was chosen, if one was; else NULL */
	char *input;		/* where the patches from the standard input are kept; else NULL */
	char *what;		/* what is compared; several lines */
};

/*
 * Every detectable mistake in the wish is EXIT_CONFIG and leaves no folder. Waits for a
 * running kernel build.
 */
int try_make(const struct try_wish *wish, struct try_made *made, struct err *err);
/* The YAML of the kernel `commit` of wish->git, as for an arm of a try; the caller frees it. */
char *try_revision_yaml(const struct try_wish *wish, const char *commit);
void try_made_release(struct try_made *made);

/* --- inside try*.c ------------------------------------------------------------- */

/*
 * The two kernels of a try; for try.c, which writes them to files, and for those that
 * make them from the user's input: try-patches.c, try-git.c, try-arms.c.
 */

/* One of the two kernels under construction. */
struct try_arm {
	char *name, *kernel;	/* `kernel` is a name or "./kernels/x.yaml" */
	char *yaml;		/* the text of that file; NULL: the kernel is a known one */
};

struct try {
	const struct try_wish *w;
	struct try_arm arm[2];
	struct kernel_text *patch;	/* for patches/ in the folder */
	size_t n_patches;
	char *name;
	struct try_made *made;
	FILE *what;		/* becomes made->what */
};

/* Each sets t->name, t->arm and t->patch, and writes to t->what what is compared. */
int try_patches(struct try *t, struct err *err);
int try_revisions(struct try *t, struct err *err);
int try_images(struct try *t, struct err *err);

/*
 * A name for a campaign, arm or file: the permitted characters of `text`, '-' for what is
 * between them, or "patched" if it has none; "0001-fix" of the path "/x/0001-fix.patch".
 * The caller frees it.
 */
char *try_slug(const char *text);
char *try_stem(const char *path);

/* Sets made->folder, from t->name, if it is not set. Makes no folder. */
void try_name_folder(struct try *t);
/* Where below the folder a patch goes: "patches/01-fix.patch". The caller frees it. */
char *try_patch_below(const struct try *t, size_t i);

/* Writes `text` as a quoted YAML scalar. */
void try_quote(FILE *f, const char *text);
/* Writes "key: value"; nothing if the value is NULL. */
void try_field(FILE *f, const char *key, const char *value);
/*
 * Writes "key: [base, kvm]", by names if these lead to the same files from anywhere,
 * else by paths; and the patches of `more`, which may be NULL.
 */
void try_put_texts(FILE *f, const char *key, enum data_kind kind,
		   const struct kernel_text *v, size_t n, const struct try *more);

#endif
