/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evaluating claims: per block, then by the interval over blocks. */
#include "claims.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "compare-memory.h"

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

/* One claim being evaluated. */
struct check {
	struct comparison *c;
	const struct claim *claim;
	const struct claim_pick *lead;	/* its series are what is gone through */
	bool one_place;			/* all picks look at the same cells */
	const struct compare_series *at;	/* the lead's series now; NULL: none */
	double confidence;
	char why[256];			/* it cannot be measured */
};

static int cannot(struct check *k, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int cannot(struct check *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!*k->why)
		vsnprintf(k->why, sizeof(k->why), fmt, ap);
	va_end(ap);
	return -ENODATA;
}

/* --- finding --------------------------------------------------------------- */

static int find_arm(const struct comparison *c, const char *name)
{
	if (!*name)
		return (int)c->baseline;
	for (size_t i = 0; i < c->n_arms; i++)
		if (!strcmp(c->arms[i].name, name))
			return (int)i;
	return -1;
}

static bool in_cells(const char *cells, const char *cell)
{
	char with_workload[512];

	if (!cells || !fnmatch(cells, cell, 0))
		return true;
	snprintf(with_workload, sizeof(with_workload), "%s/*", cells);
	return !fnmatch(with_workload, cell, 0);
}

static bool matches(const struct claim_pick *p, const struct compare_series *s)
{
	const char *name = s->counter ? s->counter : s->metric;

	return !strcmp(p->path, s->workload) && !strcmp(p->field, name) &&
	       (!p->point || !strcmp(p->point, s->point_text)) &&
	       in_cells(p->cells, s->cell);
}

/* The series that a pick means while the lead is at `k->at`. */
static const struct compare_series *resolve(struct check *k,
					    const struct claim_pick *p)
{
	const struct compare_series *found = NULL;

	for (size_t i = 0; i < k->c->n_series; i++) {
		const struct compare_series *s = &k->c->series[i];

		if (!matches(p, s) || (!p->point && strcmp(s->point_text, k->at->point_text)))
			continue;
		if (k->one_place && strcmp(s->cell, k->at->cell))
			continue;
		if (found) {
			cannot(k, "%s.%s means both %s and %s: name the cell with @",
			       p->path, p->field, found->cell, s->cell);
			return NULL;
		}
		found = s;
	}
	if (!found)
		cannot(k, "no %s.%s was measured%s%s", p->path, p->field,
		       p->cells ? " in " : "", p->cells ? p->cells : "");
	return found;
}

/* --- values ---------------------------------------------------------------- */

static double page_field(const struct compare_pages *p, const char *field)
{
	double all = p->bytes_4k + p->bytes_2m + p->bytes_1g;
	double bytes = *field == '4' ? p->bytes_4k : *field == '2' ? p->bytes_2m
								   : p->bytes_1g;

	if (!strcmp(field, "faults"))
		return p->faults;
	return strstr(field, "share") ? bytes / all : bytes;
}

/* A layer's figure in a block: the mean over the cells that are meant. */
static double layer_value(struct check *k, const struct claim_pick *p, size_t arm,
			  size_t block)
{
	double sum = 0;
	unsigned n = 0, seen = 0;

	for (size_t i = 0; i < k->c->n_proofs; i++) {
		const struct compare_proof *proof = &k->c->proofs[i];

		if (proof->arm != arm || strcmp(proof->layer, p->path))
			continue;
		if (!proof->cell != !p->cells ||
		    (proof->cell && !in_cells(p->cells, proof->cell)))
			continue;
		seen++;
		if (!proof->after.readings)
			cannot(k, "%s: %s", p->path, proof->unavailable);
		if (proof->block[block].readings) {
			sum += page_field(&proof->block[block], p->field);
			n++;
		}
	}
	if (!seen)
		cannot(k, "no page sizes of %s were read%s%s", p->path,
		       p->cells ? " in " : "", p->cells ? p->cells : "");
	return n ? sum / n : NAN;
}

static double pick_value(struct check *k, const struct claim_pick *p, size_t block)
{
	int arm = find_arm(k->c, p->arm);
	const struct compare_series *s;

	if (p->layer)
		return layer_value(k, p, (size_t)arm, block);
	s = resolve(k, p);
	if (!s)
		return NAN;
	if (!s->est[arm].boots && s->est[arm].voids)
		cannot(k, "all samples of %s are void: %s", k->c->arms[arm].name,
		       s->est[arm].void_reason);
	return s->est[arm].boot[block];
}

static double value(struct check *k, const struct claim_node *n, size_t block)
{
	double a, b;

	if (n->kind == NODE_NUMBER)
		return n->number;
	if (n->kind == NODE_PICK)
		return pick_value(k, &n->pick, block);
	a = value(k, n->left, block);
	b = value(k, n->right, block);
	switch (n->kind) {
	case NODE_ADD:
		return a + b;
	case NODE_SUBTRACT:
		return a - b;
	case NODE_MULTIPLY:
		return a * b;
	default:
		return a / b;
	}
}

/* --- one relation ---------------------------------------------------------- */

struct sides {
	double *left, *right, *d;	/* per block that has both */
	size_t n;
	bool logs;
	struct stats_interval t;	/* of left / right, or left - right */
};

static int collect(struct check *k, const struct claim_relation *r, struct sides *s)
{
	s->logs = true;
	for (size_t b = 0; b < k->c->n_block_ids; b++) {
		double x = value(k, r->left, b), y = value(k, r->right, b);

		if (*k->why)
			return -ENODATA;
		if (!isfinite(x) || !isfinite(y))
			continue;
		s->left[s->n] = x;
		s->right[s->n++] = y;
		s->logs &= x > 0 && y > 0;
	}
	if (!s->n)
		return cannot(k, "no block has all of its values");
	for (size_t i = 0; i < s->n; i++)
		s->d[i] = s->logs ? log(s->left[i]) - log(s->right[i])
				  : s->left[i] - s->right[i];
	stats_t_interval(s->d, s->n, k->confidence, &s->t);
	return 0;
}

static enum claim_outcome decide(const struct stats_interval *t, enum claim_op op)
{
	bool less = op == CLAIM_LESS || op == CLAIM_LESS_EQUAL;
	bool equal_is_fine = op == CLAIM_LESS_EQUAL || op == CLAIM_MORE_EQUAL;
	double far = less ? -t->lo : t->hi, near = less ? -t->hi : t->lo;

	if (t->n < 2)
		return CLAIM_UNDECIDED;
	if (op == CLAIM_EQUAL)
		return t->lo > 0 || t->hi < 0 ? CLAIM_FAILS :
		       t->lo == 0 && t->hi == 0 ? CLAIM_HOLDS : CLAIM_UNDECIDED;
	if (near > 0 || (equal_is_fine && near == 0))
		return CLAIM_HOLDS;
	return far < 0 || (!equal_is_fine && far == 0) ? CLAIM_FAILS
						       : CLAIM_UNDECIDED;
}

/* Against a number the left side is shown; against a term, how they relate. */
static void show(struct comparison *c, const struct claim_relation *r,
		 const struct sides *s, struct compare_claim *out)
{
	bool number = r->right->kind == NODE_NUMBER;
	double scale = number ? s->right[0] : 1;
	const char *what = number ? "" : s->logs ? "left/right " : "left-right ";

	out->value = s->logs ? scale * exp(s->t.mean) : (number ? scale : 0) + s->t.mean;
	out->lo = s->logs ? scale * exp(s->t.lo) : (number ? scale : 0) + s->t.lo;
	out->hi = s->logs ? scale * exp(s->t.hi) : (number ? scale : 0) + s->t.hi;
	if (s->n < 2)
		out->detail = compare_text(c, "%s%.4g in a single block", what, out->value);
	else if (out->lo == out->hi)
		out->detail = compare_text(c, "%s%.4g in all %zu blocks", what,
					   out->value, s->n);
	else
		out->detail = compare_text(c, "%s%.4g [%.4g, %.4g], %zu blocks",
					   what, out->value, out->lo, out->hi, s->n);
}

/* "not worse" as it was read is for lower-is-better: turn it where needed. */
static int orient(struct check *k, struct claim_relation *r,
		  struct claim_node *bound)
{
	if (!r->not_worse)
		return 0;
	if (!k->at)
		return cannot(k, "'not worse' needs a series whose better side is known");
	if (k->at->better == STATS_NEITHER)
		return cannot(k, "neither side of %s is better", k->at->metric);
	if (k->at->better == STATS_HIGHER) {
		*bound = (struct claim_node){ .kind = NODE_NUMBER,
					      .number = 2 - r->right->number };
		r->op = CLAIM_MORE;
		r->right = bound;
	}
	return 0;
}

static int evaluate(struct check *k, const struct claim_relation *from,
		    struct compare_claim *out)
{
	size_t n = k->c->n_block_ids;
	double *work = calloc(3 * n + 1, sizeof(*work));
	struct sides s = { .left = work, .right = work + n, .d = work + 2 * n };
	struct claim_relation r = *from;
	struct claim_node bound;
	int rc = work ? orient(k, &r, &bound) : cannot(k, "out of memory");

	if (!rc)
		rc = collect(k, &r, &s);
	if (!rc) {
		out->outcome = decide(&s.t, r.op);
		show(k->c, &r, &s, out);
	}
	free(work);
	return rc;
}

/* --- a claim ---------------------------------------------------------------- */

static const struct claim_pick *lead_of(const struct claim_node *n)
{
	const struct claim_pick *p;

	if (!n)
		return NULL;
	if (n->kind == NODE_PICK)
		return n->pick.layer ? NULL : &n->pick;
	p = lead_of(n->left);
	return p ? p : lead_of(n->right);
}

static bool same_cells(const struct claim_node *n, const struct claim_pick *lead)
{
	if (!n)
		return true;
	if (n->kind == NODE_PICK && !n->pick.layer)
		return !n->pick.cells == !lead->cells &&
		       (!lead->cells || !strcmp(n->pick.cells, lead->cells));
	return same_cells(n->left, lead) && same_cells(n->right, lead);
}

static void find_lead(struct check *k)
{
	const struct claim *claim = k->claim;

	for (size_t i = 0; !k->lead && i < claim->n; i++) {
		k->lead = lead_of(claim->relation[i].left);
		if (!k->lead)
			k->lead = lead_of(claim->relation[i].right);
	}
	k->one_place = true;
	for (size_t i = 0; k->lead && i < claim->n; i++)
		k->one_place &= same_cells(claim->relation[i].left, k->lead) &&
				same_cells(claim->relation[i].right, k->lead);
}

static size_t count_series(const struct check *k)
{
	size_t n = 0;

	for (size_t i = 0; k->lead && i < k->c->n_series; i++)
		n += matches(k->lead, &k->c->series[i]);
	return n;
}

/* Fails before undecided before holds. */
static bool worse(enum claim_outcome a, enum claim_outcome b)
{
	static const int order[] = { [CLAIM_FAILS] = 2, [CLAIM_UNDECIDED] = 1,
				     [CLAIM_HOLDS] = 0 };

	return order[a] > order[b];
}

/* All relations at the lead's present series; the worst one is kept. */
static int evaluate_here(struct check *k, struct compare_claim *out, bool *any)
{
	for (size_t i = 0; i < k->claim->n; i++) {
		struct compare_claim one = *out;
		int rc = evaluate(k, &k->claim->relation[i], &one);

		if (rc)
			return rc;
		if (k->at && (!k->one_place || count_series(k) > 1))
			one.detail = compare_text(k->c, "%s%s%s: %s", k->at->cell,
						  *k->at->point_text ? " " : "",
						  k->at->point_text, one.detail);
		if (!*any || worse(one.outcome, out->outcome))
			*out = one;
		*any = true;
	}
	return 0;
}

static int evaluate_all(struct check *k, struct compare_claim *out)
{
	size_t series = count_series(k);
	bool any = false;
	int rc = 0;

	if (k->lead && !series)
		return cannot(k, "no %s.%s%s%s was measured%s%s", k->lead->path,
			      k->lead->field, k->lead->point ? " " : "",
			      k->lead->point ? k->lead->point : "",
			      k->lead->cells ? " in " : "",
			      k->lead->cells ? k->lead->cells : "");
	k->confidence = 1 - k->c->alpha /
			    (double)(k->claim->n * (series ? series : 1));
	if (!k->lead)
		return evaluate_here(k, out, &any);
	for (size_t i = 0; !rc && i < k->c->n_series; i++)
		if (matches(k->lead, &k->c->series[i])) {
			k->at = &k->c->series[i];
			rc = evaluate_here(k, out, &any);
		}
	return rc;
}

/* --- conditions -------------------------------------------------------------- */

struct arms_seen {
	struct check *k;
	int first;
	bool several;
	const struct compare_arm *unstable;
};

static int see_arm(const char *name, void *data)
{
	struct arms_seen *seen = data;
	int arm = find_arm(seen->k->c, name);

	if (arm < 0)
		return cannot(seen->k, "no arm is called '%s' in this campaign", name);
	seen->several |= seen->first >= 0 && arm != seen->first;
	seen->first = arm;
	if (seen->k->c->arms[arm].failed)
		seen->unstable = &seen->k->c->arms[arm];
	return 0;
}

static bool sentence(const struct claim *claim)
{
	return claim->n && claim->relation[0].not_worse;
}

/* 0, or why it cannot be measured at all. */
static int check_place(struct check *k, struct arms_seen *seen)
{
	const struct claim *claim = k->claim;
	size_t i = 0;
	int rc;

	while (i < claim->n_domains && strcmp(claim->domains[i], k->c->domain))
		i++;
	if (claim->n_domains && i == claim->n_domains)
		return cannot(k, "times here are %s; it needs %s%s%s", k->c->domain,
			      claim->domains[0], claim->n_domains > 1 ? " or " : "",
			      claim->n_domains > 1 ? claim->domains[1] : "");
	rc = claim_each_arm(claim, see_arm, seen);
	if (!rc && k->c->refused && k->c->refused_exit != EXIT_INCOMPLETE &&
	    (seen->several || sentence(claim)))
		rc = cannot(k, "%s", k->c->refused);
	return rc;
}

static void check(struct check *k, struct compare_claim *out)
{
	struct arms_seen seen = { .k = k, .first = -1 };
	int rc = check_place(k, &seen);

	find_lead(k);
	if (!rc)
		rc = evaluate_all(k, out);
	if (rc) {
		out->outcome = CLAIM_UNMEASURABLE;
		out->detail = compare_text(k->c, "%s", k->why);
		out->value = out->lo = out->hi = NAN;
	} else if (seen.unstable && out->outcome == CLAIM_HOLDS) {
		out->outcome = CLAIM_UNDECIDED;
		out->detail = compare_text(k->c, "%s, but %s failed in %u of %u boots",
					   out->detail, seen.unstable->name,
					   seen.unstable->failed, seen.unstable->boots);
	}
}

int claim_check(struct comparison *c, const char *text, const char *where,
		struct compare_claim *out, struct err *err)
{
	struct claim *claim;
	struct check k = { .c = c };
	int rc = claim_parse(text, where, &claim, err);

	if (rc)
		return rc;
	k.claim = claim;
	*out = (struct compare_claim){
		.text = compare_text(c, "%s", text),
		.where = compare_text(c, "%s", where),
		.detail = compare_text(c, "%s", ""),
		.value = NAN, .lo = NAN, .hi = NAN,
	};
	check(&k, out);
	claim_free(claim);
	return 0;
}

enum kduel_exit claims_exit(const struct compare_claim *list, size_t n)
{
	unsigned seen[CLAIM_UNMEASURABLE + 1] = { 0 };

	for (size_t i = 0; i < n; i++)
		seen[list[i].outcome]++;
	return seen[CLAIM_FAILS] ? EXIT_REGRESSION :
	       seen[CLAIM_UNDECIDED] ? EXIT_INCOMPLETE :
	       seen[CLAIM_UNMEASURABLE] ? EXIT_MACHINE : EXIT_DONE;
}
