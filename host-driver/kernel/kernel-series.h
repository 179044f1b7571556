/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The patch files of a kernel as a series of plain diffs, one a patch or a
 * mail. What is a mail or a mailbox is taken apart, and its encoding undone,
 * as `git am` does it. A diff that went through a conversion to CR LF line
 * ends is converted back.
 *
 * git skips what it does not take for a diff, between diffs and after them.
 * What looks like a change in another form (a context diff, terminal colours,
 * "Only in ...", lines beyond a hunk's count, ...) is therefore refused here:
 * a patch is applied whole or not at all.
 *
 *	struct kernel_series s;
 *
 *	if (kernel_series_read(spec->patches, spec->n_patches, &s, err))
 *		return err->code;
 *	for (size_t i = 0; i < s.n; i++)
 *		use(s.v[i].diff.data, s.v[i].diff.len);
 *	kernel_series_release(&s);
 */
#ifndef KDUEL_KERNEL_SERIES_H
#define KDUEL_KERNEL_SERIES_H

#include "kernel-git.h"
#include "kernel-spec.h"

struct kernel_piece {
	const struct kernel_text *patch;	/* where it is from */
	unsigned mail;		/* number of the mail in it; 0: it is no mail */
	struct kernel_bytes diff;
	struct kernel_bytes paths;	/* all that it touches, each with a NUL */
};

struct kernel_series {
	struct kernel_piece *v;
	size_t n;
};

/* EXIT_CONFIG, with the file and line, for a patch that git could not take. */
int kernel_series_read(const struct kernel_text *patches, size_t n,
		       struct kernel_series *s, struct err *err);
void kernel_series_release(struct kernel_series *s);

/* "6.1/rfc.patch" or "6.1/rfc.patch, mail 2": for messages. Returns `buf`. */
const char *kernel_piece_text(const struct kernel_piece *p, char *buf,
			      size_t size);

#endif
