/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pool.h"

#include <errno.h>
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
