/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results for other programs. A format is one file export-<name>.c and one
 * line of EXPORT_FORMATS(), below; docs/exports.md says which program reads what, and
 * tests/cli/test-exports checks each against its reader's own rules.
 *
 *	const struct export_format *f = export_find("junit", err);
 *	struct export_from from = { .store = s, .c = comparison };
 *
 *	if (!f)
 *		return err->code;
 *	return export_write(f, &from, stdout, err);
 *
 * Everything written was computed by compare (compare.h); nothing is computed twice.
 * Names and texts that may come from guests are made safe, and escaped as the format
 * requires. Unknown values are left out or empty, never 0.
 */
#ifndef KDUEL_EXPORT_H
#define KDUEL_EXPORT_H

#include <stdio.h>

#include "compare/compare.h"
#include "store/store.h"

struct export_from {
	struct store *store;
	const struct comparison *c;	/* may be NULL if export_judged() is false */
	const char *table;	/* NULL: the format's first */
	const char *arm;	/* only this one, and without its name in names; NULL: all */
	const char *origin;	/* who submits it (kcidb); NULL: "kduel" */
};

struct export_format {
	const char *name, *help;
	const char *const *tables;	/* ends with NULL, the default first; NULL: it has none */
	bool judged;		/* contains values or verdicts of the comparison */
	bool one_arm;		/* can be limited to one arm */
	int (*write)(const struct export_from *from, FILE *to, struct err *err);
};

/* The i-th format; NULL after the last. The first is the default. */
const struct export_format *export_format(size_t i);
/* By name; NULL, and an error with the nearest name, if there is none. */
const struct export_format *export_find(const char *name, struct err *err);
/* Does this table (NULL: the first) need a comparison? */
bool export_judged(const struct export_format *f, const char *table);
/*
 * An unknown table or arm is refused before anything is written; so are results of
 * which the format cannot represent any: EXIT_CONFIG.
 */
int export_write(const struct export_format *f, const struct export_from *from,
		 FILE *to, struct err *err);

/* The formats, one line each: export-<name>.c defines `const struct export_format`. */
#define EXPORT_FORMATS(format)	\
	format(json)		\
	format(csv)		\
	format(ndjson)		\
	format(tex)		\
	format(github)		\
	format(google)		\
	format(go_bench)	\
	format(bmf)		\
	format(openmetrics)	\
	format(kcidb)		\
	format(junit)		\
	format(ktap)

#define EXPORT_DECLARE(name) extern const struct export_format export_##name;
EXPORT_FORMATS(EXPORT_DECLARE)
#undef EXPORT_DECLARE

#endif
