/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf-walk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"

#define FIELD_MAX 256
#define NODES_MAX 100000	/* aliases can make a small file endless */
#define DEPTH_MAX 32
#define KEYS_MAX 64

struct walk {
	const struct conf *c;
	yaml_document_t *doc;
	yaml_emitter_t *out;
	struct err *err;
	char field[FIELD_MAX];
	unsigned nodes, depth;
};

__attribute__((format(printf, 3, 4)))
static int wrong(struct walk *w, const yaml_node_t *node, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return conf_error_at(w->c, node->start_mark.line + 1, w->field, w->err,
			     text);
}

static int no_memory(struct walk *w)
{
	return err_sys(w->err, ENOMEM, "cannot read the config");
}

static int emit(struct walk *w, yaml_event_t *event, int made)
{
	if (made && yaml_emitter_emit(w->out, event))
		return 0;
	return no_memory(w);
}

static int emit_text(struct walk *w, const char *text, size_t len)
{
	yaml_event_t e;

	return emit(w, &e, yaml_scalar_event_initialize(
		&e, NULL, NULL, (yaml_char_t *)(uintptr_t)text, len, 1, 1,
		YAML_DOUBLE_QUOTED_SCALAR_STYLE));
}

static int emit_list(struct walk *w, bool begin)
{
	yaml_event_t e;

	return emit(w, &e, begin ? yaml_sequence_start_event_initialize(
					   &e, NULL, NULL, 1,
					   YAML_FLOW_SEQUENCE_STYLE)
				 : yaml_sequence_end_event_initialize(&e));
}

static int emit_map(struct walk *w, bool begin)
{
	yaml_event_t e;

	return emit(w, &e, begin ? yaml_mapping_start_event_initialize(
					   &e, NULL, NULL, 1,
					   YAML_FLOW_MAPPING_STYLE)
				 : yaml_mapping_end_event_initialize(&e));
}

/* --- the walk ------------------------------------------------------------------ */

static int walk_node(struct walk *w, yaml_node_t *node,
		     const cyaml_schema_value_t *schema);

static const char *text_of(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

static int walk_number(struct walk *w, const yaml_node_t *node,
		       const cyaml_schema_value_t *schema)
{
	const char *text = text_of(node);
	unsigned bits = schema->data_size * 8;
	char *end, plain[32];
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end)
		return wrong(w, node, "'%.80s' is not a whole number", text);
	if (errno || (bits < 64 && n >> bits))
		return wrong(w, node, "%.80s is too large", text);
	/* Without leading zeros, which libcyaml would take for octal. */
	snprintf(plain, sizeof(plain), "%" PRIu64, n);
	return emit_text(w, plain, strlen(plain));
}

static int walk_bool(struct walk *w, const yaml_node_t *node)
{
	const char *text = text_of(node);

	if (strcmp(text, "true") && strcmp(text, "false"))
		return wrong(w, node, "'%.80s' is neither true nor false", text);
	return emit_text(w, text, strlen(text));
}

static int walk_enum(struct walk *w, const yaml_node_t *node,
		     const cyaml_schema_value_t *schema)
{
	const char *known[KEYS_MAX] = { NULL }, *text = text_of(node);
	size_t n = schema->enumeration.count;
	char what[1024];

	for (size_t i = 0; i < n && i < KEYS_MAX; i++) {
		known[i] = schema->enumeration.strings[i].str;
		if (!strcmp(known[i], text))
			return emit_text(w, text, strlen(text));
	}
	conf_unknown_text("value", text, known, n < KEYS_MAX ? n : KEYS_MAX,
			  what, sizeof(what));
	return wrong(w, node, "%s", what);
}

static int walk_string(struct walk *w, const yaml_node_t *node,
		       const cyaml_schema_value_t *schema)
{
	size_t len = node->data.scalar.length;

	if (strlen(text_of(node)) != len)
		return wrong(w, node, "holds a NUL character");
	if (len < schema->string.min)
		return wrong(w, node, "is empty");
	return emit_text(w, text_of(node), len);
}

static int walk_scalar(struct walk *w, const yaml_node_t *node,
		       const cyaml_schema_value_t *schema)
{
	if (node->type != YAML_SCALAR_NODE)
		return wrong(w, node, "must be one value");
	switch (schema->type) {
	case CYAML_INT:
	case CYAML_UINT:
		return walk_number(w, node, schema);
	case CYAML_BOOL:
		return walk_bool(w, node);
	case CYAML_ENUM:
		return walk_enum(w, node, schema);
	case CYAML_STRING:
		return walk_string(w, node, schema);
	default:
		return emit_text(w, text_of(node), strlen(text_of(node)));
	}
}

static const cyaml_schema_field_t *
find_field(const cyaml_schema_field_t *fields, const char *key)
{
	for (; fields->key; fields++)
		if (!strcmp(fields->key, key))
			return fields;
	return NULL;
}

static int unknown_key(struct walk *w, const yaml_node_t *key,
		       const cyaml_schema_field_t *fields)
{
	const char *names[KEYS_MAX] = { NULL }, *near;
	char text[1024];
	size_t n = 0, used;

	for (; fields->key && n < KEYS_MAX; fields++)
		names[n++] = fields->key;
	near = nearest_word(text_of(key), names, n);
	if (near)
		return wrong(w, key, "unknown key; did you mean '%s'?", near);
	used = snprintf(text, sizeof(text), "unknown key; known are");
	for (size_t i = 0; i < n && used < sizeof(text); i++)
		used += snprintf(text + used, sizeof(text) - used, "%s %s",
				 i ? "," : "", names[i]);
	return wrong(w, key, "%s", text);
}

static bool key_before(struct walk *w, const yaml_node_t *node,
		       const yaml_node_pair_t *pair, const char *key)
{
	const yaml_node_pair_t *p = node->data.mapping.pairs.start;

	for (; p < pair; p++) {
		yaml_node_t *k = yaml_document_get_node(w->doc, p->key);

		if (k->type == YAML_SCALAR_NODE && !strcmp(text_of(k), key))
			return true;
	}
	return false;
}

/* Makes "arms[1]" "arms[1].kernel"; the length before, for leave(). */
static size_t enter_key(struct walk *w, const yaml_node_t *key)
{
	size_t len = strlen(w->field);

	snprintf(w->field + len, sizeof(w->field) - len, "%s%.80s",
		 len ? "." : "", text_of(key));
	return len;
}

static void leave(struct walk *w, size_t len)
{
	w->field[len] = '\0';
}

static int check_required(struct walk *w, const yaml_node_t *node,
			  const cyaml_schema_field_t *fields)
{
	size_t len = strlen(w->field);

	for (; fields->key; fields++) {
		if (fields->value.flags & CYAML_FLAG_OPTIONAL ||
		    key_before(w, node, node->data.mapping.pairs.top,
			       fields->key))
			continue;
		snprintf(w->field + len, sizeof(w->field) - len, "%s%s",
			 len ? "." : "", fields->key);
		return wrong(w, node, "missing");
	}
	return 0;
}

/*
 * One pair of a mapping. With `fields` its key must be one of them; without,
 * { a: 1, b: [2, 3] } becomes [{key: a, values: [1]}, {key: b, ...}].
 */
static int walk_pair(struct walk *w, const yaml_node_t *node,
		     const yaml_node_pair_t *pair,
		     const cyaml_schema_field_t *fields)
{
	yaml_node_t *key = yaml_document_get_node(w->doc, pair->key);
	yaml_node_t *value = yaml_document_get_node(w->doc, pair->value);
	const cyaml_schema_field_t *f = &conf_pair_fields[1];
	size_t len;
	int ret;

	if (key->type != YAML_SCALAR_NODE || !text_of(key)[0])
		return wrong(w, key, "a key must be a word");
	len = enter_key(w, key);
	if (key_before(w, node, pair, text_of(key)))
		return wrong(w, key, "given twice");
	if (fields) {
		f = find_field(fields, text_of(key));
		if (!f)
			return unknown_key(w, key, fields);
	}
	ret = fields ? 0 : emit_map(w, true);
	if (!ret && !fields)
		ret = emit_text(w, "key", 3);
	if (!ret)
		ret = emit_text(w, text_of(key), strlen(text_of(key)));
	if (!ret && !fields)
		ret = emit_text(w, "values", 6);
	if (!ret)
		ret = walk_node(w, value, &f->value);
	if (!ret && !fields)
		ret = emit_map(w, false);
	if (!ret)
		leave(w, len);
	return ret;
}

static int walk_mapping(struct walk *w, yaml_node_t *node,
			const cyaml_schema_field_t *fields)
{
	yaml_node_pair_t *p;
	int ret;

	if (node->type != YAML_MAPPING_NODE)
		return wrong(w, node, "must be keys and values: { a: b }");
	ret = fields ? emit_map(w, true) : emit_list(w, true);
	for (p = node->data.mapping.pairs.start;
	     !ret && p < node->data.mapping.pairs.top; p++)
		ret = walk_pair(w, node, p, fields);
	if (!ret && fields)
		ret = check_required(w, node, fields);
	if (!ret)
		ret = fields ? emit_map(w, false) : emit_list(w, false);
	return ret;
}

static int walk_items(struct walk *w, yaml_node_t *node,
		      const cyaml_schema_value_t *entry)
{
	yaml_node_item_t *items = node->data.sequence.items.start;
	size_t n = node->data.sequence.items.top - items;
	size_t len = strlen(w->field);
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i++) {
		snprintf(w->field + len, sizeof(w->field) - len, "[%zu]", i);
		ret = walk_node(w, yaml_document_get_node(w->doc, items[i]),
				entry);
		if (!ret)
			leave(w, len);
	}
	return ret;
}

static int walk_sequence(struct walk *w, yaml_node_t *node,
			 const cyaml_schema_value_t *entry)
{
	int ret;

	if (entry == &conf_pair_schema)
		return walk_mapping(w, node, NULL);
	ret = emit_list(w, true);
	if (!ret)
		ret = node->type == YAML_SEQUENCE_NODE
			      ? walk_items(w, node, entry)
			      : walk_node(w, node, entry);
	return ret ? ret : emit_list(w, false);
}

static int walk_node(struct walk *w, yaml_node_t *node,
		     const cyaml_schema_value_t *schema)
{
	int ret;

	if (++w->nodes > NODES_MAX || ++w->depth > DEPTH_MAX)
		return wrong(w, node, "the file is too large or too deep");
	switch (schema->type) {
	case CYAML_MAPPING:
		ret = walk_mapping(w, node, schema->mapping.fields);
		break;
	case CYAML_SEQUENCE:
	case CYAML_SEQUENCE_FIXED:
		ret = walk_sequence(w, node, schema->sequence.entry);
		break;
	default:
		ret = walk_scalar(w, node, schema);
	}
	w->depth--;
	return ret;
}

static int collect(void *arg, unsigned char *data, size_t len)
{
	struct conf_text *out = arg;
	char *more = realloc(out->data, out->len + len + 1);

	if (!more)
		return 0;
	memcpy(more + out->len, data, len);
	out->data = more;
	out->len += len;
	out->data[out->len] = '\0';
	return 1;
}

static int walk_document(struct walk *w, yaml_node_t *root,
			 const cyaml_schema_value_t *schema)
{
	yaml_event_t e;
	int ret;

	ret = emit(w, &e, yaml_stream_start_event_initialize(
				  &e, YAML_UTF8_ENCODING));
	if (!ret)
		ret = emit(w, &e, yaml_document_start_event_initialize(
					  &e, NULL, NULL, NULL, 1));
	if (!ret)
		ret = walk_node(w, root, schema);
	if (!ret)
		ret = emit(w, &e, yaml_document_end_event_initialize(&e, 1));
	if (!ret)
		ret = emit(w, &e, yaml_stream_end_event_initialize(&e));
	return ret;
}

int conf_walk(const struct conf *c, yaml_document_t *doc,
	      const cyaml_schema_value_t *schema, struct conf_text *out,
	      struct err *err)
{
	struct err local = ERR_INIT;
	yaml_emitter_t emitter;
	struct walk w = { .c = c, .doc = doc, .out = &emitter,
			  .err = err ? err : &local };
	int ret;

	if (!yaml_emitter_initialize(&emitter))
		return no_memory(&w);
	yaml_emitter_set_output(&emitter, collect, out);
	yaml_emitter_set_unicode(&emitter, 1);
	ret = walk_document(&w, yaml_document_get_root_node(doc), schema);
	yaml_emitter_delete(&emitter);
	return ret;
}
