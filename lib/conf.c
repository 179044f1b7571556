/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "file.h"
#include "nearest.h"

#define FIELD_MAX 256
#define KEYS_MAX 64
#define BACKTRACE_MAX 16

struct conf {
	char *path;
	char *text;
	size_t len;
	yaml_document_t doc;
};

/* What libcyaml said about one failed load. */
struct complaint {
	char text[512];
	char field[FIELD_MAX];
	unsigned lines;
};

static yaml_node_t *node_at(const struct conf *c, int index)
{
	/* libyaml does not change the document, but has no const. */
	return yaml_document_get_node((yaml_document_t *)&c->doc, index);
}

static yaml_node_t *root_of(const struct conf *c)
{
	return yaml_document_get_root_node((yaml_document_t *)&c->doc);
}

static const char *scalar(const yaml_node_t *node)
{
	return node && node->type == YAML_SCALAR_NODE
		       ? (const char *)node->data.scalar.value
		       : NULL;
}

/* The pair of `key` (its first `n` bytes) in a mapping, or NULL. */
static yaml_node_pair_t *pair_of(const struct conf *c, const yaml_node_t *map,
				 const char *key, size_t n)
{
	yaml_node_pair_t *p = map->data.mapping.pairs.start;

	for (; p < map->data.mapping.pairs.top; p++) {
		const char *have = scalar(node_at(c, p->key));

		if (have && strlen(have) == n && !memcmp(have, key, n))
			return p;
	}
	return NULL;
}

/* One step of a field path down from `node`; NULL where it ends. */
static const yaml_node_t *step(const struct conf *c, const yaml_node_t *node,
			       const char **path, const yaml_node_t **mark)
{
	const char *p = *path;
	size_t n;

	if (*p == '[' && node->type == YAML_SEQUENCE_NODE) {
		unsigned long i = strtoul(p + 1, (char **)path, 10);
		yaml_node_item_t *items = node->data.sequence.items.start;

		if (**path == ']')
			++*path;
		if (i >= (size_t)(node->data.sequence.items.top - items))
			return NULL;
		return *mark = node_at(c, items[i]);
	}
	p += *p == '.';
	n = strcspn(p, ".[");
	*path = p + n;
	if (n && node->type == YAML_MAPPING_NODE) {
		yaml_node_pair_t *pair = pair_of(c, node, p, n);

		if (!pair)
			return NULL;
		*mark = node_at(c, pair->key);
		return node_at(c, pair->value);
	}
	return NULL;
}

unsigned conf_line(const struct conf *c, const char *field)
{
	const yaml_node_t *node = root_of(c);
	const yaml_node_t *mark = node;

	while (node && *field)
		node = step(c, node, &field, &mark);
	return mark ? mark->start_mark.line + 1 : 1;
}

static int error_at(const struct conf *c, unsigned line, const char *field,
		    struct err *err, const char *text)
{
	return err_config(err, "%s:%u: %s%s%s", c->path, line, field,
			  *field ? ": " : "", text);
}

int conf_error(const struct conf *c, const char *field, struct err *err,
	       const char *fmt, ...)
{
	char text[ERR_TEXT_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return error_at(c, conf_line(c, field), field, err, text);
}

/* --- the text held against the schema ------------------------------------ */

static int check(const struct conf *c, const yaml_node_t *node,
		 const cyaml_schema_value_t *schema, const char *field,
		 struct err *err);

static const cyaml_schema_field_t *
field_of(const cyaml_schema_value_t *schema, const char *key)
{
	const cyaml_schema_field_t *f = schema->mapping.fields;

	for (; f->key; f++)
		if (!strcmp(f->key, key))
			return f;
	return NULL;
}

static int unknown_key(const struct conf *c, const yaml_node_t *key,
		       const cyaml_schema_value_t *schema, const char *field,
		       struct err *err)
{
	const cyaml_schema_field_t *f = schema->mapping.fields;
	const char *names[KEYS_MAX], *near;
	char text[1024];
	size_t n = 0, used;

	for (; f->key && n < KEYS_MAX; f++)
		names[n++] = f->key;
	near = nearest_word(scalar(key), names, n);
	if (near) {
		snprintf(text, sizeof(text), "unknown key; did you mean '%s'?",
			 near);
	} else {
		used = snprintf(text, sizeof(text), "unknown key; known are");
		for (size_t i = 0; i < n && used < sizeof(text); i++)
			used += snprintf(text + used, sizeof(text) - used,
					 "%s %s", i ? "," : "", names[i]);
	}
	return error_at(c, key->start_mark.line + 1, field, err, text);
}

static void join(char out[FIELD_MAX], const char *field, const char *key)
{
	snprintf(out, FIELD_MAX, "%s%s%s", field, *field ? "." : "", key);
}

static int check_pair(const struct conf *c, const yaml_node_t *map,
		      const yaml_node_pair_t *pair,
		      const cyaml_schema_value_t *schema, const char *field,
		      struct err *err)
{
	const yaml_node_t *key = node_at(c, pair->key);
	const cyaml_schema_field_t *f;
	char below[FIELD_MAX];

	if (!scalar(key))
		return error_at(c, key->start_mark.line + 1, field, err,
				"a key must be a word");
	join(below, field, scalar(key));
	if (pair_of(c, map, scalar(key), strlen(scalar(key))) != pair)
		return error_at(c, key->start_mark.line + 1, below, err,
				"given twice");
	f = field_of(schema, scalar(key));
	if (!f)
		return unknown_key(c, key, schema, below, err);
	return check(c, node_at(c, pair->value), &f->value, below, err);
}

static int check_mapping(const struct conf *c, const yaml_node_t *node,
			 const cyaml_schema_value_t *schema, const char *field,
			 struct err *err)
{
	const cyaml_schema_field_t *f = schema->mapping.fields;
	const yaml_node_pair_t *p = node->data.mapping.pairs.start;
	char below[FIELD_MAX];

	for (; p < node->data.mapping.pairs.top; p++)
		if (check_pair(c, node, p, schema, field, err))
			return -EINVAL;
	for (; f->key; f++) {
		if (f->value.flags & CYAML_FLAG_OPTIONAL)
			continue;
		if (pair_of(c, node, f->key, strlen(f->key)))
			continue;
		join(below, field, f->key);
		return error_at(c, node->start_mark.line + 1, below, err,
				"missing");
	}
	return 0;
}

static int check_sequence(const struct conf *c, const yaml_node_t *node,
			  const cyaml_schema_value_t *schema, const char *field,
			  struct err *err)
{
	yaml_node_item_t *items = node->data.sequence.items.start;
	size_t n = node->data.sequence.items.top - items;
	char below[FIELD_MAX];

	for (size_t i = 0; i < n; i++) {
		snprintf(below, sizeof(below), "%s[%zu]", field, i);
		if (check(c, node_at(c, items[i]), schema->sequence.entry,
			  below, err))
			return -EINVAL;
	}
	return 0;
}

static int check(const struct conf *c, const yaml_node_t *node,
		 const cyaml_schema_value_t *schema, const char *field,
		 struct err *err)
{
	static const char *const want[] = {
		[YAML_SCALAR_NODE] = "must be one value",
		[YAML_SEQUENCE_NODE] = "must be a list: [a, b]",
		[YAML_MAPPING_NODE] = "must be keys and values: { a: b }",
	};
	yaml_node_type_t type = YAML_SCALAR_NODE;

	if (schema->type == CYAML_IGNORE || schema->type == CYAML_FLAGS ||
	    schema->type == CYAML_BITFIELD)
		return 0;
	if (schema->type == CYAML_MAPPING)
		type = YAML_MAPPING_NODE;
	if (schema->type == CYAML_SEQUENCE ||
	    schema->type == CYAML_SEQUENCE_FIXED)
		type = YAML_SEQUENCE_NODE;
	if (node->type != type)
		return error_at(c, node->start_mark.line + 1, field, err,
				want[type]);
	if (type == YAML_MAPPING_NODE)
		return check_mapping(c, node, schema, field, err);
	if (type == YAML_SEQUENCE_NODE)
		return check_sequence(c, node, schema, field, err);
	return 0;
}

/* --- libcyaml --------------------------------------------------------------- */

/* The backtrace comes innermost first: each part goes before the rest. */
static void prepend(struct complaint *said, const char *part)
{
	char rest[FIELD_MAX];

	memcpy(rest, said->field, sizeof(rest));
	snprintf(said->field, sizeof(said->field), "%s%s%.120s", part,
		 *rest && *rest != '[' ? "." : "", rest);
}

static void take_line(cyaml_log_t level, void *ctx, const char *fmt,
		      va_list args)
{
	struct complaint *said = ctx;
	char line[512], name[100], part[120];
	unsigned i;

	if (level < CYAML_LOG_ERROR || said->lines++ > BACKTRACE_MAX)
		return;
	vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = '\0';
	if (said->lines == 1) {
		const char *text = line;

		text += !strncmp(text, "Load: ", 6) ? 6 : 0;
		snprintf(said->text, sizeof(said->text), "%s", text);
	} else if (sscanf(line, " in mapping field '%99[^']'", name) == 1) {
		prepend(said, name);
	} else if (sscanf(line, " in sequence entry '%u'", &i) == 1) {
		snprintf(part, sizeof(part), "[%u]", i - 1);
		prepend(said, part);
	}
}

static const cyaml_config_t cyaml = {
	.mem_fn = cyaml_mem,
	.log_fn = take_line,
	.log_level = CYAML_LOG_ERROR,
	.flags = CYAML_CFG_NO_ALIAS,
};

int conf_load(struct conf *c, const cyaml_schema_value_t *schema, void **data,
	      struct err *err)
{
	struct complaint said = { .text = "" };
	cyaml_config_t config = cyaml;
	cyaml_err_t ret;

	*data = NULL;
	if (!root_of(c))
		return error_at(c, 1, "", err, "the file is empty");
	if (check(c, root_of(c), schema, "", err))
		return -EINVAL;
	config.log_ctx = &said;
	ret = cyaml_load_data((const uint8_t *)c->text, c->len, &config, schema,
			      data, NULL);
	if (ret == CYAML_OK && *data)
		return 0;
	*data = NULL;
	return conf_error(c, said.field, err, "%s",
			  *said.text ? said.text : cyaml_strerror(ret));
}

void conf_unload(const cyaml_schema_value_t *schema, void *data)
{
	struct complaint said = { .text = "" };
	cyaml_config_t config = cyaml;

	config.log_ctx = &said;
	if (data)
		cyaml_free(&config, schema, data, 0);
}

/* --- the file ------------------------------------------------------------- */

static int parse(struct conf *c, struct err *err)
{
	yaml_parser_t parser;
	int ret = 0;

	if (!yaml_parser_initialize(&parser))
		return err_sys(err, ENOMEM, "%s", c->path);
	yaml_parser_set_input_string(&parser, (unsigned char *)c->text, c->len);
	if (!yaml_parser_load(&parser, &c->doc)) {
		memset(&c->doc, 0, sizeof(c->doc));
		ret = error_at(c, parser.problem_mark.line + 1, "", err,
			       parser.problem ? parser.problem : "not YAML");
	}
	yaml_parser_delete(&parser);
	return ret;
}

int conf_parse(const char *path, const char *text, size_t len, struct conf **c,
	       struct err *err)
{
	struct conf *new = calloc(1, sizeof(*new));

	*c = NULL;
	if (!new)
		return err_sys(err, ENOMEM, "%s", path);
	new->path = strdup(path);
	new->text = malloc(len + 1);
	new->len = len;
	if (!new->path || !new->text) {
		conf_close(new);
		return err_sys(err, ENOMEM, "%s", path);
	}
	memcpy(new->text, text, len);
	new->text[len] = '\0';
	if (parse(new, err)) {
		conf_close(new);
		return -EINVAL;
	}
	*c = new;
	return 0;
}

int conf_open(const char *path, struct conf **c, struct err *err)
{
	size_t len;
	char *text;
	int ret;

	*c = NULL;
	ret = file_read(path, &text, &len, err);
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
	yaml_document_delete(&c->doc);
	free(c->path);
	free(c->text);
	free(c);
}
