/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A YAML file that a user wrote, and errors that point into it.
 *
 * libcyaml turns YAML into structs by a schema; its own messages name lines
 * loosely. So the text is first held against the schema here: keys that are
 * unknown (with the nearest known one), given twice or missing, and values of
 * the wrong shape are all said as
 *
 *	kernels/6.1.yaml:4: source.sute: unknown key; did you mean 'suite'?
 *
 * and what a program checks afterwards can point into the file the same way:
 *
 *	struct conf *c;
 *	struct thing *thing = NULL;
 *
 *	if (conf_open("thing.yaml", &c, err))
 *		return err->code;
 *	ret = conf_load(c, &thing_schema, (void **)&thing, err);
 *	if (!ret && !known(thing->list[1].colour))
 *		ret = conf_error(c, "list[1].colour", err, "no such colour");
 *	...
 *	conf_unload(&thing_schema, thing);
 *	conf_close(c);
 *
 * Two liberties for people who write YAML: where the schema has a sequence, a
 * single value is a list of one; and where it has a sequence of
 * struct conf_pair, the file has a mapping with keys of any name, each with a
 * value or a list: `params: { size: 128M, pages: [64, 128] }`.
 *
 * All errors are EXIT_CONFIG but those of reading the file.
 */
#ifndef KDUEL_CONF_H
#define KDUEL_CONF_H

#include <cyaml/cyaml.h>
#include <stddef.h>

#include "err.h"

struct conf;

struct conf_pair {
	char *key;
	char **values;		/* at least one */
	unsigned n_values;
};

/* Entries for CYAML_FIELD_SEQUENCE: pairs as above; texts, not empty. */
extern const cyaml_schema_value_t conf_pair_schema;
extern const cyaml_schema_value_t conf_text_schema;

int conf_open(const char *path, struct conf **c, struct err *err);

/* The same of a text in memory; `path` is only what errors call it. */
int conf_parse(const char *path, const char *text, size_t len, struct conf **c,
	       struct err *err);

/* `*data` is NULL on failure; else for conf_unload(), and outlives `c`. */
int conf_load(struct conf *c, const cyaml_schema_value_t *schema, void **data,
	      struct err *err);
void conf_unload(const cyaml_schema_value_t *schema, void *data);

/*
 * Sets "<path>:<line>: <field>: <text>" and returns -EINVAL. `field` is a
 * path from the top, "arms[2].kernel"; where it is not in the file, the line
 * is that of the last part that is. "" is the file as a whole.
 */
int conf_error(const struct conf *c, const char *field, struct err *err,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * The same for a word that is not among `known`: "unknown kernel '6.l'; did
 * you mean '6.1'? known are 6.1, 6.12". `what` is "kernel".
 */
int conf_unknown(const struct conf *c, const char *field, struct err *err,
		 const char *what, const char *word, const char *const *known,
		 size_t n);
void conf_unknown_text(const char *what, const char *word,
		       const char *const *known, size_t n, char *text,
		       size_t len);

/* The line, from 1, on which `field` (see conf_error) is. */
unsigned conf_line(const struct conf *c, const char *field);

void conf_close(struct conf *c);

#endif
