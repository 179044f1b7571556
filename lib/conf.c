/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf-node.h"
#include "err.h"
#include "file.h"

/* --- places ----------------------------------------------------------------- */

#define ABSENT SIZE_MAX

static size_t conf_step_index(const struct conf *c, size_t at, const char **path)
{
	unsigned long left = strtoul(*path + 1, (char **)path, 10);
	size_t i = at + 1, end = conf_end(c, at);

	*path += **path == ']';
	if (c->nodes[at].type != CONF_SEQUENCE)
		return left ? ABSENT : at;	/* it stands for a list of one */
	for (; i < end && left; i = conf_end(c, i))
		left--;
	return i < end ? i : ABSENT;
}

static size_t conf_step_key(const struct conf *c, size_t at, const char **path)
{
	const char *key = *path + (**path == '.');
	size_t n = strcspn(key, ".["), end = conf_end(c, at);

	*path = key + n;
	if (!n || c->nodes[at].type != CONF_MAPPING)
		return ABSENT;
	for (size_t i = at + 1; i < end; i = conf_end(c, conf_end(c, i))) {
		const struct conf_node *k = conf_node(c, i);

		if (k->text && k->len == n && !memcmp(k->text, key, n))
			return i;
	}
	return ABSENT;
}

/* The node of a field's path, or ABSENT; the line of the last part that is there. */
static size_t conf_find(const struct conf *c, const char *path, unsigned *line)
{
	size_t at = 0;

	*line = c->nodes[0].line;
	while (*path) {
		bool index = *path == '[';

		at = (index ? conf_step_index : conf_step_key)(c, c->nodes[at].is, &path);
		if (at == ABSENT)
			break;
		*line = c->nodes[at].line;
		if (!index)
			at = conf_end(c, at);	/* from the key to its value */
	}
	return at;
}

unsigned conf_line(const struct conf *c, const char *field)
{
	unsigned line;

	conf_find(c, field, &line);
	return line;
}

const char *conf_path(const struct conf *c)
{
	return c->path;
}

bool conf_given(const struct conf *c, const char *field)
{
	unsigned line;

	return conf_find(c, field, &line) != ABSENT;
}

/* A value that stands for a list of one is not called [0]. */
static void conf_name(const struct conf *c, const char *field, char name[CONF_FIELD_MAX])
{
	unsigned line;
	size_t len, at;

	snprintf(name, CONF_FIELD_MAX, "%s", field);
	len = strlen(name);
	if (len < 4 || strcmp(name + len - 3, "[0]"))
		return;
	name[len - 3] = '\0';
	at = conf_find(c, name, &line);
	if (at != ABSENT && conf_node(c, at)->type == CONF_SEQUENCE)
		name[len - 3] = '[';
}

int conf_error(const struct conf *c, const char *field, struct err *err,
	       const char *fmt, ...)
{
	char text[ERR_TEXT_MAX / 2], name[CONF_FIELD_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	conf_name(c, field, name);
	return conf_error_at(c, conf_line(c, field), name, err, text);
}

/* --- trees ------------------------------------------------------------------ */

/* Aliases can make a small file endless: what is visited counts. */
struct conf_tree {
	const struct conf *c;
	unsigned nodes, depth;
	const char *wrong;	/* NULL while all is well */
	unsigned line;
};

static json_t *conf_tree_value(struct conf_tree *t, size_t at);

static json_t *conf_tree_fail(struct conf_tree *t, size_t at, const char *wrong)
{
	if (!t->wrong) {
		t->wrong = wrong;
		t->line = t->c->nodes[at].line;
	}
	return NULL;
}

static json_t *conf_tree_list(struct conf_tree *t, size_t at)
{
	json_t *list = json_array();

	for (size_t i = at + 1; i < conf_end(t->c, at) && !t->wrong; i = conf_end(t->c, i))
		json_array_append_new(list, conf_tree_value(t, i));
	return list;
}

static json_t *conf_tree_mapping(struct conf_tree *t, size_t at)
{
	json_t *map = json_object();

	for (size_t i = at + 1; i < conf_end(t->c, at) && !t->wrong;
	     i = conf_end(t->c, conf_end(t->c, i))) {
		const char *key = conf_node(t->c, i)->text;

		if (!key || !*key)
			conf_tree_fail(t, i, "a key must be a word");
		else if (json_object_get(map, key))
			conf_tree_fail(t, i, "a key is given twice");
		else
			json_object_set_new(map, key, conf_tree_value(t, conf_end(t->c, i)));
	}
	return map;
}

static json_t *conf_tree_value(struct conf_tree *t, size_t at)
{
	const struct conf_node *n = conf_node(t->c, at);
	json_t *v;

	if (++t->nodes > CONF_NODES_MAX || t->depth == CONF_DEPTH_MAX)
		return conf_tree_fail(t, at, "the file is too large or too deep");
	t->depth++;
	v = n->type == CONF_SEQUENCE ? conf_tree_list(t, n->is) :
	    n->type == CONF_MAPPING ? conf_tree_mapping(t, n->is) : json_string(n->text);
	t->depth--;
	return v ? v : conf_tree_fail(t, at, "is not text");
}

json_t *conf_json(const struct conf *c, const char *field, struct err *err)
{
	struct conf_tree t = { .c = c };
	unsigned line;
	size_t at = conf_find(c, field, &line);
	json_t *v;

	if (at == ABSENT) {
		conf_error(c, field, err, "missing");
		return NULL;
	}
	v = conf_tree_value(&t, at);
	if (!t.wrong)
		return v;
	json_decref(v);
	conf_error_at(c, t.line, field, err, t.wrong);
	return NULL;
}

/* --- the file ------------------------------------------------------------------ */

int conf_parse(const char *path, const char *text, size_t len, struct conf **c,
	       struct err *err)
{
	struct conf *new = calloc(1, sizeof(*new));
	int ret;

	*c = NULL;
	if (!new)
		return err_sys(err, ENOMEM, "%s", path);
	new->path = strdup(path);
	ret = new->path ? conf_read(new, text, len, err)
			: err_sys(err, ENOMEM, "%s", path);
	if (ret)
		conf_close(new);
	else
		*c = new;
	return ret;
}

int conf_open(const char *path, struct conf **c, struct err *err)
{
	size_t len;
	char *text;
	int ret;

	*c = NULL;
	ret = file_read_named(path, &text, &len, err);
	if (ret)
		return ret;
	ret = conf_parse(path, text, len, c, err);
	free(text);
	return ret;
}

void conf_close(struct conf *c)
{
	if (!c)
		return;
	while (c->owned) {
		struct conf_owned *next = c->owned->next;

		free(c->owned);
		c->owned = next;
	}
	for (size_t i = 0; i < c->n_nodes; i++)
		free(c->nodes[i].text);
	free(c->nodes);
	free(c->path);
	free(c);
}
