/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of a finished comparison: its parts, their names, how many. */
#include "compare.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/workload.h"
#include "vocab/words.h"

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

const json_t *compare_arm_kernel(const struct compare_arm *a)
{
	json_t *layouts = json_object_get(a->identity, "kernel");

	return json_object_iter_value(json_object_iter(layouts));
}

bool compare_measurable(const struct comparison *c, const struct compare_series *s)
{
	const struct domain_word *d = domain_find(c->domain);
	const struct workload *w;

	return !d || d->walks || workload_find(s->workload, &w, NULL) || !w->memory;
}

unsigned compare_count(const struct comparison *c, enum verdict v)
{
	unsigned n = 0;

	for (size_t i = 0; i < c->n_series; i++)
		for (size_t a = 0; a < c->n_arms; a++)
			n += c->series[i].vs[a].verdict == v &&
			     (c->series[i].gate || compare_measurable(c, &c->series[i]));
	return n;
}

void compare_series_name(const struct compare_series *s, char *buf, size_t len)
{
	snprintf(buf, len, "%s%s%s%s%s%s%s", s->workload, *s->workload ? "." : "",
		 s->metric, s->counter ? "/" : "", s->counter ? s->counter : "",
		 *s->point_text ? " " : "", s->point_text);
}

void compare_effect(const struct compare_series *s, const struct stats_effect *e,
		    struct number_effect *out)
{
	char lo[NUMBER_MAX], hi[NUMBER_MAX];

	if (!e->n) {
		*out = (struct number_effect){ .effect = "-" };
		return;
	}
	if (e->absolute) {
		out->style = NUMBER_PERCENT;
		number_value(e->effect, s->unit, lo);
		snprintf(out->effect, sizeof(out->effect), "%s%.40s",
			 e->effect > 0 ? "+" : "", lo);
		number_value(e->lo, "", lo);
		number_value(e->hi, "", hi);
		snprintf(out->interval, sizeof(out->interval), "[%.40s, %.40s]", lo, hi);
	} else {
		number_effect(e->effect, e->lo, e->hi, out);
	}
	if (e->method == STATS_EXACT)
		strcpy(out->interval, "(exact)");
}
