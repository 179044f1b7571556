/* SPDX-License-Identifier: GPL-2.0-or-later */
/* YAML against a schema: what is accepted, and where errors point. */
#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "conf.h"

struct source {
	char *debian;
	char *suite;
	unsigned level;
};

struct bag {
	struct conf_pair *params;
	unsigned n;
};

struct thing {
	char *title;
	struct source source;
	char **list;
	unsigned list_count;
	struct source *many;
	unsigned many_count;
};

#define TEXT(key, s, field, flags) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), s, field, 0, \
			       CYAML_UNLIMITED)

static const cyaml_schema_field_t source_fields[] = {
	TEXT("debian", struct source, debian, CYAML_FLAG_DEFAULT),
	TEXT("suite", struct source, suite, CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_UINT("level", CYAML_FLAG_OPTIONAL, struct source, level),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t text_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};
static const cyaml_schema_value_t source_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct source, source_fields),
};
static const cyaml_schema_field_t thing_fields[] = {
	TEXT("title", struct thing, title, CYAML_FLAG_DEFAULT),
	CYAML_FIELD_MAPPING("source", CYAML_FLAG_OPTIONAL, struct thing, source,
			    source_fields),
	CYAML_FIELD_SEQUENCE("list", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
			     struct thing, list, &text_entry, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("many", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
			     struct thing, many, &source_entry, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t thing_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct thing, thing_fields),
};

static int load(const char *text, struct err *err)
{
	struct thing *thing = NULL;
	struct conf *c;
	int ret;

	if (conf_parse("f.yaml", text, strlen(text), &c, err))
		return err->code;
	ret = conf_load(c, &thing_schema, (void **)&thing, err);
	conf_unload(&thing_schema, thing);
	conf_close(c);
	return ret;
}

static void loads(void **state)
{
	static const char text[] = "title: a\n"
				   "source: { debian: x, level: 3 }\n"
				   "list: [b, c]\n"
				   "many:\n  - { debian: y }\n";
	struct err err = ERR_INIT;
	struct thing *thing;
	struct conf *c;

	(void)state;
	assert_int_equal(conf_parse("f", text, strlen(text), &c, &err), 0);
	assert_int_equal(conf_load(c, &thing_schema, (void **)&thing, &err), 0);
	assert_string_equal(thing->source.debian, "x");
	assert_int_equal(thing->source.level, 3);
	assert_null(thing->source.suite);
	assert_int_equal(thing->list_count, 2);
	assert_string_equal(thing->list[1], "c");
	conf_close(c);
	assert_string_equal(thing->many[0].debian, "y");
	conf_unload(&thing_schema, thing);
}

static void errors_name_line_and_field(void **state)
{
	static const struct {
		const char *text, *want;
	} bad[] = {
		{ "", "f.yaml:1: the file is empty" },
		{ "title: a\nbogus: 3\n",
		  "f.yaml:2: bogus: unknown key; known are title, source, list, many" },
		{ "title: a\nsource:\n  debian: x\n  sute: y\n",
		  "f.yaml:4: source.sute: unknown key; did you mean 'suite'?" },
		{ "list: [a]\n", "f.yaml:1: title: missing" },
		{ "title: a\nmany:\n  - debian: x\n  - suite: y\n",
		  "f.yaml:4: many[1].debian: missing" },
		{ "title: a\nlist: [a,\n  { b: c }]\n",
		  "f.yaml:3: list[1]: must be one value" },
		{ "title: a\nsource: b\n",
		  "f.yaml:2: source: must be keys and values: { a: b }" },
		{ "title: a\n\ntitle: b\n", "f.yaml:3: title: given twice" },
		{ "title: a\nlist: [a\nb: }\n", "f.yaml:3: " },
		{ "title: a\nlist: *b\n", "f.yaml:2: " },
		{ "title: a\n? [x]\n: b\n", "f.yaml:2: a key must be a word" },
		{ "title: a\nmany:\n  - debian: x\n    level: y\n",
		  "f.yaml:4: many[0].level: 'y' is not a whole number" },
		{ "- title\n", "f.yaml:1: must be keys and values" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(load(bad[i].text, &err), -EINVAL);
		assert_int_equal(err.exit, EXIT_CONFIG);
		if (strncmp(err.text, bad[i].want, strlen(bad[i].want)))
			fail_msg("said '%s', want '%s'", err.text, bad[i].want);
	}
}

/* Aliases work, but cannot make a small file endless. */
static void aliases_are_bounded(void **state)
{
	struct err err = ERR_INIT, loop = ERR_INIT;
	char text[4096] = "title: a\nlist:\n  - &a0 [x, x, x, x, x, x, x, x]\n";
	size_t n = strlen(text);

	(void)state;
	assert_int_equal(load("title: &t a\nlist: [*t]\n", &err), 0);
	for (int i = 0; i < 12; i++)
		n += snprintf(text + n, sizeof(text) - n,
			      "  - &a%d [*a%d, *a%d, *a%d, *a%d]\n", i + 1, i,
			      i, i, i);
	assert_int_equal(load(text, &err), -EINVAL);
	assert_int_equal(load("title: a\nmany: &l [*l]\n", &loop), -EINVAL);
}

/* A single value is a list of one; a mapping is a list of pairs. */
static void lists_and_pairs(void **state)
{
	static const char text[] = "params: { size: 128M, pages: [64, 08] }\n";
	static const cyaml_schema_field_t fields[] = {
		CYAML_FIELD_SEQUENCE_COUNT("params", CYAML_FLAG_POINTER,
					   struct bag, params, n,
					   &conf_pair_schema, 0, 9),
		CYAML_FIELD_END
	};
	static const cyaml_schema_value_t schema = {
		CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct bag, fields),
	};
	struct err err = ERR_INIT;
	struct bag *bag;
	struct conf *c;

	(void)state;
	assert_int_equal(conf_parse("f", text, strlen(text), &c, &err), 0);
	assert_int_equal(conf_load(c, &schema, (void **)&bag, &err), 0);
	assert_int_equal(bag->n, 2);
	assert_string_equal(bag->params[0].key, "size");
	assert_int_equal(bag->params[0].n_values, 1);
	assert_string_equal(bag->params[0].values[0], "128M");
	assert_string_equal(bag->params[1].values[1], "08");
	conf_error(c, "params.size[0]", &err, "%s", "odd");
	assert_string_equal(err.text, "f:1: params.size: odd");
	conf_unload(&schema, bag);
	conf_close(c);
}

static void finds_lines(void **state)
{
	static const char text[] = "a:\n  b:\n    - c: 1\n"
				   "    - d: 2\n      e: 3\n";
	struct err err = ERR_INIT;
	struct conf *c;

	(void)state;
	assert_int_equal(conf_parse("f", text, strlen(text), &c, &err), 0);
	assert_int_equal(conf_line(c, ""), 1);
	assert_int_equal(conf_line(c, "a.b"), 2);
	assert_int_equal(conf_line(c, "a.b[1].e"), 5);
	assert_int_equal(conf_line(c, "a.b[0].nothing"), 3);
	assert_int_equal(conf_line(c, "a.b[9]"), 2);
	assert_int_equal(conf_line(c, "a..[x"), 1);
	conf_error(c, "a.b[1].e", &err, "%d is odd", 3);
	assert_string_equal(err.text, "f:5: a.b[1].e: 3 is odd");
	conf_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads),
		cmocka_unit_test(errors_name_line_and_field),
		cmocka_unit_test(aliases_are_bounded),
		cmocka_unit_test(lists_and_pairs),
		cmocka_unit_test(finds_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
