/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "power.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void power_init(struct power *p, const struct plan *plan)
{
	size_t gates = plan_gate_tests(plan);

	*p = (struct power){ .tests = gates ? gates : 1, .alpha = plan_strictest_level(plan) };
}

void power_release(struct power *p)
{
	free(p->row);
	p->row = NULL;
	p->n = 0;
}

int power_add(struct power *p, const struct plan *plan, const char *name,
	      double sd, double effect, double power, struct err *err)
{
	struct power_row *row = realloc(p->row, (p->n + 1) * sizeof(*row));

	if (!row)
		return err_sys(err, ENOMEM, "cannot plan");
	p->row = row;
	row += p->n++;
	snprintf(row->name, sizeof(row->name), "%s", name);
	row->sd = sd;
	row->alone = stats_blocks_needed(effect, sd, STATS_ALPHA, power,
					 POWER_BLOCKS_MAX);
	row->family = stats_blocks_needed(effect, sd, p->alpha, power,
					  POWER_BLOCKS_MAX);
	row->sde = stats_sde(sd, plan->n_blocks, p->alpha, power);
	return 0;
}

/* The A/A pair's spread if there is one, else the widest of the arms'. */
static double power_spread_of(const struct comparison *c, const struct compare_series *s)
{
	double widest = NAN;

	for (size_t a = 0; a < c->n_arms; a++) {
		if (a == c->baseline || !s->vs[a].e.n || s->vs[a].e.absolute)
			continue;
		if (c->arms[a].control)
			return s->vs[a].e.sd;
		widest = fmax(widest, s->vs[a].e.sd);
	}
	return widest;
}

static bool power_is_wanted(const struct plan *plan,
			    const struct compare_series *s)
{
	bool gates = plan->n_gates > 0, gate = s->gate;

	if (s->counter || s->better == STATS_NEITHER ||
	    plan_cell(plan, s->cell) < 0)
		return false;
	for (size_t g = 0; g < plan->n_gates; g++)
		gate |= !strcmp(plan->gates[g].metric, s->metric) &&
			!fnmatch(plan->gates[g].cell, s->cell, 0);
	return gate || !gates;
}

int power_add_series(struct power *p, const struct plan *plan,
		     const struct comparison *c, double effect, double power,
		     struct err *err)
{
	for (size_t i = 0; i < c->n_series; i++) {
		double sd = power_spread_of(c, &c->series[i]);
		char name[256];
		int rc;

		if (isnan(sd) || !power_is_wanted(plan, &c->series[i]))
			continue;
		compare_series_name(&c->series[i], name, sizeof(name));
		rc = power_add(p, plan, name, sd, effect, power, err);
		if (rc)
			return rc;
	}
	if (!p->n)
		return err_config(err, "none of the plan's %s has a spread between blocks in that folder",
				  plan->n_gates ? "gates" : "metrics");
	return 0;
}

size_t power_blocks(const struct power *p)
{
	size_t most = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (!p->row[i].family)
			return 0;
		if (p->row[i].family > most)
			most = p->row[i].family;
	}
	return most;
}
