/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two kernels of a try; for try.c, which writes them down, and those who
 * make them of what the user gave: try-patches.c, try-git.c, try-arms.c.
 */
#ifndef KDUEL_TRY_ARMS_H
#define KDUEL_TRY_ARMS_H

#include <stdio.h>

#include "kernel/kernel-spec.h"
#include "lib/data.h"
#include "try.h"

/* The two kernels as they are being put together. */
struct try_arm {
	char *name, *kernel;	/* `kernel` is a name or "./kernels/x.yaml" */
	char *yaml;		/* the text of that file; NULL: it is a kernel that is known */
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

/* Each sets t->name, t->arm, t->patch and says in t->what what is compared. */
int try_patches(struct try *t, struct err *err);
int try_revisions(struct try *t, struct err *err);
int try_images(struct try *t, struct err *err);

/*
 * A campaign's name, an arm's, a file's: of what `text` has that is fit for one;
 * and "0001-fix" of "/x/0001-fix.patch". The caller frees both.
 */
char *try_slug(const char *text);
char *try_stem(const char *path);

/* `text` as YAML takes it, whatever is in it. */
void try_quote(FILE *f, const char *text);
/* "key: value"; nothing where it is NULL. */
void try_field(FILE *f, const char *key, const char *value);
/*
 * "key: [base, kvm]", by names where these lead to the same files from anywhere;
 * and the patches of `more`, which may be NULL.
 */
void try_put_texts(FILE *f, const char *key, enum data_kind kind,
		   const struct kernel_text *v, size_t n, const struct try *more);

#endif
