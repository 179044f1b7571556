/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compare-memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chunk {
	struct chunk *next;
	max_align_t data[];
};

struct held {
	struct held *next;
	json_t *json;
};

struct compare_memory {
	struct chunk *chunks;
	struct held *held;
	bool failed;
};

static char nothing[1];		/* stands for a text when memory ran out */

static struct compare_memory *memory(struct comparison *c)
{
	if (!c->memory)
		c->memory = calloc(1, sizeof(*c->memory));
	return c->memory;
}

void *compare_alloc(struct comparison *c, size_t n, size_t size)
{
	struct compare_memory *m = memory(c);
	struct chunk *chunk;
	size_t bytes;

	if (!m)
		return NULL;
	if (__builtin_mul_overflow(n, size, &bytes) ||
	    bytes > SIZE_MAX - sizeof(*chunk) ||
	    !(chunk = calloc(1, sizeof(*chunk) + bytes))) {
		m->failed = true;
		return NULL;
	}
	chunk->next = m->chunks;
	m->chunks = chunk;
	return chunk->data;
}

static char *memory_text(struct comparison *c, const char *fmt, va_list ap)
{
	va_list again;
	char *out;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	out = len < 0 ? NULL : compare_alloc(c, (size_t)len + 1, 1);
	if (!out)
		return nothing;
	vsnprintf(out, (size_t)len + 1, fmt, ap);
	return out;
}

char *compare_text(struct comparison *c, const char *fmt, ...)
{
	va_list ap;
	char *out;

	va_start(ap, fmt);
	out = memory_text(c, fmt, ap);
	va_end(ap);
	return out;
}

json_t *compare_hold(struct comparison *c, const json_t *json)
{
	struct held *h = compare_alloc(c, 1, sizeof(*h));

	if (!h)
		return NULL;
	h->json = json ? json_deep_copy(json) : json_object();
	h->next = c->memory->held;
	c->memory->held = h;
	c->memory->failed |= !h->json;
	return h->json;
}

bool compare_out_of_memory(const struct comparison *c)
{
	return !c->memory || c->memory->failed;
}

static void compare_memory_release(struct comparison *c)
{
	if (!c->memory)
		return;
	for (struct held *h = c->memory->held; h; h = h->next)
		json_decref(h->json);
	for (struct chunk *k = c->memory->chunks, *next; k; k = next) {
		next = k->next;
		free(k);
	}
	free(c->memory);
	c->memory = NULL;
}

void comparison_release(struct comparison *c)
{
	compare_memory_release(c);
	*c = (struct comparison){ .n_arms = 0 };
}

void *compare_grow(struct comparison *c, void *array, size_t *n, size_t size)
{
	char *bigger = array;

	/* Grows at every power of two; the old arrays stay allocated, and are small. */
	if (!(*n & (*n - 1))) {
		bigger = compare_alloc(c, *n ? 2 * *n : 1, size);
		if (!bigger)
			return NULL;
		if (*n)
			memcpy(bigger, array, *n * size);
	}
	++*n;
	return bigger;
}

void compare_note(struct comparison *c, const char *fmt, ...)
{
	char **notes = compare_grow(c, c->notes, &c->n_notes, sizeof(*notes));
	va_list ap;

	if (!notes)
		return;
	c->notes = notes;
	va_start(ap, fmt);
	notes[c->n_notes - 1] = memory_text(c, fmt, ap);
	va_end(ap);
}

void compare_refuse(struct comparison *c, const char *fmt, ...)
{
	va_list ap;
	char *line;

	va_start(ap, fmt);
	line = memory_text(c, fmt, ap);
	va_end(ap);
	c->refused = c->refused ? compare_text(c, "%s\n%s", c->refused, line)
				: line;
	if (!c->refused_exit)
		c->refused_exit = EXIT_CONFIG;
}
