/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two campaigns of one plan, side by side: yesterday's and today's. Each is judged against
 * its own baseline first, which was booted in the same blocks on the same machine; the
 * change of an effect is then that of the kernels and not of the day (stats_shift()).
 *
 *	struct shift shift;
 *
 *	if (shift_run(comparison, comparison, &shift, err))
 *		return err->code;
 *	printf("%zu rows\n", shift.n);
 *	shift_release(&shift);
 *
 * Both comparisons must outlive the shift.
 */
#ifndef KDUEL_SHIFT_H
#define KDUEL_SHIFT_H

#include "compare.h"

struct shift_row {		/* a series and arm that both campaigns have */
	const struct compare_series *a, *b;
	size_t arm_a, arm_b;
	struct stats_effect e;	/* of b against a; n = 0: none */
	double p_adjusted, p_worse_adjusted;
	enum verdict verdict;
	const char *reason;	/* why there is no effect; else "" */
};

struct shift {
	const struct comparison *a, *b;
	struct shift_row *rows;	/* in a's order */
	size_t n;
	size_t only_a, only_b;	/* (series, arm) pairs that only one of them has */
	unsigned gate_tests, other_tests;	/* Holm, Benjamini-Hochberg */
	double margin, alpha;
};

/*
 * Do both have the same plan, apart from the number of blocks? EXIT_CONFIG if not, or if
 * both are the same campaign.
 */
int shift_check(struct store *a, struct store *b, struct err *err);
/* Equal texts of two campaigns: they are of one plan and domain. The caller's; or NULL. */
char *shift_key(struct store *s);

int shift_run(const struct comparison *a, const struct comparison *b, struct shift *s,
	      struct err *err);
void shift_release(struct shift *s);

/* As compare_exit(), for the changes from a to b; also for a campaign without verdicts. */
enum kduel_exit shift_exit(const struct shift *s, bool strict);

#endif
