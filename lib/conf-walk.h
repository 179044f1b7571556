/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of conf.c that holds a text against its schema; for conf.c only.
 */
#ifndef KDUEL_CONF_WALK_H
#define KDUEL_CONF_WALK_H

#include <yaml.h>

#include "conf.h"

struct conf_text {
	char *data;	/* the caller frees it, also on error */
	size_t len;
};

extern const cyaml_schema_field_t conf_pair_fields[];

/*
 * Checks every node of `doc` and writes the document again in the strict form
 * that libcyaml takes: lists where lists belong, numbers in decimal, no
 * anchors. Errors as conf_error() writes them.
 */
int conf_walk(const struct conf *c, yaml_document_t *doc,
	      const cyaml_schema_value_t *schema, struct conf_text *out,
	      struct err *err);

/* Sets "<path>:<line>: <field>: <text>". */
int conf_error_at(const struct conf *c, unsigned line, const char *field,
		  struct err *err, const char *text);

#endif
