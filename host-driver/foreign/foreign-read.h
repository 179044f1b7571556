/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface between the readers of formats and struct foreign, which they fill. */
#ifndef KDUEL_FOREIGN_READ_H
#define KDUEL_FOREIGN_READ_H

#include "foreign.h"

struct view;

struct foreign_file {
	struct foreign *f;
	const char *path, *arm;	/* arm: NULL if the file may name it */
	unsigned nth;		/* files that this arm had before */
};

/* One number of a file. */
struct foreign_row {
	const char *arm;	/* NULL: the file's */
	const char *block;	/* NULL: `run` */
	unsigned run;		/* of this metric in this file, from 1 */
	bool runs_are_blocks;	/* the program starts afresh for each run */
	const char *metric, *unit, *better;	/* better: NULL or "" if not known */
	double value;
};
int foreign_put(struct foreign_file *file, const struct foreign_row *row, struct err *err);

/* The runs of a metric in one file, counted as its rows come. */
struct foreign_runs {
	struct foreign_list names;
	unsigned *count;
};
/* The number of the next run of `name`, from 1; 0 if out of memory. */
unsigned foreign_run(struct foreign_runs *runs, const char *name);
void foreign_runs_release(struct foreign_runs *runs);

/* 0: the file has another format, nothing was read; 1: it was read; else an error. */
int foreign_json(struct foreign_file *file, const struct view *root, struct err *err);
int foreign_go(struct foreign_file *file, char *text, struct err *err);
int foreign_ndjson(struct foreign_file *file, char *text, size_t len, struct err *err);
int foreign_csv(struct foreign_file *file, char *text, struct err *err);

#endif
