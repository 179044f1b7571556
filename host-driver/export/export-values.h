/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What formats iterate over: each arm's value of each metric at each point, and the
 * test cases that a campaign decides.
 *
 *	struct export_from from = { .store = s, .c = comparison };
 *	struct export_value v = EXPORT_VALUE_INIT;
 *
 *	while (export_next(&from, &v))
 *		printf("%s %g\n", v.s->metric, v.est->value);
 *
 * Counters are left out: they explain values, and are not followed over time.
 */
#ifndef KDUEL_EXPORT_VALUES_H
#define KDUEL_EXPORT_VALUES_H

#include "export.h"

struct export_value {
	const struct compare_series *s;
	const struct compare_estimate *est;	/* with at least one boot */
	const struct compare_result *vs;	/* VERDICT_NONE: it is the baseline */
	const char *arm;
	size_t series, at;	/* at: the arm's index + 1 */
};
#define EXPORT_VALUE_INIT { NULL, NULL, NULL, NULL, 0, 0 }

bool export_next(const struct export_from *from, struct export_value *v);

/*
 * "memfd/thp/null ns_per_access pages=512 6.1", without the arm if only one was asked
 * for. Made safe; the caller frees it.
 */
char *export_name(const struct export_from *from, const struct export_value *v);

/* Writes `text`, calling `put` for each character that is not in `plain`. */
void export_escape(FILE *to, const char *text, const char *plain,
		   void (*put)(FILE *to, unsigned char c));
/* For `plain`: letters, digits and "_". */
#define EXPORT_WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

/* How many of the series' unit ("ns", "us", "ms", "s") make a second; 0: not a time. */
double export_per_second(const struct compare_series *s);

/* "2026-11-26T05:49:08Z"; "" if the time is not known. */
void export_time(double seconds, char buf[static 24]);
/* When the first boot began and the last one ended; 0 if none has ended. */
int export_times(struct store *s, double *begun, double *ended, struct err *err);

/* --- cases ---------------------------------------------------------------- */

enum export_outcome { CASE_PASS, CASE_FAIL, CASE_ERROR, CASE_SKIP };
/* The outcome of a gate with that verdict. */
enum export_outcome export_outcome(enum verdict v);

/*
 * A gate of one arm, or an expectation. It passes if it was decided without a
 * regression or failure; it is skipped if it is undecided or could not be measured;
 * an arm that failed in some boots is an error.
 */
struct export_case {
	char *group, *name;	/* "memfd/thp/null", "ns_per_access pages=512: 6.1"; safe */
	char *text;		/* effect and interval, or the reason; safe */
	enum export_outcome outcome;
};

struct export_cases {
	struct export_case *list;
	size_t n, count[CASE_SKIP + 1];	/* by outcome */
};
void export_cases_init(struct export_cases *cases, const struct export_from *from);
void export_cases_release(struct export_cases *cases);

/* Writes a JSON document, in ASCII, and a line end. Takes the reference. */
int export_json_write(FILE *to, json_t *json, struct err *err);

#endif
