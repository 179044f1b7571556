/* SPDX-License-Identifier: GPL-2.0-or-later */
/* YAML to nodes: what is well-formed, how deep it is, how many documents. */
#include "conf-node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define ANCHORS_MAX 100

struct conf_reader {
	struct conf *c;
	yaml_parser_t parser;
	struct err *err;
	const char *text;
	size_t len, room;
	size_t open[CONF_DEPTH_MAX];	/* the nodes around the next one */
	size_t depth;
	struct {
		char *name;
		size_t node;
	} anchors[ANCHORS_MAX];
	size_t n_anchors;
};

const struct conf_node *conf_node(const struct conf *c, size_t i)
{
	return &c->nodes[c->nodes[i].is];
}

int conf_error_at(const struct conf *c, unsigned line, const char *field,
		  struct err *err, const char *text)
{
	return err_config(err, "%s:%u: %s%s%s", c->path, line, field,
			  *field ? ": " : "", text);
}

static int read_error(struct conf_reader *r, const yaml_mark_t *mark, const char *text)
{
	return conf_error_at(r->c, mark->line + 1, "", r->err, text);
}

/* --- nodes ------------------------------------------------------------------ */

/* A node with the next index, within what is open. */
static struct conf_node *read_node(struct conf_reader *r, const yaml_event_t *e, int type)
{
	struct conf *c = r->c;
	struct conf_node *more;

	if (c->n_nodes >= CONF_NODES_MAX) {
		read_error(r, &e->start_mark, "the file is too large");
		return NULL;
	}
	if (c->n_nodes == r->room) {
		r->room = r->room ? 2 * r->room : 64;
		more = realloc(c->nodes, r->room * sizeof(*more));
		if (!more) {
			err_sys(r->err, ENOMEM, "%s", c->path);
			return NULL;
		}
		c->nodes = more;
	}
	more = &c->nodes[c->n_nodes];
	*more = (struct conf_node){ .type = type, .line = e->start_mark.line + 1,
				    .skip = 1, .is = c->n_nodes++ };
	return more;
}

static int read_anchor(struct conf_reader *r, const yaml_event_t *e,
		       const yaml_char_t *name, const yaml_char_t *tag)
{
	if (tag)
		return read_error(r, &e->start_mark, "a tag (!name) has no meaning here");
	if (!name)
		return 0;
	if (r->n_anchors == ANCHORS_MAX)
		return read_error(r, &e->start_mark, "too many anchors (&name)");
	r->anchors[r->n_anchors].name = strdup((const char *)name);
	if (!r->anchors[r->n_anchors].name)
		return err_sys(r->err, ENOMEM, "%s", r->c->path);
	r->anchors[r->n_anchors++].node = r->c->n_nodes - 1;
	return 0;
}

static int read_scalar(struct conf_reader *r, const yaml_event_t *e)
{
	struct conf_node *n = read_node(r, e, CONF_SCALAR);
	size_t len = e->data.scalar.length;

	if (!n)
		return r->err->code;
	n->text = malloc(len + 1);
	n->len = len;
	if (!n->text)
		return err_sys(r->err, ENOMEM, "%s", r->c->path);
	memcpy(n->text, e->data.scalar.value, len);
	n->text[len] = '\0';
	if (memchr(n->text, '\0', len))
		return read_error(r, &e->start_mark, "a value holds a NUL character");
	return read_anchor(r, e, e->data.scalar.anchor, e->data.scalar.tag);
}

static int read_alias(struct conf_reader *r, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;
	struct conf_node *n = read_node(r, e, CONF_SCALAR);
	char text[256];

	if (!n)
		return r->err->code;
	for (size_t i = r->n_anchors; i-- > 0;)
		if (!strcmp(r->anchors[i].name, name)) {
			n->is = r->anchors[i].node;
			return 0;
		}
	snprintf(text, sizeof(text), "no anchor &%.80s stands before *%.80s", name, name);
	return read_error(r, &e->start_mark, text);
}

static int read_begin(struct conf_reader *r, const yaml_event_t *e, int type,
		      const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct conf_node *n;

	if (r->depth == CONF_DEPTH_MAX)
		return read_error(r, &e->start_mark, "nested too deeply");
	n = read_node(r, e, type);
	if (!n)
		return r->err->code;
	r->open[r->depth++] = n->is;
	return read_anchor(r, e, anchor, tag);
}

static void read_end(struct conf_reader *r)
{
	size_t i = r->open[--r->depth];

	r->c->nodes[i].skip = r->c->n_nodes - i;
}

/* --- events ----------------------------------------------------------------- */

/* libyaml's words, or plainer ones for what people get wrong most. */
static int read_malformed(struct conf_reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "not YAML";
	char text[200];

	if (p->error == YAML_MEMORY_ERROR)
		return err_sys(r->err, ENOMEM, "%s", r->c->path);
	if (p->problem_mark.index < r->len && r->text[p->problem_mark.index] == '\t')
		problem = "a tab; YAML is indented with spaces";
	else if (!strcmp(problem, "did not find expected <document start>"))
		problem = "text after the end of the document";
	snprintf(text, sizeof(text), "%s", problem);
	return read_error(r, &p->problem_mark, text);
}

static int read_event(struct conf_reader *r, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		return !r->c->n_nodes ? 0 :
		       read_error(r, &e->start_mark, "a second document begins here; a file holds one");
	case YAML_SCALAR_EVENT:
		return read_scalar(r, e);
	case YAML_ALIAS_EVENT:
		return read_alias(r, e);
	case YAML_SEQUENCE_START_EVENT:
		return read_begin(r, e, CONF_SEQUENCE, e->data.sequence_start.anchor,
				  e->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return read_begin(r, e, CONF_MAPPING, e->data.mapping_start.anchor,
				  e->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		read_end(r);
		return 0;
	default:
		return 0;
	}
}

static int read_events(struct conf_reader *r)
{
	bool more = true;
	yaml_event_t e;
	int ret = 0;

	while (!ret && more) {
		if (!yaml_parser_parse(&r->parser, &e))
			return read_malformed(r);
		more = e.type != YAML_STREAM_END_EVENT;
		ret = read_event(r, &e);
		yaml_event_delete(&e);
	}
	return ret;
}

int conf_read(struct conf *c, const char *text, size_t len, struct err *err)
{
	struct err own = ERR_INIT;
	struct conf_reader r = { .c = c, .err = err ? err : &own, .text = text, .len = len };
	int ret;

	if (!yaml_parser_initialize(&r.parser))
		return err_sys(err, ENOMEM, "%s", c->path);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	ret = read_events(&r);
	yaml_parser_delete(&r.parser);
	while (r.n_anchors)
		free(r.anchors[--r.n_anchors].name);
	if (!ret && !c->n_nodes)
		ret = conf_error_at(c, 1, "", err, "the file is empty");
	return ret;
}
