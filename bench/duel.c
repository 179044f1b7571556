/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "duel.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = { "A", "B" };

/* --- metrics ------------------------------------------------------------------ */

static int duel_add_metric(struct duel *d, const struct workload_metric *m, bool gate,
			   struct err *err)
{
	struct duel_metric *to = &d->metrics[d->n_metrics++];

	to->metric = m;
	to->gate = gate;
	to->verdict = VERDICT_NONE;
	for (int i = 0; i < 2; i++) {
		to->values[i] = calloc(d->most, sizeof(double));
		if (!to->values[i])
			return err_sys(err, ENOMEM, "duel");
	}
	return 0;
}

/* What the duel is about is declared before it: the user's metrics, else the time. */
static int duel_add_metrics(struct duel *d, struct err *err)
{
	const struct exec_spec *s = &d->spec[0];
	int ret = 0;

	for (size_t i = 0; !ret && exec_metrics[i].name; i++)
		ret = duel_add_metric(d, &exec_metrics[i], !s->n_metrics && i == 0, err);
	for (size_t i = 0; !ret && i < s->n_metrics; i++)
		ret = duel_add_metric(d, &s->metrics[i].metric,
				      s->metrics[i].metric.better != BETTER_NONE, err);
	return ret;
}

/* --- running ---------------------------------------------------------------------- */

static int duel_run(struct duel *d, int which, bool keep, struct err *err)
{
	double v[DUEL_METRICS_MAX];
	int ret = exec_run_values(&d->spec[which], d->cpus, NULL, NULL, v, err);

	if (ret)
		err_prefix(err, "%s, run %u", names[which], d->pairs + 1);
	for (size_t i = 0; !ret && keep && i < d->n_metrics; i++)
		d->metrics[i].values[which][d->pairs] = v[i];
	return ret;
}

int duel_begin(struct duel *d, struct err *err)
{
	int ret = 0;

	if (d->most < 2 || d->most > DUEL_PAIRS_MAX)
		return err_config(err, "%u pairs: must be 2 to %d", d->most,
				  DUEL_PAIRS_MAX);
	for (int i = 0; i < 2 && !ret; i++) {
		ret = exec_spec_init(&d->spec[i], d->params[i], err);
		if (ret)
			err_prefix(err, "%s: %s", names[i], d->spec[i].field);
	}
	if (!ret)
		ret = duel_add_metrics(d, err);
	rng_init(&d->rng, d->seed);
	d->margin = d->margin > 0 ? d->margin : STATS_MARGIN;
	d->alpha = d->looks ? STATS_UNTIL_ALPHA : STATS_ALPHA;
	d->next_look = d->looks ? stats_until_next(0) : 0;
	for (unsigned i = 0; !ret && i < 2 * d->warmup; i++)
		ret = duel_run(d, i % 2, false, err);
	return ret;
}

bool duel_goes_on(const struct duel *d)
{
	return !d->decided && d->pairs < d->most;
}

/* --- judging ------------------------------------------------------------------------ */

static enum stats_better duel_better(const struct workload_metric *m)
{
	return m->better == BETTER_LOWER ? STATS_LOWER :
	       m->better == BETTER_HIGHER ? STATS_HIGHER : STATS_NEITHER;
}

/* As a boot's number: the value of a run is its own median. */
static void duel_effect(struct duel *d, struct duel_metric *m, double *a, double *b)
{
	bool count = m->metric->kind == KIND_COUNT;
	const struct stats_pairs p = {
		.base = a, .arm = b, .n = d->pairs, .count = count, .flip = true,
		.confidence = 1 - d->alpha, .better = duel_better(m->metric),
		.margin = d->margin, .seed = d->seed,
	};

	for (unsigned i = 0; i < d->pairs; i++) {
		a[i] = stats_boot(&m->values[0][i], 1, count);
		b[i] = stats_boot(&m->values[1][i], 1, count);
	}
	m->why = stats_effect(&p, &m->e);
	if (m->why)
		m->e.p = m->e.p_worse = NAN;
	if (p.better == STATS_NEITHER)
		m->e.p = m->e.p_worse = NAN;
}

static int duel_correct(struct duel *d)
{
	double p[DUEL_METRICS_MAX], worse[DUEL_METRICS_MAX];
	bool gate[DUEL_METRICS_MAX];
	int ret;

	for (size_t i = 0; i < d->n_metrics; i++) {
		p[i] = d->metrics[i].e.p;
		worse[i] = d->metrics[i].e.p_worse;
		gate[i] = d->metrics[i].gate;
	}
	ret = stats_families(p, gate, p, d->n_metrics);
	if (!ret)
		ret = stats_families(worse, gate, worse, d->n_metrics);
	for (size_t i = 0; i < d->n_metrics; i++) {
		d->metrics[i].p_adjusted = p[i];
		d->metrics[i].p_worse_adjusted = worse[i];
	}
	return ret;
}

static void duel_decide(struct duel *d, struct duel_metric *m)
{
	if (m->why)
		m->verdict = VERDICT_NOT_COMPARABLE;
	else if (m->metric->better == BETTER_NONE)
		m->verdict = VERDICT_DESCRIBED;
	else
		m->verdict = stats_verdict(&m->e, m->p_adjusted, m->p_worse_adjusted, d->alpha,
					   duel_better(m->metric), d->margin);
}

static int duel_judge(struct duel *d, struct err *err)
{
	double *a = calloc(d->pairs, sizeof(*a)), *b = calloc(d->pairs, sizeof(*b));
	int ret = a && b ? 0 : -ENOMEM;

	for (size_t i = 0; !ret && i < d->n_metrics; i++)
		duel_effect(d, &d->metrics[i], a, b);
	if (!ret)
		ret = duel_correct(d);
	free(a);
	free(b);
	if (ret)
		return err_sys(err, ENOMEM, "duel");
	d->decided = d->looks;
	for (size_t i = 0; i < d->n_metrics; i++) {
		duel_decide(d, &d->metrics[i]);
		if (d->metrics[i].gate && d->metrics[i].verdict == VERDICT_INCONCLUSIVE)
			d->decided = false;
	}
	return 0;
}

int duel_pair(struct duel *d, struct err *err)
{
	int first = (int)rng_below(&d->rng, 2);
	int ret = duel_run(d, first, true, err);

	if (!ret)
		ret = duel_run(d, !first, true, err);
	if (ret)
		return ret;
	d->pairs++;
	if (d->pairs != d->most && d->pairs != d->next_look)
		return 0;
	if (d->next_look)
		d->next_look = stats_until_next(d->pairs);
	return duel_judge(d, err);
}

/* How bad it is for B: the worst of the gates is that of the duel. */
static int duel_rank(enum verdict v)
{
	static const enum verdict order[] = {
		VERDICT_DESCRIBED, VERDICT_IMPROVED, VERDICT_NOT_WORSE, VERDICT_INCONCLUSIVE,
		VERDICT_NOT_COMPARABLE, VERDICT_REGRESSED,
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (order[i] == v)
			return (int)i;
	return -1;
}

enum verdict duel_verdict(const struct duel *d)
{
	enum verdict worst = VERDICT_DESCRIBED;

	for (size_t i = 0; i < d->n_metrics; i++)
		if (d->metrics[i].gate && duel_rank(d->metrics[i].verdict) > duel_rank(worst))
			worst = d->metrics[i].verdict;
	return worst;
}

void duel_release(struct duel *d)
{
	for (size_t i = 0; i < d->n_metrics; i++)
		for (int k = 0; k < 2; k++)
			free(d->metrics[i].values[k]);
	for (int i = 0; i < 2; i++)
		exec_spec_release(&d->spec[i]);
	d->n_metrics = 0;
}
