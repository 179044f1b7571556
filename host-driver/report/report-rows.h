/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The comparison's series as the rows of a verdict table: the points of one cell
 * and metric form a group, with one row for each arm but the baseline. The row of a
 * ladder of points gives their range and how many of them got which verdict; each
 * point is in the full list.
 */
#ifndef KDUEL_REPORT_ROWS_H
#define KDUEL_REPORT_ROWS_H

#include "compare/compare.h"
#include "vocab/number.h"

/* All points of one cell and metric (and counter). */
struct report_group {
	const struct compare_series **series;
	size_t n;
	bool gate;
	unsigned rank;		/* of its most serious verdict, see report_rank() */
};

struct report_groups {
	struct report_group *group;	/* in the comparison's order */
	size_t n;
};

struct report_row {
	char effect[2 * NUMBER_MAX];	/* "x0.081", "-1.2% to +3.4%" */
	char interval[2 * NUMBER_MAX + 8];	/* "[0.079, 0.084]", "(exact)", "13 points" */
	char n[NUMBER_MAX];		/* blocks */
	char sde[NUMBER_MAX];		/* smallest detectable effect */
	char verdict[2 * NUMBER_MAX];	/* "improved", "1 of 13 regressed" */
	enum verdict worst;		/* the most serious one, for the colour */
	const char *reason;		/* "" if none */
};

void report_groups_init(struct report_groups *g, const struct comparison *c);
void report_groups_release(struct report_groups *g);

void report_row(const struct report_group *g, size_t arm,
		struct report_row *row);

/* One series against one arm, for the full list. */
void report_series_row(const struct compare_series *s, size_t arm,
		       struct report_row *row);

/* How serious a verdict is: 0 is a regression; what is never judged comes last. */
unsigned report_rank(enum verdict v);
enum verdict report_ranked(unsigned rank);
/* Is the group not a counter, and judged in some arm? */
bool report_judged(const struct report_group *g);

/* "size=32M, threads=2": sizes in bytes with their unit; "" for {}. */
const char *report_point(const struct compare_series *s, char *buf, size_t len);

/* The baseline's own value: "71.2 us", "5.3 to 23.3 ns". */
const char *report_base_value(const struct report_group *g, size_t baseline,
			      char *buf, size_t len);

/* "improved", "not worse than 1%". */
const char *report_verdict_text(const struct compare_result *v, char *buf,
				size_t len);

/* "fsdax-xfs/thp/stream triad"; with the counter if there is one. */
const char *report_group_name(const struct report_group *g, char *buf,
			      size_t len);

#endif
