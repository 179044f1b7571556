/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "texts.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_LEAST 64

static uint64_t texts_hash(const char *text, size_t len)
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

static uint32_t *texts_slot(const struct texts *t, const char *text, size_t len,
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

/* At most half full, so that a search ends soon. */
static bool texts_make_slots(struct texts *t)
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

		*texts_slot(t, e->text, e->len, e->hash) = i + 1;
	}
	return true;
}

static bool texts_make_room(struct texts *t)
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
	uint64_t hash = texts_hash(text, len);
	uint32_t *slot;
	const char *copy;

	if (!texts_make_slots(t) || !texts_make_room(t))
		return 0;
	slot = texts_slot(t, text, len, hash);
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
