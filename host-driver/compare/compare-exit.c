/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a comparison amounts to for a script: its gates, and one exit code. */
#include "compare-memory.h"

#include <fnmatch.h>
#include <string.h>

#include "claims.h"
#include "plan/plan.h"

static bool exit_has_series(const struct comparison *c, const struct plan_gate *g)
{
	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];

		if (s->gate && !fnmatch(g->cell, s->cell, 0) &&
		    !strcmp(g->metric, s->counter ? s->counter : s->metric))
			return true;
	}
	return false;
}

/* Could any of the gate's cells ever have its metric? If not, `err` says why. */
static bool exit_can_be(const struct plan *p, const struct plan_gate *g, struct err *err)
{
	for (size_t i = 0; i < p->n_cells; i++)
		if (!fnmatch(g->cell, p->cells[i].id, 0) &&
		    !claim_no_metric(p->cells[i].workload, g->metric, err))
			return true;
	return false;
}

void compare_gates(struct comparison *c, const struct plan *p)
{
	for (size_t i = 0; i < p->n_gates && !c->declared; i++) {
		const struct plan_gate *g = &p->gates[i];
		struct err why = ERR_INIT;
		bool possible;

		if (exit_has_series(c, g))
			continue;
		possible = exit_can_be(p, g, &why);
		compare_note(c, "gate %s of %s: nothing was measured%s%s", g->metric, g->cell,
			     possible ? "" : "; ", possible ? "" : why.text);
		if (c->gates_exit != EXIT_CONFIG)
			c->gates_exit = possible ? EXIT_MACHINE : EXIT_CONFIG;
	}
}

/* Gates of which an arm has this verdict. */
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
	if (claims == EXIT_INCOMPLETE)
		return EXIT_INCOMPLETE;
	if (strict && exit_gates(c, VERDICT_INCONCLUSIVE) +
		      exit_gates(c, VERDICT_UNSTABLE) +
		      exit_gates(c, VERDICT_NOT_COMPARABLE))
		return EXIT_INCOMPLETE;
	return c->gates_exit ? c->gates_exit : claims;
}
