/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A YAML document as one array of nodes, in the order of the file; for conf*.c
 * only. A mapping's or list's children follow it; a mapping's are key, value,
 * key, value. The next sibling of node i is at i + skip.
 */
#ifndef KDUEL_CONF_NODE_H
#define KDUEL_CONF_NODE_H

#include "conf.h"

#define CONF_DEPTH_MAX 32	/* of nesting */
#define CONF_NODES_MAX 100000	/* also of what aliases repeat */
#define CONF_FIELD_MAX 256	/* of a field's path */

struct conf_node {
	enum { CONF_SCALAR, CONF_SEQUENCE, CONF_MAPPING } type;
	unsigned line;		/* from 1 */
	size_t skip;
	size_t is;		/* its own index; of an alias, what it stands for */
	char *text;		/* of a scalar, else NULL */
	size_t len;
};

/* A piece of memory that is freed with the file. */
struct conf_owned {
	struct conf_owned *next;
	max_align_t data[];
};

struct conf {
	char *path;
	struct conf_node *nodes;
	size_t n_nodes;
	struct conf_owned *owned;
};

/* What node `i` is, aliases followed. */
const struct conf_node *conf_node(const struct conf *c, size_t i);

/* The first index after the children of node `i`, aliases not followed. */
static inline size_t conf_end(const struct conf *c, size_t i)
{
	return i + c->nodes[i].skip;
}

/* Reads the nodes of `text`. */
int conf_read(struct conf *c, const char *text, size_t len, struct err *err);

/* Sets "<path>:<line>: <field>: <text>". */
int conf_error_at(const struct conf *c, unsigned line, const char *field,
		  struct err *err, const char *text);

#endif
