/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text about a relation: the value of each side with its unit, how they relate,
 * with the interval, and what was wanted.
 *
 *	found 0.0815 [0.0801, 0.0829], wanted < 0.2; n = 6 blocks; 6.1: 5.79 us,
 *	6.1-nodaxhuge: 71.1 us
 *	left 9,322 faults, right 81,100 faults: left / right 0.115 [0.114, 0.116],
 *	wanted > 1; n = 2 blocks
 */
#include "claims.h"

#include <math.h>
#include <string.h>

#include "compare-memory.h"
#include "vocab/number.h"

#define SHARE "share"		/* shown in percent */
#define BYTES "bytes"

/* --- units ------------------------------------------------------------------ */

static const char *claims_show_pick_unit(struct claim_check *k, const struct claim_pick *p)
{
	const struct compare_series *s;

	if (p->layer)
		return strstr(p->field, "share") ? SHARE :
		       strstr(p->field, "bytes") ? BYTES : p->field;
	s = claim_series(k, p);
	return s && s->unit ? s->unit : "";
}

/* The unit of an expression; "" if it has none, or a compound one. */
static const char *claims_show_unit(struct claim_check *k, const struct claim_node *n)
{
	const char *a, *b;

	if (n->kind == NODE_NUMBER)
		return "";
	if (n->kind == NODE_PICK)
		return claims_show_pick_unit(k, &n->pick);
	a = claims_show_unit(k, n->left);
	b = claims_show_unit(k, n->right);
	if (n->kind == NODE_DIVIDE)
		return *b ? "" : a;
	if (n->kind == NODE_MULTIPLY)
		return !*a ? b : *b ? "" : a;
	return *a ? a : b;
}

static const char *claims_show_put(double v, const char *unit, char buf[static NUMBER_MAX])
{
	if (!strcmp(unit, SHARE))
		return number_share(v, buf);
	if (!strcmp(unit, BYTES) && v >= 0)
		return number_bytes((uint64_t)v, buf);
	return number_value(v, unit, buf);
}

/* An interval of two blocks may end anywhere. */
static const char *claims_show_put_end(double v, const char *unit, char buf[static NUMBER_MAX])
{
	if (!*unit && v > 0 && v < 0.001)
		return strcpy(buf, "<0.001");
	if (!*unit && v > 9999)
		return strcpy(buf, ">9999");
	return claims_show_put(v, unit, buf);
}

/* A limit as it was written, without rounding: it is not a measurement. */
static const char *claims_show_put_limit(double v, const char *unit, char buf[static NUMBER_MAX])
{
	if (*unit && strcmp(unit, SHARE))
		return claims_show_put(v, unit, buf);
	snprintf(buf, NUMBER_MAX, "%.6g%s", *unit ? 100 * v : v, *unit ? "%" : "");
	return buf;
}

/* --- parts of a sentence ---------------------------------------------------- */

static double claims_show_mean(const double *v, size_t n, bool logs)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += logs ? log(v[i]) : v[i];
	return logs ? exp(sum / (double)n) : sum / (double)n;
}

/* "0.0815 [0.0801, 0.0829]"; without the ends if they add nothing. */
static char *claims_show_with_interval(struct comparison *c, const struct compare_claim *v,
				       const char *unit)
{
	char a[NUMBER_MAX], lo[NUMBER_MAX], hi[NUMBER_MAX];

	if (!isfinite(v->lo) || !isfinite(v->hi))	/* a single block */
		return compare_text(c, "%s", claims_show_put(v->value, unit, a));
	claims_show_put(v->value, unit, a);
	claims_show_put_end(v->lo, unit, lo);
	claims_show_put_end(v->hi, unit, hi);
	if (v->lo == v->hi)
		return compare_text(c, "%s in every block", a);
	if (!strcmp(a, lo) && !strcmp(a, hi))
		return compare_text(c, "%s, its interval too", a);
	return compare_text(c, "%s [%s, %s]", a, lo, hi);
}

/* A pick's mean over blocks, geometric if all values are positive. */
static double claims_show_pick_mean(struct claim_check *k, const struct claim_node *pick)
{
	double sum = 0, logs = 0;
	size_t n = 0;

	for (size_t b = 0; b < k->c->n_block_ids; b++) {
		double v = claim_value(k, pick, b);

		if (!isfinite(v))
			continue;
		sum += v;
		logs += v > 0 ? log(v) : NAN;
		n++;
	}
	return isnan(logs) ? sum / (double)n : exp(logs / (double)n);
}

static void claims_show_list_picks(struct claim_check *k, const struct claim_node *n,
				   char **list, unsigned *seen)
{
	char buf[NUMBER_MAX];

	if (n->kind == NODE_NUMBER)
		return;
	if (n->kind != NODE_PICK) {
		claims_show_list_picks(k, n->left, list, seen);
		claims_show_list_picks(k, n->right, list, seen);
		return;
	}
	*list = compare_text(k->c, "%s%s%s: %s", *list, (*seen)++ ? ", " : "; ",
			     k->c->arms[claim_find_arm(k->c, n->pick.arm)].name,
			     claims_show_put(claims_show_pick_mean(k, n),
					     claims_show_pick_unit(k, &n->pick), buf));
}

/* The arms' own values, if the left side is computed from several. */
static char *claims_show_picks(struct claim_check *k, const struct claim_node *n)
{
	char *list = compare_text(k->c, "%s", "");
	unsigned seen = 0;

	claims_show_list_picks(k, n, &list, &seen);
	return seen > 1 ? list : compare_text(k->c, "%s", "");
}

static const char *claims_show_op_text(enum claim_op op)
{
	static const char *const text[] = {
		[CLAIM_LESS] = "<", [CLAIM_LESS_EQUAL] = "<=", [CLAIM_MORE] = ">",
		[CLAIM_MORE_EQUAL] = ">=", [CLAIM_EQUAL] = "==",
	};

	return text[op];
}

/* --- the whole --------------------------------------------------------------- */

/* The left side in its own unit, against a number. */
static void claims_show_against_number(struct claim_check *k, const struct claim_relation *r,
				       const struct claim_sides *s, struct compare_claim *out)
{
	const char *u = claims_show_unit(k, r->left);
	char limit[NUMBER_MAX];
	double scale = s->right[0];

	out->value = s->logs ? scale * exp(s->t.mean) : scale + s->t.mean;
	out->lo = s->logs ? scale * exp(s->t.lo) : scale + s->t.lo;
	out->hi = s->logs ? scale * exp(s->t.hi) : scale + s->t.hi;
	out->detail =
		compare_text(k->c, "found %s, wanted %s %s; n = %zu block%s%s",
			     claims_show_with_interval(k->c, out, u),
			     claims_show_op_text(r->op), claims_show_put_limit(scale, u, limit),
			     s->n, s->n == 1 ? "" : "s", claims_show_picks(k, r->left));
}

/* Both sides in their units, and how they relate. */
static void claims_show_against_term(struct claim_check *k, const struct claim_relation *r,
				     const struct claim_sides *s, struct compare_claim *out)
{
	const char *ul = claims_show_unit(k, r->left), *ur = claims_show_unit(k, r->right);
	char left[NUMBER_MAX], right[NUMBER_MAX];

	out->value = s->logs ? exp(s->t.mean) : s->t.mean;
	out->lo = s->logs ? exp(s->t.lo) : s->t.lo;
	out->hi = s->logs ? exp(s->t.hi) : s->t.hi;
	out->detail = compare_text(
		k->c,
		"left %s, right %s: left %c right %s, "
		"wanted %s %d; n = %zu block%s",
		claims_show_put(claims_show_mean(s->left, s->n, s->logs), ul, left),
		claims_show_put(claims_show_mean(s->right, s->n, s->logs), ur, right),
		s->logs ? '/' : '-', claims_show_with_interval(k->c, out, s->logs ? "" : ul),
		claims_show_op_text(r->op), s->logs, s->n, s->n == 1 ? "" : "s");
}

void claim_show(struct claim_check *k, const struct claim_relation *r,
		const struct claim_sides *s, struct compare_claim *out)
{
	out->left = claims_show_mean(s->left, s->n, s->logs);
	out->right = claims_show_mean(s->right, s->n, s->logs);
	out->unit = compare_text(k->c, "%s", claims_show_unit(k, r->left));
	(r->right->kind == NODE_NUMBER ? claims_show_against_number
				       : claims_show_against_term)(k, r, s, out);
}
