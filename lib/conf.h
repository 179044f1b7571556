/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A YAML file that a user wrote, read into a struct by a table of its fields,
 * and errors that point into it.
 *
 *	struct thing { char *title; unsigned level, n; char **list; };
 *
 *	static const struct conf_field thing_fields[] = {
 *		{ "title", CONF_AT(CONF_TEXT, struct thing, title),
 *		  .required = true },
 *		{ "level", CONF_AT(CONF_UNSIGNED, struct thing, level),
 *		  .fallback = "1" },
 *		{ "list", CONF_AT(CONF_TEXTS, struct thing, list),
 *		  .count = offsetof(struct thing, n) },
 *		{ 0 }
 *	};
 *
 *	int thing_read(const char *path, struct err *err)
 *	{
 *		struct thing thing = { 0 };
 *		struct conf *c;
 *		int ret = conf_open(path, &c, err);
 *
 *		if (ret)
 *			return ret;
 *		ret = conf_load(c, thing_fields, &thing, err);
 *		if (!ret && thing.level > 9)
 *			ret = conf_error(c, "level", err, "9 is the most");
 *		conf_close(c);
 *		return ret;
 *	}
 *
 * An error about a key that is unknown, missing or given twice, about a value
 * of the wrong shape, or by conf_error() about what a program checks
 * afterwards, reads:
 *
 *	kernels/6.1.yaml:4: source.sute: unknown key; did you mean 'suite'?
 *
 * A file holds one document. Values mean what the table says, whatever YAML
 * would make of them: a text may be `no` or `6.10`, a number is decimal (010
 * is ten) and a boolean is true or false. Anchors and aliases work; merge keys
 * and tags are refused. Two liberties for people who write YAML: a single value
 * is a list of one; and CONF_PAIRS is a mapping with keys of any name, each with
 * a value or a list: `params: { size: 128M, pages: [64, 128] }`. Where the table
 * says `deep`, a value there may itself be a list or a mapping: it is then NULL
 * among the values, and conf_json() returns it.
 *
 * All errors are EXIT_CONFIG, except that memory ran out.
 */
#ifndef KDUEL_CONF_H
#define KDUEL_CONF_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "err.h"

enum conf_type {
	CONF_TEXT,	/* char *; NULL if not given, never empty */
	CONF_UNSIGNED,	/* unsigned */
	CONF_WIDE,	/* uint64_t */
	CONF_BOOL,	/* bool */
	CONF_CHOICE,	/* an enum: the index into `choices` */
	CONF_MAP,	/* a struct, by `of` */
	CONF_LIST,	/* struct *, `size` bytes each, by `of`; with `count` */
	CONF_TEXTS,	/* char **; with `count` */
	CONF_PAIRS,	/* struct conf_pair *; with `count` */
};

struct conf_field {
	const char *key;		/* NULL ends the table */
	enum conf_type type;
	size_t offset;			/* of the member in the struct */
	size_t count;			/* of the unsigned member that counts the entries */
	bool required;
	const char *fallback;		/* what counts where the file says nothing; NULL: 0 */
	const char *const *choices;	/* ends with NULL */
	const struct conf_field *of;
	size_t size;
	const char *lone;		/* a plain value is short for a mapping with this key */
	bool deep;			/* of CONF_PAIRS, see above */
};

#define CONF_AT(kind, structure, member) \
	.type = (kind), .offset = offsetof(structure, member)

struct conf_pair {
	char *key;
	char **values;		/* at least one; NULL: no plain value (`deep` only) */
	unsigned n_values;
};

struct conf;

int conf_open(const char *path, struct conf **c, struct err *err);

/* The same for a text in memory; `path` is only what errors call it. */
int conf_parse(const char *path, const char *text, size_t len, struct conf **c,
	       struct err *err);

/*
 * Fills the zeroed struct `data`, which is not to be used after an error. Its
 * texts and lists belong to `c`: conf_close() frees them.
 */
int conf_load(struct conf *c, const struct conf_field *fields, void *data,
	      struct err *err);

/*
 * Sets "<path>:<line>: <field>: <text>" and returns -EINVAL. `field` is a
 * path from the top, "arms[2].kernel"; where it is not in the file, the line
 * is that of the last part that is. "" is the file as a whole.
 */
int conf_error(const struct conf *c, const char *field, struct err *err,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The line, from 1, on which `field` (see conf_error) is. */
unsigned conf_line(const struct conf *c, const char *field);

/* What the file is called in errors. */
const char *conf_path(const struct conf *c);

/* Is `field` in the file? */
bool conf_given(const struct conf *c, const char *field);

/*
 * The value of `field` as a tree: mappings are objects, lists arrays, and every
 * plain value a text. A new reference; NULL, with an error, where a key is not
 * a word or is given twice, or where there is too much.
 */
json_t *conf_json(const struct conf *c, const char *field, struct err *err);

void conf_close(struct conf *c);

#endif
