/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "size.h"

#define K4 4096ULL
#define M2 (2ULL << 20)
#define G1 (1ULL << 30)
#define LINE 64ULL

static const struct {
	const char *name;
	uint64_t page;
	unsigned levels;
} pages[] = { { "4K", K4, 4 }, { "2M", M2, 3 }, { "1G", G1, 2 } };

#define N_PAGES (sizeof(pages) / sizeof(pages[0]))

const char *model_page_name(uint64_t page)
{
	for (size_t i = 0; i < N_PAGES; i++)
		if (pages[i].page == page)
			return pages[i].name;
	return NULL;
}

uint64_t model_page(const char *name)
{
	for (size_t i = 0; i < N_PAGES; i++)
		if (!strcasecmp(pages[i].name, name))
			return pages[i].page;
	return 0;
}

static unsigned levels_of(uint64_t page)
{
	for (size_t i = 0; i < N_PAGES; i++)
		if (pages[i].page == page)
			return pages[i].levels;
	return 0;
}

unsigned model_references(uint64_t guest_page, uint64_t second_page)
{
	unsigned g = levels_of(guest_page), h = levels_of(second_page);

	return second_page ? (g + 1) * (h + 1) - 1 : g;
}

static unsigned entries_of(const struct tlb *t, uint64_t page)
{
	return page >= G1 ? t->e1g : page >= M2 ? t->e2m : t->e4k;
}

static double miss_rate(const struct model_in *in, uint64_t page, uint64_t n,
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
		return err_config(err, "a guest page of %" PRIu64 " bytes (4K, 2M, 1G)",
				  in->guest_page);
	if (in->second_page && !model_page_name(in->second_page))
		return err_config(err, "a second-level page of %" PRIu64 " bytes (4K, 2M, 1G)",
				  in->second_page);
	if (!in->span || !in->spacing)
		return err_config(err, "the model wants at least one byte of memory");
	if (in->second_page && in->second_page < page)
		page = in->second_page;
	memset(out, 0, sizeof(*out));
	out->page = page;
	/* A pattern that skips pages goes through fewer of them. */
	out->pages = in->spacing > page ? (in->span + in->spacing - 1) / in->spacing
					: (in->span + page - 1) / page;
	out->first = entries_of(first, page);
	out->second = entries_of(second, page);
	out->first_misses = miss_rate(in, page, out->pages, out->first);
	/* Without a second level for such pages, a first-level miss walks. */
	out->walks = miss_rate(in, page, out->pages,
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

static double ratio(double arm, double base)
{
	return base > 0 ? arm / base : NAN;
}

void model_compare(const struct model_out *base, const struct model_out *arm,
		   struct model_change *change)
{
	change->walks = ratio(arm->walks, base->walks);
	change->references = ratio(arm->walk_references, base->walk_references);
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

static const struct {
	const char *source;
	uint64_t page;
} source_pages[] = {
	{ "anon-4k", K4 }, { "thp", M2 }, { "hugetlb-2m", M2 },
	{ "hugetlb-1g", G1 }, { "fsdax", M2 }, { "devdax", M2 },
};

/* The upper end of a number or range among the parameters. */
static uint64_t parameter(const json_t *params, const char *name, uint64_t fallback)
{
	const json_t *v = json_object_get(params, name);
	uint64_t lo, hi;

	if (json_is_integer(v))
		return json_integer_value(v) > 0 ? (uint64_t)json_integer_value(v) : fallback;
	if (json_is_string(v) && !size_parse_range(json_string_value(v), &lo, &hi, NULL))
		return hi ? hi : fallback;
	return fallback;
}

static const char *text(const json_t *params, const char *name, const char *fallback)
{
	const char *s = json_string_value(json_object_get(params, name));

	return s ? s : fallback;
}

static void of_tlb_miss(const json_t *params, struct model_in *in)
{
	in->pattern = MODEL_CYCLE;
	in->spacing = parameter(params, "stride", K4);
	in->span = parameter(params, "pages", 16384) * in->spacing;
}

static void of_mem_walk(const json_t *params, struct model_in *in)
{
	const char *pattern = text(params, "pattern", "random-line");
	uint64_t spacing = parameter(params, "spacing", LINE);

	in->pattern = MODEL_CYCLE;
	in->span = parameter(params, "size", 1ULL << 30);
	in->spacing = spacing;
	if (!strcmp(pattern, "sequential")) {
		in->pattern = MODEL_SEQUENTIAL;
	} else if (!strcmp(pattern, "strided")) {
		in->pattern = MODEL_SEQUENTIAL;
		in->spacing = parameter(params, "stride", K4);
	} else if (!strcmp(pattern, "random-page")) {
		in->spacing = parameter(params, "page", K4);
		in->burst = in->spacing > spacing ? in->spacing / spacing : 1;
	}
}

static void of_stream(const json_t *params, struct model_in *in)
{
	in->pattern = MODEL_SEQUENTIAL;
	in->span = 3 * parameter(params, "size", 1ULL << 30);
	in->spacing = sizeof(double);
}

static void of_gups(const json_t *params, struct model_in *in)
{
	in->pattern = MODEL_RANDOM;
	in->span = parameter(params, "size", 1ULL << 30);
	in->spacing = sizeof(uint64_t);
}

static void of_first_touch(const json_t *params, struct model_in *in)
{
	in->pattern = MODEL_SEQUENTIAL;
	in->span = parameter(params, "size", 128ULL << 20);
	in->spacing = K4;
}

/* stream counts bytes, and a first touch is no load: no metric of theirs fits. */
static const struct {
	const char *workload;
	void (*pattern)(const json_t *params, struct model_in *in);
	const char *metric;
} patterns[] = {
	{ "tlb-miss", of_tlb_miss, "ns_per_access" },
	{ "mem-walk", of_mem_walk, "ns_per_access" },
	{ "stream", of_stream, NULL }, { "gups", of_gups, "gups" },
	{ "first-touch", of_first_touch, NULL },
};

const char *model_metric(const char *workload)
{
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (!strcmp(patterns[i].workload, workload))
			return patterns[i].metric;
	return NULL;
}

int model_of_workload(const char *workload, const char *source,
		      const json_t *params, uint64_t second_page,
		      struct model_in *in)
{
	memset(in, 0, sizeof(*in));
	in->second_page = second_page;
	for (size_t i = 0; i < sizeof(source_pages) / sizeof(source_pages[0]); i++)
		if (!strcmp(source_pages[i].source, source))
			in->guest_page = source_pages[i].page;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (in->guest_page && !strcmp(patterns[i].workload, workload)) {
			patterns[i].pattern(params, in);
			return 0;
		}
	return -ENOTSUP;
}
