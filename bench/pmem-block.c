/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of pmem-io share: its metrics, and blocks that prove themselves. */
#include "pmem-io.h"

const struct workload_metric pmem_metrics[PMEM_METRICS + 1] = {
	[LOAD_RATE] = { "load_rate", "GB/s", KIND_RATE, BETTER_HIGHER, .scale = 1e-9,
			.help = "all words in order" },
	[STORE_RATE] = { "store_rate", "GB/s", KIND_RATE, BETTER_HIGHER, .scale = 1e-9,
			 .points = "flush", .help = "block after block, each line written back, a fence a block" },
	[STORE_LINE] = { "store_line", "ns", KIND_TIME, BETTER_LOWER,
			 .points = "flush", .help = "one line anywhere, written back and fenced" },
	[COPY_RATE] = { "copy_rate", "GB/s", KIND_RATE, BETTER_HIGHER, .scale = 1e-9,
			.points = "to", .help = "memcpy from and to memory of the source" },
	[IO_RATE] = { "io_rate", "GB/s", KIND_RATE, BETTER_HIGHER, .scale = 1e-9,
		      .points = "op,depth", .axis = "depth",
		      .help = "random blocks by io_uring with O_DIRECT" },
	[IO_P50] = { "io_p50", "us", KIND_TIME, BETTER_LOWER, .scale = 1e-3,
		     .points = "op,depth", .axis = "depth",
		     .help = "median latency of such a request" },
	[IO_P99] = { "io_p99", "us", KIND_TIME, BETTER_LOWER, .scale = 1e-3,
		     .points = "op,depth", .axis = "depth",
		     .help = "99th percentile of it" },
};

void pmem_fill(const struct pmem *p, void *to, size_t block, uint32_t generation)
{
	uint64_t *words = to;

	for (size_t w = 0; w < p->block / sizeof(*words); w++)
		words[w] = pmem_word(p->seed, block, generation, w);
}

bool pmem_is_block(const struct pmem *p, const void *data, size_t block)
{
	const uint64_t *words = data;

	for (size_t w = 0; w < p->block / sizeof(*words); w++)
		if (words[w] != pmem_word(p->seed, block, p->generation[block], w))
			return false;
	return true;
}

int pmem_verify(struct bench *b, const void *data, const char *what, struct err *err)
{
	struct pmem *p = bench_state(b);

	for (size_t i = 0; i < p->blocks; i++)
		if (!pmem_is_block(p, (const char *)data + i * p->block, i))
			return bench_invalid(b, err, "block %zu of %s does not hold what was "
					     "stored there", i, what);
	return 0;
}
