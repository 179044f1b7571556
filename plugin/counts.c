/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counts.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 4096
#define SEGMENT_SLOTS (1u << 17)

struct segments_chunk {
	uint64_t count[CHUNK];
	struct segment what[CHUNK];
};

uint32_t segment_hash(uint32_t h, const void *bytes, size_t size)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < size; i++)
		h = (h ^ b[i]) * 16777619u;
	return h;
}

static uint64_t segment_key(const struct segment *s)
{
	return (s->vaddr ^ (uint64_t)s->hash << 24 ^ s->insns ^
		(uint64_t)s->guest << 63 ^ (uint64_t)s->what << 60) * 0x9e3779b97f4a7c15ULL;
}

static bool segment_is(const struct segment *a, const struct segment *b)
{
	return a->what == b->what && a->vaddr == b->vaddr && a->insns == b->insns && a->hash == b->hash &&
	       a->guest == b->guest;
}

static struct segment *segments_what(const struct segments *t, size_t i)
{
	return &t->chunks[i / CHUNK]->what[i % CHUNK];
}

/* Where a segment of this key is, or would be. */
static size_t segments_slot(const struct segments *t, uint64_t key,
			    const struct segment *like)
{
	size_t i = key >> 32 & (t->n_slots - 1);

	for (; t->slots[i]; i = (i + 1) & (t->n_slots - 1))
		if (like && (uint32_t)(t->slots[i] >> 32) == (uint32_t)key &&
		    segment_is(segments_what(t, (uint32_t)t->slots[i] - 1), like))
			break;
	return i;
}

static void *segments_need(void *p)
{
	if (!p)
		abort();
	return p;
}

static void segments_grow(struct segments *t)
{
	t->n_slots = t->n_slots ? 4 * t->n_slots : SEGMENT_SLOTS;
	free(t->slots);
	t->slots = segments_need(calloc(t->n_slots, sizeof(*t->slots)));
	for (size_t i = 0; i < t->n; i++) {
		uint64_t key = segment_key(segments_what(t, i));

		t->slots[segments_slot(t, key, NULL)] = key << 32 | (i + 1);
	}
}

static size_t segments_new(struct segments *t, const struct segment *like)
{
	if (t->n % CHUNK == 0) {
		t->chunks = segments_need(realloc(t->chunks, (t->n / CHUNK + 1) *
						  sizeof(*t->chunks)));
		t->chunks[t->n / CHUNK] =
			segments_need(calloc(1, sizeof(struct segments_chunk)));
	}
	*segments_what(t, t->n) = *like;
	return t->n++;
}

uint64_t *segments_get(struct segments *t, const struct segment *like)
{
	uint64_t key = segment_key(like);
	size_t slot, i;

	if (2 * t->n >= t->n_slots)
		segments_grow(t);
	slot = segments_slot(t, key, like);
	if (!t->slots[slot])
		t->slots[slot] = key << 32 | (segments_new(t, like) + 1);
	i = (uint32_t)t->slots[slot] - 1;
	return &t->chunks[i / CHUNK]->count[i % CHUNK];
}

void segments_begin(struct segments *t)
{
	for (size_t i = 0; i < t->n; i += CHUNK)
		memset(t->chunks[i / CHUNK]->count, 0, sizeof(t->chunks[0]->count));
}

void segments_each(const struct segments *t,
		   void (*fn)(struct segment *s, uint64_t times, void *arg), void *arg)
{
	for (size_t i = 0; i < t->n; i++) {
		struct segments_chunk *c = t->chunks[i / CHUNK];

		if (c->count[i % CHUNK])
			fn(&c->what[i % CHUNK], c->count[i % CHUNK], arg);
	}
}

/* --- pages touched --- */

#define TOUCHED_SLOTS (1u << 14)

static size_t counts_touched_slot(const struct touched *t, uint64_t mark)
{
	size_t i = mark * 0x9e3779b97f4a7c15ULL >> 32 & (t->n_slots - 1);

	while (t->slots[i] && t->slots[i] != mark)
		i = (i + 1) & (t->n_slots - 1);
	return i;
}

static void counts_touched_grow(struct touched *t)
{
	struct touched more = { .n_slots = t->n_slots ? 4 * t->n_slots : TOUCHED_SLOTS };

	more.slots = calloc(more.n_slots, sizeof(*more.slots));
	if (!more.slots)
		abort();
	for (size_t i = 0; i < t->n_slots; i++)
		if (t->slots[i])
			more.slots[counts_touched_slot(&more, t->slots[i])] = t->slots[i];
	free(t->slots);
	t->slots = more.slots;
	t->n_slots = more.n_slots;
}

void touched_add(struct touched *t, uint64_t page, uint64_t bytes)
{
	uint64_t mark = page + 1;
	size_t slot;

	t->bytes += bytes;
	if (mark == t->last)
		return;
	t->last = mark;
	if (2 * t->n >= t->n_slots)
		counts_touched_grow(t);
	slot = counts_touched_slot(t, mark);
	t->n += !t->slots[slot];
	t->slots[slot] = mark;
}

void touched_empty(struct touched *t)
{
	if (t->n)
		memset(t->slots, 0, t->n_slots * sizeof(*t->slots));
	t->n = 0;
	t->last = t->bytes = 0;
}

void touched_release(struct touched *t)
{
	free(t->slots);
	*t = (struct touched){ 0 };
}
