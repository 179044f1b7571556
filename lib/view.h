/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON to look at: the values of a text in one array, which is reused for the
 * next text, and almost as it is where that differs in numbers only. A journal
 * of a million samples is read many times faster than by making and freeing a
 * tree of each.
 *
 *	struct view_doc doc = VIEW_DOC_INIT;
 *	const struct view *root, *values, *v;
 *
 *	ret = view_parse(&doc, text, len, &root, err);
 *	values = view_get(root, "values");
 *	view_each(v, values)
 *		sum += v->real;
 *	view_release(&doc);
 *
 * It accepts what json_loadb(JSON_REJECT_DUPLICATES) accepts, except NULs and
 * nesting deeper than VIEW_DEPTH_MAX. Views are valid until the next parse;
 * their `json` points into the text that was parsed.
 *
 * view_name() and so on read fields that are not trusted. Each returns 0, or
 * EXIT_CONFIG with "<key>: what is wrong". The _or variants accept absence and
 * null, never a wrong type. A name is printable ASCII, 1 to 255 characters; a
 * choice is one of a list that ends with NULL, and gives its index.
 */
#ifndef KDUEL_VIEW_H
#define KDUEL_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define VIEW_DEPTH_MAX 64

struct view {
	json_type type;
	uint32_t n;		/* members or elements */
	uint32_t skip;		/* the next value is at this + skip */
	uint32_t json_len;
	const char *json;	/* the value as it was written */
	const char *key;	/* of a member; NULL */
	union {
		const char *text;	/* JSON_STRING: ends with NUL */
		json_int_t whole;	/* JSON_INTEGER */
	};
	double real;		/* JSON_REAL, JSON_INTEGER */
	/* for view.c: */
	uint32_t key_hash;
	uint32_t at, len;	/* in the text that gave the shape */
	uint32_t next;		/* of an object: where the next search begins */
};

struct view_doc {
	struct view *nodes;
	size_t n, room;
	char *copy;		/* of the text; strings are unescaped in it */
	size_t copy_room;
	char *shape;		/* the text as it was */
	size_t shape_len, shape_room;	/* shape_len 0: none */
	uint64_t shape_number;	/* while it stays the same, all views stay valid */
};
#define VIEW_DOC_INIT { NULL, 0, 0, NULL, 0, NULL, 0, 0, 0 }

/* An object or array, or EXIT_CONFIG: "is not valid JSON: ...". */
int view_parse(struct view_doc *d, const char *text, size_t len,
	       const struct view **root, struct err *err);
void view_release(struct view_doc *d);
/*
 * The number of the last text's shape. A text that differs from the one before
 * in numbers alone has the same: all views of that are still valid, and show
 * the new text.
 */
static inline uint64_t view_shape(const struct view_doc *d)
{
	return d->shape_number;
}

/* A member; NULL if there is none. */
const struct view *view_get(const struct view *object, const char *key);

static inline bool view_is_number(const struct view *v)
{
	return v && (v->type == JSON_REAL || v->type == JSON_INTEGER);
}

/* The members or elements of the variable `of`, which may be NULL. */
#define view_each(v, of)						\
	for ((v) = (of) ? (of) + 1 : NULL; (of) && (v) < (of) + (of)->skip; \
	     (v) += (v)->skip)

/* The value as a tree: a new reference; NULL if memory ran out or `v` is NULL. */
json_t *view_json(const struct view *v);

/* "a list", "a text", "missing": what a value is, for messages. */
const char *view_type_text(const struct view *v);

int view_string(const struct view *o, const char *key, const char **value,
		struct err *err);
int view_string_or(const struct view *o, const char *key, const char *fallback,
		   const char **value, struct err *err);
int view_name(const struct view *o, const char *key, const char **value,
	      struct err *err);
/* The same check for a name that was found in another way. */
int view_check_name(const char *key, const char *text, struct err *err);
int view_choice(const struct view *o, const char *key,
		const char *const *choices, unsigned *value, struct err *err);
int view_count(const struct view *o, const char *key, uint64_t max,
	       uint64_t *value, struct err *err);
/* The same for a value that is at hand. */
int view_count_of(const struct view *v, const char *key, uint64_t max,
		  uint64_t *value, struct err *err);
int view_count_or(const struct view *o, const char *key, uint64_t max,
		  uint64_t fallback, uint64_t *value, struct err *err);
/* Bytes: a number, or text as in lib/size.h. */
int view_size(const struct view *o, const char *key, uint64_t *value,
	      struct err *err);
int view_real(const struct view *o, const char *key, double *value,
	      struct err *err);
int view_bool_or(const struct view *o, const char *key, bool fallback,
		 bool *value, struct err *err);
/* A value of `type`, JSON_OBJECT or JSON_ARRAY. */
int view_list(const struct view *o, const char *key, json_type type,
	      const struct view **value, struct err *err);
/* The same; NULL where it is absent or null. */
int view_list_or(const struct view *o, const char *key, json_type type,
		 const struct view **value, struct err *err);

#endif
