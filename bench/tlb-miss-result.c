/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the samples of a ladder become: its table, the knees, a walk's cost. */
#include <math.h>

#include "tlb-miss.h"

static const struct metric walk_ns = {
	"walk_cost", "ns", KIND_TIME, BETTER_LOWER, 1,
};
static const struct metric effective_page = {
	"effective_page", "bytes", KIND_COUNT, BETTER_NONE, 1,
};
static const struct metric first_knee = {
	"first_level_knee", "pages", KIND_COUNT, BETTER_NONE, 1,
};
static const struct metric second_half = {
	"second_level_half", "pages", KIND_COUNT, BETTER_NONE, 1,
};

size_t tlb_miss_rungs(const struct ladder *l, struct rung r[static LADDER_MOST])
{
	for (size_t i = 0; i < l->n; i++)
		r[i] = (struct rung){ l->points[i], series_min(l->access[i]),
				      series_min(l->control[i]) };
	return l->n;
}

json_t *tlb_miss_ladder_json(const struct ladder *l)
{
	struct rung r[LADDER_MOST];
	json_t *a = json_array();

	tlb_miss_rungs(l, r);
	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(a, json_pack("{s:I, s:f, s:f, s:f, s:f}", "pages",
						   (json_int_t)r[i].pages, "access_ns", r[i].access,
						   "control_ns", r[i].control, "difference_ns",
						   r[i].access - r[i].control, "median_ns",
						   series_median(l->access[i])));
	return a;
}

static json_t *knee_json(const struct knee *k)
{
	if (!k->found)
		return json_pack("{s:s}", "unavailable", "no rise was seen");
	return json_pack("{s:f, s:f, s:f}", "pages", k->pages, "half_rise_pages", k->half,
			 "rise_ns", k->rise);
}

static json_t *walk_json(const struct ladder_fit *f)
{
	if (isnan(f->walk_ns))
		return json_pack("{s:s}", "unavailable", f->second.found
				 ? "the ladder has fewer than 3 rungs from 1.5 to 3 times the "
				   "second level's reach"
				 : "no second-level knee was seen");
	return json_pack("{s:f, s:f, s:I, s:f, s:f}", "ns", f->walk_ns,
			 "residual_ns", f->walk_residual, "rungs", (json_int_t)f->walk_rungs,
			 "from_pages", 1.5 * f->second.pages, "to_pages", 3 * f->second.pages);
}

static json_t *inference_json(const struct inference *i)
{
	if (!i->bytes)
		return json_pack("{s:s}", "unavailable", i->why);
	return json_pack("{s:I, s:b, s:s}", "bytes", (json_int_t)i->bytes,
			 "or_larger", i->or_larger, "why", i->why);
}

void tlb_miss_derive(struct bench *b, const struct ladder *l,
		     const struct ladder_fit *fit, const struct inference *in)
{
	bench_derive(b, "ladder", tlb_miss_ladder_json(l));
	bench_derive(b, "knees", json_pack("{s:o, s:o}", "first_level", knee_json(&fit->first),
					   "second_level", knee_json(&fit->second)));
	if (fit->first.found)
		series_push(bench_series(b, &first_knee, NULL), fit->first.pages);
	if (fit->second.found)
		series_push(bench_series(b, &second_half, NULL), fit->second.half);
	bench_derive(b, "walk", walk_json(fit));
	if (!isnan(fit->walk_ns) && fit->walk_ns > 0)
		series_push(bench_series(b, &walk_ns, NULL), fit->walk_ns);
	if (!in)
		return;
	bench_derive(b, "effective_page", inference_json(in));
	if (in->bytes)
		series_push(bench_series(b, &effective_page, NULL), (double)in->bytes);
}
