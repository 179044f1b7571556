/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From one series of patches to another in one source tree, so that make
 * sees only the files whose content differs as changed.
 *
 * The repository beside the tree has the hash of every file of the original, and
 * the content of those that a patch ever touched. A series is applied to the
 * original in an index, apart from the tree; only if all of it applies does git
 * check out the result. The tree then depends on the original and the series
 * alone: not on the previous series, nor on where the last checkout was
 * interrupted.
 */
#ifndef KDUEL_KERNEL_PATCH_H
#define KDUEL_KERNEL_PATCH_H

#include <stddef.h>

#include "kernel-job.h"
#include "kernel-spec.h"

/*
 * Makes <source>/tree the original with exactly `patches` applied, in order,
 * without fuzz. If a patch does not apply (EXIT_CONFIG), the error shows the
 * rejected hunk and git's message, and the tree is unchanged.
 */
int kernel_patch_tree(struct kernel_job *job, const char *source,
		      const struct kernel_text *patches, size_t n,
		      struct err *err);

/* The same check without changing the tree. Call with the build's lock held. */
int kernel_patch_check(struct kernel_job *job, const char *source,
		       const struct kernel_text *patches, size_t n, struct err *err);

/*
 * Brings <source>/tree to the tree or commit `id`, whose objects git must be
 * able to find: replaces the files that differ, and removes what is not in it.
 */
int kernel_patch_check_out(struct kernel_job *job, const char *source, const char *id,
			   struct err *err);

/*
 * Takes the files of <source>/tree as the original: all that are there, or
 * with `listed` those of the index "index" of <source>/git.
 */
int kernel_patch_import(struct kernel_job *job, const char *source,
			bool listed, struct err *err);

/* Was kernel_patch_import() done? */
bool kernel_patch_imported(const char *source);

/* --- kernel-series.c --- */

/*
 * The patch files of a kernel as a series of plain diffs, one per patch or
 * mail. Mails and mailboxes are split and decoded as `git am` does it. A diff
 * whose lines were converted to CR LF is converted back.
 *
 * git skips whatever it does not recognize as a diff, between diffs and after
 * them. What looks like a change in another form (a context diff, terminal
 * colours, "Only in ...", lines beyond a hunk's count, ...) is therefore refused
 * here: a patch is applied completely or not at all.
 *
 *	struct kernel_series s;
 *
 *	if (kernel_series_read(spec->patches, spec->n_patches, &s, err))
 *		return err->code;
 *	for (size_t i = 0; i < s.n; i++)
 *		fwrite(s.v[i].diff.data, 1, s.v[i].diff.len, stdout);
 *	kernel_series_release(&s);
 */
struct kernel_piece {
	const struct kernel_text *patch;	/* where it comes from */
	unsigned mail;		/* number of the mail in it; 0: it is not a mail */
	struct kernel_bytes diff;
	struct kernel_bytes paths;	/* of all files it touches, each ended by a NUL */
};

struct kernel_series {
	struct kernel_piece *v;
	size_t n;
};

/* EXIT_CONFIG, with file and line, for a patch that git would refuse or skip. */
int kernel_series_read(const struct kernel_text *patches, size_t n,
		       struct kernel_series *s, struct err *err);
void kernel_series_release(struct kernel_series *s);

/* "6.1/rfc.patch" or "6.1/rfc.patch, mail 2": for messages. Returns `buf`. */
const char *kernel_piece_text(const struct kernel_piece *p, char *buf,
			      size_t size);

/* --- kernel-diff.c --- */

/*
 * A first look at a diff's lines: is there a diff, and is there anything that
 * git would skip although it is a change?
 */
struct kernel_diff {
	unsigned headers;	/* "diff --git", "--- ", "@@ " */
	unsigned cr_headers;	/* those that end in CR LF */
	unsigned line;		/* of the first error; 0: none */
	const char *wrong;	/* what is wrong there, to follow "file:line: " */
};

void kernel_diff_scan(const char *text, size_t len, struct kernel_diff *d);

/*
 * The hunk of a diff that begins at line `at` of the old file `path`: a pointer
 * into `text`, `*len` bytes long; NULL if there is none.
 */
const char *kernel_diff_hunk(const char *text, const char *path,
			     unsigned long at, size_t *len);

#endif
