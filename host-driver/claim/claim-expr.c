/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words, the figures of arms, and sums, products and ratios of them. */
#include "claim-parse.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vocab/words.h"

/* --- words ----------------------------------------------------------------- */

void parse_space(struct claim_parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

int parse_fail(struct claim_parser *p, const char *what)
{
	parse_space(p);
	return err_config(p->err, "%s: column %d: %s\n    %s\n    %*s^", p->where,
			  (int)(p->at - p->text) + 1, what, p->text,
			  (int)(p->at - p->text), "");
}

bool accept(struct claim_parser *p, const char *token)
{
	size_t len = strlen(token);

	parse_space(p);
	if (strncmp(p->at, token, len))
		return false;
	p->at += len;
	return true;
}

bool accept_word(struct claim_parser *p, const char *word)
{
	const char *from = p->at;

	if (!accept(p, word))
		return false;
	if (!isalnum((unsigned char)*p->at) && *p->at != '_' && *p->at != '-')
		return true;
	p->at = from;
	return false;
}

bool accept_words(struct claim_parser *p, const char *const *words)
{
	const char *from = p->at;

	for (; *words; words++)
		if (!accept_word(p, *words)) {
			p->at = from;
			return false;
		}
	return true;
}

/* A run of characters that are not in `stop`, without trailing space; malloc()ed. */
static int claim_expr_word(struct claim_parser *p, const char *stop, const char *what, char **out)
{
	size_t len;

	parse_space(p);
	len = strcspn(p->at, stop);
	if (!len)
		return parse_fail(p, what);
	*out = strndup(p->at, len);
	if (!*out)
		return err_sys(p->err, ENOMEM, "%s", p->where);
	p->at += len;
	return 0;
}

int parse_number(struct claim_parser *p, double *out)
{
	char *end;

	parse_space(p);
	if (!isdigit((unsigned char)*p->at) && *p->at != '.')
		return parse_fail(p, "a number is expected here, such as 0.95 or 1%");
	*out = strtod(p->at, &end);
	p->at = end;
	if (*p->at == '%') {
		p->at++;
		*out /= 100;
	}
	return 0;
}

#define DEPTH_MAX 64		/* of nested parentheses and signs */

/* --- picks ---------------------------------------------------------------- */

void pick_release(struct claim_pick *k)
{
	free(k->path);
	free(k->field);
	free(k->arm);
	free(k->point);
	free(k->cells);
}

static int claim_expr_check_field(struct claim_parser *p, const struct claim_pick *k)
{
	static const char *const fields[] = { "4k_share", "2m_share", "1g_share",
					      "4k_bytes", "2m_bytes", "1g_bytes",
					      "faults" };
	char text[256];

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!strcmp(k->field, fields[i]))
			return 0;
	unknown_text("figure of a layer", k->field, fields, sizeof(fields) / sizeof(fields[0]),
		     text, sizeof(text));
	return parse_fail(p, text);
}

int parse_path(struct claim_parser *p, const char *stop, struct claim_pick *k)
{
	int rc = claim_expr_word(p, " \t\n.():@[]<>=", "a series is expected here, such as first-touch.ns_per_page", &k->path);

	if (rc)
		return rc;
	if (*p->at != '.')
		return parse_fail(p, "'.' and a metric are expected here, as in first-touch.ns_per_page");
	p->at++;
	rc = claim_expr_word(p, stop, "a metric is expected here", &k->field);
	if (rc)
		return rc;
	if (!strcmp(k->path, "second_level"))
		strcpy(k->path, "second-level");
	for (int i = 0; i < LAYERS; i++)
		k->layer |= !strcmp(k->path, layer_names[i]);
	return k->layer ? claim_expr_check_field(p, k) : 0;
}

int parse_place(struct claim_parser *p, struct claim_pick *k)
{
	int rc = 0;

	if (accept(p, "[")) {
		rc = claim_expr_word(p, "]", "a point is expected here, such as pages=512", &k->point);
		if (!rc && !accept(p, "]"))
			rc = parse_fail(p, "']' is expected here");
	}
	if (!rc && accept(p, "@"))
		rc = claim_expr_word(p, " \t\n()", "cells are expected here, such as fsdax-xfs/thp", &k->cells);
	return rc;
}

int parse_arm(struct claim_parser *p, char **arm)
{
	return claim_expr_word(p, " \t\n/()@[]<>=,", "an arm is expected here", arm);
}

static int claim_expr_copy_text(char **to, const char *from)
{
	if (*to || !from)
		return 0;
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

/* What a pick does not say is taken from the series before the ':'. */
static int claim_expr_inherit(struct claim_parser *p, struct claim_pick *k)
{
	const struct claim_pick *scope = &p->scope;

	if (!k->path && !scope->path)
		return parse_fail(p, "no series is given; put one before a ':', as in 'first-touch.ns_per_page: ...'");
	if (!k->path)
		k->layer = scope->layer;
	if (claim_expr_copy_text(&k->path, scope->path) ||
	    claim_expr_copy_text(&k->field, scope->field) ||
	    claim_expr_copy_text(&k->point, scope->point) ||
	    claim_expr_copy_text(&k->cells, scope->cells))
		return err_sys(p->err, ENOMEM, "%s", p->where);
	return 0;
}

static int claim_expr_parse_pick(struct claim_parser *p, struct claim_pick *k)
{
	int rc = parse_arm(p, &k->arm);

	if (!rc)
		rc = parse_place(p, k);
	return rc ? rc : claim_expr_inherit(p, k);
}

/* --- expressions ----------------------------------------------------------- */

static struct claim_node *claim_expr_node_new(struct claim_parser *p, int kind)
{
	struct claim_node *n = calloc(1, sizeof(*n));

	if (!n)
		err_sys(p->err, ENOMEM, "%s", p->where);
	else
		n->kind = kind;
	return n;
}

void node_free(struct claim_node *n)
{
	if (!n)
		return;
	node_free(n->left);
	node_free(n->right);
	pick_release(&n->pick);
	free(n);
}

struct claim_node *node_join(struct claim_parser *p, int kind,
			     struct claim_node *left, struct claim_node *right)
{
	struct claim_node *n = left && right ? claim_expr_node_new(p, kind) : NULL;

	if (!n) {
		node_free(left);
		node_free(right);
		return NULL;
	}
	n->left = left;
	n->right = right;
	return n;
}

struct claim_node *node_number(struct claim_parser *p, double value)
{
	struct claim_node *n = claim_expr_node_new(p, NODE_NUMBER);

	if (n)
		n->number = value;
	return n;
}

static struct claim_node *expr_pick(struct claim_parser *p)
{
	struct claim_node *n = claim_expr_node_new(p, NODE_PICK);

	if (n && claim_expr_parse_pick(p, &n->pick)) {
		node_free(n);
		return NULL;
	}
	return n;
}

static struct claim_node *claim_expr_close_after(struct claim_parser *p, struct claim_node *n)
{
	if (!n || accept(p, ")"))
		return n;
	parse_fail(p, "')' is expected here");
	node_free(n);
	return NULL;
}

static struct claim_node *claim_expr_ratio(struct claim_parser *p)
{
	struct claim_node *a = expr_pick(p), *b = NULL;

	if (a && !accept(p, "/"))
		parse_fail(p, "'/' is expected here: ratio(arm / baseline)");
	else if (a)
		b = expr_pick(p);
	return claim_expr_close_after(p, node_join(p, NODE_DIVIDE, a, b));
}

static struct claim_node *expr_figure(struct claim_parser *p)
{
	struct claim_node *n = claim_expr_node_new(p, NODE_PICK);

	if (!n)
		return NULL;
	if (parse_path(p, " \t\n()@[]<>=", &n->pick) ||
	    (!accept(p, "(") && parse_fail(p, "'(' and an arm are expected here")) ||
	    claim_expr_parse_pick(p, &n->pick)) {
		node_free(n);
		return NULL;
	}
	return claim_expr_close_after(p, n);
}

static struct claim_node *claim_expr_term_inner(struct claim_parser *p)
{
	double value;

	parse_space(p);
	if (accept(p, "("))
		return claim_expr_close_after(p, parse_sum(p));
	if (accept(p, "ratio("))
		return claim_expr_ratio(p);
	if (accept(p, "value("))
		return claim_expr_close_after(p, expr_pick(p));
	if (isalpha((unsigned char)*p->at))
		return expr_figure(p);
	return parse_number(p, &value) ? NULL : node_number(p, value);
}

static struct claim_node *claim_expr_term(struct claim_parser *p)
{
	struct claim_node *n;

	if (p->depth >= DEPTH_MAX) {
		parse_fail(p, "parentheses and signs are nested too deeply");
		return NULL;
	}
	p->depth++;
	if (accept(p, "-"))
		n = node_join(p, NODE_SUBTRACT, node_number(p, 0), claim_expr_term(p));
	else
		n = claim_expr_term_inner(p);
	p->depth--;
	return n;
}

double claim_compute(const struct claim_node *n, double left, double right)
{
	return n->kind == NODE_ADD ? left + right : n->kind == NODE_SUBTRACT ? left - right :
	       n->kind == NODE_MULTIPLY ? left * right : left / right;
}

/* The value of a constant expression; NaN if it contains a measurement. */
static double claim_expr_constant(const struct claim_node *n)
{
	if (n->kind == NODE_NUMBER || n->kind == NODE_PICK)
		return n->kind == NODE_NUMBER ? n->number : NAN;
	return claim_compute(n, claim_expr_constant(n->left), claim_expr_constant(n->right));
}

static struct claim_node *claim_expr_divisor(struct claim_parser *p)
{
	struct claim_node *n = claim_expr_term(p);

	if (!n || claim_expr_constant(n) != 0)
		return n;
	parse_fail(p, "this divides by 0");
	node_free(n);
	return NULL;
}

static struct claim_node *claim_expr_product(struct claim_parser *p)
{
	struct claim_node *n = claim_expr_term(p);

	while (n) {
		if (accept(p, "*"))
			n = node_join(p, NODE_MULTIPLY, n, claim_expr_term(p));
		else if (accept(p, "/"))
			n = node_join(p, NODE_DIVIDE, n, claim_expr_divisor(p));
		else
			break;
	}
	return n;
}

struct claim_node *parse_sum(struct claim_parser *p)
{
	struct claim_node *n = claim_expr_product(p);

	while (n) {
		if (accept(p, "+"))
			n = node_join(p, NODE_ADD, n, claim_expr_product(p));
		else if (accept(p, "-"))
			n = node_join(p, NODE_SUBTRACT, n, claim_expr_product(p));
		else
			break;
	}
	return n;
}

struct claim_node *node_arm(struct claim_parser *p, const char *arm)
{
	struct claim_node *n = claim_expr_node_new(p, NODE_PICK);

	if (!n)
		return NULL;
	n->pick.arm = strdup(arm);
	if (n->pick.arm && !claim_expr_inherit(p, &n->pick))
		return n;
	node_free(n);
	return NULL;
}
