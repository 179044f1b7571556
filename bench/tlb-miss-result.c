/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the samples of a ladder become: its table, the knees, a walk's cost. */
#include <math.h>

#include "tlb-miss.h"

static const struct workload_figure figure = {
	.name = "chase-ladder", .shape = FIGURE_LADDER,
	.title = "TLB misses: a random chase over a ladder of pages",
	.text = "Time per access against the number of pages",
	.value = "per access", .axis = "pages in the chase",
};

static const struct workload_figure figure_walk = {
	.name = "walk-cost", .shape = FIGURE_PAGES, .title = "Cost of a page walk",
	.text = "Cost of a page walk for each guest page and second-level page",
	.value = "per walk",
};

#define POINTS "pages|pages,stride"

const struct workload_metric tlb_miss_metrics[TLB_MISS_METRICS + 1] = {
	[ACCESS_NS] = { "ns_per_access", "ns", KIND_TIME, BETTER_LOWER, .points = POINTS,
			.axis = "pages", .role = ROLE_ACCESS, .figure = &figure,
			.help = "an access to one line in each of so many pages" },
	[CONTROL_NS] = { "control_ns_per_access", "ns", KIND_TIME, BETTER_NONE, .points = POINTS,
			 .axis = "pages", .help = "an access to as many lines that lie side by side" },
	[WALK_COST] = { "walk_cost", "ns", KIND_TIME, BETTER_LOWER, .role = ROLE_WALK_COST,
			.figure = &figure_walk,
			.help = "a page walk, fitted over the rungs beyond the second level" },
	[EFFECTIVE_PAGE] = { "effective_page", "bytes", KIND_COUNT, BETTER_NONE,
			     .help = "page size that the TLB works with, told from the knees" },
	[FIRST_KNEE] = { "first_level_knee", "pages", KIND_COUNT, BETTER_NONE,
			 .role = ROLE_FIRST_KNEE, .help = "pages that the first level reaches" },
	[SECOND_HALF] = { "second_level_half", "pages", KIND_COUNT, BETTER_NONE,
			  .role = ROLE_SECOND_HALF,
			  .help = "pages at which half of the second level's rise is done" },
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

static json_t *tlb_miss_result_knee_json(const struct knee *k)
{
	if (!k->found)
		return json_pack("{s:s}", "unavailable", "no rise was seen");
	return json_pack("{s:f, s:f, s:f}", "pages", k->pages, "half_rise_pages", k->half,
			 "rise_ns", k->rise);
}

static json_t *tlb_miss_result_walk_json(const struct ladder_fit *f)
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

static json_t *tlb_miss_result_inference_json(const struct inference *i)
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
	bench_derive(b, "knees",
		     json_pack("{s:o, s:o}", "first_level",
			       tlb_miss_result_knee_json(&fit->first), "second_level",
			       tlb_miss_result_knee_json(&fit->second)));
	if (fit->first.found)
		series_push(bench_series(b, &tlb_miss_metrics[FIRST_KNEE], NULL), fit->first.pages);
	if (fit->second.found)
		series_push(bench_series(b, &tlb_miss_metrics[SECOND_HALF], NULL), fit->second.half);
	bench_derive(b, "walk", tlb_miss_result_walk_json(fit));
	if (!isnan(fit->walk_ns) && fit->walk_ns > 0)
		series_push(bench_series(b, &tlb_miss_metrics[WALK_COST], NULL), fit->walk_ns);
	if (!in)
		return;
	bench_derive(b, "effective_page", tlb_miss_result_inference_json(in));
	if (in->bytes)
		series_push(bench_series(b, &tlb_miss_metrics[EFFECTIVE_PAGE], NULL), (double)in->bytes);
}
