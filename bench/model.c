/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "registry.h"
#include "source.h"
#include "vocab/words.h"

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
