/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chase.h"
#include "clock.h"
#include "model.h"
#include "params.h"
#include "tlb-miss.h"

#define BASE_PAGE 4096
#define HUGE_STEP (2UL << 20)
#define HUGE_LEAST 192		/* lines 2M apart that tell 2M from 1G */
#define HUGE_MOST 512
#define SAMPLES_LEAST 5		/* of which the least is believed */
#define SAMPLE_NS 100e3		/* what a sample takes, at least, if a round allows */
#define ACCESSES_MOST (64UL << 10)

struct state {
	struct buffer *buf;
	struct ladder pages, huge;
	uint32_t *place;
	uint64_t accesses;
};

static size_t tlb_miss_points(const struct params *p, uint64_t *points)
{
	const struct value *pages = params_get(p, "pages");

	return ladder_points(pages->lo, pages->hi, params_number(p, "step"), points);
}

static size_t tlb_miss_pages(const struct bench_asked *a, const char *key, uint64_t *rungs)
{
	return strcmp(key, "pages") ? 0 : tlb_miss_points(a->params, rungs);
}

/* Places that pages are put in: all are taken, or one at random out of so many. */
static uint64_t tlb_miss_places(const struct params *p)
{
	return params_get(p, "pages")->hi *
	       (*params_get(p, "layout")->text == 'r' ? params_number(p, "spread") : 1);
}

static uint64_t tlb_miss_bytes(const struct bench_asked *a)
{
	uint64_t bytes;

	return __builtin_mul_overflow(tlb_miss_places(a->params),
				      params_number(a->params, "stride"), &bytes)
		       ? UINT64_MAX : bytes;
}

static int tlb_miss_check(const struct bench_asked *a, char *field, struct err *err)
{
	const struct params *p = a->params;
	uint64_t points[LADDER_MOST];

	if (params_number(p, "stride") % BASE_PAGE)
		return params_wrong(field, "stride", err, "%llu is not a multiple of 4096",
				    (unsigned long long)params_number(p, "stride"));
	if (!tlb_miss_points(p, points))
		return params_wrong(field, "step", err, "there are more than %d rungs; make it larger",
				    LADDER_MOST);
	if (tlb_miss_places(p) > UINT32_MAX || tlb_miss_bytes(a) == UINT64_MAX)
		return params_wrong(field, "pages", err, "%llu places are too many",
				    (unsigned long long)tlb_miss_places(p));
	return 0;
}

static int tlb_miss_validate(struct bench *b, struct err *err)
{
	(void)err;
	if (bench_samples(b) < SAMPLES_LEAST)
		bench_label(b, "few: the least of %u samples is taken, not of at least %d",
			    bench_samples(b), SAMPLES_LEAST);
	return 0;
}

static bool tlb_miss_is_random(const struct bench *b)
{
	return *bench_text(b, "layout") == 'r';
}

/* One place at random out of every `spread`: distinct, and free of a pattern. */
static int tlb_miss_scatter(struct bench *b, struct state *s, uint64_t pages,
			    struct err *err)
{
	uint64_t spread = bench_number(b, "spread");
	struct rng rng;

	if (!tlb_miss_is_random(b))
		return 0;
	s->place = calloc(pages, sizeof(*s->place));
	if (!s->place)
		return err_sys(err, ENOMEM, "places of %llu pages", (unsigned long long)pages);
	rng_init(&rng, bench_seed(b));
	for (uint64_t i = 0; i < pages; i++)
		s->place[i] = i * spread + rng_below(&rng, spread);
	s->pages.place = s->place;
	return 0;
}

/* The same cycle each time: it depends on the seed and the rung alone. */
static void tlb_miss_link_field(struct bench *b, const struct chase_field *f)
{
	struct rng rng;

	rng_init(&rng, bench_seed(b) ^ f->nodes << 20);
	chase_link_random(f, &rng);
}

/*
 * How many accesses a sample needs to be long against the clock: 64k on a
 * processor, far fewer under emulation, where each takes so much longer. A
 * power of two, so that two runs on one machine agree.
 */
static int tlb_miss_choose_accesses(struct bench *b, struct state *s, struct err *err)
{
	struct chase_field f = { .base = s->buf->addr, .spacing = CHASE_LINE,
				 .nodes = s->pages.points[0] };
	uint64_t n = 64;
	double ns = 0;

	tlb_miss_link_field(b, &f);
	while (n < ACCESSES_MOST && ns < SAMPLE_NS / 2) {
		uint64_t t0;

		n *= 2;
		t0 = clock_ticks();
		chase_walk(f.base, n);
		ns = clock_ns(clock_ticks() - t0);
	}
	return bench_set_number(b, "accesses", n, err);
}

static int tlb_miss_setup(struct bench *b, struct err *err)
{
	struct state *s = calloc(1, sizeof(*s));
	const struct params *p = bench_values(b);
	int ret;

	if (!s)
		return err_sys(err, ENOMEM, "tlb-miss");
	bench_set_state(b, s);
	s->pages.spacing = bench_number(b, "stride");
	s->pages.n = tlb_miss_points(p, s->pages.points);
	ret = tlb_miss_scatter(b, s, params_get(p, "pages")->hi, err);
	if (ret)
		return ret;
	ret = bench_buffer(b, tlb_miss_places(p) * s->pages.spacing, 0, &s->buf, err);
	if (!ret && !bench_given(b, "accesses"))
		ret = tlb_miss_choose_accesses(b, s, err);
	s->accesses = ret ? 0 : bench_number(b, "accesses");
	return ret;
}

static struct chase_field tlb_miss_sparse_field(const struct state *s,
						const struct ladder *l, size_t rung)
{
	return (struct chase_field){
		.base = s->buf->addr, .spacing = l->spacing, .nodes = l->points[rung],
		.coloured = true, .place = l->place,
	};
}

/* As many lines, side by side. They lie in the same memory: the last linked wins. */
static struct chase_field tlb_miss_dense_field(const struct state *s,
					       const struct ladder *l, size_t rung)
{
	return (struct chase_field){
		.base = s->buf->addr, .spacing = CHASE_LINE, .nodes = l->points[rung],
	};
}

static int tlb_miss_check_field(struct bench *b, const struct chase_field *f,
				struct err *err)
{
	char why[128];

	tlb_miss_link_field(b, f);
	if (chase_check(f, why, sizeof(why)))
		return bench_invalid(b, err, "%zu lines: %s", f->nodes, why);
	return 0;
}

static int tlb_miss_verify_before(struct bench *b, struct err *err)
{
	struct state *s = bench_state(b);

	for (size_t i = 0; i < s->pages.n; i++) {
		struct chase_field sparse = tlb_miss_sparse_field(s, &s->pages, i);
		struct chase_field dense = tlb_miss_dense_field(s, &s->pages, i);
		int ret = tlb_miss_check_field(b, &sparse, err);

		if (!ret)
			ret = tlb_miss_check_field(b, &dense, err);
		if (ret)
			return ret;
	}
	bench_validated(b, "on each of %zu rungs the cycle visits every line of the chase and "
			"of its control once", s->pages.n);
	return 0;
}

/* One sample of one field: whole rounds, after one that is not timed. */
static int tlb_miss_sample(struct bench *b, const struct chase_field *f,
			   struct series *to, struct err *err)
{
	struct state *s = bench_state(b);
	uint64_t rounds = (s->accesses + f->nodes - 1) / f->nodes;
	char *start = chase_node(f, 0), *end;
	double ns;

	tlb_miss_link_field(b, f);
	end = chase_walk(start, f->nodes);
	bench_begin(b, to);
	end = chase_walk(end, rounds * f->nodes);
	ns = bench_end(b, to, rounds * f->nodes);
	if (end != start)
		return bench_invalid(b, err, "%llu whole rounds over %zu lines end elsewhere "
				     "than they began", (unsigned long long)rounds, f->nodes);
	series_push(to, ns / (rounds * f->nodes));
	return 0;
}

static int tlb_miss_measure_rung(struct bench *b, struct ladder *l, size_t rung,
				 struct err *err)
{
	struct state *s = bench_state(b);
	struct chase_field dense = tlb_miss_dense_field(s, l, rung);
	struct chase_field sparse = tlb_miss_sparse_field(s, l, rung);
	int ret = tlb_miss_sample(b, &dense, l->control[rung], err);

	return ret ? ret : tlb_miss_sample(b, &sparse, l->access[rung], err);
}

static json_t *tlb_miss_point(const struct ladder *l, size_t rung)
{
	json_t *p = json_pack("{s:I}", "pages", (json_int_t)l->points[rung]);

	if (l->spacing != BASE_PAGE)
		json_object_set_new(p, "stride", json_integer(l->spacing));
	return p;
}

/*
 * Round after round over the whole ladder, not sample after sample on a rung:
 * a disturbance of a second then costs each rung one sample, not one rung all.
 */
static int tlb_miss_measure_ladder(struct bench *b, struct ladder *l, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; i < l->n; i++)
		l->access[i] = bench_series(b, &tlb_miss_metrics[ACCESS_NS], tlb_miss_point(l, i));
	for (size_t i = 0; i < l->n; i++)
		l->control[i] =
			bench_series(b, &tlb_miss_metrics[CONTROL_NS], tlb_miss_point(l, i));
	for (unsigned k = 0; k < bench_samples(b); k++) {
		bench_progress(b, "tlb-miss: round %u of %u over %zu page counts", k + 1,
			       bench_samples(b), l->n);
		for (size_t i = 0; i < l->n && !ret; i++)
			ret = tlb_miss_measure_rung(b, l, i, err);
	}
	return ret;
}

/* Only where 4K is ruled out, and where the buffer is large enough to tell. */
static int tlb_miss_tell_huge(struct bench *b, struct inference *in, struct err *err)
{
	struct state *s = bench_state(b);
	uint64_t lines = s->buf->mapped / HUGE_STEP;
	struct rung r[LADDER_MOST];
	struct ladder_fit fit;
	int ret;

	if (!in->or_larger || lines < HUGE_LEAST)
		return 0;
	if (lines > HUGE_MOST)
		lines = HUGE_MOST;
	s->huge.spacing = HUGE_STEP;
	s->huge.n = ladder_points(8, lines, 12, s->huge.points);
	ret = tlb_miss_measure_ladder(b, &s->huge, err);
	if (ret)
		return ret;
	ladder_fit(r, tlb_miss_rungs(&s->huge, r), &fit);
	ladder_infer_huge(&fit, lines, in);
	bench_derive(b, "huge_ladder", tlb_miss_ladder_json(&s->huge));
	return 0;
}

static int tlb_miss_run(struct bench *b, struct err *err)
{
	struct state *s = bench_state(b);
	bool infers = s->pages.spacing == BASE_PAGE && !tlb_miss_is_random(b);
	struct rung r[LADDER_MOST];
	struct inference in = { 0 };
	struct ladder_fit fit;
	int ret = tlb_miss_measure_ladder(b, &s->pages, err);

	if (ret)
		return ret;
	ladder_fit(r, tlb_miss_rungs(&s->pages, r), &fit);
	if (infers) {
		ladder_infer(&fit, r[s->pages.n - 1].pages, s->buf->page, &in);
		ret = tlb_miss_tell_huge(b, &in, err);
	}
	tlb_miss_derive(b, &s->pages, &fit, infers ? &in : NULL);
	return ret;
}

static int tlb_miss_verify_after(struct bench *b, struct err *err)
{
	(void)err;
	bench_validated(b, "every timed sample was whole rounds and ended where it began");
	return 0;
}

static void tlb_miss_pattern(const json_t *given, struct model_in *in)
{
	in->pattern = MODEL_CYCLE;
	in->spacing = params_most_of(given, "stride", BASE_PAGE);
	in->span = params_most_of(given, "pages", 16384) * in->spacing;
}

static void tlb_miss_teardown(struct bench *b)
{
	struct state *s = bench_state(b);

	if (s)
		free(s->place);
	free(s);
}

static const struct param params[] = {
	{ .name = "pages", .type = PARAM_RANGE, .fallback = "16..16384",
	  .help = "page counts of the ladder", .min = 2, .max = 1UL << 26 },
	{ .name = "stride", .type = PARAM_SIZE, .fallback = "4K",
	  .help = "bytes from page to page, a multiple of 4K", .min = 4096, .max = 1UL << 30 },
	{ .name = "layout", .type = PARAM_CHOICE, .fallback = "sequential",
	  .choices = "sequential|random",
	  .help = "neighbouring pages, or pages drawn at random from spread times as many" },
	{ .name = "spread", .type = PARAM_COUNT, .fallback = "4",
	  .help = "places per page of the random layout", .min = 1, .max = 1024 },
	{ .name = "step", .type = PARAM_COUNT, .fallback = "5",
	  .help = "percent from rung to rung near knees, half as dense elsewhere",
	  .min = 1, .max = 400 },
	{ .name = "accesses", .type = PARAM_COUNT, .fallback = "",
	  .help = "timed accesses a sample, rounded up to whole rounds of the cycle (default: "
		  "as many as take 0.05 to 0.1 ms, at most 64k)",
	  .min = 1, .max = 1UL << 40 },
	{ .name = NULL },
};

extern const struct workload tlb_miss_workload;

const struct workload tlb_miss_workload = {
	.abi = WORKLOAD_ABI,
	.name = "tlb-miss",
	.help = "what a TLB miss costs: a dependent chase over a ladder of page counts",
	.unit = "ns",
	.metrics = tlb_miss_metrics,
	.memory = true,
	.method = "For each page count N a chase of dependent loads visits one cache line in "
		  "each of N pages, in one random cycle. The lines are coloured: they use the "
		  "sets of the caches as N adjacent lines would, and a chase over N adjacent "
		  "lines is the control. What the first costs more than the second is address "
		  "translation. Each rung's time is the least of its samples, which are taken "
		  "in rounds over the whole ladder. Derived: the knees (of the first level, "
		  "where a quarter of the rise is done; of the second, where the curve has its "
		  "corner), the cost of a walk (fitted over 1.5 to 3 times the second knee "
		  "against the share of accesses that must miss), and the page size the TLB "
		  "effectively works with, which the layers below decide and which needs no privilege to be seen. Under software "
		  "emulation the knees are the emulator's, not a processor's.",
	.params = params,
	.pattern = tlb_miss_pattern,
	.samples = 15,
	.bytes = tlb_miss_bytes,
	.check = tlb_miss_check,
	.rungs = tlb_miss_pages,
	.validate = tlb_miss_validate,
	.setup = tlb_miss_setup,
	.verify_before = tlb_miss_verify_before,
	.run = tlb_miss_run,
	.verify_after = tlb_miss_verify_after,
	.teardown = tlb_miss_teardown,
};
