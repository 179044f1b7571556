/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of a results folder: one struct with all that is said, and a
 * writer for each form of it. The writers decide how it looks; what it says
 * was computed by compare (compare.h) and is the same in all of them.
 *
 *	struct report r;
 *
 *	if (report_gather(&r, store, &comparison, &options, &err))
 *		return ...;
 *	report_text(&r, stdout);
 *	...
 *	report_release(&r);
 *
 * The store and the comparison must outlive the report.
 */
#ifndef KDUEL_REPORT_H
#define KDUEL_REPORT_H

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

#include "compare/compare.h"
#include "plan/plan.h"
#include "vocab/number.h"
#include "vocab/words.h"

struct report_options {
	const char *cpu_model;	/* whose TLB the model describes; NULL: the
				 * one that was measured, if it is known */
};

/* A boot or a workload process that did not end well. */
struct report_failure {
	char *where;		/* "boot 3, block 1, arm 6.1" */
	char *class;		/* "panic", "void", ... */
	char *text;
	const json_t *console;	/* last lines; NULL if none */
};

/* Expected beside measured; see report-model.c. */
struct report_model_row {
	char *what;		/* "fsdax-xfs/thp/tlb-miss pages=4096" */
	char *arm;
	char *quantity;		/* "misses per access" */
	double expected;
	double measured;	/* NaN: not measured, only `model` */
	double least, most;	/* of measured over expected; NaN: not judged */
};

struct report {
	const struct comparison *c;
	const struct plan *plan;	/* NULL: conditions of it are left out */
	char *folder;		/* its name without the path */
	double begun, ended;	/* seconds since the epoch; 0 if unknown */
	struct report_failure *failures;
	size_t n_failures;
	json_t *env;		/* where -> facts that are the same in all
				 * boots, those that are not: a list */
	char *cpu;		/* processor of the driver's machine, "" if unknown */
	char *model_cpu;	/* whose model was used, "" if none */
	char *model_reason;	/* why there is no model, "" if there is */
	struct report_model_row *model;
	size_t n_model;
	struct figure *figures;	/* plot.h */
	size_t n_figures;
	struct figure_missing *no_figures;	/* and why not */
	size_t n_no_figures;
};

int report_gather(struct report *r, struct store *s,
		  const struct comparison *c, const struct report_options *o,
		  struct err *err);
void report_release(struct report *r);

void report_text(const struct report *r, FILE *out);
void report_html(const struct report *r, FILE *out);
json_t *report_json(const struct report *r);	/* docs/report-format.md */

/*
 * Publishes report.txt, report.json, report.html, data/ and plots/ in the
 * results folder, each file whole or not at all. A figure that gnuplot could
 * not draw is no error: it is said in `said` (may be NULL), a line each.
 */
int report_publish(struct report *r, const char *folder, FILE *said,
		   struct err *err);
/* data/ and plots/ alone. report_html() needs it, to have figures. */
int report_draw(struct report *r, const char *folder, FILE *said,
		struct err *err);

/*
 * The verdicts in one screen, for the end of `kduel run` and the head of
 * report.txt. Colours on a terminal only, and not where NO_COLOR is set.
 */
void report_print_table(FILE *out, const struct comparison *c);
/* Below it: how many claims hold, and those that do not. */
void report_print_expectations(FILE *out, const struct comparison *c);

/* --- what the writers share (report-words.c) ------------------------------ */

/* What a domain's times are: one sentence. */
const char *report_domain_meaning(const char *domain);

/* The same for a title: "emulated time". */
const char *report_domain_title(const char *domain);

/* A new text, the caller's to free; memory that cannot be had ends the program. */
char *report_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *report_vformat(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));

/* What became of the A/A pair that rode along, the caller's; NULL: there is none. */
char *report_control(const struct comparison *c);
/* "0.9 to 1.1: holds", "0.9 to 1.1: fails", "0.9 to 1.1", or "". */
const char *report_model_bound(const struct report_model_row *m, char *buf, size_t size);

/* Is a layer unavailable everywhere for the same reason? */
bool report_proof_missing(const struct comparison *c, const char *layer);
/* "99.7%", "12.0-99.7%": bytes in huge pages, over the readings. */
const char *report_huge_share(const struct compare_proof *p,
			      char buf[static 2 * NUMBER_MAX]);

/* "second level" for a name of layer_words. */
const char *report_layer_name(const char *layer);	/* "second level" */

/* What is not in this report: NULL-terminated sentences, the caller's. */
char **report_limits(const struct report *r);
void report_limits_free(char **limits);

#endif
