/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A duel: two commands, run in turns in random order and judged as the arms of a
 * campaign are (host-driver/stats). A pair, one run of each, is what a block is
 * there: only pairs are independent, and each gives one difference.
 *
 *	struct duel d = { .params = { params, params }, .seed = 1, .most = 20, .looks = true };
 *
 *	ret = duel_begin(&d, err);
 *	while (!ret && duel_goes_on(&d))
 *		ret = duel_pair(&d, err);
 *	...	// d.metrics[0].vs.verdict
 *	duel_release(&d);
 *
 * A run that fails ends the duel: with its class (bench/exec.h), and which of the
 * two it was.
 */
#ifndef KDUEL_DUEL_H
#define KDUEL_DUEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "exec.h"
#include "rng.h"
#include "stats/stats.h"

#define DUEL_PAIRS_MAX 10000
#define DUEL_METRICS_MAX (EXEC_METRICS_MAX + 8)

struct duel_metric {
	const struct workload_metric *metric;
	double *values[2];	/* of each pair */
	bool gate;		/* the duel is about it */
	struct stats_effect e;
	const char *why;	/* why there is no effect, a static text; NULL */
	double p_adjusted, p_worse_adjusted;
	enum verdict verdict;
};

struct duel {
	const json_t *params[2];	/* of exec; borrowed */
	uint64_t seed;
	unsigned warmup;		/* runs of each that are not kept */
	unsigned most;			/* pairs */
	bool looks;			/* stop where a look (stats.h) decides */
	double margin;			/* D of "not worse than D"; 0: STATS_MARGIN */
	const struct proc_cpus *cpus;		/* to run on; NULL: ours */

	struct exec_spec spec[2];
	struct duel_metric metrics[DUEL_METRICS_MAX];
	size_t n_metrics;
	unsigned pairs;
	unsigned next_look;		/* 0: at the end */
	double alpha;
	bool decided;
	struct rng rng;
};

/* Checks both commands and warms up. */
int duel_begin(struct duel *d, struct err *err);
bool duel_goes_on(const struct duel *d);
/* One run of each, and a look at all metrics where one is due. */
int duel_pair(struct duel *d, struct err *err);
/* The verdict of the whole: the gates' worst. */
enum verdict duel_verdict(const struct duel *d);
void duel_release(struct duel *d);

/* For people; and everything, as JSON. */
void duel_print(const struct duel *d, FILE *out);
json_t *duel_json(const struct duel *d);

#endif
