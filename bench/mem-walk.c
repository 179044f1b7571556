/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chase.h"
#include "harness.h"
#include "model.h"
#include "params.h"

#define SIZES_MOST 128
#define LLC_FACTOR 8
#define DEFAULT_LEAST (16UL << 10)	/* where no cache is known */
#define DEFAULT_MOST (256UL << 20)
#define NODE_BYTES 16		/* a link and a word */

static const struct workload_metric metrics[] = {
	{ "ns_per_access", "ns", KIND_TIME, BETTER_LOWER,
	  .points = "size", .axis = "size", .role = ROLE_ACCESS,
	  .help = "time over accesses, of all chains" },
	{ 0 },
}, metrics_base[] = {
	{ "ns_per_access", "ns", KIND_TIME, BETTER_LOWER, .help = "time over accesses, of all chains" },
	{ 0 },
};

struct state {
	struct buffer *buf;
	struct chains chains;
	walk_fn walk;
	enum walk_op op;
	uint64_t ready;		/* the size that is linked, proved and not yet walked */
};

static const char *const ops[WALK_OPS] = { "read", "write", "rmw" };

static enum walk_op mem_walk_op_of(const struct bench *b)
{
	int op = WALK_READ;

	while (op < WALK_OPS - 1 && strcmp(ops[op], bench_text(b, "op")))
		op++;
	return op;
}

static uint64_t mem_walk_round_down_two(uint64_t v)
{
	uint64_t p = 1;

	while (p <= v / 2)
		p *= 2;
	return p;
}

/* From half of the first cache to 8 times the last one, if memory allows. */
static int mem_walk_choose_sizes(struct bench *b, struct err *err)
{
	uint64_t l1 = bench_cache(b, 1), llc = bench_llc(b);
	uint64_t lo = l1 ? mem_walk_round_down_two(l1 / 2) : DEFAULT_LEAST;
	uint64_t hi = llc ? LLC_FACTOR * llc : DEFAULT_MOST;
	uint64_t room = mem_walk_round_down_two(bench_memory(b) / 2);

	if (hi > room) {
		bench_label(b, "memory: the ladder ends at %llu MiB, not at %d times the "
			    "last-level cache", (unsigned long long)(room >> 20), LLC_FACTOR);
		hi = room;
	}
	return bench_set_range(b, "size", lo < hi ? lo : hi, hi, err);
}

/* The sizes of the ladder; 0: more than `most`, or not decided yet. */
static size_t mem_walk_sizes(const struct params *p, uint64_t *sizes, size_t most)
{
	const struct value *v = params_get(p, "size");
	double factor = 1 + params_number(p, "step") / 100.0;
	size_t n = 0;

	for (double next = v->lo; next < v->hi / (1 + (factor - 1) / 4); next *= factor) {
		uint64_t unit = next < 8192 ? params_number(p, "spacing") : 4096;
		uint64_t size = (uint64_t)next / unit * unit;

		if (size < v->lo)
			size = v->lo;
		if (n && size <= sizes[n - 1])
			continue;
		if (n == most - 1)
			return 0;
		sizes[n++] = size;
	}
	if (v->hi)
		sizes[n++] = v->hi;
	return n;
}

static size_t mem_walk_rungs(const struct bench_asked *a, const char *key, uint64_t *rungs)
{
	return strcmp(key, "size") ? 0 : mem_walk_sizes(a->params, rungs, SIZES_MOST);
}

static uint64_t mem_walk_bytes(const struct bench_asked *a)
{
	return params_get(a->params, "size")->hi;
}

static int mem_walk_check(const struct bench_asked *a, char *field, struct err *err)
{
	const struct params *p = a->params;
	uint64_t lo = params_number(p, "size"), sizes[SIZES_MOST];
	uint64_t spacing = params_number(p, "spacing");

	if (spacing % NODE_BYTES)
		return params_wrong(field, "spacing", err, "%llu is not a multiple of %d",
				    (unsigned long long)spacing, NODE_BYTES);
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "page" : "stride";

		if (params_number(p, name) % spacing)
			return params_wrong(field, name, err, "%llu is not a multiple of spacing, %llu",
					    (unsigned long long)params_number(p, name),
					    (unsigned long long)spacing);
	}
	if (!lo)
		return 0;	/* chosen when the caches are known */
	if (lo / spacing / params_number(p, "chains") < 2)
		return params_wrong(field, "size", err, "%llu bytes hold fewer than 2 nodes for each chain",
				    (unsigned long long)lo);
	if (!mem_walk_sizes(p, sizes, SIZES_MOST))
		return params_wrong(field, "step", err, "there are more than %d sizes; make it larger",
				    SIZES_MOST);
	return 0;
}

static int mem_walk_validate(struct bench *b, struct err *err)
{
	return bench_given(b, "size") ? 0 : mem_walk_choose_sizes(b, err);
}

static int mem_walk_set_up(struct bench *b, uint64_t bytes, struct err *err)
{
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		return err_sys(err, ENOMEM, "mem-walk");
	bench_set_state(b, s);
	s->op = mem_walk_op_of(b);
	s->walk = walk_find(s->op, bench_number(b, "chains"));
	return bench_buffer(b, bytes, 0, &s->buf, err);
}

static int mem_walk_setup(struct bench *b, struct err *err)
{
	uint64_t lo, hi;

	bench_range(b, "size", &lo, &hi);
	return mem_walk_set_up(b, hi, err);
}

static void mem_walk_link_field(const struct bench *b, const struct chase_field *f,
				struct rng *rng)
{
	const char *pattern = bench_text(b, "pattern");

	if (!strcmp(pattern, "random-line"))
		chase_link_random(f, rng);
	else if (!strcmp(pattern, "random-page"))
		chase_link_groups(f, bench_number(b, "page") / f->spacing, rng);
	else if (!strcmp(pattern, "strided"))
		chase_link_strided(f, bench_number(b, "stride") / f->spacing);
	else
		chase_link_strided(f, 1);
}

/* Linked again for each size, and proved each time before anything is timed. */
static int mem_walk_prepare_size(struct bench *b, uint64_t size, struct err *err)
{
	struct state *s = bench_state(b);
	struct chase_field whole = { .base = s->buf->addr,
				     .spacing = bench_number(b, "spacing") };
	struct rng rng;

	if (s->ready == size)
		return 0;
	whole.nodes = size / whole.spacing;
	chains_cut(&s->chains, &whole, bench_number(b, "chains"));
	rng_init(&rng, bench_seed(b));
	for (unsigned i = 0; i < s->chains.n; i++) {
		char why[128];

		mem_walk_link_field(b, &s->chains.field[i], &rng);
		if (chase_check(&s->chains.field[i], why, sizeof(why)))
			return bench_invalid(b, err, "%llu bytes, chain %u: %s",
					     (unsigned long long)size, i, why);
	}
	chains_start(&s->chains);
	s->ready = size;
	return 0;
}

static int mem_walk_verify_before(struct bench *b, struct err *err)
{
	uint64_t lo, hi;
	int ret;

	bench_range(b, "size", &lo, &hi);
	ret = mem_walk_prepare_size(b, hi, err);
	if (!ret)
		bench_validated(b, "before each size is timed its cycles are walked: they visit "
				"every node once");
	return ret;
}

/* The walk goes on where the batch before ended: no batch sees warm nodes. */
static void mem_walk_body(void *arg, uint64_t n)
{
	struct state *s = arg;

	chains_walk(&s->chains, s->walk, n);
}

static int mem_walk_measure_size(struct bench *b, uint64_t size, struct err *err)
{
	struct state *s = bench_state(b);
	char why[160];
	int ret = mem_walk_prepare_size(b, size, err);
	struct measure m = {
		.metric = metrics, .body = mem_walk_body, .arg = s,
		.per_iteration = bench_number(b, "chains"),
		.iterations = bench_number(b, "accesses") / bench_number(b, "chains"),
	};

	if (ret)
		return ret;
	s->ready = 0;
	bench_progress(b, "mem-walk: %llu KiB", (unsigned long long)(size >> 10));
	m.point = json_pack("{s:I}", "size", (json_int_t)size);
	ret = bench_measure(b, &m, NULL, err);
	if (!ret && chains_check(&s->chains, s->op, why, sizeof(why)))
		ret = bench_invalid(b, err, "%llu bytes: %s", (unsigned long long)size, why);
	return ret;
}

static int mem_walk_run(struct bench *b, struct err *err)
{
	uint64_t sizes[SIZES_MOST];
	size_t n = mem_walk_sizes(bench_values(b), sizes, SIZES_MOST);
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i++)
		ret = mem_walk_measure_size(b, sizes[i], err);
	return ret;
}

static int mem_walk_verify_after(struct bench *b, struct err *err)
{
	(void)err;
	bench_validated(b, "after each size every chain stood where its steps lead, and the "
			"nodes held what %s leaves", bench_text(b, "op"));
	return 0;
}

/* --- the base: each chain is one node that leads to itself --- */

static int mem_walk_setup_base(struct bench *b, struct err *err)
{
	return mem_walk_set_up(b, CHAINS_MOST * CHASE_LINE, err);
}

static int mem_walk_verify_before_base(struct bench *b, struct err *err)
{
	struct state *s = bench_state(b);
	const struct chase_field whole = {
		.base = s->buf->addr, .spacing = CHASE_LINE, .nodes = bench_number(b, "chains"),
	};
	struct rng rng;
	char why[128];

	chains_cut(&s->chains, &whole, bench_number(b, "chains"));
	rng_init(&rng, bench_seed(b));
	for (unsigned i = 0; i < s->chains.n; i++) {
		chase_link_random(&s->chains.field[i], &rng);
		if (chase_check(&s->chains.field[i], why, sizeof(why)))
			return bench_invalid(b, err, "chain %u: %s", i, why);
	}
	chains_start(&s->chains);
	bench_validated(b, "each chain is one node that leads to itself");
	return 0;
}

static int mem_walk_run_base(struct bench *b, struct err *err)
{
	const struct measure m = {
		.metric = metrics_base, .body = mem_walk_body, .arg = bench_state(b),
		.per_iteration = bench_number(b, "chains"),
	};

	return bench_measure(b, &m, NULL, err);
}

static int mem_walk_verify_after_base(struct bench *b, struct err *err)
{
	struct state *s = bench_state(b);
	char why[160];

	if (chains_check(&s->chains, s->op, why, sizeof(why)))
		return bench_invalid(b, err, "%s", why);
	bench_validated(b, "the nodes held what %s leaves", bench_text(b, "op"));
	return 0;
}

static void mem_walk_pattern(const json_t *given, struct model_in *in)
{
	const char *order = params_word_of(given, "pattern", "random-line");
	uint64_t spacing = params_most_of(given, "spacing", CHASE_LINE);

	in->pattern = MODEL_CYCLE;
	in->span = params_most_of(given, "size", 1ULL << 30);
	in->spacing = spacing;
	if (!strcmp(order, "sequential")) {
		in->pattern = MODEL_SEQUENTIAL;
	} else if (!strcmp(order, "strided")) {
		in->pattern = MODEL_SEQUENTIAL;
		in->spacing = params_most_of(given, "stride", 4096);
	} else if (!strcmp(order, "random-page")) {
		in->spacing = params_most_of(given, "page", 4096);
		in->burst = in->spacing > spacing ? in->spacing / spacing : 1;
	}
}

static void mem_walk_teardown(struct bench *b)
{
	free(bench_state(b));
}

#define PARAM_OP {								\
	.name = "op", .type = PARAM_CHOICE, .fallback = "read",			\
	.choices = "read|write|rmw",						\
	.help = "what is done to a node: read it, store in it, add to it",	\
}
#define PARAM_CHAINS {								\
	.name = "chains", .type = PARAM_COUNT, .fallback = "1",			\
	.help = "chains walked side by side, each access waiting for the last "	\
		"of its chain",							\
	.min = 1, .max = CHAINS_MOST,						\
}

static const struct param params[] = {
	{ .name = "size", .type = PARAM_RANGE, .fallback = "",
	  .help = "bytes walked, a ladder (default: half of the first cache to 8 times the "
		  "last, as far as half of the memory allows)", .min = 64, .max = 1UL << 46 },
	{ .name = "step", .type = PARAM_COUNT, .fallback = "100",
	  .help = "percent from size to size; 100 doubles", .min = 5, .max = 10000 },
	{ .name = "pattern", .type = PARAM_CHOICE, .fallback = "random-line",
	  .choices = "sequential|strided|random-line|random-page",
	  .help = "order: rising; in strides that come back for the nodes between; every node "
		  "at random; pages at random and rising within each" },
	PARAM_OP,
	PARAM_CHAINS,
	{ .name = "spacing", .type = PARAM_SIZE, .fallback = "64",
	  .help = "bytes from node to node, a multiple of 16", .min = 16, .max = 1UL << 30 },
	{ .name = "stride", .type = PARAM_SIZE, .fallback = "4K",
	  .help = "of the strided pattern, a multiple of spacing", .min = 16, .max = 1UL << 30 },
	{ .name = "page", .type = PARAM_SIZE, .fallback = "4K",
	  .help = "of the random-page pattern, a multiple of spacing",
	  .min = 16, .max = 1UL << 30 },
	{ .name = "accesses", .type = PARAM_COUNT, .fallback = "0",
	  .help = "accesses a sample, in all chains; 0 = as many as take 10 ms",
	  .max = 1UL << 40 },
	{ .name = NULL },
};

static const struct param params_base[] = {
	PARAM_OP,
	PARAM_CHAINS,
	{ .name = NULL },
};

extern const struct workload mem_walk_workload, mem_walk_base_workload;

const struct workload mem_walk_workload = {
	.abi = WORKLOAD_ABI,
	.name = "mem-walk",
	.help = "walks of a buffer: what an access costs, by size, order and operation",
	.unit = "ns",
	.metrics = metrics,
	.memory = true,
	.method = "Nodes of a link and a word, spacing bytes apart, are linked to closed cycles "
		  "and walked, each access waiting for the one before in its chain. One chain "
		  "measures latency; more show how much of it overlaps. Counted is the time per "
		  "access, over all chains. The walk goes on from batch to batch and never "
		  "starts over. The cycles are proved before each size is timed, and afterwards "
		  "the place where each chain stands and the words that the operation left.",
	.params = params,
	.pattern = mem_walk_pattern,
	.bytes = mem_walk_bytes,
	.check = mem_walk_check,
	.rungs = mem_walk_rungs,
	.validate = mem_walk_validate,
	.setup = mem_walk_setup,
	.verify_before = mem_walk_verify_before,
	.run = mem_walk_run,
	.verify_after = mem_walk_verify_after,
	.teardown = mem_walk_teardown,
};

const struct workload mem_walk_base_workload = {
	.abi = WORKLOAD_ABI,
	.name = "mem-walk-base",
	.help = "the loop of mem-walk, over nodes that the first-level cache holds",
	.unit = "ns",
	.metrics = metrics_base,
	.memory = true,
	.method = "The loop of mem-walk with as many chains, each of one node that leads to "
		  "itself: the least that an access of that operation can cost, loop "
		  "included. What mem-walk takes above it is the memory's.",
	.params = params_base,
	.setup = mem_walk_setup_base,
	.verify_before = mem_walk_verify_before_base,
	.run = mem_walk_run_base,
	.verify_after = mem_walk_verify_after_base,
	.teardown = mem_walk_teardown,
};
