/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the sources share: how a buffer gets its place in the address space
 * and is mapped there, and how much memory is available. For source.c (memory) and source-file.c (files and
 * devices) only.
 */
#ifndef KDUEL_SOURCE_MAP_H
#define KDUEL_SOURCE_MAP_H

#include "source.h"

#define K4 4096UL
#define M2 (2UL << 20)
#define G1 (1UL << 30)

static inline size_t source_round(size_t n, size_t page)
{
	return (n + page - 1) / page * page;
}

/* A number from a file of the kernel; `fallback` if it cannot be read. */
uint64_t source_number(const char *path, uint64_t fallback);

/* Address space aligned to `align`, with a guard page's worth on both sides. */
int source_reserve(struct buffer *buf, size_t align, struct err *err);

/* Maps the range as its flags and advice say; 0 or a positive errno. */
int source_map_again(const struct buffer *buf);

/* Sets flags and advice, then maps. */
int source_map_into(struct buffer *buf, int flags, int advice, struct err *err);

/* --- source-file.c --- */

int source_check_fsdax(const struct buffer *buf, const char *path, struct err *err);
int source_map_fsdax(const struct source *s, const char *path,
		     struct buffer *buf, struct err *err);
int source_check_devdax(const struct buffer *buf, const char *path, struct err *err);
int source_map_devdax(const struct source *s, const char *path,
		      struct buffer *buf, struct err *err);

#endif
