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

/* Fills in the boots from seed, blocks and arms. */
int plan_order(struct plan *p, struct err *err);

/* Computes the hash over everything else. */
int plan_seal(struct plan *p, struct err *err);

/* A copy of `from`; NULL becomes "". */
int plan_text(char **to, const char *from, struct err *err);

/*
 * The state of a check. On failure `field` is the path of the wrong field in the
 * plan, e.g. "arms[1].kernel", and `err` the text without it.
 */
struct plan_check {
	const struct plan *p;
	struct err *err;
	char field[160];
};

/* What the bench will be asked for in a cell; `params` must outlive it. */
struct bench_asked plan_asked(const struct plan *p, const struct plan_cell *cell,
			      const struct workload *w, const struct source *s,
			      const struct params *params);

/* Lets go of all cells but the first `kept`. */
void plan_cut_cells(struct plan *p, size_t kept);

void plan_check_at(struct plan_check *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * What must hold for any plan, however old it is and wherever it comes from: of what
 * is measured (parts), then of the gates and claims about that (asked).
 */
int plan_check_parts(struct plan_check *c);
int plan_check_asked(struct plan_check *c);
/*
 * What must also hold for a plan that is to be run: names are known, parameters valid,
 * sizes fit; then that its measurements can decide the gates and claims. Cells are
 * checked first: if a workload is misspelt, a gate on it is not to blame.
 */
int plan_check_usable(struct plan_check *c);
int plan_check_judged(struct plan_check *c);

#endif
