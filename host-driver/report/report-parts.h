/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a report, as parts of a document (doc.h), and the rows of its tables. */
#ifndef KDUEL_REPORT_PARTS_H
#define KDUEL_REPORT_PARTS_H

#include <jansson.h>

#include "compare/compare.h"
#include "doc.h"
#include "plot.h"
#include "report.h"
#include "store/store.h"
#include "vocab/number.h"

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
/*
 * Which functions make the difference; adds nothing if they were not counted. Explaining them
 * takes most of a report's time. It is done when first needed, and may be done earlier, by a
 * thread of its own.
 */
void report_gather_why(struct report *r, struct store *s);
void report_explain_why(const struct report *r);
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

/* --- rows ------------------------------------------------------------------ */

/*
 * The comparison's series as the rows of a verdict table: the points of one cell
 * and metric form a group, with one row for each arm but the baseline. The row of a
 * ladder of points gives their range and how many of them got which verdict; each
 * point is in the full list.
 */

/* All points of one cell and metric (and counter). */
struct report_group {
	const struct compare_series **series;
	size_t n;
	bool gate;
	unsigned rank;		/* of its most serious verdict, see report_rank() */
};

struct report_groups {
	struct report_group *group;	/* in the comparison's order */
	size_t n;
};

struct report_row {
	char effect[2 * NUMBER_MAX];	/* "x0.081", "-1.2% to +3.4%" */
	char interval[2 * NUMBER_MAX + 8];	/* "[0.079, 0.084]", "(exact)", "13 points" */
	char n[NUMBER_MAX];		/* blocks */
	char sde[NUMBER_MAX];		/* smallest detectable effect */
	char verdict[2 * NUMBER_MAX];	/* "improved", "1 of 13 regressed" */
	enum verdict worst;		/* the most serious one, for the colour */
	const char *reason;		/* "" if none */
};

void report_groups_init(struct report_groups *g, const struct comparison *c);
void report_groups_release(struct report_groups *g);

void report_row(const struct report_group *g, size_t arm,
		struct report_row *row);

/* One series against one arm, for the full list. */
void report_series_row(const struct compare_series *s, size_t arm,
		       struct report_row *row);

/* How serious a verdict is: 0 is a regression; what is never judged comes last. */
unsigned report_rank(enum verdict v);
enum verdict report_ranked(unsigned rank);
/* Is the group not a counter, and judged in some arm? */
bool report_judged(const struct report_group *g);

/* "size=32M, threads=2": sizes in bytes with their unit; "" for {}. */
const char *report_point(const struct compare_series *s, char *buf, size_t len);

/* The baseline's own value: "71.2 us", "5.3 to 23.3 ns". */
const char *report_base_value(const struct report_group *g, size_t baseline,
			      char *buf, size_t len);

/* "fsdax-xfs/thp/stream triad"; with the counter if there is one. */
const char *report_group_name(const struct report_group *g, char *buf,
			      size_t len);

#endif
