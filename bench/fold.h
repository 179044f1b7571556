/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines that fold at the width of a mail, under a name in the margin:
 *
 *	struct fold f;
 *
 *	fprintf(fold_begin(&f), "%s: %s", key, long_text);
 *	fold_end(&f, "derived", stdout);
 */
#ifndef KDUEL_FOLD_H
#define KDUEL_FOLD_H

#include <stdio.h>

#define FOLD_WIDTH 76
#define FOLD_INDENT 11

struct fold {
	char *text;
	size_t len;
	FILE *f;
};

/* A stream to write one logical line to; never NULL. */
FILE *fold_begin(struct fold *f);
/* Prints it. Words longer than the width stay whole. */
void fold_end(struct fold *f, const char *margin, FILE *out);
/* The same with a margin of another width. */
void fold_end_at(struct fold *f, const char *margin, int indent, FILE *out);
/* Forgets it. */
void fold_drop(struct fold *f);

#endif
