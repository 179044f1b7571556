/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps between a parsed config and a finished plan; for plan*.c and
 * config*.c only.
 */
#ifndef KDUEL_PLAN_MAKE_H
#define KDUEL_PLAN_MAKE_H

#include "bench/params.h"
#include "bench/source.h"
#include "plan.h"

#define PLAN_FORMAT 1

/* NULL-terminated, in the order of the enums. */
extern const char *const plan_clock_names[];
extern const char *const plan_profile_names[];
extern const char *const machine_accel_names[];

/* Fills boots from seed, blocks and arms. */
int plan_order(struct plan *p, struct err *err);

/* Computes the hash over everything else. */
int plan_seal(struct plan *p, struct err *err);

/* A copy of `from`; NULL becomes "". */
int plan_text(char **to, const char *from, struct err *err);

/*
 * A check that failed: `field` gets the path of what is wrong in the plan,
 * e.g. "arms[1].kernel", and `err` the text without it.
 */
struct plan_check {
	const struct plan *p;
	struct err *err;
	char field[160];
};

/* What the bench is asked in a cell; `params` must stay. */
struct bench_asked plan_asked(const struct plan *p, const struct plan_cell *cell,
			      const struct workload *w, const struct source *s,
			      const struct params *params);

/* Lets go of all cells but the first `kept`. */
void plan_cut_cells(struct plan *p, size_t kept);

void plan_check_at(struct plan_check *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * What must hold for any plan, however old and however it came about: of what is
 * measured, and of the gates and claims about that.
 */
int plan_check_parts(struct plan_check *c);
int plan_check_asked(struct plan_check *c);
/*
 * And for one that is to be run: names known, parameters right, sizes fitting; then
 * that the gates and claims can be judged by what is measured. A gate on a misspelt
 * workload is that one's fault: the cells come first.
 */
int plan_check_usable(struct plan_check *c);
int plan_check_judged(struct plan_check *c);

#endif
