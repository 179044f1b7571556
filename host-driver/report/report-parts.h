/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a report as parts of a document (doc.h). */
#ifndef KDUEL_REPORT_PARTS_H
#define KDUEL_REPORT_PARTS_H

#include <jansson.h>

#include "doc.h"
#include "plot.h"
#include "report.h"
#include "store/store.h"

/* Four arms or more, side by side; false, and nothing, where there are fewer. */
bool report_matrix(struct doc *d, const struct comparison *c);
/* The table of verdicts: a screen of it, the rest are details. */
void report_verdicts(struct doc *d, const struct comparison *c);
/* What the domain can show; what it cannot is folded away, with what a model expects. */
void report_domain(struct doc *d, const struct report *r);
/* The walks per access of named processors, and what a walk may read. */
void report_expected(struct doc *d, const struct report *r);
/* Groups that are folded away, and their table. */
size_t report_folded(const struct comparison *c);
void report_folded_note(struct doc *d, const struct comparison *c);
void report_folded_table(struct doc *d, const struct comparison *c);
/* How to read it. */
void report_reading(struct doc *d, const struct comparison *c);
/* Every series at every point, folded away. */
void report_full_list(struct doc *d, const struct comparison *c);
/* Nothing where there are none. */
void report_claims(struct doc *d, const struct compare_claim *list, size_t n);
/* "2 hold, 1 fails"; the caller's. */
char *report_claims_text(const struct comparison *c);
/* Page sizes around disturbances; nothing where there were none. */
void report_timeline(struct doc *d, const struct report *r);
void report_proof(struct doc *d, const struct report *r);
/* The size of page (page_words[]) that most bytes of a layer were mapped with; -1: not known. */
int report_page_of(const struct comparison *c, size_t arm, const char *cell, enum layer layer);
void report_counters(struct doc *d, const struct comparison *c);
/* Which functions make the difference: nothing where they were not counted. */
void report_gather_why(struct report *r, struct store *s);
void report_release_why(struct report *r);
void report_why(struct doc *d, const struct report *r);
json_t *report_why_json(const struct report *r);
/* Flame graphs, as plots/why-1.svg and so on. */
int report_draw_why(const struct report *r, const char *folder, struct err *err);
void report_conditions(struct doc *d, const struct report *r);
void report_differences(struct doc *d, const struct comparison *c);
void report_figures(struct doc *d, const struct report *r, enum figure_section where);

/* How a verdict looks. */
enum doc_tone report_tone(enum verdict v);
/* An arm's name in its colour. */
void report_arm_cell(struct doc *d, const struct comparison *c, size_t arm);

/*
 * Expected beside measured: what the model of the TLBs (bench/model.h) says
 * about the campaign's cells, with the page sizes that the proof found.
 */

/*
 * Fills the report's model rows, or says in model_reason why there are none.
 * `cpu_model` as in struct report_options; an unknown name is an error.
 */
int report_model(struct report *r, const char *cpu_model, struct err *err);

/*
 * The conditions of a campaign: what was captured of each place (driver,
 * node, guest) at each boot, reduced to what is the same everywhere and what
 * is not.
 */

/*
 * {"node": {"thp.enabled": "always", "kernel.release": {"6.1": "6.1.192"},
 * "load": ["0.10", "0.31"]}, ...}: nested facts have dotted names; all values
 * are texts. A fact that differs between arms only is an object by arm, one
 * that differs between boots is the array of its values. Long texts (a kernel
 * log) are left out, and so is what is random in every boot. A new reference.
 */
json_t *report_env(const struct store_env *envs, size_t n,
		   const struct plan *plan);

/* The first of the facts with that (last part of a) name, or "". */
const char *report_env_fact(const json_t *env, const char *where,
			    const char *name);

#endif
