/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the makers of a comparison: memory that lives as long as it does, and the
 * steps of compare_run(), one file each, in this order.
 *
 * compare_alloc() returns zeroed memory, which is freed with the comparison. If
 * memory runs out, texts become "" and compare_run() fails at its end; arrays are
 * NULL and their step returns -ENOMEM.
 */
#ifndef KDUEL_COMPARE_MEMORY_H
#define KDUEL_COMPARE_MEMORY_H

#include "compare.h"

void *compare_alloc(struct comparison *c, size_t n, size_t size);
char *compare_text(struct comparison *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Holds a reference until the comparison is released; {} for NULL. */
json_t *compare_hold(struct comparison *c, const json_t *json);
bool compare_out_of_memory(const struct comparison *c);

/* Adds a line to the notes, or to the reasons of the refusal. */
void compare_note(struct comparison *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void compare_refuse(struct comparison *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds an element to an array of the comparison; NULL if out of memory. */
void *compare_grow(struct comparison *c, void *array, size_t *n, size_t size);

/* --- the steps ------------------------------------------------------------ */

/*
 * Finds boots whose environment reports what no other boot's does: c->odd, and a note
 * for each. Finds none if too few boots agree, or if a fact varies.
 */
int compare_find_odd(struct comparison *c, struct store *s, struct err *err);
/* Why the boot is left out as odd; NULL: it is not. */
const char *compare_odd_boot(const struct comparison *c, unsigned boot);
/*
 * Calls `fn` for every fact that counts, as "<prefix>.key.key", until it returns
 * non-zero. Facts of the kernel under test and those that vary by boot do not count.
 * Arrays are values.
 */
int compare_each_fact(const char *prefix, const json_t *facts,
		      int (*fn)(void *arg, const char *key, const json_t *value), void *arg);

/* Arms, boots and blocks. */
int compare_arms(struct comparison *c, struct store *s, const char *baseline,
		 bool allow_odd, struct err *err);
/* What differs between arms besides the kernel; refuses verdicts unless `allow`. */
int compare_identities(struct comparison *c, struct store *s, bool allow,
		       struct err *err);
/* Notes how an arm's kernel config differs from the baseline's. */
void compare_configs(struct comparison *c, size_t arm);
/* Values of every series, per arm and block. */
int compare_gather(struct comparison *c, struct store *s, struct err *err);
/* An arm's figure from its boots in est->boot. `work` has room for one number per block. */
void compare_estimate(const struct comparison *c, const struct compare_series *s,
		      struct compare_estimate *est, double *work);
int compare_proofs(struct comparison *c, struct store *s, struct err *err);
/* Page sizes around disturbances, and over time. */
int compare_timelines(struct comparison *c, struct store *s, struct err *err);
/* Does the baseline change from block to block? A note if it does. */
int compare_drift(struct comparison *c, struct err *err);
/* Effects, corrections, verdicts. Without a store (NULL) no workload has failed. */
int compare_judge(struct comparison *c, struct store *s, struct err *err);
#endif
