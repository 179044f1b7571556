/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps between a parsed config and a finished plan; for plan*.c and
 * config*.c only.
 */
#ifndef KDUEL_PLAN_MAKE_H
#define KDUEL_PLAN_MAKE_H

#include "plan.h"

#define PLAN_FORMAT 1

/* NULL-terminated, in the order of the enums. */
extern const char *const plan_clock_names[];
extern const char *const machine_kind_names[];
extern const char *const machine_accel_names[];

/* Fills boots from seed, blocks and arms. */
int plan_order(struct plan *p, struct err *err);

/* The hash of a plan's JSON without its "hash" key. */
int plan_hash(const json_t *json, char hex[static FILE_HASH_MAX],
	      struct err *err);

/* Computes the hash over everything else. */
int plan_seal(struct plan *p, struct err *err);

/*
 * What must hold for any plan, however it came about. `what` gets the path of
 * the field that is wrong, e.g. "arms[1].kernel", and the function the text
 * without it.
 */
int plan_check(const struct plan *p, char *field, size_t field_len,
	       struct err *err);

#endif
