/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "safe.h"
#include "symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void symbols_release(struct symbols *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].name);
	free(s->v);
	*s = (struct symbols)SYMBOLS_INIT;
}

int symbols_add(struct symbols *s, uint64_t addr, const char *name, size_t len)
{
	if (s->n == s->room) {
		size_t room = s->room ? 2 * s->room : 4096;
		struct symbol *v = realloc(s->v, room * sizeof(*v));

		if (!v)
			return -ENOMEM;
		s->v = v;
		s->room = room;
	}
	s->v[s->n].addr = addr;
	s->v[s->n].name = strndup(name, len);
	return s->v[s->n].name ? (s->n++, 0) : -ENOMEM;
}

/* Those of one address stay in the order they came in: merge sort is stable. */
static int symbols_by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

static void symbols_merge(struct symbol *v, struct symbol *spare, size_t n)
{
	size_t half = n / 2, a = 0, b = half, k = 0;

	if (n < 2)
		return;
	symbols_merge(v, spare, half);
	symbols_merge(v + half, spare, n - half);
	while (a < half && b < n)
		spare[k++] = symbols_by_address(&v[a], &v[b]) <= 0 ? v[a++] : v[b++];
	while (a < half)
		spare[k++] = v[a++];
	memcpy(v, spare, k * sizeof(*v));
}

void symbols_sort(struct symbols *s)
{
	struct symbol *spare = malloc((s->n + 1) * sizeof(*spare));
	size_t kept = 0;

	must_have(spare);
	symbols_merge(s->v, spare, s->n);
	free(spare);
	for (size_t i = 0; i < s->n; i++) {
		if (kept && s->v[kept - 1].addr == s->v[i].addr)
			free(s->v[i].name);
		else
			s->v[kept++] = s->v[i];
	}
	s->n = kept;
}

const struct symbol *symbols_find(const struct symbols *s, uint64_t addr)
{
	size_t lo = 0, hi = s->n;

	if (s->end && addr >= s->end)
		return NULL;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->v[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &s->v[lo - 1] : NULL;
}
