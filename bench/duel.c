/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "duel.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "safe.h"
#include "vocab/number.h"

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

/* --- for people, and as JSON --- */

static void duel_text_command(const struct duel *d, int which, FILE *out)
{
	fprintf(out, "%s  ", which ? "B" : "A");
	text_put(out, json_string_value(json_object_get(d->spec[which].params, "command")));
	fputc('\n', out);
}

static double duel_text_median(const struct duel *d, const struct duel_metric *m, int which)
{
	return stats_median(m->values[which], d->pairs);
}

enum { NAME, A, B, EFFECT, INTERVAL, VERDICT, COLUMNS };

struct duel_text_row {
	char cell[COLUMNS][128];
};

/* As a campaign's rows are: a share, or a factor where a share would mislead. */
static void duel_text_effect(const struct duel_metric *m, char *effect, char *interval, size_t len)
{
	const struct stats_effect *e = &m->e;
	struct number_effect shown;

	*effect = *interval = '\0';
	if (m->why)
		return;
	if (e->absolute) {
		snprintf(effect, len, "%+.3g", e->effect);
		snprintf(interval, len, "[%+.3g, %+.3g]", e->lo, e->hi);
	} else {
		number_effect(e->effect, e->lo, e->hi, &shown);
		snprintf(effect, len, "%s", shown.effect);
		snprintf(interval, len, "%s", shown.interval);
	}
	if (e->method == STATS_EXACT)
		snprintf(interval, len, "(exact)");
}

static void duel_text_fill(const struct duel *d, const struct duel_metric *m,
			   struct duel_text_row *row)
{
	char (*cell)[128] = row->cell, value[NUMBER_MAX];

	snprintf(cell[NAME], sizeof(*cell), "%s%s", m->gate ? "* " : "  ", m->metric->name);
	for (int which = 0; which < 2; which++)
		snprintf(cell[A + which], sizeof(*cell), "%s",
			 number_value(duel_text_median(d, m, which), m->metric->unit, value));
	duel_text_effect(m, cell[EFFECT], cell[INTERVAL], sizeof(*cell));
	snprintf(cell[VERDICT], sizeof(*cell), "%s",
		 m->why ? "not comparable" : verdict_name(m->verdict));
}

static void duel_text_table(const struct duel *d, FILE *out)
{
	static const struct duel_text_row titles = {
		{ "", "A", "B", "effect", "interval", "verdict" } };
	struct duel_text_row *row = calloc(d->n_metrics + 1, sizeof(*row));
	int width[COLUMNS] = { 0 };

	must_have(row);
	row[0] = titles;
	for (size_t i = 0; i < d->n_metrics; i++)
		duel_text_fill(d, &d->metrics[i], &row[i + 1]);
	for (size_t i = 0; i <= d->n_metrics; i++)
		for (int c = 0; c < COLUMNS; c++)
			if ((int)strlen(row[i].cell[c]) > width[c])
				width[c] = (int)strlen(row[i].cell[c]);
	for (size_t i = 0; i <= d->n_metrics; i++)
		fprintf(out, "%-*s  %*s  %*s  %*s  %-*s  %s\n", width[NAME], row[i].cell[NAME],
			width[A], row[i].cell[A], width[B], row[i].cell[B], width[EFFECT],
			row[i].cell[EFFECT], width[INTERVAL], row[i].cell[INTERVAL],
			row[i].cell[VERDICT]);
	free(row);
}

/* "B is worse: wall_time +12% [...]" for each gate. */
static void duel_text_gate(const struct duel *d, const struct duel_metric *m, FILE *out)
{
	const struct stats_effect *e = &m->e;
	char effect[128], interval[128];

	fprintf(out, "%s: ", m->metric->name);
	if (m->why) {
		fprintf(out, "not comparable: %s\n", m->why);
		return;
	}
	fprintf(out, "B %s", m->verdict == VERDICT_REGRESSED ? "is worse than A" :
		m->verdict == VERDICT_IMPROVED ? "is better than A" :
		m->verdict == VERDICT_NOT_WORSE ? "is not worse than A" : "and A cannot be told apart");
	if (m->verdict == VERDICT_NOT_WORSE)
		fprintf(out, " by %g%% or more", d->margin * 100);
	if (!e->absolute) {
		duel_text_effect(m, effect, interval, sizeof(effect));
		fprintf(out, ": %s %s", effect, interval);
	}
	fprintf(out, "\n    n = %u pairs", e->n);
	if (!isnan(m->p_adjusted))
		fprintf(out, ", p %.2g (t), %.2g (sign flips)", m->p_adjusted, e->p_flip);
	if (m->verdict == VERDICT_INCONCLUSIVE && isfinite(e->sde) && e->sde > 0)
		fprintf(out, "; %.3g%% would be found", e->sde * 100);
	fputc('\n', out);
}

void duel_print(const struct duel *d, FILE *out)
{
	duel_text_command(d, 0, out);
	duel_text_command(d, 1, out);
	fprintf(out, "%u pairs, %u warm-up%s of each, random order, seed %llu; intervals of %.3g%%%s\n\n",
		d->pairs, d->warmup, d->warmup == 1 ? "" : "s", (unsigned long long)d->seed,
		(1 - d->alpha) * 100,
		d->looks ? ", for looks after 6, 8, 10, 12, 16 and 20 pairs" : "");
	duel_text_table(d, out);
	fputc('\n', out);
	for (size_t i = 0; i < d->n_metrics; i++)
		if (d->metrics[i].gate)
			duel_text_gate(d, &d->metrics[i], out);
}

/* --- JSON ------------------------------------------------------------------------- */

/* JSON has no NaN and no infinity: what is not there is null. */
static json_t *duel_text_real(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *duel_text_values(const struct duel *d, const double *v)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < d->pairs; i++)
		json_array_append_new(list, json_real(v[i]));
	return list;
}

static json_t *duel_text_metric(const struct duel *d, const struct duel_metric *m)
{
	const struct stats_effect *e = &m->e;
	json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:s}", "metric", m->metric->name,
			      "unit", m->metric->unit, "kind", kind_words[m->metric->kind],
			      "better", better_words[m->metric->better], "gate", (int)m->gate,
			      "a", duel_text_values(d, m->values[0]),
			      "b", duel_text_values(d, m->values[1]),
			      "verdict", verdict_name(m->verdict));

	if (m->why) {
		json_object_set_new(j, "why", json_string(m->why));
		return j;
	}
	json_object_set_new(j, "effect", duel_text_real(e->effect));
	json_object_set_new(j, "lo", duel_text_real(e->lo));
	json_object_set_new(j, "hi", duel_text_real(e->hi));
	json_object_set_new(j, "absolute", json_boolean(e->absolute));
	json_object_set_new(j, "n", json_integer(e->n));
	json_object_set_new(j, "p", duel_text_real(e->p));
	json_object_set_new(j, "p_adjusted", duel_text_real(m->p_adjusted));
	json_object_set_new(j, "p_flip", duel_text_real(e->p_flip));
	json_object_set_new(j, "detects", duel_text_real(e->sde));
	return j;
}

json_t *duel_json(const struct duel *d)
{
	json_t *metrics = json_array();

	for (size_t i = 0; i < d->n_metrics; i++)
		json_array_append_new(metrics, duel_text_metric(d, &d->metrics[i]));
	return json_pack("{s:O, s:O, s:I, s:i, s:i, s:b, s:f, s:f, s:o, s:s}",
			 "a", d->spec[0].params, "b", d->spec[1].params,
			 "seed", (json_int_t)d->seed, "pairs", (int)d->pairs,
			 "warmup", (int)d->warmup, "looks", (int)d->looks, "alpha", d->alpha,
			 "margin", d->margin, "metrics", metrics,
			 "verdict", verdict_name(duel_verdict(d)));
}
