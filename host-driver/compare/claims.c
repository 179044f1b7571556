/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evaluating claims: per block, then by the interval over blocks. */
#include "claims.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare-memory.h"
#include "err.h"

const char *claim_outcome_name(enum claim_outcome o)
{
	static const char *const names[] = {
		[CLAIM_HOLDS] = "holds",
		[CLAIM_FAILS] = "fails",
		[CLAIM_UNDECIDED] = "undecided",
		[CLAIM_UNMEASURABLE] = "cannot be measured here",
	};

	return names[o];
}

/* --- one relation ---------------------------------------------------------- */

static void claims_range(struct claim_sides *s)
{
	s->t.lo = s->t.hi = s->d[0];
	for (size_t i = 1; i < s->n; i++) {
		s->t.lo = fmin(s->t.lo, s->d[i]);
		s->t.hi = fmax(s->t.hi, s->d[i]);
	}
}

static int claims_collect(struct claim_check *k, const struct claim_relation *r,
			  struct claim_sides *s)
{
	s->logs = true;
	for (size_t b = 0; b < k->c->n_block_ids; b++) {
		double x = claim_value(k, r->left, b), y = claim_value(k, r->right, b);

		if (*k->why)
			return -ENODATA;
		if (!isfinite(x) || !isfinite(y))
			continue;
		s->left[s->n] = x;
		s->right[s->n++] = y;
		s->logs &= x > 0 && y > 0;
	}
	if (!s->n)
		return claim_cannot(k, "no block has all of its values");
	for (size_t i = 0; i < s->n; i++)
		s->d[i] = s->logs ? log(s->left[i]) - log(s->right[i])
				  : s->left[i] - s->right[i];
	stats_t_interval(s->d, s->n, k->confidence, &s->t);
	if (k->fixed)
		claims_range(s);
	return 0;
}

static enum claim_outcome claims_decide(const struct stats_interval *t, enum claim_op op)
{
	bool less = op == CLAIM_LESS || op == CLAIM_LESS_EQUAL;
	bool equal_is_fine = op == CLAIM_LESS_EQUAL || op == CLAIM_MORE_EQUAL;
	double far = less ? -t->lo : t->hi, near = less ? -t->hi : t->lo;

	if (op == CLAIM_EQUAL)
		return t->lo > 0 || t->hi < 0 ? CLAIM_FAILS :
		       t->lo == 0 && t->hi == 0 ? CLAIM_HOLDS : CLAIM_UNDECIDED;
	if (near > 0 || (equal_is_fine && near == 0))
		return CLAIM_HOLDS;
	return far < 0 || (!equal_is_fine && far == 0) ? CLAIM_FAILS
						       : CLAIM_UNDECIDED;
}

/* "not worse" was parsed for lower-is-better: turn it round where higher is better. */
static int claims_orient(struct claim_check *k, struct claim_relation *r,
			 struct claim_node *bound)
{
	if (!r->not_worse)
		return 0;
	if (!k->at)
		return claim_cannot(k, "'not worse' needs a series of a metric");
	if (k->at->better == STATS_NEITHER)
		return claim_cannot(k, "neither direction of %s is better, so 'not worse' means nothing", k->at->metric);
	if (k->at->better == STATS_HIGHER) {
		*bound = (struct claim_node){ .kind = NODE_NUMBER,
					      .number = 2 - r->right->number };
		r->op = CLAIM_MORE;
		r->right = bound;
	}
	return 0;
}

static int claims_evaluate(struct claim_check *k, const struct claim_relation *from,
			   struct compare_claim *out)
{
	size_t n = k->c->n_block_ids;
	double *work = calloc(3 * n + 1, sizeof(*work));
	struct claim_sides s = { .left = work, .right = work + n, .d = work + 2 * n };
	struct claim_relation r = *from;
	struct claim_node bound;
	int rc = work ? claims_orient(k, &r, &bound) : claim_cannot(k, "out of memory");

	if (!rc)
		rc = claims_collect(k, &r, &s);
	if (!rc) {
		out->outcome = claims_decide(&s.t, r.op);
		claim_show(k, &r, &s, out);
	}
	free(work);
	return rc;
}

/* --- a claim ---------------------------------------------------------------- */

static const struct claim_pick *claims_lead_of(const struct claim_node *n)
{
	const struct claim_pick *p;

	if (!n)
		return NULL;
	if (n->kind == NODE_PICK)
		return n->pick.layer ? NULL : &n->pick;
	p = claims_lead_of(n->left);
	return p ? p : claims_lead_of(n->right);
}

static bool claims_same_cells(const struct claim_node *n, const struct claim_pick *lead)
{
	if (!n)
		return true;
	if (n->kind == NODE_PICK && !n->pick.layer)
		return !n->pick.cells == !lead->cells &&
		       (!lead->cells || !strcmp(n->pick.cells, lead->cells));
	return claims_same_cells(n->left, lead) && claims_same_cells(n->right, lead);
}

static void claims_find_lead(struct claim_check *k)
{
	const struct claim *claim = k->claim;

	for (size_t i = 0; !k->lead && i < claim->n; i++) {
		k->lead = claims_lead_of(claim->relation[i].left);
		if (!k->lead)
			k->lead = claims_lead_of(claim->relation[i].right);
	}
	k->one_place = true;
	for (size_t i = 0; k->lead && i < claim->n; i++)
		k->one_place &= claims_same_cells(claim->relation[i].left, k->lead) &&
				claims_same_cells(claim->relation[i].right, k->lead);
}

static size_t claims_count_series(const struct claim_check *k)
{
	size_t n = 0;

	for (size_t i = 0; k->lead && i < k->c->n_series; i++)
		n += claim_matches(k->lead, &k->c->series[i]);
	return n;
}

/* Fails before undecided before holds. */
static bool claims_worse(enum claim_outcome a, enum claim_outcome b)
{
	static const int order[] = { [CLAIM_FAILS] = 2, [CLAIM_UNDECIDED] = 1,
				     [CLAIM_HOLDS] = 0 };

	return order[a] > order[b];
}

/* Evaluates all relations at the lead's current series; the worst outcome is kept. */
static int claims_evaluate_here(struct claim_check *k, struct compare_claim *out, bool *any)
{
	size_t series = claims_count_series(k);
	char among[32] = "in ";

	if (series > 1)
		snprintf(among, sizeof(among), "worst of %zu, ", series);
	for (size_t i = 0; i < k->claim->n; i++) {
		struct compare_claim one = *out;
		int rc = claims_evaluate(k, &k->claim->relation[i], &one);

		if (rc)
			return rc;
		if (k->at && (!k->one_place || series > 1))
			one.detail = compare_text(k->c, "%s%s%s%s: %s", among,
						  k->at->cell, *k->at->point_text ? " " : "",
						  k->at->point_text, one.detail);
		if (!*any || claims_worse(one.outcome, out->outcome))
			*out = one;
		*any = true;
	}
	return 0;
}

static int claims_evaluate_all(struct claim_check *k, struct compare_claim *out)
{
	size_t series = claims_count_series(k);
	bool any = false;
	int rc = 0;

	if (k->lead && !series)
		return claim_no_series(k, k->lead);
	k->confidence = 1 - k->c->alpha /
			    (double)(k->claim->n * (series ? series : 1));
	if (!k->lead)
		return claims_evaluate_here(k, out, &any);
	for (size_t i = 0; !rc && i < k->c->n_series; i++)
		if (claim_matches(k->lead, &k->c->series[i])) {
			k->at = &k->c->series[i];
			rc = claims_evaluate_here(k, out, &any);
		}
	return rc;
}

/* --- conditions -------------------------------------------------------------- */

static const char *claim_unknown_arm(struct comparison *c, const char *name)
{
	const char **names = compare_alloc(c, c->n_arms, sizeof(*names));
	char text[ERR_TEXT_MAX / 2];

	for (size_t i = 0; names && i < c->n_arms; i++)
		names[i] = c->arms[i].name;
	unknown_text("arm", name, names, names ? c->n_arms : 0, text, sizeof(text));
	return compare_text(c, "%s", text);
}

struct arms_seen {
	struct claim_check *k;
	int first;
	bool several;
	const struct compare_arm *unstable;
};

static int claims_see_arm(const struct claim_pick *p, void *data)
{
	struct arms_seen *seen = data;
	int arm = claim_find_arm(seen->k->c, p->arm);

	if (!*p->arm)
		return 0;
	if (arm < 0) {
		seen->k->never = true;
		return claim_cannot(seen->k, "%s", claim_unknown_arm(seen->k->c, p->arm));
	}
	seen->several |= seen->first >= 0 && arm != seen->first;
	seen->first = arm;
	if (seen->k->c->arms[arm].failed)
		seen->unstable = &seen->k->c->arms[arm];
	return 0;
}

static bool claims_sentence(const struct claim *claim)
{
	return claim->n && claim->relation[0].not_worse;
}

/* 0, or why it cannot be measured at all. */
static int claims_check_place(struct claim_check *k, struct arms_seen *seen)
{
	const struct claim *claim = k->claim;
	size_t i = 0;
	int rc;

	while (i < claim->n_domains && strcmp(claim->domains[i], k->c->domain))
		i++;
	if (claim->n_domains && i == claim->n_domains)
		return claim_cannot(k, "times here are %s; it needs %s%s%s", k->c->domain,
			      claim->domains[0], claim->n_domains > 1 ? " or " : "",
			      claim->n_domains > 1 ? claim->domains[1] : "");
	rc = claim_each_pick(claim, claims_see_arm, seen);
	if (!rc && k->c->refused && k->c->refused_exit == EXIT_CONFIG &&
	    (seen->several || claims_sentence(claim)))
		rc = claim_cannot(k, "%s", k->c->refused);
	return rc;
}

static void claims_check(struct claim_check *k, struct compare_claim *out)
{
	struct arms_seen seen = { .k = k, .first = -1 };
	int rc = claims_check_place(k, &seen);

	claims_find_lead(k);
	if (!rc)
		rc = claims_evaluate_all(k, out);
	if (rc) {
		out->outcome = CLAIM_UNMEASURABLE;
		out->never = k->never;
		out->detail = compare_text(k->c, "%s", k->why);
		out->left = out->right = out->value = out->lo = out->hi = NAN;
	} else if (seen.unstable && out->outcome == CLAIM_HOLDS) {
		out->outcome = CLAIM_UNDECIDED;
		out->detail = compare_text(k->c, "%s, but %s failed in %u of %u boots",
					   out->detail, seen.unstable->name,
					   seen.unstable->failed, seen.unstable->boots);
	}
}

int claim_check(struct comparison *c, const char *text, const char *where, bool fixed,
		struct compare_claim *out, struct err *err)
{
	struct claim *claim;
	struct claim_check k = { .c = c, .fixed = fixed };
	int rc = claim_parse(text, where, &claim, err);

	if (rc)
		return rc;
	k.claim = claim;
	*out = (struct compare_claim){
		.text = compare_text(c, "%s", text),
		.where = compare_text(c, "%s", where),
		.says = compare_text(c, "%s", ""),
		.detail = compare_text(c, "%s", ""),
		.unit = compare_text(c, "%s", ""),
		.left = NAN, .right = NAN, .value = NAN, .lo = NAN, .hi = NAN,
	};
	claims_check(&k, out);
	claim_free(claim);
	return 0;
}

enum kduel_exit claims_exit(const struct compare_claim *list, size_t n)
{
	unsigned seen[CLAIM_UNMEASURABLE + 1] = { 0 }, never = 0;

	for (size_t i = 0; i < n; i++) {
		seen[list[i].outcome]++;
		never += list[i].never;
	}
	return seen[CLAIM_FAILS] ? EXIT_REGRESSION :
	       never ? EXIT_CONFIG :
	       seen[CLAIM_UNDECIDED] ? EXIT_INCOMPLETE :
	       seen[CLAIM_UNMEASURABLE] ? EXIT_MACHINE : EXIT_DONE;
}
