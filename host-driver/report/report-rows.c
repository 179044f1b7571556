/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report-parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/workload.h"
#include "report.h"
#include "safe.h"
#include "size.h"
#include "vocab/words.h"

static const enum verdict by_rank[] = {
	VERDICT_REGRESSED, VERDICT_UNSTABLE, VERDICT_NOT_COMPARABLE,
	VERDICT_IMPROVED, VERDICT_INCONCLUSIVE, VERDICT_NOT_WORSE,
	VERDICT_DESCRIBED, VERDICT_NONE,
};
#define RANKS (sizeof(by_rank) / sizeof(by_rank[0]))

unsigned report_rank(enum verdict v)
{
	unsigned rank = 0;

	while (rank < RANKS - 1 && by_rank[rank] != v)
		rank++;
	return rank;
}

enum verdict report_ranked(unsigned rank)
{
	return by_rank[rank];
}

bool report_judged(const struct report_group *g)
{
	return !g->series[0]->counter && g->rank < report_rank(VERDICT_DESCRIBED);
}

static bool rows_alike(const struct compare_series *a,
		       const struct compare_series *b)
{
	return !strcmp(a->cell, b->cell) && !strcmp(a->metric, b->metric) &&
	       !strcmp(a->counter ? a->counter : "", b->counter ? b->counter : "");
}

static void rows_add(struct report_groups *g, const struct compare_series *s,
		     const struct comparison *c)
{
	struct report_group *to = NULL;

	for (size_t i = g->n; i-- && !to;)
		if (rows_alike(g->group[i].series[0], s))
			to = &g->group[i];
	if (!to) {
		to = &g->group[g->n++];
		*to = (struct report_group){ .rank = RANKS - 1 };
	}
	to->series = realloc(to->series, (to->n + 1) * sizeof(*to->series));
	must_have(to->series);
	to->series[to->n++] = s;
	to->gate |= s->gate;
	for (size_t a = 0; a < c->n_arms; a++)
		if (report_rank(s->vs[a].verdict) < to->rank)
			to->rank = report_rank(s->vs[a].verdict);
}

void report_groups_init(struct report_groups *g, const struct comparison *c)
{
	g->n = 0;
	g->group = calloc(c->n_series + 1, sizeof(*g->group));
	must_have(g->group);
	for (size_t i = 0; i < c->n_series; i++)
		rows_add(g, &c->series[i], c);
}

void report_groups_release(struct report_groups *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->group[i].series);
	free(g->group);
	*g = (struct report_groups){ 0 };
}

/* "improved", "not worse than 1%". */
static const char *rows_verdict(const struct compare_result *v, char *buf, size_t len)
{
	if (v->verdict == VERDICT_NOT_WORSE)
		snprintf(buf, len, "not worse than %.3g%%", 100 * v->margin);
	else if (v->verdict == VERDICT_DESCRIBED)
		snprintf(buf, len, "not judged");
	else
		snprintf(buf, len, "%s", verdict_name(v->verdict));
	return buf;
}

void report_series_row(const struct compare_series *s, size_t arm,
		       struct report_row *row)
{
	const struct compare_result *v = &s->vs[arm];
	struct number_effect text;

	*row = (struct report_row){ .worst = v->verdict, .reason = v->reason };
	compare_effect(s, &v->e, &text);
	strcpy(row->effect, text.effect);
	strcpy(row->interval, text.interval);
	snprintf(row->n, sizeof(row->n), "%u", v->e.n);
	if (!v->e.n || v->e.absolute)
		strcpy(row->sde, "-");
	else if (v->e.method == STATS_EXACT)
		strcpy(row->sde, "exact");
	else
		number_percent(v->e.sde, row->sde);
	rows_verdict(v, row->verdict, sizeof(row->verdict));
}

/* "-1.2% to +3.4%", "x0.98 to x1.05": the smallest and the largest effect. */
static void rows_range(const struct report_group *g, size_t arm, char *buf,
		       size_t len)
{
	double lo = INFINITY, hi = -INFINITY, wide = 0;
	struct number_effect a, b;

	for (size_t i = 0; i < g->n; i++) {
		const struct stats_effect *e = &g->series[i]->vs[arm].e;

		if (!e->n || e->absolute)
			continue;
		lo = fmin(lo, e->effect);
		hi = fmax(hi, e->effect);
		wide = fmax(wide, (e->hi - e->lo) / 2);
	}
	if (!(lo <= hi)) {
		snprintf(buf, len, "-");
		return;
	}
	number_effect(lo, lo - wide, lo + wide, &a);
	number_effect(hi, hi - wide, hi + wide, &b);
	if (a.style != b.style)
		number_ratios(lo, hi, &a, &b);
	snprintf(buf, len, "%.40s to %.40s", a.effect, b.effect);
}

static void rows_verdicts(const struct report_group *g, size_t arm,
			  struct report_row *row)
{
	size_t worst = 0, with = 0;
	const struct compare_result *v = NULL;
	char one[NUMBER_MAX];

	row->worst = VERDICT_NONE;
	for (size_t i = 0; i < g->n; i++)
		if (report_rank(g->series[i]->vs[arm].verdict) <
		    report_rank(row->worst))
			row->worst = g->series[worst = i]->vs[arm].verdict;
	v = &g->series[worst]->vs[arm];
	for (size_t i = 0; i < g->n; i++)
		with += g->series[i]->vs[arm].verdict == row->worst;
	row->reason = v->reason;
	rows_verdict(v, one, sizeof(one));
	if (with == g->n)
		snprintf(row->verdict, sizeof(row->verdict), "%s", one);
	else
		snprintf(row->verdict, sizeof(row->verdict), "%u of %u %s",
			 (unsigned)with, (unsigned)g->n, one);
}

void report_row(const struct report_group *g, size_t arm,
		struct report_row *row)
{
	unsigned least = ~0u, most = 0;
	double sde = 0;

	if (g->n == 1) {
		report_series_row(g->series[0], arm, row);
		return;
	}
	*row = (struct report_row){ .reason = "" };
	for (size_t i = 0; i < g->n; i++) {
		const struct stats_effect *e = &g->series[i]->vs[arm].e;

		least = e->n < least ? e->n : least;
		most = e->n > most ? e->n : most;
		if (e->n && !e->absolute)
			sde = fmax(sde, e->sde);
	}
	rows_range(g, arm, row->effect, sizeof(row->effect));
	snprintf(row->interval, sizeof(row->interval), "%zu points", g->n);
	if (least == most)
		snprintf(row->n, sizeof(row->n), "%u", most);
	else
		snprintf(row->n, sizeof(row->n), "%u-%u", least % 100000, most % 100000);
	if (most && sde == 0)
		strcpy(row->sde, "exact");
	else
		number_percent(most ? sde : NAN, row->sde);
	rows_verdicts(g, arm, row);
}

static bool rows_in_bytes(const char *key)
{
	static const char *const keys[] = { "size", "stride", "bytes", "block" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(keys[i], key))
			return true;
	return false;
}

const char *report_point(const struct compare_series *s, char *buf, size_t len)
{
	const char *key, *sep = "";
	json_t *value;
	size_t used = 0;

	buf[0] = '\0';
	json_object_foreach(s->point, key, value) {
		char number[SIZE_TEXT_MAX];
		char *text = NULL;

		if (json_is_integer(value) && rows_in_bytes(key))
			size_format(json_integer_value(value), number);
		else if (!json_is_string(value))
			text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
		used += snprintf(buf + used, len - used, "%s%s=%s", sep, key,
				 json_is_string(value) ? json_string_value(value) :
				 text ? text : number);
		free(text);
		if (used >= len)
			break;
		sep = ", ";
	}
	return buf;
}

const char *report_base_value(const struct report_group *g, size_t baseline,
			      char *buf, size_t len)
{
	const char *unit = g->series[0]->unit;
	double lo = INFINITY, hi = -INFINITY;
	char a[NUMBER_MAX], b[NUMBER_MAX];

	for (size_t i = 0; i < g->n; i++) {
		double v = g->series[i]->est[baseline].value;

		if (isfinite(v)) {
			lo = fmin(lo, v);
			hi = fmax(hi, v);
		}
	}
	number_value(lo <= hi ? lo : NAN, unit, a);
	number_value(lo <= hi ? hi : NAN, unit, b);
	if (!strcmp(a, b))
		snprintf(buf, len, "%s", a);
	else
		snprintf(buf, len, "%s to %s", a, b);
	return buf;
}

const char *report_group_name(const struct report_group *g, char *buf,
			      size_t len)
{
	const struct compare_series *s = g->series[0];

	snprintf(buf, len, "%s %s%s%s", s->cell, s->metric,
		 s->counter ? ": " : "", s->counter ? s->counter : "");
	return buf;
}
