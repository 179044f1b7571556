/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "segment.h"

#include <stdlib.h>

#define CHUNK 4096
#define FIRST_BUCKETS (1u << 16)

uint32_t segment_hash(uint32_t h, const void *bytes, size_t size)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < size; i++)
		h = (h ^ b[i]) * 16777619u;
	return h;
}

static size_t segment_slot(const struct segments *t, const struct segment *s)
{
	uint64_t h = (s->vaddr ^ (uint64_t)s->hash << 24 ^ s->insns ^
		      (uint64_t)s->guest << 63) * 0x9e3779b97f4a7c15ULL;

	return h >> 32 & (t->n_buckets - 1);
}

static void segments_grow(struct segments *t)
{
	struct segments bigger = *t;

	bigger.n_buckets = t->n_buckets ? 4 * t->n_buckets : FIRST_BUCKETS;
	bigger.buckets = calloc(bigger.n_buckets, sizeof(*bigger.buckets));
	if (!bigger.buckets)
		abort();
	for (size_t i = 0; i < t->n_buckets; i++)
		for (struct segment *s = t->buckets[i], *next; s; s = next) {
			size_t slot = segment_slot(&bigger, s);

			next = s->next;
			s->next = bigger.buckets[slot];
			bigger.buckets[slot] = s;
		}
	free(t->buckets);
	*t = bigger;
}

static struct segment *segments_new(struct segments *t, const struct segment *like)
{
	struct segment *s;

	if (!t->left) {
		t->chunk = calloc(t->left = CHUNK, sizeof(*t->chunk));
		if (!t->chunk)
			abort();
	}
	s = &t->chunk[--t->left];
	*s = *like;
	s->count = s->base = 0;
	t->n++;
	return s;
}

struct segment *segments_get(struct segments *t, const struct segment *like)
{
	struct segment *s;
	size_t slot;

	if (t->n >= t->n_buckets)
		segments_grow(t);
	slot = segment_slot(t, like);
	for (s = t->buckets[slot]; s; s = s->next)
		if (s->vaddr == like->vaddr && s->insns == like->insns &&
		    s->hash == like->hash && s->guest == like->guest)
			return s;
	s = segments_new(t, like);
	s->next = t->buckets[slot];
	t->buckets[slot] = s;
	return s;
}

void segments_each(const struct segments *t, void (*fn)(struct segment *s, void *arg),
		   void *arg)
{
	for (size_t i = 0; i < t->n_buckets; i++)
		for (struct segment *s = t->buckets[i]; s; s = s->next)
			fn(s, arg);
}
