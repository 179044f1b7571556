/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The internals of the claim parser: words, figures of arms and arithmetic
 * on them (claim-expr.c), relations and whole claims
 * (claim-parse.c). No other file includes this.
 *
 * Recursive descent without a tokenizer: which characters a word may contain
 * depends on its position (a '-' is part of an arm's name, but a sign in a sum).
 * Functions that return a node return NULL after an error, the others the
 * error's code; the error is then in `err`.
 */
#ifndef KDUEL_CLAIM_PARSE_H
#define KDUEL_CLAIM_PARSE_H

#include "claim.h"

struct claim_parser {
	const char *text, *at, *where;
	struct claim_pick scope;	/* the series before the ':' */
	struct claim *claim;
	int depth;
	struct err *err;
};

/* Says what is wrong, with the line, the column and a mark below it. */
int parse_fail(struct claim_parser *p, const char *what);
void parse_space(struct claim_parser *p);
bool accept(struct claim_parser *p, const char *token);
/* Like accept(), but a whole word: "on" is not the start of "only". */
bool accept_word(struct claim_parser *p, const char *word);
/* "not worse than" with any space between the words. */
bool accept_words(struct claim_parser *p, const char *const *words);
/* "0.95", "95%" */
int parse_number(struct claim_parser *p, double *out);

/* "tlb-miss.walk_cost", "second_level.2m_share"; `stop` ends the metric. */
int parse_path(struct claim_parser *p, const char *stop, struct claim_pick *k);
/* [pages=512] and @ fsdax-xfs/thp, both optional */
int parse_place(struct claim_parser *p, struct claim_pick *k);
int parse_arm(struct claim_parser *p, char **arm);
void pick_release(struct claim_pick *k);

struct claim_node *parse_sum(struct claim_parser *p);
struct claim_node *node_number(struct claim_parser *p, double value);
/* The series before the ':' for that arm. */
struct claim_node *node_arm(struct claim_parser *p, const char *arm);
/* Takes ownership of both sides, even on error. */
struct claim_node *node_join(struct claim_parser *p, int kind,
			     struct claim_node *left, struct claim_node *right);
void node_free(struct claim_node *n);

#endif
