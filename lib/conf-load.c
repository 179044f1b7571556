/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes into structs, by the table of their fields. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf-node.h"
#include "err.h"

#define TEXT_MAX 1024
#define KEYS_MAX 64

/* Where conf_load() is in the file. */
struct conf_walk {
	struct conf *c;
	struct err *err;
	char field[CONF_FIELD_MAX];	/* "arms[1].kernel" */
	unsigned nodes, depth;
};

/* --- values ----------------------------------------------------------------- */

__attribute__((format(printf, 3, 4)))
static int conf_wrong(struct conf_walk *w, unsigned line, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return conf_error_at(w->c, line, w->field, w->err, text);
}

/* Zeroed memory that is freed with the file; NULL, with an error, if there is none. */
static void *conf_own(struct conf_walk *w, size_t n, size_t size)
{
	struct conf_owned *o = calloc(1, sizeof(*o) + n * size);

	if (!o) {
		err_sys(w->err, ENOMEM, "%s", w->c->path);
		return NULL;
	}
	o->next = w->c->owned;
	w->c->owned = o;
	return o->data;
}

static int conf_number(struct conf_walk *w, unsigned line, const char *text,
		       uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end)
		return conf_wrong(w, line, "'%.80s' is not a whole number", text);
	if (errno || *value > max)
		return conf_wrong(w, line, "%.80s is too large", text);
	return 0;
}

static int conf_choice(struct conf_walk *w, unsigned line, const char *text,
		       const char *const *choices, unsigned *value)
{
	char what[TEXT_MAX];
	size_t n = 0;

	for (; choices[n]; n++)
		if (!strcmp(choices[n], text)) {
			*value = n;
			return 0;
		}
	unknown_text("value", text, choices, n, what, sizeof(what));
	return conf_wrong(w, line, "%s", what);
}

/* One value, as text, into the member at `to`; the text lives as long as `c`. */
static int conf_value(struct conf_walk *w, unsigned line, const char *text,
		      const struct conf_field *f, void *to)
{
	uint64_t n = 0;
	int ret = 0;

	switch (f->type) {
	case CONF_UNSIGNED:
		ret = conf_number(w, line, text, UINT_MAX, &n);
		*(unsigned *)to = n;
		return ret;
	case CONF_WIDE:
		return conf_number(w, line, text, UINT64_MAX, to);
	case CONF_CHOICE:
		return conf_choice(w, line, text, f->choices, to);
	case CONF_BOOL:
		*(bool *)to = !strcmp(text, "true");
		if (!*(bool *)to && strcmp(text, "false"))
			return conf_wrong(w, line, "'%.80s' is neither true nor false", text);
		return 0;
	default:
		if (!*text)
			return conf_wrong(w, line, "is empty");
		*(const char **)to = text;
		return 0;
	}
}

/* --- fields ----------------------------------------------------------------- */

/* Makes "arms[1]" "arms[1].kernel"; returns the old length, to cut it back to. */
static size_t conf_enter(struct conf_walk *w, const char *key)
{
	size_t len = strlen(w->field);

	snprintf(w->field + len, sizeof(w->field) - len, "%s%.80s",
		 len ? "." : "", key);
	return len;
}

static int conf_fields(struct conf_walk *w, size_t at, const struct conf_field *fields,
		       const char *lone, void *data);
static int conf_member(struct conf_walk *w, size_t at, const struct conf_field *f,
		       void *data);

/* What the table says of all that the file leaves out. */
static int conf_absent(struct conf_walk *w, const struct conf_field *fields, void *data)
{
	int ret = 0;

	for (; !ret && fields->key; fields++) {
		void *to = (char *)data + fields->offset;

		if (fields->type == CONF_MAP)
			ret = conf_absent(w, fields->of, to);
		else if (fields->fallback)
			ret = conf_value(w, 0, fields->fallback, fields, to);
	}
	return ret;
}

static int conf_unknown_key(struct conf_walk *w, unsigned line, const char *key,
			    const struct conf_field *fields)
{
	const char *names[KEYS_MAX] = { NULL }, *near;
	char text[TEXT_MAX];
	size_t n = 0, used;

	if (!strcmp(key, "<<"))
		return conf_wrong(w, line, "merge keys are not read; write the keys out");
	for (; fields->key && n < KEYS_MAX; fields++)
		names[n++] = fields->key;
	near = nearest_word(key, names, n);
	if (near)
		return conf_wrong(w, line, "unknown key; did you mean '%s'?", near);
	used = snprintf(text, sizeof(text), "unknown key; known:");
	for (size_t i = 0; i < n && used < sizeof(text); i++)
		used += snprintf(text + used, sizeof(text) - used, "%s %s",
				 i ? "," : "", names[i]);
	return conf_wrong(w, line, "%s", text);
}

/* The key at node `i` of mapping `at`: a word, and the first of its name. */
static int conf_key(struct conf_walk *w, size_t at, size_t i, const char **key)
{
	const struct conf_node *n = conf_node(w->c, i);

	if (!n->text || !*n->text)
		return conf_wrong(w, w->c->nodes[i].line, "a key must be a word");
	*key = n->text;
	for (size_t k = at + 1; k < i; k = conf_end(w->c, conf_end(w->c, k)))
		if (!strcmp(conf_node(w->c, k)->text, n->text)) {
			conf_enter(w, n->text);
			return conf_wrong(w, w->c->nodes[i].line, "given twice");
		}
	return 0;
}

/* Follows an alias at `*at`; an error if that is not a mapping. */
static int conf_mapping(struct conf_walk *w, size_t *at)
{
	unsigned line = w->c->nodes[*at].line;

	*at = w->c->nodes[*at].is;
	return w->c->nodes[*at].type == CONF_MAPPING ? 0 :
	       conf_wrong(w, line, "must be keys and values: { a: b }");
}

static int conf_required(struct conf_walk *w, size_t at, const struct conf_field *fields,
			 uint64_t seen)
{
	for (unsigned i = 0; fields[i].key; i++)
		if (fields[i].required && !(seen >> i & 1)) {
			conf_enter(w, fields[i].key);
			return conf_wrong(w, w->c->nodes[at].line, "missing");
		}
	return 0;
}

static int conf_lone(struct conf_walk *w, size_t at, const struct conf_field *fields,
		     const char *lone, void *data)
{
	while (strcmp(fields->key, lone))
		fields++;
	return conf_member(w, at, fields, data);
}

static int conf_fields(struct conf_walk *w, size_t at, const struct conf_field *fields,
		       const char *lone, void *data)
{
	uint64_t seen = 0;
	const char *key;
	int ret = conf_absent(w, fields, data);

	if (!ret && lone && conf_node(w->c, at)->type == CONF_SCALAR)
		return conf_lone(w, at, fields, lone, data);
	if (!ret)
		ret = conf_mapping(w, &at);
	for (size_t i = at + 1; !ret && i < conf_end(w->c, at);
	     i = conf_end(w->c, conf_end(w->c, i))) {
		const struct conf_field *f = fields;
		size_t len;

		ret = conf_key(w, at, i, &key);
		if (ret)
			return ret;
		len = conf_enter(w, key);
		while (f->key && strcmp(f->key, key))
			f++;
		if (!f->key)
			return conf_unknown_key(w, w->c->nodes[i].line, key, fields);
		seen |= 1ull << (f - fields);
		ret = conf_member(w, conf_end(w->c, i), f, data);
		if (!ret)
			w->field[len] = '\0';
	}
	return ret ? ret : conf_required(w, at, fields, seen);
}

/* --- lists ------------------------------------------------------------------ */

/* One entry of the list `f`, read as a member of the entry's type. */
static int conf_entry(struct conf_walk *w, size_t at, const struct conf_field *f, void *to)
{
	struct conf_field one = *f;

	one.offset = 0;
	one.type = f->type == CONF_LIST ? CONF_MAP : CONF_TEXT;
	if (f->deep && conf_node(w->c, at)->type != CONF_SCALAR)
		return 0;	/* the entry stays NULL */
	return conf_member(w, at, &one, to);
}

static int conf_list(struct conf_walk *w, size_t at, const struct conf_field *f, void *data)
{
	size_t size = f->type == CONF_LIST ? f->size : sizeof(char *);
	size_t len = strlen(w->field), i = w->c->nodes[at].is, end = conf_end(w->c, i);
	unsigned *count = (unsigned *)((char *)data + f->count);
	char *list = conf_own(w, w->c->nodes[i].skip, size);
	int ret = 0;

	if (!list)
		return w->err->code;
	*(void **)((char *)data + f->offset) = list;
	*count = 0;
	if (w->c->nodes[i].type != CONF_SEQUENCE) {
		*count = 1;
		return conf_entry(w, at, f, list);
	}
	for (i++; !ret && i < end; i = conf_end(w->c, i)) {
		snprintf(w->field + len, sizeof(w->field) - len, "[%u]", *count);
		ret = conf_entry(w, i, f, list + size * (*count)++);
		if (!ret)
			w->field[len] = '\0';
	}
	return ret;
}

static int conf_pairs(struct conf_walk *w, size_t at, const struct conf_field *f, void *data)
{
	const struct conf_field values = {
		"", CONF_TEXTS, offsetof(struct conf_pair, values),
		.count = offsetof(struct conf_pair, n_values), .deep = f->deep,
	};
	unsigned *count = (unsigned *)((char *)data + f->count);
	struct conf_pair *pairs;
	int ret = conf_mapping(w, &at);

	if (ret)
		return ret;
	pairs = conf_own(w, w->c->nodes[at].skip, sizeof(*pairs));
	if (!pairs)
		return w->err->code;
	*(void **)((char *)data + f->offset) = pairs;
	*count = 0;
	for (size_t i = at + 1; !ret && i < conf_end(w->c, at);
	     i = conf_end(w->c, conf_end(w->c, i))) {
		struct conf_pair *p = &pairs[*count];
		const char *key;
		size_t len;

		ret = conf_key(w, at, i, &key);
		if (ret)
			return ret;
		p->key = (char *)(uintptr_t)key;
		len = conf_enter(w, key);
		ret = conf_list(w, conf_end(w->c, i), &values, p);
		if (!ret && !p->n_values)
			ret = conf_wrong(w, w->c->nodes[i].line, "the list is empty");
		if (!ret)
			w->field[len] = '\0';
		++*count;
	}
	return ret;
}

/* --- the whole -------------------------------------------------------------- */

static int conf_shape(struct conf_walk *w, size_t at, const struct conf_field *f, void *data)
{
	const struct conf_node *n = conf_node(w->c, at);

	switch (f->type) {
	case CONF_MAP:
		return conf_fields(w, at, f->of, f->lone, (char *)data + f->offset);
	case CONF_LIST:
	case CONF_TEXTS:
		return conf_list(w, at, f, data);
	case CONF_PAIRS:
		return conf_pairs(w, at, f, data);
	default:
		if (!n->text)
			return conf_wrong(w, w->c->nodes[at].line, "must be one value");
		return conf_value(w, w->c->nodes[at].line, n->text, f,
				  (char *)data + f->offset);
	}
}

/* Aliases can make a small file endless: everything that is visited counts. */
static int conf_member(struct conf_walk *w, size_t at, const struct conf_field *f,
		       void *data)
{
	int ret;

	if (++w->nodes > CONF_NODES_MAX || w->depth == CONF_DEPTH_MAX)
		return conf_wrong(w, w->c->nodes[at].line, "the file is too large or too deep");
	w->depth++;
	ret = conf_shape(w, at, f, data);
	w->depth--;
	return ret;
}

int conf_load(struct conf *c, const struct conf_field *fields, void *data,
	      struct err *err)
{
	struct err own = ERR_INIT;
	struct conf_walk w = { .c = c, .err = err ? err : &own };
	const struct conf_field top = { "", CONF_MAP, 0, .of = fields };

	return conf_member(&w, 0, &top, data);
}
