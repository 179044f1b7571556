/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the change point search (stats.h) that its calibration needs:
 * the statistic of a series, and the value it stays below in 99% of series
 * without a change.
 */
#ifndef KDUEL_STATS_CHANGE_H
#define KDUEL_STATS_CHANGE_H

#include <stddef.h>

double stats_change_score(const double *v, size_t n);
double stats_change_critical(size_t n);

#endif
