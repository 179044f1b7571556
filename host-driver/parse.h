/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of a journal parsed by several threads and handed out in their
 * order, for journals of millions of records: reading JSON is most of the
 * work of making an index. A short journal is parsed without a thread.
 *
 *	parse_new(&p, take, arg, err);
 *	while (...)
 *		ret = parse_add(p, text, len, offset, err);
 *	ret = parse_finish(p, err);
 *	parse_free(p);
 *
 * Texts have a NUL after their `len` bytes.
 *
 * take() is called by the adding thread, from within parse_add() and
 * parse_finish(); what it returns other than 0, they return, and so they do
 * for the first record that cannot be read. The record is gone when take()
 * returns.
 */
#ifndef KDUEL_PARSE_H
#define KDUEL_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct parse;

/* `err` is set and its code returned, or anything positive without one. */
typedef int (*parse_fn)(void *arg, const struct record *r, uint64_t offset,
			struct err *err);

int parse_new(struct parse **p, parse_fn take, void *arg, struct err *err);
int parse_add(struct parse *p, const char *text, size_t len, uint64_t offset,
	      struct err *err);
/* Hands out what is still under way. */
int parse_finish(struct parse *p, struct err *err);
/* After a failure, too. NULL is fine. */
void parse_free(struct parse *p);

/* One record, at once; `text` as json_fast() wants it. The caller frees r->json. */
int parse_record(const char *text, size_t len, struct record *r,
		 struct err *err);

#endif
