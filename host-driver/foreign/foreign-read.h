/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the readers of formats and what they fill. */
#ifndef KDUEL_FOREIGN_READ_H
#define KDUEL_FOREIGN_READ_H

#include "foreign.h"

struct view;

struct foreign_file {
	struct foreign *f;
	const char *path, *arm;	/* arm: NULL if the file may say it */
	unsigned nth;
};

/* A number as a file has it. */
struct foreign_row {
	const char *arm;	/* NULL: the file's */
	const char *block;	/* NULL: `run` */
	unsigned run;		/* of this metric in this file, from 1 */
	bool runs_are_blocks;	/* the program ran each anew */
	const char *metric, *unit, *better;	/* better: NULL or "" if not known */
	double value;
};
int foreign_put(struct foreign_file *file, const struct foreign_row *row, struct err *err);

/* The runs of a metric in one file, counted as its rows come. */
struct foreign_runs {
	struct foreign_list names;
	unsigned *count;
};
/* 1 for the first; 0 without memory. */
unsigned foreign_run(struct foreign_runs *runs, const char *name);
void foreign_runs_release(struct foreign_runs *runs);

/* 0: it is not of this format, nothing was read; 1: it was read. */
int foreign_json(struct foreign_file *file, const struct view *root, struct err *err);
int foreign_go(struct foreign_file *file, char *text, struct err *err);
int foreign_ndjson(struct foreign_file *file, char *text, size_t len, struct err *err);
int foreign_csv(struct foreign_file *file, char *text, struct err *err);

#endif
