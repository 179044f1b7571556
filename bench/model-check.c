/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"
#include "registry.h"

#include <stdbool.h>
#include <string.h>

#include "model.h"

struct context {
	const struct cpu *cpu;
	const json_t *result;
	struct model_in in;
	struct model_out out;
	json_t *checks;
};

static const json_t *model_check_at(const json_t *o, const char *a, const char *b)
{
	return json_object_get(json_object_get(o, a), b);
}

static void check(struct context *c, const char *name, const json_t *point,
		  double expected, double measured, double least, double most)
{
	double ratio = measured / expected;

	json_array_append_new(c->checks,
		json_pack("{s:s, s:O, s:f, s:f, s:f, s:f, s:f, s:b}", "name", name,
			  "point", point, "expected", expected, "measured", measured,
			  "ratio", ratio, "least", least, "most", most,
			  "holds", ratio >= least && ratio <= most));
}

static void check_knees(struct context *c)
{
	const json_t *knees = json_object_get(json_object_get(c->result, "derived"), "knees");
	const json_t *first = model_check_at(knees, "first_level", "pages");
	const json_t *half = model_check_at(knees, "second_level", "half_rise_pages");
	json_t *point = json_object();

	if (json_is_number(first) && c->out.first)
		check(c, "first_level_knee", point, model_lines(&c->in, &c->out, c->out.first),
		      json_number_value(first), MODEL_KNEE_LEAST, MODEL_KNEE_MOST);
	if (json_is_number(half) && c->out.second)
		check(c, "second_level_half", point, model_lines(&c->in, &c->out, c->out.second),
		      json_number_value(half), MODEL_HALF_LEAST, MODEL_HALF_MOST);
	json_decref(point);
}

/* All walks of loads, per access; below 0: they were not, or not all, counted. */
static double model_check_counted_walks(const json_t *metric)
{
	double walks = -1;
	size_t i;
	json_t *ev;

	json_array_foreach(json_object_get(metric, "counters"), i, ev) {
		const char *name = json_string_value(json_object_get(ev, "name"));
		double things = json_number_value(json_object_get(ev, "things"));

		if (!name || !model_is_walk(name))
			continue;
		if (!json_object_get(ev, "value") || things <= 0)
			return -1;
		walks = (walks < 0 ? 0 : walks) +
			json_number_value(json_object_get(ev, "value")) / things;
	}
	return walks;
}

/* Is this series of the pattern, and how much of it does it go through? */
static bool model_check_span_of(const struct context *c, const json_t *metric, uint64_t *span)
{
	const char *workload = json_string_value(json_object_get(c->result, "workload"));
	const char *name = json_string_value(json_object_get(metric, "metric"));
	const struct workload_metric *m = NULL;
	const json_t *pages = model_check_at(metric, "point", "pages"),
		     *size = model_check_at(metric, "point", "size");
	json_int_t stride = json_integer_value(model_check_at(metric, "point", "stride"));

	if (!name || workload_metric_find(workload, NULL, name, &m, NULL) || m->role != ROLE_ACCESS ||
	    (pages && (stride ? stride : 4096) != (json_int_t)c->in.spacing))
		return false;
	*span = pages ? json_integer_value(pages) * c->in.spacing
		      : size ? (uint64_t)json_integer_value(size) : c->in.span;
	return true;
}

static void check_walks(struct context *c)
{
	size_t i;
	json_t *metric;

	json_array_foreach(json_object_get(c->result, "metrics"), i, metric) {
		double walks = model_check_counted_walks(metric);
		struct model_in in = c->in;
		struct model_out out;

		if (walks < 0 || !model_check_span_of(c, metric, &in.span) ||
		    model_expect(&c->cpu->f.tlb.first, &c->cpu->f.tlb.second, &in, &out, NULL) ||
		    !model_judges_walks(&out))
			continue;
		check(c, "walks_per_access", json_object_get(metric, "point"), out.walks,
		      walks, MODEL_WALKS_LEAST, MODEL_WALKS_MOST);
	}
}

json_t *model_check(const struct cpu *cpu, const json_t *result)
{
	struct context c = { .cpu = cpu, .result = result };
	const json_t *page =
		model_check_at(json_object_get(result, "derived"), "effective_page", "bytes");
	uint64_t second = json_integer_value(page);
	const char *workload = json_string_value(json_object_get(result, "workload"));
	const char *source = json_string_value(json_object_get(result, "source"));

	if (!workload || !source || (second && !model_page_name(second)) ||
	    model_of_workload(workload, source, json_object_get(result, "params"), second, &c.in))
		return NULL;
	if (model_expect(&cpu->f.tlb.first, &cpu->f.tlb.second, &c.in, &c.out, NULL))
		return NULL;
	c.checks = json_array();
	check_knees(&c);
	check_walks(&c);
	return json_pack("{s:s, s:s, s:o, s:o}", "label", "model", "cpu", cpu->name,
			 "expected", model_json(cpu->name, &c.out), "checks", c.checks);
}
