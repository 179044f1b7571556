/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who makes a comparison: memory that lives as long as it does, and the steps
 * of compare_run(), one file each, in this order.
 *
 * Memory comes zeroed from compare_alloc() and is let go as a whole. Texts
 * that find no memory become "" and compare_run() fails at its end; arrays
 * return NULL and their step returns -ENOMEM.
 */
#ifndef KDUEL_COMPARE_MEMORY_H
#define KDUEL_COMPARE_MEMORY_H

#include "compare.h"

void *compare_alloc(struct comparison *c, size_t n, size_t size);
char *compare_text(struct comparison *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Holds a reference until the comparison goes; {} for NULL. */
json_t *compare_hold(struct comparison *c, const json_t *json);
bool compare_out_of_memory(const struct comparison *c);
void compare_memory_release(struct comparison *c);

/* Adds a line to the notes, or to the reasons of the refusal. */
void compare_note(struct comparison *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void compare_refuse(struct comparison *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* An element more for an array of the comparison; NULL without memory. */
void *compare_grow(struct comparison *c, void *array, size_t *n, size_t size);

/* --- the steps ------------------------------------------------------------ */

/*
 * Boots whose environment says what no other boot's does: c->odd, and a note
 * for each. Nothing is found where too few agree, or where a fact varies.
 */
int compare_find_odd(struct comparison *c, struct store *s, struct err *err);
/* Why the boot is left out; NULL: it is not. */
const char *compare_odd_boot(const struct comparison *c, unsigned boot);
/*
 * Calls `fn` for every fact that counts, "<prefix>.key.key": not for those that
 * are the kernel under test or the weather. Arrays are values. Until non-zero.
 */
int compare_each_fact(const char *prefix, const json_t *facts,
		      int (*fn)(void *arg, const char *key, const json_t *value), void *arg);

/* Arms, boots and blocks. */
int compare_arms(struct comparison *c, struct store *s, const char *baseline,
		 bool allow_odd, struct err *err);
/* What differs between arms besides the kernel; refuses unless allowed. */
int compare_identities(struct comparison *c, struct store *s, bool allow,
		       struct err *err);
/* Notes where an arm's kernel config is not the baseline's. */
void compare_configs(struct comparison *c, size_t arm);
/* Values of every series, per arm and block. */
int compare_gather(struct comparison *c, struct store *s, struct err *err);
/* An arm's figure from its boots, which est->boot has. `work` has room for a number a block. */
void compare_estimate(const struct comparison *c, const struct compare_series *s,
		      struct compare_estimate *est, double *work);
int compare_proofs(struct comparison *c, struct store *s, struct err *err);
/* Page sizes around disturbances, and over time. */
int compare_timelines(struct comparison *c, struct store *s, struct err *err);
/* Does the baseline change from block to block? A note if it does. */
int compare_drift(struct comparison *c, struct err *err);
/* Effects, corrections, verdicts. Without a store (NULL) no workload has failed. */
int compare_judge(struct comparison *c, struct store *s, struct err *err);
/* Gates of the plan for which nothing was measured: a note, and gates_exit. */
struct plan;
void compare_gates(struct comparison *c, const struct plan *p);

#endif
