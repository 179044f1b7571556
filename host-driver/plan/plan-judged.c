/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What gates and claims are about must be there to be measured. */
#include <fnmatch.h>
#include <string.h>

#include "bench/cpu.h"
#include "bench/params.h"
#include "bench/registry.h"
#include "claim/claim.h"
#include "conf.h"
#include "counters.h"
#include "plan-make.h"

#define KNOWN_MAX 64

static int judged_metric(const struct plan_cell *cell, const char *name, struct err *err)
{
	return strcmp(name, METRIC_GO_TO_RESULT)
		       ? workload_metric_find(cell->workload, cell->params, name, NULL, err) : 0;
}

/* One of the workloads that the gate looks at must have the metric. */
static int judged_gate(struct plan_check *c, const struct plan_gate *g)
{
	struct err said = ERR_INIT;

	for (size_t i = 0; i < c->p->n_cells; i++)
		if (!fnmatch(g->cell, c->p->cells[i].id, 0) &&
		    !judged_metric(&c->p->cells[i], g->metric, &said))
			return 0;
	return err_config(c->err, "%s", said.text);
}

/* An event of any processor that is known, or one of every kernel. */
static bool judged_is_counter(const char *name)
{
	bool found = false;
	char **cpus;
	size_t n;

	if (!strncmp(name, COUNTER_VCPU, strlen(COUNTER_VCPU)))
		return true;	/* the machine under test says which it has */
	for (size_t i = 0; i < counters_software_n; i++)
		found |= !strcmp(counters_software[i].name, name);
	for (size_t i = 0; i < counters_generic_n; i++)
		found |= !strcmp(counters_generic[i].name, name);
	if (found || cpu_names(&cpus, &n, NULL))
		return found;
	for (size_t i = 0; i < n; i++) {
		struct cpu *cpu = NULL;

		if (!found && !cpu_load(cpus[i], &cpu, NULL))
			for (unsigned k = 0; k < cpu->f.n_events; k++)
				found |= !strcmp(cpu->f.events[k].name, name);
		cpu_free(cpu);
	}
	for (size_t i = 0; i < n; i++)
		free(cpus[i]);
	free(cpus);
	return found;
}

/* A metric of one of the cells, or a counter. */
static int judged_value(const struct plan *p, const struct claim_pick *k, struct err *err)
{
	struct err said = ERR_INIT;

	if (judged_is_counter(k->field))
		return 0;
	for (size_t i = 0; i < p->n_cells; i++)
		if (!strcmp(p->cells[i].workload, k->path) &&
		    claim_in_cells(k->cells, p->cells[i].id) &&
		    !judged_metric(&p->cells[i], k->field, &said))
			return 0;
	return err_config(err, "%s", said.text);
}

struct judged_claim {
	const struct plan *p;
	struct err *err;
};

int plan_check_arm(const struct plan *p, const char *arm, struct err *err)
{
	const char *known[KNOWN_MAX];
	size_t n = 0;

	if (!*arm || plan_arm(p, arm) >= 0)
		return 0;
	for (; n < p->n_arms && n < KNOWN_MAX; n++)
		known[n] = p->arms[n].name;
	return err_unknown(err, "arm", arm, known, n);
}

/* Adds a word that is not there yet. */
static size_t judged_add_word(const char **known, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(known[i], word))
			return n;
	if (n < KNOWN_MAX)
		known[n++] = word;
	return n;
}

/* The cells that a series names, and its workload in one of them. */
static int judged_series(const struct judged_claim *u, const struct claim_pick *k)
{
	const char *known[KNOWN_MAX];
	bool here = k->layer;
	size_t n = 0;

	for (size_t i = 0; i < u->p->n_cells; i++) {
		const struct plan_cell *cell = &u->p->cells[i];

		if (!claim_in_cells(k->cells, cell->id))
			continue;
		here |= !strcmp(cell->workload, k->path);
		n = judged_add_word(known, n, cell->workload);
	}
	if (!n)
		return plan_unknown_cell(u->p, "@ ", k->cells, u->err);
	if (here)
		return 0;
	return err_unknown(u->err, k->cells ? "workload in those cells"
					    : "workload in this campaign", k->path, known, n);
}

/* Can a cell's results have this value in a point? Where a parameter decides it. */
static bool judged_key(const struct plan_cell *cell, const struct workload *w,
		       const char *key, const char *value, struct err *err)
{
	uint64_t most = params_most_of(cell->params, key, UINT64_MAX);
	struct params p;
	bool fine = true;

	if (params_init(&p, w, NULL))
		return true;
	if (params_find(&p, key))
		fine = !params_set(&p, key, value, err);
	if (fine && params_find(&p, key) && params_find(&p, key)->hi > most) {
		err_config(err, "%s is at most %llu in %s", key, (unsigned long long)most,
			   cell->id);
		fine = false;
	}
	params_release(&p);
	return fine;
}

/* "op=read,depth=4": of keys that the metric has, with values that they can have. */
static bool judged_point_of(const struct plan_cell *cell, const struct claim_pick *k,
			    struct err *err)
{
	char text[256], keys[256] = "", *at = text, *part;
	const struct workload_metric *m = NULL;
	const struct workload *w;
	bool fine = true;

	if (workload_find(cell->workload, &w, err))
		return false;
	m = workload_metric(w, k->field);
	snprintf(text, sizeof(text), "%s", k->point);
	while (fine && (part = strsep(&at, ","))) {
		char *value = strchr(part, '=');

		if (value)
			*value++ = '\0';
		if (m && value)
			fine = judged_key(cell, w, part, value, err);
		if (*keys)
			strcat(keys, ",");
		strcat(keys, part);
	}
	if (!m || !fine || workload_has_points(m, keys))
		return fine;	/* of a counter, the machine knows */
	err_config(err, m->points ? "%s.%s has no point '%s'; its points are by %s" :
		   "%s.%s has no point '%s': it is one value", w->name, m->name, k->point,
		   m->points);
	return false;
}

static int judged_point(const struct judged_claim *u, const struct claim_pick *k)
{
	struct err said = ERR_INIT;

	for (size_t i = 0; i < u->p->n_cells; i++) {
		const struct plan_cell *cell = &u->p->cells[i];

		if (!strcmp(cell->workload, k->path) && claim_in_cells(k->cells, cell->id) &&
		    judged_point_of(cell, k, &said))
			return 0;
	}
	return err_config(u->err, "[%.80s]: %s", k->point, said.text);
}

static int judged_pick(const struct claim_pick *k, void *data)
{
	const struct judged_claim *u = data;
	int ret = plan_check_arm(u->p, k->arm, u->err);

	if (!ret)
		ret = judged_series(u, k);
	if (!ret && !k->layer)
		ret = judged_value(u->p, k, u->err);
	return ret || k->layer || !k->point ? ret : judged_point(u, k);
}

int plan_check_claim(const struct plan *p, const struct claim *claim, struct err *err)
{
	struct judged_claim u = { p, err };

	return claim_each_pick(claim, judged_pick, &u);
}

int plan_check_judged(struct plan_check *c)
{
	struct claim *claim;
	int ret = 0;

	for (size_t i = 0; !ret && i < c->p->n_gates; i++) {
		plan_check_at(c, "gates[%zu].metric", i);
		ret = judged_gate(c, &c->p->gates[i]);
	}
	for (size_t i = 0; !ret && i < c->p->n_expect; i++) {
		plan_check_at(c, "expect[%zu]", i);
		ret = claim_parse(c->p->expect[i].claim, "claim", &claim, c->err);
		if (!ret)
			ret = plan_check_claim(c->p, claim, c->err);
		claim_free(claim);
	}
	return ret;
}
