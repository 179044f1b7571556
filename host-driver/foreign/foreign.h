/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Others' results, judged by our rules: what another program measured, as
 * numbers of arms and blocks, becomes a comparison (compare.h).
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
 * Files are not trusted: sizes, names and numbers have bounds, and an error
 * names file, place and what was found.
 *
 * A block is what was run anew for each arm: a boot, a machine's session. Numbers
 * of one arm within one block are reduced to their median, since they do not
 * vary as blocks do.
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
	bool stated;		/* `better` is the file's or the user's word */
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
	/* asked for; texts are the caller's */
	const char *column[FOREIGN_COLUMNS];	/* what tables call it; NULL: its own name */
	const char *baseline;	/* NULL: the first arm */
	const char *higher, *lower;	/* globs of metrics of which more, or less, is better */
	const char *gate;	/* glob of metrics that decide the exit code */
	double margin;		/* D; 0 = STATS_MARGIN */
	bool files_are_blocks;	/* some arm has several files */

	/* read */
	const char *format;	/* of the first file: "google-benchmark" */
	struct foreign_list arms, blocks;
	struct foreign_series *series;
	size_t n_series;
	struct foreign_value *values;
	size_t n_values, room;
	unsigned left_out;	/* rows that are void or failed */
	bool rows_as_blocks;	/* rows of one file were taken for blocks */
};

void foreign_init(struct foreign *f);
void foreign_release(struct foreign *f);

/*
 * Reads a file of any known format, told by its content: Google Benchmark,
 * hyperfine, lkp or mmtests JSON, Go's benchmark text, NDJSON or CSV. `arm`: whose
 * it is; NULL: the file says it, else it is named by the file. `nth`: how many
 * files this arm had before.
 */
int foreign_read(struct foreign *f, const char *path, const char *arm, unsigned nth,
		 struct err *err);

/* Judged as compare_run() judges. A gate may regress; see compare_exit(). */
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
 * What a rule says of all (series, arm) as they are; and, taking the arms for
 * equal (A/A), of every relabelling: in each block the two arms change places or
 * not, which changes nothing if they are equal. All 2^(n-1) of them or 200 drawn.
 */
struct foreign_rate {
	unsigned tests, called;	/* as they are */
	unsigned relabelled, alarms;
};
int foreign_rate(const struct foreign *f, const struct comparison *c,
		 const struct foreign_rule *rule, bool equal, struct foreign_rate *rate,
		 struct err *err);

#endif
