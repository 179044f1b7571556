/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recursive descent without a scanner: what a word may hold depends on where
 * it stands (a '-' belongs to an arm's name, and is a sign in a sum).
 */
#include "claims.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64		/* parentheses and signs within each other */

struct parser {
	const char *text, *at, *where;
	struct claim_pick scope;	/* of the series before the ':' */
	struct claim *claim;
	int depth;
	struct err *err;
};

static void skip_space(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

static int fail(struct parser *p, const char *what)
{
	skip_space(p);
	return err_config(p->err, "%s: column %d: %s\n    %s\n    %*s^", p->where,
			  (int)(p->at - p->text) + 1, what, p->text,
			  (int)(p->at - p->text), "");
}

static bool accept(struct parser *p, const char *token)
{
	size_t len = strlen(token);

	skip_space(p);
	if (strncmp(p->at, token, len))
		return false;
	p->at += len;
	return true;
}

/* Like accept(), but a whole word: "on" is not the start of "only". */
static bool accept_word(struct parser *p, const char *word)
{
	const char *from = p->at;

	if (!accept(p, word))
		return false;
	if (!isalnum((unsigned char)*p->at) && *p->at != '_' && *p->at != '-')
		return true;
	p->at = from;
	return false;
}

/* "not worse than" with any space between the words. */
static bool accept_words(struct parser *p, const char *const *words)
{
	const char *from = p->at;

	for (; *words; words++)
		if (!accept_word(p, *words)) {
			p->at = from;
			return false;
		}
	return true;
}

/* A run of characters that are not in `stop`; trailing space never belongs. */
static int take(struct parser *p, const char *stop, const char *what, char **out)
{
	size_t len;

	skip_space(p);
	len = strcspn(p->at, stop);
	if (!len)
		return fail(p, what);
	*out = strndup(p->at, len);
	if (!*out)
		return err_sys(p->err, ENOMEM, "%s", p->where);
	p->at += len;
	return 0;
}

static int take_number(struct parser *p, double *out)
{
	char *end;

	skip_space(p);
	if (!isdigit((unsigned char)*p->at) && *p->at != '.')
		return fail(p, "a number is expected here, such as 0.95 or 1%");
	*out = strtod(p->at, &end);
	p->at = end;
	if (*p->at == '%') {
		p->at++;
		*out /= 100;
	}
	return 0;
}

/* --- picks ---------------------------------------------------------------- */

static void pick_release(struct claim_pick *k)
{
	free(k->path);
	free(k->field);
	free(k->arm);
	free(k->point);
	free(k->cells);
}

static int check_field(struct parser *p, const struct claim_pick *k)
{
	static const char *const fields[] = { "4k_share", "2m_share", "1g_share",
					      "4k_bytes", "2m_bytes", "1g_bytes",
					      "faults" };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!strcmp(k->field, fields[i]))
			return 0;
	return fail(p, "a layer has 4k_share, 2m_share, 1g_share, 4k_bytes, 2m_bytes, 1g_bytes and faults");
}

/* "tlb-miss.walk_cost", "second_level.2m_share" */
static int parse_path(struct parser *p, const char *stop, struct claim_pick *k)
{
	static const char *const layers[] = { "guest", "second-level", "mut", "file" };
	int rc = take(p, " \t\n.():@[]<>=", "a series is expected here, such as first-touch.ns_per_page", &k->path);

	if (rc)
		return rc;
	if (*p->at != '.')
		return fail(p, "'.' and a metric are expected here, as in first-touch.ns_per_page");
	p->at++;
	rc = take(p, stop, "a metric is expected here", &k->field);
	if (rc)
		return rc;
	if (!strcmp(k->path, "second_level"))
		strcpy(k->path, "second-level");
	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
		k->layer |= !strcmp(k->path, layers[i]);
	return k->layer ? check_field(p, k) : 0;
}

/* [pages=512] and @ fsdax-xfs/thp, both optional */
static int parse_place(struct parser *p, struct claim_pick *k)
{
	int rc = 0;

	if (accept(p, "[")) {
		rc = take(p, "]", "a point is expected here, such as pages=512", &k->point);
		if (!rc && !accept(p, "]"))
			rc = fail(p, "']' is expected here");
	}
	if (!rc && accept(p, "@"))
		rc = take(p, " \t\n()", "cells are expected here, such as fsdax-xfs/thp", &k->cells);
	return rc;
}

static int parse_arm(struct parser *p, char **arm)
{
	return take(p, " \t\n/()@[]<>=,", "an arm is expected here", arm);
}

static int copy_text(char **to, const char *from)
{
	if (*to || !from)
		return 0;
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

/* What a pick leaves open, the series before the ':' says. */
static int inherit(struct parser *p, struct claim_pick *k)
{
	const struct claim_pick *scope = &p->scope;

	if (!k->path && !scope->path)
		return fail(p, "of which series? put it before a ':', as in 'first-touch.ns_per_page: ...'");
	if (!k->path)
		k->layer = scope->layer;
	if (copy_text(&k->path, scope->path) || copy_text(&k->field, scope->field) ||
	    copy_text(&k->point, scope->point) || copy_text(&k->cells, scope->cells))
		return err_sys(p->err, ENOMEM, "%s", p->where);
	return 0;
}

static int parse_pick(struct parser *p, struct claim_pick *k)
{
	int rc = parse_arm(p, &k->arm);

	if (!rc)
		rc = parse_place(p, k);
	return rc ? rc : inherit(p, k);
}

/* --- expressions ----------------------------------------------------------- */

static struct claim_node *node_new(struct parser *p, int kind)
{
	struct claim_node *n = calloc(1, sizeof(*n));

	if (!n)
		err_sys(p->err, ENOMEM, "%s", p->where);
	else
		n->kind = kind;
	return n;
}

static void node_free(struct claim_node *n)
{
	if (!n)
		return;
	node_free(n->left);
	node_free(n->right);
	pick_release(&n->pick);
	free(n);
}

static struct claim_node *join(struct parser *p, int kind,
			       struct claim_node *left, struct claim_node *right)
{
	struct claim_node *n = left && right ? node_new(p, kind) : NULL;

	if (!n) {
		node_free(left);
		node_free(right);
		return NULL;
	}
	n->left = left;
	n->right = right;
	return n;
}

static struct claim_node *number(struct parser *p, double value)
{
	struct claim_node *n = node_new(p, NODE_NUMBER);

	if (n)
		n->number = value;
	return n;
}

static struct claim_node *pick(struct parser *p)
{
	struct claim_node *n = node_new(p, NODE_PICK);

	if (n && parse_pick(p, &n->pick)) {
		node_free(n);
		return NULL;
	}
	return n;
}

static struct claim_node *close_after(struct parser *p, struct claim_node *n)
{
	if (!n || accept(p, ")"))
		return n;
	fail(p, "')' is expected here");
	node_free(n);
	return NULL;
}

static struct claim_node *ratio(struct parser *p)
{
	struct claim_node *a = pick(p), *b = NULL;

	if (a && !accept(p, "/"))
		fail(p, "'/' is expected here: ratio(arm / baseline)");
	else if (a)
		b = pick(p);
	return close_after(p, join(p, NODE_DIVIDE, a, b));
}

static struct claim_node *figure(struct parser *p)
{
	struct claim_node *n = node_new(p, NODE_PICK);

	if (!n)
		return NULL;
	if (parse_path(p, " \t\n()@[]<>=", &n->pick) ||
	    (!accept(p, "(") && fail(p, "'(' and an arm are expected here")) ||
	    parse_pick(p, &n->pick)) {
		node_free(n);
		return NULL;
	}
	return close_after(p, n);
}

static struct claim_node *sum(struct parser *p);

static struct claim_node *term_inner(struct parser *p)
{
	double value;

	skip_space(p);
	if (accept(p, "("))
		return close_after(p, sum(p));
	if (accept(p, "ratio("))
		return ratio(p);
	if (accept(p, "value("))
		return close_after(p, pick(p));
	if (isalpha((unsigned char)*p->at))
		return figure(p);
	return take_number(p, &value) ? NULL : number(p, value);
}

static struct claim_node *term(struct parser *p)
{
	struct claim_node *n;

	if (p->depth >= DEPTH_MAX) {
		fail(p, "too deeply nested");
		return NULL;
	}
	p->depth++;
	if (accept(p, "-"))
		n = join(p, NODE_SUBTRACT, number(p, 0), term(p));
	else
		n = term_inner(p);
	p->depth--;
	return n;
}

static struct claim_node *product(struct parser *p)
{
	struct claim_node *n = term(p);

	while (n) {
		if (accept(p, "*"))
			n = join(p, NODE_MULTIPLY, n, term(p));
		else if (accept(p, "/"))
			n = join(p, NODE_DIVIDE, n, term(p));
		else
			break;
	}
	return n;
}

static struct claim_node *sum(struct parser *p)
{
	struct claim_node *n = product(p);

	while (n) {
		if (accept(p, "+"))
			n = join(p, NODE_ADD, n, product(p));
		else if (accept(p, "-"))
			n = join(p, NODE_SUBTRACT, n, product(p));
		else
			break;
	}
	return n;
}

/* --- relations ------------------------------------------------------------- */

static bool has_pick(const struct claim_node *n)
{
	return n && (n->kind == NODE_PICK || has_pick(n->left) || has_pick(n->right));
}

/* Takes both sides, also on error. */
static int relate(struct parser *p, struct claim_node *left, enum claim_op op,
		  struct claim_node *right)
{
	struct claim_relation *list = NULL;
	int rc = p->err->code;

	if (left && right && !has_pick(left) && !has_pick(right))
		rc = fail(p, "two numbers are compared: no arm is measured");
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

static bool accept_op(struct parser *p, enum claim_op *op)
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

static int parse_chain(struct parser *p)
{
	struct claim_node *left = sum(p);
	enum claim_op op;
	int rc = 0;

	if (!left)
		return p->err->code;
	if (!accept_op(p, &op)) {
		node_free(left);
		return fail(p, "a relation is expected here: <, <=, >, >= or ==");
	}
	do {
		/* The middle of a chain stands in two relations: read it twice. */
		const char *from = p->at;
		struct claim_node *right = sum(p);
		const char *to = p->at;

		rc = relate(p, left, op, right);
		left = NULL;
		if (!rc && accept_op(p, &op)) {
			const char *next = p->at;

			p->at = from;
			left = sum(p);
			p->at = next;
		} else {
			p->at = to;
		}
	} while (!rc && left);
	return rc;
}

static struct claim_node *pick_named(struct parser *p, const char *arm)
{
	struct claim_node *n = node_new(p, NODE_PICK);

	if (!n)
		return NULL;
	n->pick.arm = strdup(arm);
	if (n->pick.arm && !inherit(p, &n->pick))
		return n;
	node_free(n);
	return NULL;
}

static int relate_ratio(struct parser *p, const char *arm, const char *other,
			enum claim_op op, double bound)
{
	return relate(p, join(p, NODE_DIVIDE, pick_named(p, arm),
			      pick_named(p, other)), op, number(p, bound));
}

/* "6.1 within 2% of 6.1-rfc": both sides of a band. */
static int parse_within(struct parser *p, const char *arm)
{
	static const char *const of[] = { "of", NULL };
	double band;
	char *other = NULL;
	int rc = take_number(p, &band);

	if (!rc && !accept_words(p, of))
		rc = fail(p, "'of' and an arm are expected here");
	if (!rc)
		rc = parse_arm(p, &other);
	if (!rc)
		rc = relate_ratio(p, arm, other, CLAIM_LESS, 1 + band);
	if (!rc)
		rc = relate_ratio(p, arm, other, CLAIM_MORE, 1 - band);
	free(other);
	return rc;
}

/*
 * "6.1 not worse than 1%": against the baseline, whose name only the
 * comparison knows; which way is worse, too. "" stands for the baseline and
 * the evaluation turns the ratio where more is better.
 */
static int parse_not_worse(struct parser *p, const char *arm)
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
		rc = take_number(p, &bound);
	if (!rc)
		rc = relate_ratio(p, arm, other, CLAIM_LESS, 1 + bound);
	free(other);
	if (!rc)
		p->claim->relation[p->claim->n - 1].not_worse = true;
	return rc;
}

/* The forms that begin with an arm; 1 if it is none of them. */
static int parse_sentence(struct parser *p)
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
	if (!rc && accept_words(p, not_worse))
		rc = parse_not_worse(p, arm);
	else if (!rc && accept_words(p, within))
		rc = parse_within(p, arm);
	else
		rc = 1;
	if (rc > 0)
		p->at = from;
	free(arm);
	return rc;
}

static int parse_domains(struct parser *p)
{
	static const char *const known[] = { "hardware", "nested", "emulated",
					     "instructions" };
	struct claim *c = p->claim;

	do {
		size_t i = 0;

		skip_space(p);
		while (i < 4 && !accept_word(p, known[i]))
			i++;
		if (i == 4 || c->n_domains == 4)
			return fail(p, "a domain is expected here: hardware, nested, emulated or instructions");
		c->domains[c->n_domains] = strdup(known[i]);
		if (!c->domains[c->n_domains++])
			return err_sys(p->err, ENOMEM, "%s", p->where);
	} while (accept_word(p, "or"));
	return 0;
}

/* A series is there if a ':' that ends a word is. */
static bool has_scope(const char *text)
{
	for (const char *c = strchr(text, ':'); c; c = strchr(c + 1, ':'))
		if (isspace((unsigned char)c[1]))
			return true;
	return false;
}

static int parse_scope(struct parser *p)
{
	int rc;

	if (!has_scope(p->text))
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
		rc = fail(p, "':' is expected here");
	return rc;
}

static int parse_all(struct parser *p)
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
	skip_space(p);
	return !rc && *p->at ? fail(p, "nothing more is expected here") : rc;
}

int claim_parse(const char *text, const char *where, struct claim **claim,
		struct err *err)
{
	struct err own = ERR_INIT;
	struct parser p = { .text = text, .at = text, .where = where,
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
	for (size_t i = 0; i < claim->n_domains; i++)
		free(claim->domains[i]);
	free(claim->relation);
	free(claim);
}

static int each_arm(const struct claim_node *n,
		    int (*fn)(const char *arm, void *data), void *data)
{
	int rc;

	if (!n)
		return 0;
	rc = n->kind == NODE_PICK && *n->pick.arm ? fn(n->pick.arm, data) : 0;
	if (!rc)
		rc = each_arm(n->left, fn, data);
	return rc ? rc : each_arm(n->right, fn, data);
}

int claim_each_arm(const struct claim *claim,
		   int (*fn)(const char *arm, void *data), void *data)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < claim->n; i++) {
		rc = each_arm(claim->relation[i].left, fn, data);
		if (!rc)
			rc = each_arm(claim->relation[i].right, fn, data);
	}
	return rc;
}
