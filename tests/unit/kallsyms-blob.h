/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel's table of symbols, made up: f0, f1, ... every 16 bytes from BASE. */
#ifndef KDUEL_TEST_KALLSYMS_BLOB_H
#define KDUEL_TEST_KALLSYMS_BLOB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BASE 0xffffffff81000000ULL

struct blob {
	uint8_t b[65536];
	size_t n;
};

static inline void put(struct blob *k, const void *data, size_t size)
{
	memcpy(k->b + k->n, data, size);
	k->n += size;
}

static inline void put_u32(struct blob *k, uint32_t v)
{
	put(k, &v, 4);
}

static inline void put_u64(struct blob *k, uint64_t v)
{
	put(k, &v, 8);
}

static inline void pad(struct blob *k)
{
	while (k->n % 8)
		k->b[k->n++] = 0;
}

#define SYMS 1500

/* Symbol i is "Tf<i>", each character its own token. */
static inline void put_names(struct blob *k)
{
	uint32_t marks[SYMS / 256 + 1], n_marks = 0;
	size_t begin;

	put_u32(k, SYMS);
	pad(k);
	begin = k->n;
	for (int i = 0; i < SYMS; i++) {
		char name[16];
		uint8_t len = snprintf(name, sizeof(name), "Tf%d", i);

		if (i % 256 == 0)
			marks[n_marks++] = k->n - begin;
		put(k, &len, 1);
		put(k, name, len);
	}
	pad(k);
	put(k, marks, 4 * n_marks);
	pad(k);
}

static inline void put_tokens(struct blob *k)
{
	uint16_t index[256];
	size_t begin = k->n;

	for (int i = 0; i < 256; i++) {
		char token[3] = { i > ' ' && i < 127 ? i : 'x', i > ' ' && i < 127 ? 0 : 'y', 0 };

		index[i] = k->n - begin;
		put(k, token, strlen(token) + 1);
	}
	pad(k);
	put(k, index, sizeof(index));
	pad(k);
}

static inline void put_offsets(struct blob *k, bool per_cpu)
{
	for (int i = 0; i < SYMS; i++)
		put_u32(k, per_cpu ? (uint32_t)(i < 3 ? i * 8 : -1 - 16 * i) : 16u * i);
	pad(k);
	put_u64(k, BASE);
}

#endif
