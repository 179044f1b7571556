/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of a results folder: one struct with everything known, one document
 * made from it (doc.h), and a form of that for each kind of reader. Its content is
 * computed by compare (compare.h) and is the same in all forms.
 *
 *	struct report_options options = { 0 };
 *	struct report r;
 *
 *	if (report_gather(&r, s, comparison, &options, err))
 *		return err->code;
 *	report_forms[0].write(&r, stdout);
 *	...
 *	report_release(&r);
 *
 * The store and the comparison must outlive the report.
 */
#ifndef KDUEL_REPORT_H
#define KDUEL_REPORT_H

#include <stdio.h>

#include <jansson.h>

#include "compare/compare.h"
#include "compare/shift.h"
#include "plan/plan.h"
#include "vocab/number.h"
#include "vocab/words.h"

struct report_options {
	const char *cpu_model;	/* the processor to model; NULL: the measured
				 * one, if it is known */
};

/* A failed boot or workload process. */
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
	double measured;	/* NaN: not measured */
	double least, most;	/* bounds of measured / expected; NaN: not judged */
};

/* What the model expects of named processors, if none was measured. */
#define REPORT_CPUS 3
struct report_expected {
	char *what, *arm;	/* as above */
	unsigned references;	/* per walk, at most */
	double walks[REPORT_CPUS];	/* per access, by processor; NaN: no expectation */
};

struct report {
	const struct comparison *c;
	const struct plan *plan;	/* NULL: what depends on it is left out */
	char *folder;		/* its name without the path */
	char *again;		/* the command that repeats it; NULL if unknown */
	double begun, ended;	/* seconds since the epoch; 0 if unknown */
	struct report_failure *failures;
	size_t n_failures;
	json_t *env;		/* where -> facts, see report_env() */
	char *cpu;		/* processor of the driver's machine, "" if unknown */
	char *model_cpu;	/* whose model was used, "" if none */
	char *model_reason;	/* why there is no model, "" if there is */
	struct report_model_row *model;
	size_t n_model;
	struct report_why *why;	/* report-why.c; NULL: functions were not counted */
	char *expected_cpu[REPORT_CPUS];	/* NULL after the last one */
	struct report_expected *expected;	/* only if n_model is 0 */
	size_t n_expected;
	struct figure *figures;	/* plot.h */
	size_t n_figures;
	struct figure_missing *no_figures;	/* the others, and why */
	size_t n_no_figures;
};

/* Errors: -ENOMEM, an unreadable store, or an unknown cpu_model. */
int report_gather(struct report *r, struct store *s,
		  struct comparison *c, const struct report_options *o,
		  struct err *err);
/* The same without the model and the figures. */
int report_gather_facts(struct report *r, struct store *s,
			const struct comparison *c, struct err *err);
void report_release(struct report *r);

/* A form of the report; `file` is its name in a results folder, "" if it is only printed. */
struct report_form {
	const char *name, *file;
	bool figures;		/* it contains drawings */
	void (*write)(const struct report *r, FILE *out);
};
/* text, json, html, md, brief; ends with a NULL name. */
extern const struct report_form report_forms[];

/* The document that text, HTML and Markdown are made from; doc_free() it, and those below. */
struct doc *report_doc(const struct report *r);
/* Ten lines, for the beginning of a mail or for a chat. */
struct doc *report_brief_doc(const struct report *r);
/* Verdicts, proof, failures: for a reply to a series. */
struct doc *report_reply_doc(const struct report *r);
struct doc *report_beside_reply_doc(const struct comparison *c);	/* and what a terminal shows besides */
/* What a terminal shows after a run. */
struct doc *report_comparison_doc(const struct comparison *c);
json_t *report_json(const struct report *r);	/* docs/report-format.md */

/* Verdicts, what differs besides the kernels, notes; with a terminal's colours. */
void compare_print(FILE *out, const struct comparison *c);
/* One paragraph per claim: outcome, text, the values of both sides. */
void compare_print_claims(FILE *out, const struct compare_claim *list, size_t n);

/*
 * Publishes report.txt, report.json, report.html, data/ and plots/ in the
 * results folder, each file complete or not at all. A figure that gnuplot could not
 * draw is not an error: `said` (may be NULL) gets a line about it.
 */
int report_publish(struct report *r, const char *folder, FILE *said,
		   struct err *err);
/* Draws the figures for a page that goes to stdout: no file is written. */
void report_draw_inside(struct report *r, FILE *said);
/* Publishes only data/ and plots/. */
int report_draw(struct report *r, const char *folder, FILE *said,
		struct err *err);

/* The verdict in one sentence; the caller frees it. */
char *report_sentence(const struct comparison *c);

/* What the report does not show: one sentence per line; the caller frees it. */
char *report_limits(const struct report *r);

/* Parts of report.json (docs/report-format.md). */

/* A text made safe (safe.h), so that JSON readers' terminals are safe as well. */
json_t *json_safe(const char *text);
/* The same; null for NULL or "". */
json_t *json_safe_or_null(const char *text);
/* null for NaN, which JSON lacks: the value is unknown. */
json_t *json_known(double v);
/* Takes the reference to the value. */
void json_put(json_t *object, const char *key, json_t *value);

json_t *report_series_json(const struct comparison *c);
json_t *report_claims_json(const struct comparison *c);
json_t *report_failures_json(const struct report *r);
json_t *report_texts_json(char *const *text, size_t n);	/* made safe */

/*
 * Two campaigns of one plan side by side (compare/shift.h), for a reader or a program.
 * `begun`: seconds since the epoch, 0 if unknown.
 */
void report_shift_print(FILE *out, const struct shift *s, const char *const folder[2],
			const double begun[2]);
/* docs/man/kduel-compare.1 describes the keys. A new reference. */
json_t *report_shift_json(const struct shift *s, const char *const folder[2],
			  const double begun[2]);

#endif
