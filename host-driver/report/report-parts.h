/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a report, as parts of a document (doc.h). */
#ifndef KDUEL_REPORT_PARTS_H
#define KDUEL_REPORT_PARTS_H

#include <jansson.h>

#include "doc.h"
#include "plot.h"
#include "report.h"
#include "store/store.h"

/* Four arms or more, side by side; with fewer it adds nothing and returns false. */
bool report_matrix(struct doc *d, const struct comparison *c);
/* The table of verdicts: a screenful, and the rest as details. */
void report_verdicts(struct doc *d, const struct comparison *c);
/* What the domain can show; the rest is folded away, with what a model expects instead. */
void report_domain(struct doc *d, const struct report *r);
/* The walks per access of named processors, and what a walk may read. */
void report_expected(struct doc *d, const struct report *r);
/* The number of groups that are folded away; a note on them, and their table. */
size_t report_folded(const struct comparison *c);
void report_folded_note(struct doc *d, const struct comparison *c);
void report_folded_table(struct doc *d, const struct comparison *c);
/* How to read the table of verdicts. */
void report_reading(struct doc *d, const struct comparison *c);
/* Every series at every point, folded away. */
void report_full_list(struct doc *d, const struct comparison *c);
/* The expectations; adds nothing if there are none. */
void report_claims(struct doc *d, const struct compare_claim *list, size_t n);
/* "2 hold, 1 fails"; the caller frees it. */
char *report_claims_text(const struct comparison *c);
/* Page sizes around disturbances; adds nothing if there were none. */
void report_timeline(struct doc *d, const struct report *r);
void report_proof(struct doc *d, const struct report *r);
/* The page size (page_words[]) that most bytes of a layer were mapped with; -1: unknown. */
int report_page_of(const struct comparison *c, size_t arm, const char *cell, enum layer layer);
void report_counters(struct doc *d, const struct comparison *c);
/* Which functions make the difference; adds nothing if they were not counted. */
void report_gather_why(struct report *r, struct store *s);
void report_release_why(struct report *r);
void report_why(struct doc *d, const struct report *r);
json_t *report_why_json(const struct report *r);
/* Flame graphs, as plots/why-1.svg and so on. */
int report_draw_why(const struct report *r, const char *folder, struct err *err);
void report_conditions(struct doc *d, const struct report *r);
void report_differences(struct doc *d, const struct comparison *c);
void report_figures(struct doc *d, const struct report *r, enum figure_section where);

/* The tone in which a verdict is shown. */
enum doc_tone report_tone(enum verdict v);
/* An arm's name in its colour. */
void report_arm_cell(struct doc *d, const struct comparison *c, size_t arm);

/*
 * Expected beside measured: what the model of the TLBs (bench/model.h) predicts for
 * the campaign's cells, with the page sizes that the proof found.
 */

/*
 * Fills the report's model rows, or says in model_reason why there are none.
 * `cpu_model` as in struct report_options; an unknown name is an error.
 */
int report_model(struct report *r, const char *cpu_model, struct err *err);

/*
 * The conditions of a campaign: what was captured at each place (driver, node,
 * guest) in each boot, reduced to what is the same everywhere and what differs.
 */

/*
 * {"node": {"thp.enabled": "always", "kernel.release": {"6.1": "6.1.192"},
 * "load": ["0.10", "0.31"]}, ...}: nested facts have dotted names; all values
 * are texts. A fact that differs only between arms is an object by arm, one that
 * differs between boots an array of its values. Long texts (a kernel log) are left
 * out, and so is what is random in every boot. A new reference.
 */
json_t *report_env(const struct store_env *envs, size_t n,
		   const struct plan *plan);

/* The first fact of that name, or whose name ends with it; "" if there is none. */
const char *report_env_fact(const json_t *env, const char *where,
			    const char *name);

#endif
