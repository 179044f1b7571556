/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two kernels of a try; for try.c, which writes them to files, and for those that
 * make them from the user's input: try-patches.c, try-git.c, try-arms.c.
 */
#ifndef KDUEL_TRY_ARMS_H
#define KDUEL_TRY_ARMS_H

#include <stdio.h>

#include "kernel/kernel-spec.h"
#include "lib/data.h"
#include "try.h"

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
 * A name for a campaign, arm or file, made of the permitted characters of `text`; and
 * "0001-fix" of "/x/0001-fix.patch". The caller frees both.
 */
char *try_slug(const char *text);
char *try_stem(const char *path);

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
