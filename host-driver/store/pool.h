/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is freed all at once: for the lists and texts that a store returns.
 *
 *	struct pool pool = POOL_INIT;
 *
 *	name = pool_text(&pool, "x");
 *	pool_release(&pool);
 */
#ifndef KDUEL_POOL_H
#define KDUEL_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct pool_chunk;
struct pool {
	struct pool_chunk *chunks;
};
#define POOL_INIT { NULL }

/* Zeroed and aligned for any type; NULL if out of memory. */
void *pool_alloc(struct pool *p, size_t size);
/* A copy; NULL if out of memory, and for NULL. */
char *pool_text(struct pool *p, const char *text);
/* The same of `len` bytes; a NUL follows them. */
char *pool_bytes(struct pool *p, const char *text, size_t len);
/* `a`, the byte `part`, `b`. NULL if out of memory. */
char *pool_join(struct pool *p, const char *a, char part, const char *b);
void pool_release(struct pool *p);

/* Sets the error for -ENOMEM and returns it. */
int pool_no_memory(struct err *err);

/*
 * A list that grows:
 *
 *	COLUMN(double) list = { NULL, 0, 0 };
 *
 *	if (!COLUMN_ADD(list, err))
 *		list.items[list.n++] = 1.5;
 *	free(list.items);
 *
 * COLUMN_ROOM() makes room for `need` items in all; both return 0 or -ENOMEM.
 */
#define COLUMN(type) struct { type *items; size_t n, room; }
#define COLUMN_ROOM(column, need, err)					\
	pool_grow(&(column).items, need, &(column).room,		\
		  sizeof(*(column).items), err)
#define COLUMN_ADD(column, err) COLUMN_ROOM(column, (column).n + 1, err)
int pool_grow(void *items, size_t need, size_t *room, size_t size,
	      struct err *err);

/*
 * Distinct texts, numbered 1, 2, 3 ... in the order of their first appearance.
 *
 *	struct texts t = TEXTS_INIT;
 *	unsigned id;
 *
 *	id = texts_put(&t, pool, "abc", 3);	// 0: out of memory
 *	puts(texts_get(&t, id));
 *	texts_release(&t);
 *
 * The texts themselves are in the pool. They may hold NULs.
 */

struct texts_entry {
	const char *text;
	size_t len;
	uint64_t hash;
};

struct texts {
	struct texts_entry *entries;
	size_t n, room;
	uint32_t *slots;	/* numbers, by hash */
	size_t n_slots;		/* a power of two, or 0 */
};
#define TEXTS_INIT { NULL, 0, 0, NULL, 0 }

unsigned texts_put(struct texts *t, struct pool *pool, const char *text,
		   size_t len);
const char *texts_get(const struct texts *t, unsigned id);
void texts_release(struct texts *t);

#endif
