/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "touched.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS (1u << 14)

static size_t touched_slot(const struct touched *t, uint64_t mark)
{
	size_t i = mark * 0x9e3779b97f4a7c15ULL >> 32 & (t->n_slots - 1);

	while (t->slots[i] && t->slots[i] != mark)
		i = (i + 1) & (t->n_slots - 1);
	return i;
}

static void touched_grow(struct touched *t)
{
	struct touched more = { .n_slots = t->n_slots ? 4 * t->n_slots : FIRST_SLOTS };

	more.slots = calloc(more.n_slots, sizeof(*more.slots));
	if (!more.slots)
		abort();
	for (size_t i = 0; i < t->n_slots; i++)
		if (t->slots[i])
			more.slots[touched_slot(&more, t->slots[i])] = t->slots[i];
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
		touched_grow(t);
	slot = touched_slot(t, mark);
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
