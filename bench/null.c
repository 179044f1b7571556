/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static const struct workload_metric metrics[] = {
	{ "ns_per_iteration", "ns", KIND_TIME, BETTER_LOWER, .help = "time of one turn of the loop" },
	{ 0 },
};

/* What a workload's inner step costs when it does nothing. */
static void __attribute__((noinline)) null_nothing(void *arg)
{
	__asm__ volatile("" : : "r"(arg) : "memory");
}

static void null_call_nothing(void *arg, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		null_nothing(arg);
}

static void null_empty_loop(void *arg, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		__asm__ volatile("" : : "r"(arg));
}

static int null_setup(struct bench *b, struct err *err)
{
	(void)b;
	(void)err;
	return 0;
}

static int null_verify(struct bench *b, struct err *err)
{
	(void)err;
	bench_validated(b, "nothing was to be done and nothing was done");
	return 0;
}

static int null_run(struct bench *b, struct err *err)
{
	const struct measure call = { .metric = metrics, .body = null_call_nothing };

	return bench_measure(b, &call, NULL, err);
}

static int null_run_base(struct bench *b, struct err *err)
{
	const struct measure loop = { .metric = metrics, .body = null_empty_loop };

	return bench_measure(b, &loop, NULL, err);
}

extern const struct workload null_workload, null_base_workload;

const struct workload null_workload = {
	.abi = WORKLOAD_ABI,
	.name = "null",
	.help = "the harness itself: a call that does nothing",
	.unit = "ns",
	.metrics = metrics,
	.method = "Calls an empty function once an iteration. What is left is the "
		  "harness: at most 2 ns above null-base, an empty loop. Every other "
		  "workload's times contain no more of it than that.",
	.setup = null_setup,
	.verify_after = null_verify,
	.run = null_run,
};

const struct workload null_base_workload = {
	.abi = WORKLOAD_ABI,
	.name = "null-base",
	.help = "an empty loop, the base that null is compared with",
	.unit = "ns",
	.metrics = metrics,
	.method = "A loop without a body: the least an iteration can cost.",
	.setup = null_setup,
	.verify_after = null_verify,
	.run = null_run_base,
};
