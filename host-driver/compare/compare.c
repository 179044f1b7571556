/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compare.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "claims.h"
#include "compare-memory.h"
#include "plan/plan.h"
#include "store/store.h"

static void compare_begin(struct comparison *c, struct store *s,
			  const struct compare_options *o)
{
	const struct plan *p = store_plan(s);

	*c = (struct comparison){ .seed = p->seed, .blocks_planned = store_blocks(s) };
	c->name = compare_text(c, "%s", p->name);
	c->question = compare_text(c, "%s", p->question);
	c->plan_hash = compare_text(c, "%s", p->hash);
	c->domain = compare_text(c, "%s", store_domain(s));
	c->deterministic = !strcmp(c->domain, "instructions");
	c->margin = o && o->margin > 0 ? o->margin : STATS_MARGIN;
	c->alpha = o && o->alpha > 0 ? o->alpha : STATS_ALPHA;
}

/* Have all boots ended, so that --resume has nothing to run? */
static bool compare_all_ended(const struct comparison *c)
{
	unsigned boots = 0;

	for (size_t i = 0; i < c->n_arms; i++)
		boots += c->arms[i].boots;
	return boots >= c->blocks_planned * c->n_arms;
}

/* Refuses what cannot be judged whatever the numbers are. */
static void compare_check_design(struct comparison *c)
{
	bool one_planned = c->blocks && c->blocks_planned == 1;

	if (c->n_arms < 2) {
		compare_refuse(c, "there is only one arm; a comparison needs a baseline and another arm");
		c->refused_exit = EXIT_DONE;	/* the plan asked for no comparison */
	}
	if (c->blocks < 2) {
		compare_refuse(
			c, "%u complete block%s, and a comparison needs at least 2: %s",
			c->blocks, c->blocks == 1 ? "" : "s",
			one_planned
				? "the plan has one; kduel run --resume with --blocks adds more"
			: compare_all_ended(c)
				? "every boot has ended, and kduel run --resume repeats none; once the cause is fixed, --resume with --blocks adds more"
				: "kduel run --resume continues the campaign");
		/* Who plans a single block only wants to see numbers, and has them. */
		c->refused_exit = one_planned ? EXIT_DONE : EXIT_INCOMPLETE;
	}
}

static void compare_note_domain(struct comparison *c)
{
	if (!strcmp(c->domain, "emulated"))
		compare_note(c, "times were measured on emulated machines; they are not hardware times");
	if (!strcmp(c->domain, "nested"))
		compare_note(c, "times were measured with KVM nested in KVM");
	if (c->deterministic)
		compare_note(c, "times are executed instructions: they do not include the cost of page walks, caches and memory");
}

static void compare_note_layouts(struct comparison *c, const struct plan *p)
{
	for (size_t a = 0; a < p->n_arms; a++)
		if (p->arms[a].n_layouts > 1)
			return;
	if (p->n_arms > 1 && strcmp(c->domain, "instructions"))
		compare_note(c, "one code layout per arm: effects include what the layout alone changes");
}

static int compare_note_all(struct comparison *c, struct store *s, struct err *err)
{
	const char *const *list;
	size_t n;
	int rc = store_notes(s, &list, &n, err);

	for (size_t i = 0; !rc && i < n; i++)
		compare_note(c, "%s", list[i]);
	if (store_torn(s))
		compare_note(c, "the journal ends with %llu bytes of an unfinished record, which are ignored",
			     (unsigned long long)store_torn(s));
	if (c->declared)
		compare_note(c, "compared with %s instead of the plan's baseline, %s: the plan's gates and expectations are not judged here",
			     c->arms[c->baseline].name, c->declared);
	compare_note_domain(c);
	compare_note_layouts(c, store_plan(s));
	if (c->looks)
		compare_note(c, "%u look%s before the end (--until verdict, watched, or blocks added): every test has the level %.3g, which keeps the whole at 5%%",
			     c->looks, c->looks == 1 ? "" : "s", c->alpha);
	if (c->control_tests)
		compare_note(c, "A/A pair: %u test%s, %u with p <= %.3g, %u called different",
			     c->control_tests, c->control_tests == 1 ? "" : "s",
			     c->control_nominal, c->alpha,
			     c->control_alarms);
	return rc;
}

/* The plan's own expectations. One that cannot be read is an error. */
static int compare_check_claims(struct comparison *c, const struct plan *p, struct err *err)
{
	c->claims = compare_alloc(c, p->n_expect, sizeof(*c->claims));
	if (!c->claims)
		return err_sys(err, ENOMEM, "cannot compare");
	for (size_t i = 0; i < p->n_expect; i++) {
		char where[32];
		int rc;

		snprintf(where, sizeof(where), "expect %zu", i + 1);
		rc = claim_check(c, p->expect[i].claim, where, false, &c->claims[i],
				 err);
		if (rc)
			return rc;
		c->claims[i].says = compare_text(c, "%s", p->expect[i].says);
		c->n_claims++;
	}
	return 0;
}

bool compare_has_gate(const struct comparison *c, const char *cell, const char *metric)
{
	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];

		if (s->gate && !strcmp(s->cell, cell) &&
		    !strcmp(metric, s->counter ? s->counter : s->metric))
			return true;
	}
	return false;
}

/* Notes a gate that has no values in some cell, or can have none in any. */
static void compare_check_gate(struct comparison *c, const struct plan *p,
			       const struct plan_gate *g)
{
	struct err why = ERR_INIT;
	bool possible = false;

	for (size_t i = 0; i < p->n_cells; i++) {
		const struct plan_cell *cell = &p->cells[i];

		if (fnmatch(g->cell, cell->id, 0))
			continue;
		if (compare_has_gate(c, cell->id, g->metric)) {
			possible = true;
		} else if (!claim_no_metric(c, cell->workload, cell->params, g->metric,
					    &why)) {
			possible = true;
			compare_note(c, "gate %s of %s: nothing was measured", g->metric,
				     cell->id);
			c->gates_exit = c->gates_exit ? c->gates_exit : EXIT_MACHINE;
		}
	}
	if (possible)
		return;
	compare_note(c, "gate %s of %s: %s", g->metric, g->cell,
		     why.code ? why.text : "the plan has no such cell");
	c->gates_exit = EXIT_CONFIG;
}

/* Gates of the plan for which nothing was measured: adds notes, sets gates_exit. */
static void compare_check_gates(struct comparison *c, const struct plan *p)
{
	for (size_t i = 0; i < p->n_gates && !c->declared; i++)
		compare_check_gate(c, p, &p->gates[i]);
}

int compare_run(struct store *s, const struct compare_options *o,
		struct comparison *c, struct err *err)
{
	int rc;

	compare_begin(c, s, o);
	rc = compare_arms(c, s, o ? o->baseline : NULL, o && o->allow_differences, err);
	if (!rc)
		compare_check_design(c);
	if (!rc)
		rc = compare_identities(c, s, o && o->allow_differences, err);
	/* With looks, the campaign may have ended early because one of them decided. */
	c->unfinished = !c->looks && !compare_all_ended(c);
	/* Watched and not run to the planned end: what was seen may be why it was stopped. */
	if (c->watched && !compare_all_ended(c))
		c->looks++;
	if (c->looks && !(o && o->alpha > 0))
		c->alpha = STATS_UNTIL_ALPHA;
	if (!rc)
		rc = compare_gather(c, s, err);
	if (!rc)
		rc = compare_proofs(c, s, err);
	if (!rc)
		rc = compare_timelines(c, s, err);
	if (!rc)
		rc = compare_judge(c, s, err);
	if (!rc)
		rc = compare_drift(c, err);
	if (!rc) {
		compare_check_gates(c, store_plan(s));
		rc = compare_note_all(c, s, err);
	}
	if (!rc && !c->declared)
		rc = compare_check_claims(c, store_plan(s), err);
	if (!rc && compare_out_of_memory(c))
		rc = err_sys(err, ENOMEM, "cannot compare");
	if (rc)
		comparison_release(c);
	return rc;
}

/* --- the exit code ----------------------------------------------------------- */

/* The number of gates for which an arm has this verdict. */
static unsigned compare_count_gates(const struct comparison *c, enum verdict v)
{
	unsigned n = 0;

	for (size_t i = 0; i < c->n_series; i++)
		for (size_t a = 0; a < c->n_arms; a++)
			n += c->series[i].gate && !c->arms[a].control &&
			     a != c->baseline && c->series[i].vs[a].verdict == v;
	return n;
}

enum kduel_exit compare_exit(const struct comparison *c, bool strict)
{
	enum kduel_exit claims = claims_exit(c->claims, c->n_claims);

	if (compare_count_gates(c, VERDICT_REGRESSED) || claims == EXIT_REGRESSION)
		return EXIT_REGRESSION;
	if (c->gates_exit == EXIT_CONFIG || claims == EXIT_CONFIG)
		return EXIT_CONFIG;
	if (c->refused && c->refused_exit)
		return c->refused_exit;
	if (claims == EXIT_INCOMPLETE || c->unfinished)
		return EXIT_INCOMPLETE;
	if (strict && compare_count_gates(c, VERDICT_INCONCLUSIVE) +
		      compare_count_gates(c, VERDICT_UNSTABLE) +
		      compare_count_gates(c, VERDICT_NOT_COMPARABLE))
		return EXIT_INCOMPLETE;
	return c->gates_exit ? c->gates_exit : claims;
}
