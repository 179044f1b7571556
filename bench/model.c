/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "source.h"
#include "vocab/words.h"
#include "workload.h"

/* Levels of a table down to its pages of each size. */
static const unsigned levels[PAGE_SIZES] = { [PAGE_4K] = 4, [PAGE_2M] = 3, [PAGE_1G] = 2 };

static unsigned model_levels_of(uint64_t page)
{
	int size = page_of_bytes(page);

	return size < 0 ? 0 : levels[size];
}

const char *model_page_name(uint64_t page)
{
	int size = page_of_bytes(page);

	return size < 0 ? NULL : page_words[size].title;
}

uint64_t model_page(const char *name)
{
	for (int i = 0; i < PAGE_SIZES; i++)
		if (!strcasecmp(page_words[i].title, name))
			return page_words[i].bytes;
	return 0;
}

unsigned model_references(uint64_t guest_page, uint64_t second_page)
{
	unsigned g = model_levels_of(guest_page), h = model_levels_of(second_page);

	return second_page ? (g + 1) * (h + 1) - 1 : g;
}

static unsigned model_entries_of(const struct tlb *t, uint64_t page)
{
	return page >= page_words[PAGE_1G].bytes ? t->e1g :
	       page >= page_words[PAGE_2M].bytes ? t->e2m : t->e4k;
}

static double model_miss_rate(const struct model_in *in, uint64_t page, uint64_t n,
			      unsigned entries)
{
	double burst = in->burst ? in->burst : 1;
	double rate = 1;

	if (n <= entries)
		return 0;
	if (in->pattern == MODEL_SEQUENTIAL)
		rate = fmin(1, (double)in->spacing / page);
	else if (in->pattern == MODEL_RANDOM || page > in->spacing)
		rate = 1 - (double)entries / n;
	return rate / burst;
}

int model_expect(const struct tlb *first, const struct tlb *second,
		 const struct model_in *in, struct model_out *out,
		 struct err *err)
{
	uint64_t page = in->guest_page;

	if (!model_page_name(in->guest_page))
		return err_config(err, "guest page of %" PRIu64 " bytes: must be 4K, 2M or 1G",
				  in->guest_page);
	if (in->second_page && !model_page_name(in->second_page))
		return err_config(err, "second-level page of %" PRIu64 " bytes: must be 4K, 2M "
			"or 1G",
				  in->second_page);
	if (!in->span || !in->spacing)
		return err_config(err, "the model needs at least one byte of memory");
	if (in->second_page && in->second_page < page)
		page = in->second_page;
	memset(out, 0, sizeof(*out));
	out->page = page;
	/* A pattern that skips pages goes through fewer of them. */
	out->pages = in->spacing > page ? (in->span + in->spacing - 1) / in->spacing
					: (in->span + page - 1) / page;
	out->first = model_entries_of(first, page);
	out->second = model_entries_of(second, page);
	out->first_misses = model_miss_rate(in, page, out->pages, out->first);
	/* Without a second level for such pages, a first-level miss walks. */
	out->walks = model_miss_rate(in, page, out->pages,
				     out->second > out->first ? out->second : out->first);
	out->references = model_references(in->guest_page, in->second_page);
	out->walk_references = out->walks * out->references;
	return 0;
}

double model_lines(const struct model_in *in, const struct model_out *out,
		   unsigned entries)
{
	return out->page > in->spacing ? (double)entries * out->page / in->spacing
				       : entries;
}

bool model_judges_walks(const struct model_out *out)
{
	return out->walks > 0 && out->pages >= 2 * (uint64_t)out->second;
}

bool model_is_walk(const char *counter)
{
	return !strcmp(counter, "dtlb_load_walks") || !strncmp(counter, "dtlb_walks_", 11);
}

bool model_is_hit(const char *counter)
{
	return !strcmp(counter, "stlb_load_hits") || !strncmp(counter, "stlb_hits_", 10);
}

static double model_ratio(double arm, double base)
{
	return base > 0 ? arm / base : NAN;
}

void model_compare(const struct model_out *base, const struct model_out *arm,
		   struct model_change *change)
{
	change->walks = model_ratio(arm->walks, base->walks);
	change->references = model_ratio(arm->walk_references, base->walk_references);
}

json_t *model_json(const char *cpu_name, const struct model_out *o)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:i, s:i, s:f, s:f, s:i, s:f}",
			 "label", "model", "cpu", cpu_name,
			 "effective_page", model_page_name(o->page),
			 "pages", (json_int_t)o->pages,
			 "first_entries", (int)o->first, "second_entries", (int)o->second,
			 "first_misses_per_access", o->first_misses,
			 "walks_per_access", o->walks,
			 "references_per_walk", (int)o->references,
			 "references_per_access", o->walk_references);
}

/* --- what the workloads do --- */

int model_of_workload(const char *workload, const char *source,
		      const json_t *params, uint64_t second_page,
		      struct model_in *in)
{
	const struct workload *w;
	const struct source *s;

	memset(in, 0, sizeof(*in));
	in->second_page = second_page;
	if (workload_find(workload, &w, NULL) || !w->pattern || source_find(source, &s, NULL))
		return -ENOTSUP;
	in->guest_page = s->page;
	w->pattern(params, in);
	return 0;
}

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

static void model_check_one(struct context *c, const char *name, const json_t *point,
			    double expected, double measured, double least, double most)
{
	double ratio = measured / expected;

	json_array_append_new(c->checks,
		json_pack("{s:s, s:O, s:f, s:f, s:f, s:f, s:f, s:b}", "name", name,
			  "point", point, "expected", expected, "measured", measured,
			  "ratio", ratio, "least", least, "most", most,
			  "holds", ratio >= least && ratio <= most));
}

static void model_check_knees(struct context *c)
{
	const json_t *knees = json_object_get(json_object_get(c->result, "derived"), "knees");
	const json_t *first = model_check_at(knees, "first_level", "pages");
	const json_t *half = model_check_at(knees, "second_level", "half_rise_pages");
	json_t *point = json_object();

	if (json_is_number(first) && c->out.first)
		model_check_one(c, "first_level_knee", point, model_lines(&c->in, &c->out, c->out.first),
				json_number_value(first), MODEL_KNEE_LEAST, MODEL_KNEE_MOST);
	if (json_is_number(half) && c->out.second)
		model_check_one(c, "second_level_half", point, model_lines(&c->in, &c->out, c->out.second),
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

static void model_check_walks(struct context *c)
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
		model_check_one(c, "walks_per_access", json_object_get(metric, "point"), out.walks,
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
	model_check_knees(&c);
	model_check_walks(&c);
	return json_pack("{s:s, s:s, s:o, s:o}", "label", "model", "cpu", cpu->name,
			 "expected", model_json(cpu->name, &c.out), "checks", c.checks);
}
