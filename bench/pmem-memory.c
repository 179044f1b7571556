/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads, flushed stores and copies through the mapping. */
#include <string.h>

#include "pmem-io.h"

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
