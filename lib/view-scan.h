/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strings and numbers of JSON, for view.c only: each scan begins at p and
 * leaves p after the value, or at what is wrong with it.
 */
#ifndef KDUEL_VIEW_SCAN_H
#define KDUEL_VIEW_SCAN_H

#include "view.h"

struct scan {
	struct view_doc *d;
	const char *text;	/* what d->copy is a copy of */
	char *p;		/* in d->copy, which ends with NUL */
	const char *end;	/* of the text, for numbers */
	unsigned depth;
	const char *wrong;	/* the first error, which is at p; NULL: none */
	bool no_memory;
};

/* Notes what is wrong; false. */
bool scan_bad(struct scan *s, const char *what);

/* The string at p, without its quotes; unescaped in place. */
bool scan_string(struct scan *s, const char **text);

/* -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)? */
bool scan_number(struct scan *s, struct view *v);

#endif
