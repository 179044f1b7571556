/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shift.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

/* --- do they have the same plan? -------------------------------------------------- */

/* The plan's text without its length. */
static char *shift_plan_text(struct store *s)
{
	static const char *const length[] = { "blocks", "boots", "hash" };
	json_t *json = plan_to_json(store_plan(s));
	char *text;

	for (int i = 0; i < 3; i++)
		json_object_del(json, length[i]);
	text = json ? plan_canonical(json) : NULL;
	json_decref(json);
	return text;
}

char *shift_key(struct store *s)
{
	char *plan = shift_plan_text(s), *key = NULL;

	if (plan && asprintf(&key, "%s %s", store_domain(s), plan) < 0)
		key = NULL;
	free(plan);
	return key;
}

int shift_check(struct store *a, struct store *b, struct err *err)
{
	char *plan_a = shift_plan_text(a), *plan_b = shift_plan_text(b);
	int rc = 0;

	if (!plan_a || !plan_b)
		rc = err_sys(err, ENOMEM, "cannot compare");
	else if (!strcmp(store_id(a), store_id(b)))
		rc = err_config(err, "%s and %s are the same campaign", store_folder(a),
				store_folder(b));
	else if (strcmp(store_domain(a), store_domain(b)))
		rc = err_config(err, "times of %s are %s, those of %s are %s; they are never mixed",
				store_folder(a), store_domain(a), store_folder(b), store_domain(b));
	else if (strcmp(plan_a, plan_b))
		rc = err_config(err, "%s and %s are of different plans (%s %.8s, %s %.8s): only the number of blocks may differ; kduel trend compares what different plans have in common",
				store_folder(a), store_folder(b), store_plan(a)->name,
				store_plan(a)->hash, store_plan(b)->name, store_plan(b)->hash);
	free(plan_a);
	free(plan_b);
	return rc;
}

/* --- rows ----------------------------------------------------------------------------- */

static bool shift_same(const struct compare_series *a, const struct compare_series *b)
{
	return !strcmp(a->cell, b->cell) && !strcmp(a->metric, b->metric) &&
	       !a->counter == !b->counter && (!a->counter || !strcmp(a->counter, b->counter)) &&
	       !strcmp(a->point_text, b->point_text) && !strcmp(a->unit, b->unit);
}

static const struct compare_series *shift_find(const struct comparison *c,
					       const struct compare_series *s)
{
	for (size_t i = 0; i < c->n_series; i++)
		if (shift_same(&c->series[i], s))
			return &c->series[i];
	return NULL;
}

static size_t shift_arm(const struct comparison *c, const char *name)
{
	size_t i = 0;

	while (i < c->n_arms && strcmp(c->arms[i].name, name))
		i++;
	return i;
}

static bool shift_counts(const struct comparison *c, size_t arm)
{
	return arm != c->baseline && !c->arms[arm].control;
}

static void shift_measure(const struct shift *s, struct shift_row *r)
{
	const struct compare_result *a = &r->a->vs[r->arm_a], *b = &r->b->vs[r->arm_b];

	r->reason = stats_shift(&a->e, &b->e, 1 - s->alpha, r->a->better, s->margin, &r->e);
	if (a->verdict == VERDICT_UNSTABLE || b->verdict == VERDICT_UNSTABLE)
		r->reason = "an arm failed in some boots";
	if (s->a->refused || s->b->refused)
		r->reason = s->a->refused ? "the first campaign has no verdicts"
				       : "the second campaign has no verdicts";
	r->reason = r->reason ? r->reason : "";
}

static int shift_add(struct shift *s, struct err *err)
{
	for (size_t i = 0; i < s->a->n_series; i++)
		for (size_t arm = 0; arm < s->a->n_arms; arm++) {
			const struct compare_series *a = &s->a->series[i];
			const struct compare_series *b = shift_find(s->b, a);
			size_t to = shift_arm(s->b, s->a->arms[arm].name);
			struct shift_row *rows;

			if (!shift_counts(s->a, arm))
				continue;
			if (!b || to == s->b->n_arms || !shift_counts(s->b, to)) {
				s->only_a++;
				continue;
			}
			rows = realloc(s->rows, (s->n + 1) * sizeof(*rows));
			if (!rows)
				return err_sys(err, ENOMEM, "cannot compare");
			s->rows = rows;
			rows[s->n] = (struct shift_row){ .a = a, .b = b, .arm_a = arm, .arm_b = to,
							 .p_adjusted = NAN, .p_worse_adjusted = NAN };
			shift_measure(s, &rows[s->n++]);
		}
	for (size_t i = 0; i < s->b->n_series; i++)
		for (size_t arm = 0; arm < s->b->n_arms; arm++)
			s->only_b += shift_counts(s->b, arm) &&
				     !shift_find(s->a, &s->b->series[i]);
	return 0;
}

/* --- verdicts --------------------------------------------------------------------------- */

static int shift_correct(struct shift *s, struct err *err)
{
	double *p = calloc(2 * s->n + 1, sizeof(*p)), *worse = p + s->n;
	bool *gate = calloc(s->n + 1, sizeof(*gate));
	int rc = p && gate ? 0 : -ENOMEM;

	for (size_t i = 0; !rc && i < s->n; i++) {
		bool tested = s->rows[i].e.n && s->rows[i].a->better != STATS_NEITHER;

		gate[i] = s->rows[i].a->gate;
		p[i] = tested ? s->rows[i].e.p : NAN;
		worse[i] = tested ? s->rows[i].e.p_worse : NAN;
		if (tested)
			*(gate[i] ? &s->gate_tests : &s->other_tests) += 1;
	}
	rc = rc || stats_families(p, gate, p, s->n) || stats_families(worse, gate, worse, s->n);
	for (size_t i = 0; !rc && i < s->n; i++) {
		s->rows[i].p_adjusted = p[i];
		s->rows[i].p_worse_adjusted = worse[i];
	}
	free(p);
	free(gate);
	return rc ? err_sys(err, ENOMEM, "cannot compare") : 0;
}

int shift_run(const struct comparison *a, const struct comparison *b, struct shift *s,
	      struct err *err)
{
	int rc;

	*s = (struct shift){ .a = a, .b = b, .margin = a->margin,
			     .alpha = a->alpha < b->alpha ? a->alpha : b->alpha };
	rc = shift_add(s, err);
	if (!rc)
		rc = shift_correct(s, err);
	for (size_t i = 0; !rc && i < s->n; i++) {
		struct shift_row *r = &s->rows[i];

		r->verdict = *r->reason ? VERDICT_NOT_COMPARABLE :
			stats_verdict(&r->e, r->p_adjusted, r->p_worse_adjusted, s->alpha,
				      r->a->better, s->margin);
	}
	if (rc)
		shift_release(s);
	return rc;
}

void shift_release(struct shift *s)
{
	free(s->rows);
	*s = (struct shift){ .n = 0 };
}

enum kduel_exit shift_exit(const struct shift *s, bool strict)
{
	unsigned regressed = 0, open = 0;

	for (size_t i = 0; i < s->n; i++) {
		enum verdict v = s->rows[i].verdict;

		if (!s->rows[i].a->gate)
			continue;
		regressed += v == VERDICT_REGRESSED;
		open += v == VERDICT_INCONCLUSIVE || v == VERDICT_NOT_COMPARABLE;
	}
	if (regressed)
		return EXIT_REGRESSION;
	if (s->a->refused || s->b->refused)
		return s->a->refused && s->a->refused_exit ? s->a->refused_exit :
		       s->b->refused ? s->b->refused_exit : EXIT_DONE;
	return strict && open ? EXIT_INCOMPLETE : EXIT_DONE;
}
