/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trends: the ratio of an arm to its baseline over many campaigns, oldest
 * first, and the points where its level changed. Ratios to a baseline booted in
 * the same blocks do not change with the machine's own speed.
 *
 *	struct trend t;
 *
 *	trend_init(&t);
 *	while (!ret && *++argv)
 *		ret = trend_add(&t, *argv, err);
 *	if (!ret)
 *		ret = trend_finish(&t, err);
 *	...
 *	trend_release(&t);
 */
#ifndef KDUEL_TREND_H
#define KDUEL_TREND_H

#include <stdbool.h>

#include "err.h"
#include "stats/stats.h"

struct trend_series {
	char *key;		/* "fsdax-xfs/thp/tlb-miss ns_per_access pages=512" */
	char *arm;
	enum stats_better better;
	double *ratio, *lo, *hi;	/* by campaign, with its interval; NaN: not measured there */
	size_t points;		/* number of measured ones */
	size_t *campaign;	/* of each point, `points` of them */
	struct stats_changes changes;	/* `at` counts points; none if too few */
	bool judged;		/* enough points for change points */
};

struct trend_campaign {
	char *folder, *name, *id;
	double begun;		/* seconds since the epoch */
};

struct trend {
	struct trend_campaign *campaign;
	size_t n_campaigns;
	struct trend_series *series;
	size_t n_series;
	char *domain, *baseline;	/* of the first folder */
	char **left_out;	/* "folder: why" where nothing can be compared */
	size_t n_left_out;
	enum kduel_exit left_out_exit;	/* the exit code of comparing the first of them */
	bool arms;		/* some arm is not a copy of its baseline */
	size_t min_segment;	/* campaigns on either side of a change; 0: the minimum */
};

#define TREND_POINTS_MIN 12	/* see stats_change_points() */
/* Change points of ratios, oldest first; levels are ratios as well. None if too few points. */
int trend_changes(const double *ratio, size_t n, size_t min_segment,
		  struct stats_changes *out);

void trend_init(struct trend *t);
/*
 * Adds a folder. Another domain or baseline kernel is refused, and so is the same
 * campaign twice; a folder in which nothing can be compared is left out.
 */
int trend_add(struct trend *t, const char *folder, struct err *err);
/* Sorts by time and looks for change points. An error if there is nothing to follow. */
int trend_finish(struct trend *t, struct err *err);
void trend_release(struct trend *t);

#endif
