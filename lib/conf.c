/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "conf-walk.h"
#include "file.h"
#include "nearest.h"

#define FIELD_MAX 256

struct conf {
	char *path;
	char *text;
	size_t len;
	yaml_document_t doc;
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

/* Is `field` not in the file? */
static bool is_absent(const struct conf *c, const char *field)
{
	const yaml_node_t *node = root_of(c);
	const yaml_node_t *mark;

	while (node && *field)
		node = step(c, node, &field, &mark);
	return !node;
}

int conf_error_at(const struct conf *c, unsigned line, const char *field,
		  struct err *err, const char *text)
{
	return err_config(err, "%s:%u: %s%s%s", c->path, line, field,
			  *field ? ": " : "", text);
}

int conf_error(const struct conf *c, const char *field, struct err *err,
	       const char *fmt, ...)
{
	char text[ERR_TEXT_MAX / 2], name[FIELD_MAX];
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* A value that stands for a list of one is not called [0]. */
	snprintf(name, sizeof(name), "%s", field);
	len = strlen(name);
	if (len > 3 && !strcmp(name + len - 3, "[0]") && is_absent(c, field))
		name[len - 3] = '\0';
	return conf_error_at(c, conf_line(c, name), name, err, text);
}

void conf_unknown_text(const char *what, const char *word,
		       const char *const *known, size_t n, char *text,
		       size_t len)
{
	const char *near = nearest_word(word, known, n);
	size_t used = snprintf(text, len, "unknown %s '%.80s'; ", what, word);

	if (near && used < len)
		used += snprintf(text + used, len - used,
				 "did you mean '%s'? ", near);
	if (used < len)
		used += snprintf(text + used, len - used, "known are");
	for (size_t i = 0; i < n && used < len; i++)
		used += snprintf(text + used, len - used, "%s %s",
				 i ? "," : "", known[i]);
}

int conf_unknown(const struct conf *c, const char *field, struct err *err,
		 const char *what, const char *word, const char *const *known,
		 size_t n)
{
	char text[ERR_TEXT_MAX / 2];

	conf_unknown_text(what, word, known, n, text, sizeof(text));
	return conf_error(c, field, err, "%s", text);
}

/* --- libcyaml --------------------------------------------------------------- */

const cyaml_schema_value_t conf_text_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, CYAML_UNLIMITED),
};

const cyaml_schema_field_t conf_pair_fields[] = {
	CYAML_FIELD_STRING_PTR("key", CYAML_FLAG_POINTER, struct conf_pair, key,
			       1, CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE_COUNT("values", CYAML_FLAG_POINTER,
				   struct conf_pair, values, n_values,
				   &conf_text_schema, 1, CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t conf_pair_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct conf_pair,
			    conf_pair_fields),
};

/* The walk has checked what can be checked: its messages are better. */
static const cyaml_config_t cyaml = {
	.mem_fn = cyaml_mem,
	.log_level = CYAML_LOG_ERROR,
	.flags = CYAML_CFG_NO_ALIAS,
};

int conf_load(struct conf *c, const cyaml_schema_value_t *schema, void **data,
	      struct err *err)
{
	struct conf_text strict = { NULL, 0 };
	cyaml_err_t said;
	int ret;

	*data = NULL;
	if (!root_of(c))
		return conf_error_at(c, 1, "", err, "the file is empty");
	ret = conf_walk(c, &c->doc, schema, &strict, err);
	if (!ret) {
		said = cyaml_load_data((const uint8_t *)strict.data, strict.len,
				       &cyaml, schema, data, NULL);
		if (said != CYAML_OK) {
			*data = NULL;
			ret = conf_error(c, "", err, "%s",
					 cyaml_strerror(said));
		}
	}
	free(strict.data);
	return ret;
}

void conf_unload(const cyaml_schema_value_t *schema, void *data)
{
	if (data)
		cyaml_free(&cyaml, schema, data, 0);
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
		ret = conf_error_at(c, parser.problem_mark.line + 1, "", err,
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
