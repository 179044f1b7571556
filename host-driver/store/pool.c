/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 65536
#define ALIGN _Alignof(max_align_t)

struct pool_chunk {
	struct pool_chunk *next;
	size_t used, room;
	max_align_t data[];
};

void *pool_alloc(struct pool *p, size_t size)
{
	struct pool_chunk *c = p->chunks;
	size_t need = (size + ALIGN - 1) / ALIGN * ALIGN;
	void *at;

	if (!c || c->room - c->used < need) {
		size_t room = need > CHUNK ? need : CHUNK;

		c = calloc(1, sizeof(*c) + room);
		if (!c)
			return NULL;
		c->room = room;
		c->next = p->chunks;
		p->chunks = c;
	}
	at = (char *)c->data + c->used;
	c->used += need;
	return at;
}

char *pool_text(struct pool *p, const char *text)
{
	return text ? pool_bytes(p, text, strlen(text)) : NULL;
}

char *pool_bytes(struct pool *p, const char *text, size_t len)
{
	char *copy = pool_alloc(p, len + 1);

	return copy ? memcpy(copy, text, len) : NULL;
}

char *pool_join(struct pool *p, const char *a, char part, const char *b)
{
	size_t len = strlen(a);
	char *text = pool_alloc(p, len + strlen(b) + 2);

	if (!text)
		return NULL;
	memcpy(text, a, len);
	text[len] = part;
	strcpy(text + len + 1, b);
	return text;
}

void pool_release(struct pool *p)
{
	struct pool_chunk *c, *next;

	for (c = p->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	p->chunks = NULL;
}

int pool_no_memory(struct err *err)
{
	return err_sys(err, ENOMEM, "cannot read the results");
}

int pool_grow(void *items, size_t need, size_t *room, size_t size,
	      struct err *err)
{
	size_t more = *room ? *room : 16;
	void *list;

	if (need <= *room)
		return 0;
	while (more < need)
		more *= 2;
	memcpy(&list, items, sizeof(list));
	list = realloc(list, more * size);
	if (!list)
		return pool_no_memory(err);
	memcpy(items, &list, sizeof(list));
	*room = more;
	return 0;
}

#define SLOTS_LEAST 64

static uint64_t pool_texts_hash(const char *text, size_t len)
{
	uint64_t h = len, word = 0;

	for (; len >= 8; len -= 8, text += 8) {
		memcpy(&word, text, 8);
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	word = 0;
	memcpy(&word, text, len);
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

static uint32_t *pool_texts_slot(const struct texts *t, const char *text, size_t len,
				 uint64_t hash)
{
	size_t i = hash & (t->n_slots - 1);

	for (;; i = (i + 1) & (t->n_slots - 1)) {
		const struct texts_entry *e = &t->entries[t->slots[i] - 1];

		if (!t->slots[i] || (e->hash == hash && e->len == len &&
				     !memcmp(e->text, text, len)))
			return &t->slots[i];
	}
}

/* Keeps the table at most half full, so that searches stay short. */
static bool pool_texts_make_slots(struct texts *t)
{
	size_t n = t->n_slots ? 2 * t->n_slots : SLOTS_LEAST;
	uint32_t *slots;

	if (2 * (t->n + 1) <= t->n_slots)
		return true;
	slots = calloc(n, sizeof(*slots));
	if (!slots)
		return false;
	free(t->slots);
	t->slots = slots;
	t->n_slots = n;
	for (size_t i = 0; i < t->n; i++) {
		const struct texts_entry *e = &t->entries[i];

		*pool_texts_slot(t, e->text, e->len, e->hash) = i + 1;
	}
	return true;
}

static bool pool_texts_make_room(struct texts *t)
{
	size_t room = t->room ? 2 * t->room : SLOTS_LEAST / 2;
	struct texts_entry *more;

	if (t->n < t->room)
		return true;
	more = realloc(t->entries, room * sizeof(*more));
	if (!more)
		return false;
	t->entries = more;
	t->room = room;
	return true;
}

unsigned texts_put(struct texts *t, struct pool *pool, const char *text, size_t len)
{
	uint64_t hash = pool_texts_hash(text, len);
	uint32_t *slot;
	const char *copy;

	if (!pool_texts_make_slots(t) || !pool_texts_make_room(t))
		return 0;
	slot = pool_texts_slot(t, text, len, hash);
	if (*slot)
		return *slot;
	copy = pool_bytes(pool, text, len);
	if (!copy)
		return 0;
	t->entries[t->n] = (struct texts_entry){ copy, len, hash };
	*slot = ++t->n;
	return t->n;
}

const char *texts_get(const struct texts *t, unsigned id)
{
	return t->entries[id - 1].text;
}

void texts_release(struct texts *t)
{
	free(t->entries);
	free(t->slots);
	*t = (struct texts)TEXTS_INIT;
}
