/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results of other programs, judged by our rules: their numbers, by arm and block,
 * become a comparison (compare.h).
 *
 *	struct foreign f;
 *	struct comparison c;
 *
 *	foreign_init(&f);
 *	ret = foreign_read(&f, "old.json", "old", 0, err);
 *	if (!ret)
 *		ret = foreign_read(&f, "new.json", "new", 0, err);
 *	if (!ret)
 *		ret = foreign_compare(&f, &c, err);
 *	if (!ret)
 *		comparison_release(&c);
 *	foreign_release(&f);
 *
 * Files are not trusted: sizes, names and numbers are limited, and errors are
 * EXIT_CONFIG and name the file, the place and what was found.
 *
 * A block is one fresh start of every arm: a boot, a session of a machine. Numbers
 * of one arm within one block are reduced to their median, since their spread is
 * not that between blocks.
 */
#ifndef KDUEL_FOREIGN_H
#define KDUEL_FOREIGN_H

#include "compare/compare.h"
#include "err.h"

#define FOREIGN_ARMS_MAX 64
#define FOREIGN_SERIES_MAX 10000
#define FOREIGN_BLOCKS_MAX 10000
#define FOREIGN_VALUES_MAX 10000000
#define FOREIGN_NAME_MAX 512	/* bytes of a name */
#define FOREIGN_FILE_MAX (256u << 20)	/* bytes of a file */

struct foreign_series {
	char *metric, *unit;
	enum stats_better better;
	bool stated;		/* `better` was given by the file or the user */
};

struct foreign_value {
	unsigned series, arm, block;	/* from 0 */
	double value;
};

struct foreign_list {		/* names in the order of their first use */
	char **name;
	size_t n;
};

enum foreign_column { FOREIGN_ARM, FOREIGN_BLOCK, FOREIGN_METRIC, FOREIGN_VALUE, FOREIGN_UNIT,
		      FOREIGN_BETTER, FOREIGN_COLUMNS };
extern const char *const foreign_column_names[];	/* "arm", ...; ends with NULL */

struct foreign {
	/* options; texts are the caller's */
	const char *column[FOREIGN_COLUMNS];	/* its name in tables; NULL: the default name */
	const char *baseline;	/* NULL: the first arm */
	const char *higher, *lower;	/* globs of metrics of which more, or less, is better */
	const char *gate;	/* glob of metrics that decide the exit code */
	double margin;		/* D; 0 = STATS_MARGIN */
	bool files_are_blocks;	/* some arm has several files */

	/* what was read */
	const char *format;	/* of the first file: "google-benchmark" */
	struct foreign_list arms, blocks;
	struct foreign_series *series;
	size_t n_series;
	struct foreign_value *values;
	size_t n_values, room;
	unsigned left_out;	/* rows that are void or failed */
	bool rows_as_blocks;	/* rows of one file were taken as blocks */
};

void foreign_init(struct foreign *f);
void foreign_release(struct foreign *f);

/*
 * Reads a file of any known format, recognized by its content: Google Benchmark,
 * hyperfine, lkp or mmtests JSON, Go's benchmark text, NDJSON or CSV. `arm`: the arm
 * it belongs to; NULL: the one that the file names, else the file's name. `nth`: how
 * many files this arm had before.
 */
int foreign_read(struct foreign *f, const char *path, const char *arm, unsigned nth,
		 struct err *err);

/* Judges as compare_run() does; a regressed gate counts in compare_exit(). */
int foreign_compare(const struct foreign *f, struct comparison *c, struct err *err);

/* --- others' rules ---------------------------------------------------------- */

enum foreign_rule_kind { RULE_THRESHOLD, RULE_WELCH, RULE_MANN_WHITNEY, RULE_RANGE, RULE_OURS };

struct foreign_rule {
	enum foreign_rule_kind kind;
	double threshold;	/* a share */
};

/* "threshold:5%", "welch", "mann-whitney", "range". */
int foreign_rule_parse(const char *text, struct foreign_rule *rule, struct err *err);
const char *foreign_rule_text(const struct foreign_rule *rule, char buf[static 64]);

/*
 * How often a rule calls a difference over all (series, arm) pairs; and, for equal
 * arms (A/A), over relabellings too: in each block the two arms are swapped or not,
 * which changes nothing if they are equal. All 2^(n-1) of them, or 200 random ones.
 */
struct foreign_rate {
	unsigned tests, called;	/* of the arms as they are */
	unsigned relabelled, alarms;	/* of relabellings; if equal, else 0 */
};
int foreign_rate(const struct foreign *f, const struct comparison *c,
		 const struct foreign_rule *rule, bool equal, struct foreign_rate *rate,
		 struct err *err);

/* --- between the readers of formats and struct foreign, which they fill --- */

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
