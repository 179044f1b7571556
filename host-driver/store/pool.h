/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is freed all at once: the lists and texts a store hands out.
 *
 *	struct pool pool = POOL_INIT;
 *
 *	name = pool_text(&pool, "x");
 *	pool_release(&pool);
 */
#ifndef KDUEL_POOL_H
#define KDUEL_POOL_H

#include <stddef.h>

#include "err.h"

struct pool_chunk;
struct pool {
	struct pool_chunk *chunks;
};
#define POOL_INIT { NULL }

/* Zeroed and aligned for anything; NULL without memory. */
void *pool_alloc(struct pool *p, size_t size);
/* A copy; NULL without memory, and for NULL. */
char *pool_text(struct pool *p, const char *text);
/* The same of `len` bytes; a NUL follows them. */
char *pool_bytes(struct pool *p, const char *text, size_t len);
/* "a", the byte `part`, "b". NULL without memory. */
char *pool_join(struct pool *p, const char *a, char part, const char *b);
void pool_release(struct pool *p);

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
 * COLUMN_ROOM() makes room for `need` in all. 0 or -ENOMEM.
 */
#define COLUMN(type) struct { type *items; size_t n, room; }
#define COLUMN_ROOM(column, need, err)					\
	pool_grow(&(column).items, need, &(column).room,		\
		  sizeof(*(column).items), err)
#define COLUMN_ADD(column, err) COLUMN_ROOM(column, (column).n + 1, err)
int pool_grow(void *items, size_t need, size_t *room, size_t size,
	      struct err *err);

#endif
