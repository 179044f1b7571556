/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A duel for people and as JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "duel.h"
#include "safe.h"
#include "vocab/number.h"

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
