/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "harness.h"
#include "model.h"
#include "params.h"
#include "stream-kernels.h"

#define RULE_FACTOR 4		/* every array so many times the last-level cache */
#define DEFAULT_BYTES (128UL << 20)	/* where no cache is known */
#define GRAIN_BYTES (STREAM_GRAIN * sizeof(double))
/*
 * The arrays start at different lines of a page: else a load of one and a
 * store to the next, 4K apart but for whole pages, look like the same address
 * to the processor, which then waits.
 */
#define STAGGER (17 * 64)

static const struct workload_figure figure = {
	.name = "stream", .shape = FIGURE_BARS, .title = "STREAM: bandwidth in the guest",
	.text = "Bandwidth of each STREAM kernel", .value = "bandwidth",
};

#define BANDWIDTH(NAME, HELP) \
	{ NAME, "GB/s", KIND_RATE, BETTER_HIGHER, .help = HELP, .figure = &figure }

static const struct workload_metric metrics[] = {
	[STREAM_COPY] = BANDWIDTH("copy", "c = a, 16 bytes an element"),
	[STREAM_SCALE] = BANDWIDTH("scale", "b = 3 c, 16 bytes an element"),
	[STREAM_ADD] = BANDWIDTH("add", "c = a + b, 24 bytes an element"),
	[STREAM_TRIAD] = BANDWIDTH("triad", "a = b + 3 c, 24 bytes an element"),
	{ 0 },
};

struct state {
	struct stream_arrays arrays;
	struct stream_code code[STREAM_OPS];	/* what was chosen */
	json_t *choices;	/* of what, by operation */
	struct team *team;
	struct series *series[STREAM_OPS];
	unsigned passes;
	/* What the team does now, and on how much of each member's slice. */
	enum stream_op op;
	stream_fn fn;
	size_t part;		/* elements; 0 = all */
	size_t turn;		/* of parts: the next one is another */
};

static int stream_choose_size(struct bench *b, struct err *err)
{
	uint64_t llc = bench_llc(b), bytes;

	if (!bench_given(b, "size")) {
		bytes = llc ? RULE_FACTOR * llc : DEFAULT_BYTES;
		return bench_set_number(b, "size", bytes, err);
	}
	return bench_at_least(b, "an array", bench_number(b, "size"), RULE_FACTOR * llc,
			      "the rules ask for 4 times the last-level cache", err);
}

static uint64_t stream_bytes(const struct bench_asked *a)
{
	uint64_t size = params_number(a->params, "size");

	return size ? size + 2 * STAGGER : 0;
}

static int stream_check_asked(const struct bench_asked *a, char *field, struct err *err)
{
	uint64_t size = params_number(a->params, "size");

	if (a->samples >= STREAM_PASSES_MOST)
		return err_config(err, "%u samples: at most %d, the sums grow 15 times a pass",
				  a->samples, STREAM_PASSES_MOST - 1);
	if (size % GRAIN_BYTES)
		return params_wrong(field, "size", err, "%llu bytes are not a multiple of %zu",
				    (unsigned long long)size, GRAIN_BYTES);
	return 0;
}

static int stream_validate(struct bench *b, struct err *err)
{
	const char *isa = bench_text(b, "isa");
	const struct stream_kernels *k = stream_kernels_find(isa);
	struct stream_code code[STREAM_CODES_MOST];

	if (!k)
		return err_machine(err, "isa: this processor has no %s", isa);
	if (*bench_text(b, "stores") == 'n' && !k->nontemporal[0])
		return err_machine(err, "stores: no non-temporal stores on this architecture");
	if (!stream_codes(isa, *bench_text(b, "stores") == 'n', STREAM_COPY, bench_text(b, "copy"),
			  code))
		return err_machine(err, "copy: this processor has no %s", bench_text(b, "copy"));
	if (!bench_llc(b))
		bench_label(b, "unknown cache: the size of the last-level cache is not known");
	return stream_choose_size(b, err);
}

/* Member `i`'s elements, in whole grains. */
static size_t stream_slice(const struct state *s, unsigned i)
{
	size_t grains = s->arrays.n / STREAM_GRAIN;

	return grains * i / team_size(s->team) * STREAM_GRAIN;
}

static void stream_fill_slice(void *arg, unsigned member)
{
	struct state *s = arg;

	stream_fill(&s->arrays, stream_slice(s, member), stream_slice(s, member + 1));
}

static void stream_work(void *arg, unsigned member)
{
	struct state *s = arg;
	struct stream_call c = stream_call(&s->arrays, s->op);
	size_t from = stream_slice(s, member), to = stream_slice(s, member + 1);

	if (s->part && to - from > s->part) {
		from += s->turn % ((to - from) / s->part) * s->part;
		to = from + s->part;
	}
	s->fn(c.to + from, c.x + from, c.y + from, STREAM_SCALAR, to - from);
}

/* --- which code: by trying, on these arrays --- */

#define TRIAL_ELEMENTS (4UL << 20)	/* of 8 bytes, by each thread */

static double stream_rate_of(void *arg, stream_fn fn)
{
	struct state *s = arg;
	size_t each = stream_slice(s, 1), n = s->part && s->part < each ? s->part : each;
	uint64_t t0 = clock_ticks();
	double ns;

	s->fn = fn;
	team_run(s->team, stream_work, s);
	ns = clock_ns(clock_ticks() - t0);
	s->turn++;
	return ns > 0 ? (double)stream_call(&s->arrays, s->op).bytes * n *
			team_size(s->team) / ns : 0;
}

/* The C library's copy chooses its method by size: only a whole array shows which. */
static void stream_choose_code(struct bench *b, struct state *s, enum stream_op op)
{
	struct stream_code code[STREAM_CODES_MOST];
	double rate[STREAM_CODES_MOST] = { 0 };
	bool nontemporal = *bench_text(b, "stores") == 'n';
	size_t n = stream_codes(bench_text(b, "isa"), nontemporal, op, bench_text(b, "copy"), code);
	size_t taken = 0;
	json_t *choice = json_object();

	s->op = op;
	s->part = op == STREAM_COPY ? 0 : TRIAL_ELEMENTS;
	if (n > 1)
		taken = stream_fastest(code, n, stream_rate_of, s, rate);
	s->part = 0;
	s->code[op] = code[taken];
	json_object_set_new(choice, "taken", json_string(code[taken].name));
	for (size_t i = 0; n > 1 && i < n; i++)
		json_object_set_new(choice, code[i].name, json_real(rate[i]));
	json_object_set_new(s->choices, metrics[op].name, choice);
}

/* The trials leave their results in the arrays: these are filled again. */
static void stream_choose_codes(struct bench *b, struct state *s)
{
	s->choices = json_object();
	for (int op = 0; op < STREAM_OPS; op++) {
		bench_progress(b, "stream: which code for %s", metrics[op].name);
		stream_choose_code(b, s, op);
	}
	team_run(s->team, stream_fill_slice, s);
}

/* Untouched: each member's part is first written, so placed, by that member. */
static int stream_map_arrays(struct bench *b, struct state *s, struct err *err)
{
	size_t bytes = bench_number(b, "size");
	double **arrays[] = { &s->arrays.a, &s->arrays.b, &s->arrays.c };

	s->arrays.n = bytes / sizeof(double);
	for (int i = 0; i < 3; i++) {
		struct buffer *buf;
		int ret = bench_buffer(b, bytes + 2 * STAGGER, BUFFER_UNTOUCHED, &buf, err);

		if (ret)
			return ret;
		*arrays[i] = (double *)((char *)buf->addr + i * STAGGER);
	}
	return 0;
}

static int stream_setup(struct bench *b, struct err *err)
{
	struct state *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return err_sys(err, ENOMEM, "stream");
	bench_set_state(b, s);
	ret = stream_map_arrays(b, s, err);
	if (!ret)
		ret = bench_team(b, bench_number(b, "threads"), &s->team, err);
	if (ret)
		return ret;
	team_run(s->team, stream_fill_slice, s);
	stream_choose_codes(b, s);
	return 0;
}

static int stream_verify_before(struct bench *b, struct err *err)
{
	struct state *s = bench_state(b);
	stream_fn fn[STREAM_OPS];
	char why[160];

	for (int op = 0; op < STREAM_OPS; op++)
		fn[op] = s->code[op].fn;
	if (stream_prove(fn, why, sizeof(why)))
		return bench_invalid(b, err, "%s", why);
	bench_validated(b, "each kernel (copy by %s, triad by %s) computes what a plain loop does",
			s->code[STREAM_COPY].name, s->code[STREAM_TRIAD].name);
	return 0;
}

/* All four kernels in turn, as the rules have it. The first pass does not count. */
static void stream_pass(struct bench *b, struct state *s)
{
	for (int op = 0; op < STREAM_OPS; op++) {
		double bytes = (double)stream_call(&s->arrays, op).bytes * s->arrays.n, ns;
		struct series *to = s->passes ? s->series[op] : NULL;

		s->op = op;
		s->fn = s->code[op].fn;
		bench_begin(b, to);
		team_run(s->team, stream_work, s);
		ns = bench_end(b, to, bytes);
		if (s->passes)
			series_push(s->series[op], bytes / ns);
		else
			series_reject(s->series[op], bytes / ns);
	}
	s->passes++;
}

static double stream_best_of(const struct series *s)
{
	double best = 0;

	for (size_t i = 0; i < series_count(s); i++)
		best = fmax(best, series_value(s, i));
	return best;
}

static int stream_run(struct bench *b, struct err *err)
{
	struct state *s = bench_state(b);
	json_t *best = json_object(), *cpus = json_array();

	(void)err;
	for (int op = 0; op < STREAM_OPS; op++)
		s->series[op] = bench_series(b, &metrics[op], NULL);
	for (unsigned i = 0; i <= bench_samples(b); i++)
		stream_pass(b, s);
	for (int op = 0; op < STREAM_OPS; op++)
		json_object_set_new(best, metrics[op].name,
				    json_real(stream_best_of(s->series[op])));
	for (unsigned i = 0; i < team_size(s->team); i++)
		json_array_append_new(cpus, json_integer(team_cpu(s->team, i)));
	bench_derive(b, "best", best);
	bench_derive(b, "cpus", cpus);
	bench_derive(b, "code", json_incref(s->choices));
	bench_derive(b, "array_bytes", json_integer(s->arrays.n * sizeof(double)));
	bench_derive(b, "llc_bytes", json_integer(bench_llc(b)));
	bench_derive(b, "rules", json_string("based on STREAM: its rules, code of our own"));
	return 0;
}

static int stream_verify_after(struct bench *b, struct err *err)
{
	struct state *s = bench_state(b);
	char why[200];

	if (stream_check(&s->arrays, s->passes, why, sizeof(why)))
		return bench_invalid(b, err, "after %u passes, %s", s->passes, why);
	bench_validated(b, "after %u passes each element of the three arrays is within %g of its "
			"value", s->passes, STREAM_TOLERANCE);
	return 0;
}

static void stream_pattern(const json_t *given, struct model_in *in)
{
	in->pattern = MODEL_SEQUENTIAL;
	in->span = 3 * params_most_of(given, "size", 1ULL << 30);
	in->spacing = sizeof(double);
}

static void stream_teardown(struct bench *b)
{
	struct state *s = bench_state(b);

	if (!s)
		return;
	team_free(s->team);
	json_decref(s->choices);
	free(s);
}

static const struct param params[] = {
	{ .name = "size", .type = PARAM_SIZE, .fallback = "",
	  .help = "bytes of each of the three arrays (default: 4 times the last-level cache)",
	  .min = 4096, .max = 1UL << 46 },
	{ .name = "stores", .type = PARAM_CHOICE, .fallback = "plain",
	  .choices = "plain|nontemporal", .help = "how results are written" },
	{ .name = "isa", .type = PARAM_CHOICE, .fallback = "auto",
	  .choices = "auto|avx512|avx2|base",
	  .help = "vector instructions; auto tries all that the processor has" },
	{ .name = "copy", .type = PARAM_CHOICE, .fallback = "auto",
	  .choices = "auto|memcpy|movsb|loop|nontemporal",
	  .help = "how the copy is done where stores are plain; auto tries all" },
	{ .name = "threads", .type = PARAM_COUNT, .fallback = "0",
	  .help = "threads, each on a core of its own; 0 = one on every core we may use",
	  .max = 4096 },
	{ .name = NULL },
};

extern const struct workload stream_workload;

const struct workload stream_workload = {
	.abi = WORKLOAD_ABI,
	.name = "stream",
	.help = "memory bandwidth by STREAM's four kernels and rules",
	.unit = "GB/s",
	.metrics = metrics,
	.memory = true,
	.method = "copy c=a, scale b=3c, add c=a+b, triad a=b+3c over three arrays of doubles, "
		  "each at least 4 times the last-level cache, all four in turn, one pass more "
		  "than there are samples; the first pass is kept but does not count. 16, 16, "
		  "24 and 24 bytes are counted an element, 1 GB = 10^9 bytes; derived.best is "
		  "the best pass, which is the figure that STREAM prints. Every element is "
		  "checked to 1e-13 afterwards. Which code does each kernel is chosen by trying, "
		  "on these arrays, before anything counts: the vector instructions that the "
		  "processor has, and for the copy the C library's memcpy (what compilers make "
		  "of that loop), rep movsb and non-temporal stores too. memcpy and the widest "
		  "vectors are left only for something at least 5% faster; derived.code has the "
		  "choice and the rates of all, in GB/s. Two arms of a comparison choose each by "
		  "itself: --isa and --copy hold the choice fixed. Based on STREAM: its rules, code of our own.",
	.params = params,
	.pattern = stream_pattern,
	.samples = 10, .buffers = 3, .bytes = stream_bytes, .check = stream_check_asked,
	.validate = stream_validate,
	.setup = stream_setup,
	.verify_before = stream_verify_before,
	.run = stream_run,
	.verify_after = stream_verify_after,
	.teardown = stream_teardown,
};
