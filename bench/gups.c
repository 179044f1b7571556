/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gups.h"

#include <errno.h>
#include <stdlib.h>

#include "harness.h"
#include "model.h"
#include "params.h"

/* The product of two polynomials. */
static uint64_t gups_multiply(uint64_t a, uint64_t b)
{
	uint64_t product = 0;

	for (; b; b >>= 1) {
		if (b & 1)
			product ^= a;
		a = gups_step(a);
	}
	return product;
}

uint64_t gups_jump(uint64_t n)
{
	uint64_t power = 2, result = 1;	/* x, and 1 */

	for (; n; n >>= 1) {
		if (n & 1)
			result = gups_multiply(result, power);
		power = gups_multiply(power, power);
	}
	return result;
}

void gups_init(struct gups *g, uint64_t *table, uint64_t words,
	       uint64_t updates, unsigned flight)
{
	g->table = table;
	g->mask = words - 1;
	g->flight = flight;
	g->steps = updates / flight;
	g->zero = 0;
	for (uint64_t i = 0; i < words; i++)
		table[i] = i;
	for (unsigned j = 0; j < flight; j++)
		g->next[j] = gups_step(gups_jump(g->steps * j));
}

/* With 0 for `zero` a stream's next number does not wait for the word it read. */
static inline __attribute__((always_inline))
void gups_go_on(struct gups *g, uint64_t steps, uint64_t zero)
{
	uint64_t *table = g->table, mask = g->mask;
	unsigned flight = g->flight;

	while (steps--) {
		for (unsigned j = 0; j < flight; j++) {
			uint64_t r = g->next[j], *at = &table[r & mask], was = *at;

			*at = was ^ r;
			r = gups_step(r ^ (was & zero));
			__builtin_prefetch(&table[r & mask], 1);
			g->next[j] = r;
		}
	}
}

void gups_update(struct gups *g, uint64_t steps)
{
	if (g->flight < GUPS_FLIGHT_FREE)
		gups_go_on(g, steps, *(volatile uint64_t *)&g->zero);
	else
		gups_go_on(g, steps, 0);
}

uint64_t gups_replay(uint64_t *table, uint64_t words, uint64_t updates)
{
	uint64_t r = 1, wrong = 0;

	for (uint64_t i = 0; i < updates; i++) {
		r = gups_step(r);
		table[r & (words - 1)] ^= r;
	}
	for (uint64_t i = 0; i < words; i++)
		wrong += table[i] != i;
	return wrong;
}

#define RULE_FACTOR 4		/* the table at least so many times the last-level cache */
#define DEFAULT_FACTOR 8
#define DEFAULT_BYTES (128UL << 20)	/* where no cache is known */

static const struct workload_metric metrics[] = {
	{ "gups", "GUP/s", KIND_RATE, BETTER_HIGHER, .role = ROLE_ACCESS,
	  .help = "10^9 updates of the table per second" },
	{ 0 },
};

struct state {
	struct gups g;
	struct buffer *buf;
	uint64_t words, updates;
	uint64_t done;		/* steps of each stream so far */
};

static bool gups_is_power_of_two(uint64_t v)
{
	return v && !(v & (v - 1));
}

static int gups_check(const struct bench_asked *a, char *field, struct err *err)
{
	uint64_t flight = params_number(a->params, "in-flight");
	uint64_t size = params_number(a->params, "size"), steps;

	if (!gups_is_power_of_two(flight))
		return params_wrong(field, "in-flight", err, "%llu is not a power of two",
				    (unsigned long long)flight);
	if (!size)
		return 0;	/* chosen when the caches are known */
	if (!gups_is_power_of_two(size))
		return params_wrong(field, "size", err, "%llu bytes are not a power of two",
				    (unsigned long long)size);
	/* Enough updates of each stream for a turn a sample. */
	steps = size / 8 * params_number(a->params, "updates") / flight;
	if (steps > a->samples)
		return 0;
	return params_wrong(field, "size", err, "%llu updates for each of %llu in flight cannot be cut into %u samples",
			    (unsigned long long)steps, (unsigned long long)flight, a->samples);
}

static int gups_choose_size(struct bench *b, struct err *err)
{
	uint64_t llc = bench_llc(b), bytes = 1 << 12;

	if (bench_given(b, "size"))
		return bench_at_least(b, "the table", bench_number(b, "size"), RULE_FACTOR * llc,
				      "it must not fit in 4 times the last-level cache", err);
	while (bytes < (llc ? DEFAULT_FACTOR * llc : DEFAULT_BYTES))
		bytes *= 2;
	return bench_set_number(b, "size", bytes, err);
}

static int gups_validate(struct bench *b, struct err *err)
{
	if (!bench_llc(b))
		bench_label(b, "unknown cache: the size of the last-level cache is not known");
	return gups_choose_size(b, err);
}

static int gups_setup(struct bench *b, struct err *err)
{
	struct state *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return err_sys(err, ENOMEM, "gups");
	bench_set_state(b, s);
	s->words = bench_number(b, "size") / sizeof(uint64_t);
	s->updates = s->words * bench_number(b, "updates");
	ret = bench_buffer(b, bench_number(b, "size"), 0, &s->buf, err);
	if (!ret)
		gups_init(&s->g, s->buf->addr, s->words, s->updates,
			  bench_number(b, "in-flight"));
	return ret;
}

#define PROVE_WORDS 1024UL

/* On a table of its own: the streams in flight do what the plain order does. */
static int gups_verify_before(struct bench *b, struct err *err)
{
	struct state *s = bench_state(b);
	uint64_t table[PROVE_WORDS], wrong;
	uint64_t updates = 4 * PROVE_WORDS;
	struct gups g;

	gups_init(&g, table, PROVE_WORDS, updates, s->g.flight);
	gups_update(&g, g.steps);
	wrong = gups_replay(table, PROVE_WORDS, updates);
	if (wrong)
		return bench_invalid(b, err, "%llu of %lu words of a small table are wrong",
				     (unsigned long long)wrong, PROVE_WORDS);
	bench_validated(b, "with %u in flight a small table comes out right", s->g.flight);
	return 0;
}

static double gups_slice(struct bench *b, struct state *s, uint64_t steps,
			 struct series *to)
{
	uint64_t n = steps * s->g.flight;
	double ns;

	bench_begin(b, to);
	gups_update(&s->g, steps);
	ns = bench_end(b, to, n);
	s->done += steps;
	return ns;
}

/*
 * All the updates that the rules ask for, once, cut into one slice more than
 * there are samples. The first, which takes the rest of the division, warms up.
 */
static int gups_run_base(struct bench *b, struct err *err)
{
	struct state *s = bench_state(b);
	uint64_t each = s->g.steps / (bench_samples(b) + 1);
	uint64_t first = s->g.steps - each * bench_samples(b);
	struct series *to = bench_series(b, metrics, NULL);
	double ns = gups_slice(b, s, first, NULL), total = ns;

	(void)err;
	series_reject(to, first * s->g.flight / ns);
	for (unsigned i = 0; i < bench_samples(b); i++) {
		ns = gups_slice(b, s, each, to);
		series_push(to, each * s->g.flight / ns);
		total += ns;
	}
	bench_derive(b, "gups_all", json_real(s->updates / total));
	bench_derive(b, "updates", json_integer(s->updates));
	bench_derive(b, "table_words", json_integer(s->words));
	return 0;
}

static int gups_run(struct bench *b, struct err *err)
{
	bench_derive(b, "rules", json_string("after HPCC RandomAccess: its sequence and rules, "
					     "code of our own"));
	return gups_run_base(b, err);
}

static int gups_verify_after(struct bench *b, struct err *err)
{
	struct state *s = bench_state(b);
	uint64_t wrong;

	if (s->done != s->g.steps)
		return bench_invalid(b, err, "%llu of %llu steps were done",
				     (unsigned long long)s->done,
				     (unsigned long long)s->g.steps);
	wrong = gups_replay(s->buf->addr, s->words, s->updates);
	if (wrong)
		return bench_invalid(b, err, "%llu of %llu words are wrong after the replay: "
				     "updates were lost", (unsigned long long)wrong,
				     (unsigned long long)s->words);
	bench_validated(b, "replay: none of %llu updates was lost",
			(unsigned long long)s->updates);
	return 0;
}

static void gups_pattern(const json_t *given, struct model_in *in)
{
	in->pattern = MODEL_RANDOM;
	in->span = params_most_of(given, "size", 1ULL << 30);
	in->spacing = sizeof(uint64_t);
}

static void gups_teardown(struct bench *b)
{
	free(bench_state(b));
}

#define PARAM_IN_FLIGHT {						\
	.name = "in-flight", .type = PARAM_COUNT, .fallback = "128",	\
	.help = "updates under way at once, a power of two",		\
	.min = 1, .max = GUPS_FLIGHT_MOST,				\
}

static const struct param params[] = {
	{ .name = "size", .type = PARAM_SIZE, .fallback = "",
	  .help = "bytes of the table, a power of two (default: 8 times the last-level cache; "
		  "the rules allow up to half of the memory)", .min = 64, .max = 1UL << 46 },
	{ .name = "updates", .type = PARAM_COUNT, .fallback = "4",
	  .help = "updates per word of the table; the rules want 4", .min = 1, .max = 1024 },
	PARAM_IN_FLIGHT,
	{ .name = NULL },
};

static const struct param params_base[] = {
	{ .name = "size", .type = PARAM_SIZE, .fallback = "4K",
	  .help = "bytes of the table, a power of two that every first-level cache holds",
	  .min = 64, .max = 16 << 10 },
	{ .name = "updates", .type = PARAM_COUNT, .fallback = "16K",
	  .help = "updates per word of the table", .min = 1, .max = 1 << 20 },
	PARAM_IN_FLIGHT,
	{ .name = NULL },
};

extern const struct workload gups_workload, gups_base_workload;

const struct workload gups_workload = {
	.abi = WORKLOAD_ABI,
	.name = "gups",
	.help = "random updates of a large table, by the rules of HPCC RandomAccess",
	.unit = "GUP/s",
	.metrics = metrics,
	.memory = true,
	.method = "table[r mod words] ^= r for each r of HPCC's sequence, 4 times as many "
		  "updates as there are words, by one thread. The sequence is cut into as many "
		  "streams as updates may be in flight; a stream's next update waits for its "
		  "last one if there are fewer than 64. With 1 in flight this is the latency of "
		  "an update, with many the parallelism of the memory. All updates are done once and cut into samples, "
		  "the first of which does not count; derived.gups_all is all updates over all "
		  "time, HPCC's figure. Then the updates are replayed in their plain order and "
		  "every word must come back: the rules tolerate 1% of wrong words, here none "
		  "may be.",
	.params = params,
	.pattern = gups_pattern,
	.samples = 10,
	.check = gups_check,
	.validate = gups_validate,
	.setup = gups_setup,
	.verify_before = gups_verify_before,
	.run = gups_run,
	.verify_after = gups_verify_after,
	.teardown = gups_teardown,
};

const struct workload gups_base_workload = {
	.abi = WORKLOAD_ABI,
	.name = "gups-base",
	.help = "the updates of gups on a table that stays in the first-level cache",
	.unit = "GUP/s",
	.metrics = metrics,
	.memory = true,
	.method = "The loop of gups, its sequence, its streams and its proofs, over a table that "
		  "never leaves the first-level cache: the most that a machine whose memory "
		  "costs nothing could do. gups differs from it by what the table's size "
		  "costs.",
	.params = params_base,
	.samples = 10,
	.check = gups_check,
	.setup = gups_setup,
	.verify_before = gups_verify_before,
	.run = gups_run_base,
	.verify_after = gups_verify_after,
	.teardown = gups_teardown,
};
