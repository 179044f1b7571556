/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts and their numbers, 1, 2, 3 ... in the order of coming: each is kept once.
 *
 *	struct texts t = TEXTS_INIT;
 *	unsigned id;
 *
 *	id = texts_put(&t, &pool, "abc", 3);	// 0 without memory
 *	puts(texts_get(&t, id));
 *	texts_release(&t);
 *
 * The texts themselves are in the pool. They may hold NULs.
 */
#ifndef KDUEL_TEXTS_H
#define KDUEL_TEXTS_H

#include <stddef.h>
#include <stdint.h>

#include "pool.h"

struct texts_entry {
	const char *text;
	size_t len;
	uint64_t hash;
};

struct texts {
	struct texts_entry *entries;
	size_t n, room;
	uint32_t *slots;	/* numbers, by hash */
	size_t n_slots;		/* a power of two; 0 */
};
#define TEXTS_INIT { NULL, 0, 0, NULL, 0 }

unsigned texts_put(struct texts *t, struct pool *pool, const char *text,
		   size_t len);
const char *texts_get(const struct texts *t, unsigned id);
void texts_release(struct texts *t);

#endif
