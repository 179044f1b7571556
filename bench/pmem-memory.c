/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file as memory: its blocks prove themselves; loads, flushed stores and copies. */
#include "pmem-io.h"

#include <string.h>

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

#define LINE 64
#define WORDS (LINE / sizeof(uint64_t))

static void pmem_memory_load_all(void *arg, uint64_t n)
{
	struct pmem *p = arg;
	const uint64_t *end = (const uint64_t *)((char *)p->file->addr + p->file->size);
	uint64_t a = 0, b = 0, c = 0, d = 0;

	while (n--)
		for (const uint64_t *w = p->file->addr; w < end; w += 4) {
			a += w[0];
			b += w[1];
			c += w[2];
			d += w[3];
		}
	p->sum += a + b + c + d;
}

static void pmem_memory_store_line_at(struct pmem *p, size_t line)
{
	size_t per_block = p->block / LINE, block = line / per_block;
	volatile uint64_t *w = (uint64_t *)p->file->addr + line * WORDS;
	size_t first = line % per_block * WORDS;

	for (size_t i = 0; i < WORDS; i++)
		w[i] = pmem_word(p->seed, block, p->generation[block], first + i);
	p->flush->line((const void *)w);
}

/* In order, the fence once a block: how a log is written. */
static void pmem_memory_store_blocks(void *arg, uint64_t n)
{
	struct pmem *p = arg;
	size_t per_block = p->block / LINE;

	while (n--) {
		size_t block = p->at++ % p->blocks;

		p->generation[block]++;
		for (size_t i = 0; i < per_block; i++)
			pmem_memory_store_line_at(p, block * per_block + i);
		pmem_fence();
	}
}

/* One line anywhere, flushed and fenced: the least a durable store takes. */
static void pmem_memory_store_lines(void *arg, uint64_t n)
{
	struct pmem *p = arg;
	size_t lines = p->file->size / LINE;

	while (n--) {
		pmem_memory_store_line_at(p, rng_below(&p->rng, lines));
		pmem_fence();
	}
}

static void pmem_memory_copy_out(void *arg, uint64_t n)
{
	struct pmem *p = arg;

	while (n--)
		memcpy(p->dram->addr, p->file->addr, p->file->size);
}

static void pmem_memory_copy_in(void *arg, uint64_t n)
{
	struct pmem *p = arg;

	while (n--) {
		memcpy(p->file->addr, p->dram->addr, p->file->size);
		pmem_flush_range(p->flush, p->file->addr, p->file->size);
		pmem_fence();
	}
}

static int pmem_memory_measure(struct bench *b, int metric, json_t *point,
			       void (*body)(void *, uint64_t), double things, struct err *err)
{
	const struct measure m = {
		.metric = &pmem_metrics[metric], .point = point, .body = body,
		.arg = bench_state(b), .per_iteration = things,
	};

	bench_progress(b, "pmem-io: %s", m.metric->name);
	return bench_measure(b, &m, NULL, err);
}

int pmem_load(struct bench *b, struct err *err)
{
	struct pmem *p = bench_state(b);

	return pmem_memory_measure(b, LOAD_RATE, NULL, pmem_memory_load_all, p->file->size, err);
}

int pmem_store(struct bench *b, struct err *err)
{
	struct pmem *p = bench_state(b);
	int ret = pmem_memory_measure(b, STORE_RATE, json_pack("{s:s}", "flush", p->flush->name),
				      pmem_memory_store_blocks, p->block, err);

	if (!ret)
		ret = pmem_memory_measure(b, STORE_LINE, json_pack("{s:s}", "flush", p->flush->name),
					  pmem_memory_store_lines, 1, err);
	return ret ? ret : pmem_verify(b, p->file->addr, "the file", err);
}

int pmem_copy(struct bench *b, struct err *err)
{
	struct pmem *p = bench_state(b);
	int ret = pmem_memory_measure(b, COPY_RATE, json_pack("{s:s}", "to", "memory"), pmem_memory_copy_out,
				      p->file->size, err);

	if (!ret)
		ret = pmem_verify(b, p->dram->addr, "the copy in memory", err);
	if (!ret)
		ret = pmem_memory_measure(b, COPY_RATE, json_pack("{s:s}", "to", "file"), pmem_memory_copy_in,
					  p->file->size, err);
	return ret ? ret : pmem_verify(b, p->file->addr, "the file", err);
}
