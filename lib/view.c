/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view-scan.h"

#define FEW_MEMBERS 32		/* up to so many are compared pairwise */

static bool view_make_value(struct scan *s, const char *key, uint32_t hash);

static void view_skip_space(struct scan *s)
{
	while (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r')
		s->p++;
}

static int view_compare_members(const void *a, const void *b)
{
	const struct view *x = *(const struct view *const *)a;
	const struct view *y = *(const struct view *const *)b;

	if (x->key_hash != y->key_hash)
		return x->key_hash < y->key_hash ? -1 : 1;
	return strcmp(x->key, y->key);
}

static bool view_same_key(const struct view *x, const struct view *y)
{
	return x->key_hash == y->key_hash && !strcmp(x->key, y->key);
}

static bool view_few_are_unique(const struct view *object)
{
	const struct view *v, *w, *end = object + object->skip;

	for (v = object + 1; v < end; v += v->skip)
		for (w = v + v->skip; w < end; w += w->skip)
			if (view_same_key(v, w))
				return false;
	return true;
}

static bool view_keys_are_unique(struct scan *s, const struct view *object)
{
	const struct view *v, **all;
	bool unique = true;
	size_t n = 0;

	if (object->n <= FEW_MEMBERS)
		return view_few_are_unique(object);
	all = malloc(object->n * sizeof(*all));
	if (!all) {
		s->no_memory = true;
		return false;
	}
	view_each(v, object)
		all[n++] = v;
	qsort(all, n, sizeof(*all), view_compare_members);
	for (size_t i = 1; unique && i < n; i++)
		unique = !view_same_key(all[i - 1], all[i]);
	free(all);
	return unique;
}

static uint32_t view_hash_of(const char *key)
{
	uint32_t h = 2166136261u;

	while (*key)
		h = (h ^ (uint8_t)*key++) * 16777619u;
	return h;
}

static bool view_member(struct scan *s)
{
	const char *key;

	view_skip_space(s);
	if (*s->p != '"')
		return scan_bad(s, "a member without a name");
	if (!scan_string(s, &key))
		return false;
	view_skip_space(s);
	if (*s->p != ':')
		return scan_bad(s, "a name without a colon");
	s->p++;
	return view_make_value(s, key, view_hash_of(key));
}

/* Members or elements up to `close`. */
static bool view_make_list(struct scan *s, size_t at, char close)
{
	uint32_t n = 0;

	s->p++;
	view_skip_space(s);
	if (*s->p == close) {
		s->p++;
		return true;
	}
	if (++s->depth > VIEW_DEPTH_MAX)
		return scan_bad(s, "values nested too deeply");
	for (;;) {
		if (!(close == '}' ? view_member(s) : view_make_value(s, NULL, 0)))
			return false;
		n++;
		view_skip_space(s);
		if (*s->p != ',')
			break;
		s->p++;
	}
	if (*s->p != close)
		return scan_bad(s, "neither a comma nor the end of a list");
	s->p++;
	s->depth--;
	s->d->nodes[at].n = n;
	return true;
}

static bool view_make_object(struct scan *s, size_t at)
{
	struct view *o;

	if (!view_make_list(s, at, '}'))
		return false;
	o = &s->d->nodes[at];
	o->skip = s->d->n - at;
	if (view_keys_are_unique(s, o))
		return true;
	return scan_bad(s, "a key is given twice in what ends here");
}

static bool view_word(struct scan *s, struct view *v)
{
	static const struct {
		const char *text;
		json_type type;
	} words[] = {
		{ "true", JSON_TRUE }, { "false", JSON_FALSE },
		{ "null", JSON_NULL },
	};

	for (int i = 0; i < 3; i++) {
		size_t len = strlen(words[i].text);

		if (strncmp(s->p, words[i].text, len))
			continue;
		s->p += len;
		v->type = words[i].type;
		return true;
	}
	return scan_bad(s, "not a value");
}

static struct view *view_add_node(struct scan *s)
{
	struct view_doc *d = s->d;
	struct view *more;

	if (d->n == d->room) {
		size_t room = d->room ? 2 * d->room : 128;

		more = realloc(d->nodes, room * sizeof(*more));
		if (!more) {
			s->no_memory = true;
			return NULL;
		}
		d->nodes = more;
		d->room = room;
	}
	return &d->nodes[d->n++];
}

static bool view_make_value(struct scan *s, const char *key, uint32_t hash)
{
	size_t at = s->d->n, begin;
	struct view *v = view_add_node(s);
	bool good;

	if (!v)
		return false;
	view_skip_space(s);
	begin = s->p - s->d->copy;
	*v = (struct view){ .key = key, .key_hash = hash,
			    .json = s->text + begin };
	if (*s->p == '{' || *s->p == '[') {
		v->type = *s->p == '{' ? JSON_OBJECT : JSON_ARRAY;
		good = *s->p == '{' ? view_make_object(s, at) : view_make_list(s, at, ']');
	} else if (*s->p == '"') {
		v->type = JSON_STRING;
		good = scan_string(s, &v->text);
	} else if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9')) {
		good = scan_number(s, v);
	} else {
		good = view_word(s, v);
	}
	v = &s->d->nodes[at];	/* may have moved */
	v->skip = s->d->n - at;
	v->json_len = v->len = s->p - s->d->copy - begin;
	v->at = begin;
	return good;
}

/* --- the same shape again ---------------------------------------------------------- */

struct reshape {
	const struct view_doc *d;
	const char *text, *p, *end;
	uint32_t pos;		/* where p is in the shape's text */
	struct view *open[VIEW_DEPTH_MAX + 2];
	unsigned depth;
};

/* The same `n` bytes as the shape has. */
static inline bool view_reshape_same(struct reshape *r, uint32_t n)
{
	const char *shape = r->d->shape + r->pos;

	if (n > (size_t)(r->end - r->p) || (n && *r->p != *shape) ||
	    (n > 1 && memcmp(r->p, shape, n)))
		return false;
	r->p += n;
	r->pos += n;
	return true;
}

/* Closes the objects and lists that end before `v`. */
static inline void view_reshape_close(struct reshape *r, const struct view *v)
{
	while (r->depth) {
		struct view *o = r->open[r->depth - 1];

		if (o + o->skip > v)
			return;
		o->json_len = r->p + (o->at + o->len - r->pos) - o->json;
		r->depth--;
	}
}

static inline bool view_reshape_number(struct reshape *r, struct view *v)
{
	struct scan s = { .p = (char *)r->p, .end = r->end };
	bool good = scan_number(&s, v);

	v->json_len = s.p - r->p;
	r->p = s.p;
	r->pos += v->len;
	return good;
}

static inline bool view_reshape_value(struct reshape *r, struct view *v)
{
	if (!view_reshape_same(r, v->at - r->pos) || r->p == r->end)
		return false;
	v->json = r->p;
	if (v->type == JSON_INTEGER || v->type == JSON_REAL)
		return (*r->p == '-' || (*r->p >= '0' && *r->p <= '9')) &&
		       view_reshape_number(r, v);
	if (v->type != JSON_OBJECT && v->type != JSON_ARRAY) {
		v->json_len = v->len;
		return view_reshape_same(r, v->len);
	}
	if (r->depth == VIEW_DEPTH_MAX + 2)
		return false;
	v->next = 0;
	r->open[r->depth++] = v;
	return view_reshape_same(r, 1);
}

/*
 * Does the text differ from the shape's in numbers alone? Then its values are
 * those of the shape, with these numbers. A text that ends with a bracket has
 * ended every number, so it needs no NUL after it.
 */
static bool view_reshape(struct view_doc *d, const char *text, size_t len)
{
	struct reshape r = { .d = d, .text = text, .p = text, .end = text + len };

	if (!d->shape_len || !len || (text[len - 1] != '}' && text[len - 1] != ']'))
		return false;
	for (size_t i = 0; i < d->n; i++) {
		view_reshape_close(&r, &d->nodes[i]);
		if (!view_reshape_value(&r, &d->nodes[i]))
			return false;
	}
	view_reshape_close(&r, d->nodes + d->n);
	return d->shape_len - r.pos == (size_t)(r.end - r.p) &&
	       view_reshape_same(&r, d->shape_len - r.pos);
}

/* The text just read is the shape from now on; without memory there is none. */
static void view_reshape_begin(struct view_doc *d, const char *text, size_t len)
{
	char *more;

	if (len > d->shape_room) {
		more = realloc(d->shape, 2 * len);
		if (!more)
			return;
		d->shape = more;
		d->shape_room = 2 * len;
	}
	memcpy(d->shape, text, len);
	d->shape_len = len;
}

/* --- the whole ------------------------------------------------------------------- */

static int view_copy_text(struct view_doc *d, const char *text, size_t len,
			  struct err *err)
{
	char *more;

	if (len + 1 > d->copy_room) {
		more = realloc(d->copy, 2 * len + 1);
		if (!more)
			return err_sys(err, ENOMEM, "cannot read JSON");
		d->copy = more;
		d->copy_room = 2 * len + 1;
	}
	memcpy(d->copy, text, len);
	d->copy[len] = '\0';
	return 0;
}

int view_parse(struct view_doc *d, const char *text, size_t len,
	       const struct view **root, struct err *err)
{
	struct scan s = { .d = d, .text = text };
	int ret;

	if (view_reshape(d, text, len)) {
		*root = d->nodes;
		return 0;
	}
	d->shape_len = 0;
	d->shape_number++;
	if (len > UINT32_MAX / 4)
		return err_config(err, "is longer than 1 GiB");
	ret = view_copy_text(d, text, len, err);
	if (ret)
		return ret;
	s.end = d->copy + len;
	d->n = 0;
	s.p = d->copy;
	view_skip_space(&s);
	if (*s.p != '{' && *s.p != '[')
		scan_bad(&s, "neither an object nor a list");
	else if (view_make_value(&s, NULL, 0))
		view_skip_space(&s);
	if (s.no_memory)
		return err_sys(err, ENOMEM, "cannot read JSON");
	if (!s.wrong && s.p != d->copy + len)
		scan_bad(&s, "text after the end");
	if (s.wrong)
		return err_config(err, "is not valid JSON: %s, at byte %zu",
				  s.wrong, (size_t)(s.p - d->copy));
	view_reshape_begin(d, text, len);
	*root = d->nodes;
	return 0;
}

void view_release(struct view_doc *d)
{
	free(d->nodes);
	free(d->shape);
	free(d->copy);
	*d = (struct view_doc)VIEW_DOC_INIT;
}

/* Members are mostly asked for in the order in which they were written. */
const struct view *view_get(const struct view *object, const char *key)
{
	struct view *o = (struct view *)object;
	const struct view *v, *end, *from;

	if (!o || o->type != JSON_OBJECT)
		return NULL;
	from = v = o + (o->next ? o->next : 1);
	for (end = o + o->skip; v < end; v += v->skip)
		if (*v->key == *key && !strcmp(v->key, key))
			goto found;
	for (v = o + 1; v < from; v += v->skip)
		if (*v->key == *key && !strcmp(v->key, key))
			goto found;
	return NULL;
found:
	o->next = v + v->skip < end ? v + v->skip - o : 0;
	return v;
}
