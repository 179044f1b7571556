/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding and naming what is in a comparison. */
#include "compare.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const struct compare_series *compare_find(const struct comparison *c,
					  const char *cell, const char *metric,
					  const char *point)
{
	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];
		const char *name = s->counter ? s->counter : s->metric;

		if (!fnmatch(cell, s->cell, 0) && !strcmp(metric, name) &&
		    (!point || !strcmp(point, s->point_text)))
			return s;
	}
	return NULL;
}

const struct compare_proof *compare_proof_of(const struct comparison *c, size_t arm,
					     const char *layer, const char *cell)
{
	for (size_t i = 0; i < c->n_proofs; i++)
		if (c->proofs[i].arm == arm && c->proofs[i].cell &&
		    !strcmp(c->proofs[i].layer, layer) &&
		    !strcmp(c->proofs[i].cell, cell))
			return &c->proofs[i];
	return NULL;
}

unsigned compare_count(const struct comparison *c, enum verdict v)
{
	unsigned n = 0;

	for (size_t i = 0; i < c->n_series; i++)
		for (size_t a = 0; a < c->n_arms; a++)
			n += c->series[i].vs[a].verdict == v;
	return n;
}

void compare_series_name(const struct compare_series *s, char *buf, size_t len)
{
	snprintf(buf, len, "%s%s%s%s%s%s%s", s->workload, *s->workload ? "." : "",
		 s->metric, s->counter ? "/" : "", s->counter ? s->counter : "",
		 *s->point_text ? " " : "", s->point_text);
}

/* Enough digits to tell the interval's ends apart, 1 to 4 of them. */
static int digits(double width)
{
	double d = width > 0 ? 1 - floor(log10(width)) : 1;

	return d < 1 ? (d < 0 ? 0 : 1) : d > 4 ? 4 : (int)d;
}

/* Beyond a factor of ten a percentage says little: 1370% is "x14.7". */
static void ends(const struct stats_effect *e, char *buf, size_t len)
{
	double width = 100 * (e->hi - e->lo);
	int k = digits(width);

	if (e->method == STATS_EXACT)
		snprintf(buf, len, "%+.4g%% (exact)", 100 * e->effect);
	else if (e->effect > 9)
		snprintf(buf, len, "x%.4g [x%.4g, x%.4g]", 1 + e->effect,
			 1 + e->lo, 1 + e->hi);
	else
		snprintf(buf, len, "%+.*f%% [%+.*f%%, %+.*f%%]", k,
			 100 * e->effect, k, 100 * e->lo, k, 100 * e->hi);
}

void compare_effect_text(const struct stats_effect *e, char *buf, size_t len)
{
	if (!e->n)
		snprintf(buf, len, "unavailable");
	else if (e->method == STATS_EXACT && e->effect == 0)
		snprintf(buf, len, "= (exact)");
	else if (e->absolute && e->method == STATS_EXACT)
		snprintf(buf, len, "%+.4g (exact, from 0)", e->effect);
	else if (e->absolute)
		snprintf(buf, len, "%+.4g [%+.4g, %+.4g] (from 0)", e->effect,
			 e->lo, e->hi);
	else
		ends(e, buf, len);
}
