/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks that the campaign measures what its gates and claims are about. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cpu.h"
#include "bench/params.h"
#include "bench/workload.h"
#include "claim/claim.h"
#include "conf.h"
#include "counters.h"
#include "plan-make.h"
#include "size.h"

#define KNOWN_MAX 64

static int judged_metric(const struct plan_cell *cell, const char *name, struct err *err)
{
	return strcmp(name, METRIC_GO_TO_RESULT)
		       ? workload_metric_find(cell->workload, cell->params, name, NULL, err) : 0;
}

/* At least one workload that the gate matches must have the metric. */
static int judged_gate(struct plan_check *c, const struct plan_gate *g)
{
	struct err said = ERR_INIT;

	for (size_t i = 0; i < c->p->n_cells; i++)
		if (!fnmatch(g->cell, c->p->cells[i].id, 0) &&
		    !judged_metric(&c->p->cells[i], g->metric, &said))
			return 0;
	return err_config(c->err, "%s", said.text);
}

/* Is it an event of a known processor, or a software counter? */
static bool judged_is_counter(const char *name)
{
	bool found = false;
	char **cpus;
	size_t n;

	if (!strncmp(name, COUNTER_VCPU, strlen(COUNTER_VCPU)))
		return true;	/* which ones exist, the machine under test decides */
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

/* Is the field a metric of one of the cells, or a counter? */
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

/* Adds a word unless it is there already; returns the new number of words. */
static size_t judged_add_word(const char **known, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(known[i], word))
			return n;
	if (n < KNOWN_MAX)
		known[n++] = word;
	return n;
}

/* The series must name existing cells, one of which runs its workload. */
static int judged_series(const struct judged_claim *u, const struct claim_pick *k)
{
	static const char *const layers[] = { "guest", "second_level", "mut", "file" };
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
	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
		n = judged_add_word(known, n, layers[i]);
	return err_unknown(u->err, k->cells ? "workload in those cells"
					    : "workload in this campaign", k->path, known, n);
}

/* Does the word stand for several values, which the results then name? */
static bool judged_stands_for_all(const char *word)
{
	return !strcmp(word, "all") || !strcmp(word, "auto");
}

/* The value of a choice must exist, and be the one that the cell has. */
static int judged_choice(const struct plan_cell *cell, const struct value *made, const char *key,
			 const char *value, struct err *err)
{
	struct value other = { .param = made->param };
	int ret = params_check(&other, value, err);

	if (ret)
		err_prefix(err, "%s", key);
	else if (judged_stands_for_all(value))
		ret = err_config(err, "%s: '%s' stands for all of them; name one", key, value);
	else if (!judged_stands_for_all(made->text) && strcmp(made->text, value))
		ret = err_config(err, "%s is %s in %s", key, made->text, cell->id);
	return ret;
}

/* The value must be one of the rungs of a ladder, which are known before it runs. */
static int judged_rung(const struct plan_cell *cell, const char *key, const char *value,
		       const uint64_t *rungs, size_t n, struct err *err)
{
	uint64_t asked, lower = 0, upper = 0;
	int ret = size_parse(value, &asked, err);

	if (ret) {
		err_prefix(err, "%s", key);
		return ret;
	}
	for (size_t i = 0; i < n; i++) {
		if (rungs[i] == asked)
			return 0;
		if (rungs[i] < asked)
			lower = rungs[i];
		else if (!upper)
			upper = rungs[i];
	}
	if (!upper)
		return err_config(err, "%s is at most %llu in %s", key, (unsigned long long)lower,
				  cell->id);
	if (!lower)
		return err_config(err, "%s is at least %llu in %s", key, (unsigned long long)upper,
				  cell->id);
	return err_config(err, "%s=%llu is not measured in %s; next to it are %llu and %llu", key,
			  (unsigned long long)asked, cell->id, (unsigned long long)lower,
			  (unsigned long long)upper);
}

/* A cell that a point is checked against, and its parameters. */
struct judged_cell {
	const struct plan_cell *cell;
	const struct workload *w;
	struct bench_asked asked;
	struct params params;
};

/* Can the cell's results have this value in a point, as far as its parameters decide? */
static int judged_key(const struct judged_cell *j, bool ladder, const char *key,
		      const char *value, struct err *err)
{
	const struct value *made = params_find(&j->params, key);
	uint64_t rungs[RUNGS_MOST];
	size_t n = ladder && j->w->rungs ? j->w->rungs(&j->asked, key, rungs) : 0;

	if (n)
		return judged_rung(j->cell, key, value, rungs, n, err);
	if (made && made->param->type == PARAM_CHOICE)
		return judged_choice(j->cell, made, key, value, err);
	return 0;
}

/* Checks a point, "op=read,depth=4": the metric's keys, with values they can take. */
static int judged_point_of(const struct judged_cell *j, const struct claim_pick *k,
			   struct err *err)
{
	const struct workload_metric *m = workload_metric(j->w, k->field);
	char text[256], keys[256] = "", *at = text, *part;
	bool ladder;
	int ret = 0;

	if (!m)
		return 0;	/* a counter: only the machine knows its points */
	for (const char *p = k->point; *p; p += strcspn(p, ","), p += *p == ',')
		snprintf(keys + strlen(keys), sizeof(keys) - strlen(keys), "%s%.*s",
			 *keys ? "," : "", (int)strcspn(p, "=,"), p);
	if (!workload_has_points(m, keys))
		return err_config(err, m->points ? "%s.%s has no point '%s'; its points are by %s" :
				  "%s.%s has no point '%s': it is one value", j->w->name, m->name,
				  k->point, m->points);
	/* If a metric has several sets of keys, the rungs belong to the first. */
	ladder = strcspn(m->points, "|") == strlen(keys);
	snprintf(text, sizeof(text), "%s", k->point);
	while (!ret && (part = strsep(&at, ","))) {
		char *value = strchr(part, '=');

		if (value) {
			*value++ = '\0';
			ret = judged_key(j, ladder, part, value, err);
		}
	}
	return ret;
}

static int judged_point_in(const struct plan *p, const struct plan_cell *cell,
			   const struct claim_pick *k, struct err *err)
{
	struct judged_cell j = { .cell = cell };
	const struct source *s;
	int ret = workload_find(cell->workload, &j.w, err);

	if (!ret)
		ret = source_find(cell->source, &s, err);
	if (!ret)
		ret = params_init(&j.params, j.w, err);
	if (!ret)
		ret = params_set_json(&j.params, cell->params, err);
	if (!ret) {
		j.asked = plan_asked(p, cell, j.w, s, &j.params);
		ret = judged_point_of(&j, k, err);
	}
	params_release(&j.params);
	return ret;
}

static int judged_point(const struct judged_claim *u, const struct claim_pick *k)
{
	struct err said = ERR_INIT;

	for (size_t i = 0; i < u->p->n_cells; i++) {
		const struct plan_cell *cell = &u->p->cells[i];

		if (!strcmp(cell->workload, k->path) && claim_in_cells(k->cells, cell->id) &&
		    !judged_point_in(u->p, cell, k, &said))
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
