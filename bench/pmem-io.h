/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the workload pmem-io: what it knows of its file (pmem-io.c), its
 * blocks, loads, stores and copies (pmem-memory.c), flushing (pmem-flush.c) and
 * io_uring (pmem-uring.c).
 *
 * The file is cut into blocks. Word w of block i in generation g holds
 * pmem_word(seed, i, g, w), so that any piece of it proves from which block
 * and generation it is.
 */
#ifndef KDUEL_PMEM_IO_H
#define KDUEL_PMEM_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness.h"
#include "rng.h"

struct pmem_flush {
	const char *name;	/* "clwb" */
	bool (*here)(void);
	void (*line)(const void *addr);
};

struct pmem {
	struct buffer *file;	/* the mapping under test */
	struct buffer *dram;	/* as large, from the request's source */
	const struct pmem_flush *flush;
	size_t block;
	size_t blocks;
	uint32_t *generation;	/* of each block */
	uint64_t seed;
	uint64_t sum;		/* keeps loads from being left out */
	size_t at;		/* the next block to store to */
	struct rng rng;
};

static inline uint64_t pmem_word(uint64_t seed, uint64_t block, uint32_t generation,
				 uint64_t word)
{
	uint64_t z = seed + block * 0x9e3779b97f4a7c15ULL +
		     generation * 0xbf58476d1ce4e5b9ULL + word * 0x94d049bb133111ebULL;

	z ^= z >> 29;
	return z * 0xd6e8feb86659fd93ULL;
}

/* --- pmem-memory.c --- */

/* Fills memory with the words of a block. */
void pmem_fill(const struct pmem *p, void *to, size_t block, uint32_t generation);
/* Is `data` that block, in the generation it is in? */
bool pmem_is_block(const struct pmem *p, const void *data, size_t block);

/* Does `data` hold every block in the generation it is in? */
int pmem_verify(struct bench *b, const void *data, const char *what, struct err *err);

/* Ends with a NULL name. */
enum {
	LOAD_RATE, STORE_RATE, STORE_LINE, COPY_RATE, IO_RATE, IO_P50, IO_P99, PMEM_METRICS
};
extern const struct workload_metric pmem_metrics[PMEM_METRICS + 1];

/* --- pmem-memory.c --- */

int pmem_load(struct bench *b, struct err *err);
int pmem_store(struct bench *b, struct err *err);
int pmem_copy(struct bench *b, struct err *err);

/* --- pmem-flush.c --- */

/*
 * By name, or for "auto" the one that is fastest on `to`, whose content is lost.
 * `tried` gets what each took, in ns a line, and which was "taken".
 */
int pmem_flush_find(const char *name, void *to, size_t len, const struct pmem_flush **f,
		    json_t *tried, struct err *err);
void pmem_flush_range(const struct pmem_flush *f, const void *addr, size_t len);
/* All flushed lines have left the caches when it returns. */
void pmem_fence(void);

/* --- pmem-uring.c --- */

/* RING fills, queues and proves blocks as the others do, and does no I/O: their base. */
enum pmem_queue { PMEM_READ, PMEM_WRITE, PMEM_RING };
extern const char *const pmem_queue_names[];

/* O_DIRECT requests for random blocks, `depth` in flight. */
int pmem_uring(struct bench *b, struct pmem *p, enum pmem_queue op, unsigned depth,
	       struct err *err);

#endif
