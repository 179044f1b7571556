/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of report.html: one file, no script, nothing from the network. It is
 * well-formed XML too, so that any XML tool can check it.
 */
#ifndef KDUEL_REPORT_HTML_H
#define KDUEL_REPORT_HTML_H

#include <stdio.h>

#include "plot.h"
#include "report.h"

extern const char report_style[];

/*
 * A number that kduel itself has formatted, with the signs a page has and a
 * mail lacks: minus, times, micro.
 */
void html_number(FILE *out, const char *text);

/* The verdict table and the full list (report-html-verdicts.c). */
void html_verdicts(const struct report *r, FILE *out);
void html_full_list(const struct report *r, FILE *out);

/* Proof, failures, counters, model, conditions (report-html-facts.c). */
void html_claims(const struct report *r, FILE *out);
void html_proof(const struct report *r, FILE *out);
void html_failures(const struct report *r, FILE *out);
void html_counters(const struct report *r, FILE *out);
void html_model(const struct report *r, FILE *out);
void html_conditions(const struct report *r, FILE *out);

/* A figure, if it was drawn. */
void html_figure(const struct report *r, const char *name, FILE *out);

/* "<th>..." of a table: "arm|#boots|#failed|how"; # aligns to the right. */
void html_table_begin(FILE *out, const char *columns);
void html_table_end(FILE *out);

/* An arm's name with its colour. */
void html_arm(const struct comparison *c, size_t arm, FILE *out);

#endif
