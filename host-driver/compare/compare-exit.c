/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exit code of a comparison, and the state of its gates. */
#include "compare-memory.h"

#include <fnmatch.h>
#include <string.h>

#include "claims.h"
#include "plan/plan.h"

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
static void exit_check_gate(struct comparison *c, const struct plan *p,
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

void compare_gates(struct comparison *c, const struct plan *p)
{
	for (size_t i = 0; i < p->n_gates && !c->declared; i++)
		exit_check_gate(c, p, &p->gates[i]);
}

/* The number of gates for which an arm has this verdict. */
static unsigned exit_gates(const struct comparison *c, enum verdict v)
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

	if (exit_gates(c, VERDICT_REGRESSED) || claims == EXIT_REGRESSION)
		return EXIT_REGRESSION;
	if (c->gates_exit == EXIT_CONFIG || claims == EXIT_CONFIG)
		return EXIT_CONFIG;
	if (c->refused && c->refused_exit)
		return c->refused_exit;
	if (claims == EXIT_INCOMPLETE || c->unfinished)
		return EXIT_INCOMPLETE;
	if (strict && exit_gates(c, VERDICT_INCONCLUSIVE) +
		      exit_gates(c, VERDICT_UNSTABLE) +
		      exit_gates(c, VERDICT_NOT_COMPARABLE))
		return EXIT_INCOMPLETE;
	return c->gates_exit ? c->gates_exit : claims;
}
