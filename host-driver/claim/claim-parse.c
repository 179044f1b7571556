/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses relations, sentences, domains: a claim as a whole. */
#include "claim-parse.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vocab/words.h"

/* --- relations ------------------------------------------------------------- */

static bool claim_parse_has_pick(const struct claim_node *n)
{
	return n && (n->kind == NODE_PICK || claim_parse_has_pick(n->left) ||
		     claim_parse_has_pick(n->right));
}

/* Takes ownership of both sides, even on error. */
static int claim_parse_relate(struct claim_parser *p, struct claim_node *left, enum claim_op op,
			      struct claim_node *right)
{
	struct claim_relation *list = NULL;
	int rc = p->err->code;

	if (left && right && !claim_parse_has_pick(left) && !claim_parse_has_pick(right))
		rc = parse_fail(p, "this compares two constants; at least one side must measure an arm");
	if (left && right && !rc) {
		list = realloc(p->claim->relation, (p->claim->n + 1) * sizeof(*list));
		if (!list)
			rc = err_sys(p->err, ENOMEM, "%s", p->where);
	}
	if (!list) {
		node_free(left);
		node_free(right);
		return rc ? rc : -EINVAL;
	}
	p->claim->relation = list;
	list[p->claim->n++] = (struct claim_relation){ left, right, op, false };
	return 0;
}

static bool claim_parse_accept_op(struct claim_parser *p, enum claim_op *op)
{
	static const struct {
		const char *text;
		enum claim_op op;
	} ops[] = {	/* longer ones first */
		{ "<=", CLAIM_LESS_EQUAL }, { ">=", CLAIM_MORE_EQUAL },
		{ "==", CLAIM_EQUAL }, { "<", CLAIM_LESS }, { ">", CLAIM_MORE },
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (accept(p, ops[i].text)) {
			*op = ops[i].op;
			return true;
		}
	return false;
}

static int parse_chain(struct claim_parser *p)
{
	struct claim_node *left = parse_sum(p);
	enum claim_op op;
	int rc = 0;

	if (!left)
		return p->err->code;
	if (!claim_parse_accept_op(p, &op)) {
		node_free(left);
		return parse_fail(p, "a relation is expected here: <, <=, >, >= or ==");
	}
	do {
		/* The middle of a chain belongs to two relations: parse it twice. */
		const char *from = p->at;
		struct claim_node *right = parse_sum(p);

		rc = claim_parse_relate(p, left, op, right);
		left = NULL;
		if (!rc && claim_parse_accept_op(p, &op)) {
			const char *next = p->at;

			p->at = from;
			left = parse_sum(p);
			p->at = next;
		}
	} while (!rc && left);
	return rc;
}

static int claim_parse_relate_ratio(struct claim_parser *p, const char *arm, const char *other,
				    enum claim_op op, double bound)
{
	return claim_parse_relate(p, node_join(p, NODE_DIVIDE, node_arm(p, arm),
					       node_arm(p, other)), op, node_number(p, bound));
}

/* "6.1 within 2% of 6.1-rfc": both sides of a band. */
static int parse_within(struct claim_parser *p, const char *arm)
{
	static const char *const of[] = { "of", NULL };
	double band;
	char *other = NULL;
	int rc = parse_number(p, &band);

	if (!rc && !accept_words(p, of))
		rc = parse_fail(p, "'of' and an arm are expected here");
	if (!rc)
		rc = parse_arm(p, &other);
	if (!rc)
		rc = claim_parse_relate_ratio(p, arm, other, CLAIM_LESS, 1 + band);
	if (!rc)
		rc = claim_parse_relate_ratio(p, arm, other, CLAIM_MORE, 1 - band);
	free(other);
	return rc;
}

/*
 * "6.1 not worse than 1%": compared with the baseline. Only the comparison knows
 * its name, and which direction is worse: "" stands for the baseline, and the
 * evaluation inverts the ratio where more is better.
 */
static int parse_not_worse(struct claim_parser *p, const char *arm)
{
	static const char *const by[] = { "by", NULL };
	const char *from = p->at;
	char *other = NULL;
	double bound;
	int rc = parse_arm(p, &other);

	if (!rc && !accept_words(p, by)) {
		p->at = from;
		*other = '\0';
	}
	if (!rc)
		rc = parse_number(p, &bound);
	if (!rc)
		rc = claim_parse_relate_ratio(p, arm, other, CLAIM_LESS, 1 + bound);
	free(other);
	if (!rc)
		p->claim->relation[p->claim->n - 1].not_worse = true;
	return rc;
}

/* The forms that begin with an arm; 1 if the text has another form. */
static int parse_sentence(struct claim_parser *p)
{
	static const char *const not_worse[] = { "not", "worse", "than", NULL };
	static const char *const within[] = { "within", NULL };
	const char *from = p->at;
	struct err ignore = ERR_INIT, *err = p->err;
	char *arm = NULL;
	int rc;

	p->err = &ignore;
	rc = parse_arm(p, &arm);
	p->err = err;
	parse_space(p);
	if (!rc && accept_words(p, not_worse))
		rc = parse_not_worse(p, arm);
	else if (!rc && accept_words(p, within))
		rc = parse_within(p, arm);
	else if (!rc && isalpha((unsigned char)*p->at) && from > p->text)	/* after a series */
		rc = parse_fail(p, "'within 1% of' and an arm, or 'not worse than 1%', is expected here");
	else
		rc = 1;
	if (rc > 0)
		p->at = from;
	free(arm);
	return rc;
}

static int parse_domains(struct claim_parser *p)
{
	struct claim *c = p->claim;

	do {
		size_t i = 0;

		parse_space(p);
		while (i < DOMAIN_FAKE && !accept_word(p, domain_words[i].name))
			i++;
		if (i == DOMAIN_FAKE || c->n_domains == DOMAIN_FAKE)
			return parse_fail(p, "a domain is expected here: hardware, nested, emulated or instructions");
		c->domains[c->n_domains++] = domain_words[i].name;
	} while (accept_word(p, "or"));
	return 0;
}

/* A series is given if the text contains a ':' at the end of a word. */
static bool claim_parse_has_scope(const char *text)
{
	for (const char *c = strchr(text, ':'); c; c = strchr(c + 1, ':'))
		if (isspace((unsigned char)c[1]))
			return true;
	return false;
}

static int parse_scope(struct claim_parser *p)
{
	int rc;

	if (!claim_parse_has_scope(p->text))
		return 0;
	rc = parse_path(p, " \t\n()@[]<>=", &p->scope);
	if (!rc && p->scope.field[strlen(p->scope.field) - 1] == ':') {
		p->scope.field[strlen(p->scope.field) - 1] = '\0';
		return 0;
	}
	if (!rc)
		rc = parse_place(p, &p->scope);
	if (!rc && p->scope.cells && p->scope.cells[strlen(p->scope.cells) - 1] == ':')
		p->scope.cells[strlen(p->scope.cells) - 1] = '\0';
	else if (!rc && !accept(p, ":"))
		rc = parse_fail(p, "':' is expected here");
	return rc;
}

static int parse_all(struct claim_parser *p)
{
	int rc = parse_scope(p);

	if (!rc)
		rc = parse_sentence(p);
	if (rc > 0)
		do
			rc = parse_chain(p);
		while (!rc && accept_word(p, "and"));
	if (!rc && accept_word(p, "on"))
		rc = parse_domains(p);
	parse_space(p);
	return !rc && *p->at ? parse_fail(p, "unexpected text after the end of the claim") : rc;
}

int claim_parse(const char *text, const char *where, struct claim **claim,
		struct err *err)
{
	struct err own = ERR_INIT;
	struct claim_parser p = { .text = text, .at = text, .where = where,
			    .err = err ? err : &own };
	int rc;

	*claim = p.claim = calloc(1, sizeof(*p.claim));
	if (!p.claim)
		return err_sys(err, ENOMEM, "%s", where);
	rc = parse_all(&p);
	pick_release(&p.scope);
	if (rc) {
		claim_free(*claim);
		*claim = NULL;
	}
	return rc;
}

void claim_free(struct claim *claim)
{
	if (!claim)
		return;
	for (size_t i = 0; i < claim->n; i++) {
		node_free(claim->relation[i].left);
		node_free(claim->relation[i].right);
	}
	free(claim->relation);
	free(claim);
}

static int claim_parse_each_pick(const struct claim_node *n,
				 int (*fn)(const struct claim_pick *, void *), void *data)
{
	int rc;

	if (!n)
		return 0;
	rc = n->kind == NODE_PICK ? fn(&n->pick, data) : 0;
	if (!rc)
		rc = claim_parse_each_pick(n->left, fn, data);
	return rc ? rc : claim_parse_each_pick(n->right, fn, data);
}

int claim_each_pick(const struct claim *claim,
		    int (*fn)(const struct claim_pick *, void *), void *data)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < claim->n; i++) {
		rc = claim_parse_each_pick(claim->relation[i].left, fn, data);
		if (!rc)
			rc = claim_parse_each_pick(claim->relation[i].right, fn, data);
	}
	return rc;
}

bool claim_in_cells(const char *cells, const char *id)
{
	char with_workload[512];

	if (!cells || !fnmatch(cells, id, 0))
		return true;
	snprintf(with_workload, sizeof(with_workload), "%s/*", cells);
	return !fnmatch(with_workload, id, 0);
}
