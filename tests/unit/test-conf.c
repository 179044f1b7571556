/* SPDX-License-Identifier: GPL-2.0-or-later */
/* YAML against a schema: what is accepted, and where errors point. */
#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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

static const struct conf_field source_fields[] = {
	{ "debian", CONF_AT(CONF_TEXT, struct source, debian), .required = true },
	{ "suite", CONF_AT(CONF_TEXT, struct source, suite) },
	{ "level", CONF_AT(CONF_UNSIGNED, struct source, level), .fallback = "7" },
	{ 0 }
};
static const struct conf_field thing_fields[] = {
	{ "title", CONF_AT(CONF_TEXT, struct thing, title), .required = true },
	{ "source", CONF_AT(CONF_MAP, struct thing, source), .of = source_fields },
	{ "list", CONF_AT(CONF_TEXTS, struct thing, list),
	  .count = offsetof(struct thing, list_count) },
	{ "many", CONF_AT(CONF_LIST, struct thing, many),
	  .count = offsetof(struct thing, many_count), .of = source_fields,
	  .size = sizeof(struct source), .lone = "debian" },
	{ 0 }
};

static int load(const char *text, struct err *err)
{
	struct thing thing = { 0 };
	struct conf *c;
	int ret;

	if (conf_parse("f.yaml", text, strlen(text), &c, err))
		return err->code;
	ret = conf_load(c, thing_fields, &thing, err);
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
	struct thing thing = { 0 };
	struct conf *c;

	(void)state;
	assert_int_equal(conf_parse("f", text, strlen(text), &c, &err), 0);
	assert_int_equal(conf_load(c, thing_fields, &thing, &err), 0);
	assert_string_equal(thing.source.debian, "x");
	assert_int_equal(thing.source.level, 3);
	assert_null(thing.source.suite);
	assert_int_equal(thing.list_count, 2);
	assert_string_equal(thing.list[1], "c");
	assert_int_equal(thing.many_count, 1);
	assert_string_equal(thing.many[0].debian, "y");
	assert_int_equal(thing.many[0].level, 7);
	conf_close(c);
}

static void errors_name_line_and_field(void **state)
{
	static const struct {
		const char *text, *want;
	} bad[] = {
		{ "", "f.yaml:1: the file is empty" },
		{ "title: a\nbogus: 3\n",
		  "f.yaml:2: bogus: unknown key; known: title, source, list, many" },
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
		{ "title: a\n? [x]\n: b\n", "f.yaml:2: a key must be a word" },
		{ "title: a\nmany:\n  - debian: x\n    level: y\n",
		  "f.yaml:4: many[0].level: 'y' is not a whole number" },
		{ "- title\n", "f.yaml:1: must be keys and values" },
		{ "title: a\n--- # again\ntitle: b\n",
		  "f.yaml:2: a second document begins here; a file holds one" },
		{ "title: a\n...\nrubbish: [\n",
		  "f.yaml:3: text after the end of the document" },
		{ "title: a\nsource:\n\tdebian: x\n",
		  "f.yaml:3: a tab; YAML is indented with spaces" },
		{ "title: a\n<<: { list: b }\n",
		  "f.yaml:2: <<: merge keys are not read; write the keys out" },
		{ "title: !!str a\n", "f.yaml:1: a tag (!name) has no meaning here" },
		{ "title: ''\n", "f.yaml:1: title: is empty" },
		{ "title: \"a\\0b\"\n", "f.yaml:1: a value holds a NUL character" },
		{ "title: a\nlist: *b\n", "f.yaml:2: no anchor &b stands before *b" },
		{ "title: a\nsource: { debian: x, level: 4294967296 }\n",
		  "f.yaml:2: source.level: 4294967296 is too large" },
		{ "title: a\nsource: { debian: x, level: 1:30 }\n",
		  "f.yaml:2: source.level: '1:30' is not a whole number" },
		{ "title: a\nmany: [b, { suite: c }]\n",
		  "f.yaml:2: many[1].debian: missing" },
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

/* Nesting costs nothing but the refusal. */
static void depth_is_bounded(void **state)
{
	static char text[40000 + 16] = "title: ";
	struct err err = ERR_INIT;
	clock_t begin = clock();

	(void)state;
	memset(text + 7, '[', 40000);
	assert_int_equal(load(text, &err), -EINVAL);
	assert_string_equal(err.text, "f.yaml:1: nested too deeply");
	assert_true(clock() - begin < CLOCKS_PER_SEC / 4);
}

/* What YAML would make of a value is not asked; encodings are no matter. */
static void values_as_documented(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *title;
		unsigned level;
	} good[] = {
#define GOOD(text, title, level) { text, sizeof(text) - 1, title, level }
		GOOD("title: no\nsource: { debian: x, level: 010 }\n", "no", 10),
		GOOD("title: 6.10\n", "6.10", 7),
		GOOD("title: 0x10\nmany: x\n", "0x10", 7),
		GOOD("\xef\xbb\xbftitle: ~\r\nsource: { debian: x, level: 3 }\r\n", "~", 3),
		GOOD("\xff\xfet\0i\0t\0l\0e\0:\0 \0a\0\n\0", "a", 7),
		GOOD("%YAML 1.1\n---\ntitle: a\n...\n# the end\n", "a", 7),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct thing thing = { 0 };
		struct err err = ERR_INIT;
		struct conf *c;

		if (conf_parse("f", good[i].text, good[i].len, &c, &err) ||
		    conf_load(c, thing_fields, &thing, &err))
			fail_msg("%zu: %s", i, err.text);
		assert_string_equal(thing.title, good[i].title);
		assert_int_equal(thing.source.level, good[i].level);
		conf_close(c);
	}
}

/* A plain value in a list of mappings is the mapping's chief key. */
static void lone_values(void **state)
{
	static const char text[] = "title: a\nmany: [x, { debian: y, level: 2 }]\n";
	struct thing thing = { 0 };
	struct err err = ERR_INIT;
	struct conf *c;

	(void)state;
	assert_int_equal(conf_parse("f", text, strlen(text), &c, &err), 0);
	assert_int_equal(conf_load(c, thing_fields, &thing, &err), 0);
	assert_int_equal(thing.many_count, 2);
	assert_string_equal(thing.many[0].debian, "x");
	assert_int_equal(thing.many[0].level, 7);
	assert_string_equal(thing.many[1].debian, "y");
	assert_int_equal(thing.many[1].level, 2);
	assert_true(conf_given(c, "many[1].level"));
	assert_false(conf_given(c, "many[0].level"));
	conf_close(c);
}

/* A single value is a list of one; a mapping is a list of pairs. */
static void lists_and_pairs(void **state)
{
	static const char text[] = "params: { size: 128M, pages: [64, 08] }\n";
	static const struct conf_field fields[] = {
		{ "params", CONF_AT(CONF_PAIRS, struct bag, params),
		  .count = offsetof(struct bag, n) },
		{ 0 }
	};
	struct err err = ERR_INIT;
	struct bag bag = { 0 };
	struct conf *c;

	(void)state;
	assert_int_equal(conf_parse("f", text, strlen(text), &c, &err), 0);
	assert_int_equal(conf_load(c, fields, &bag, &err), 0);
	assert_int_equal(bag.n, 2);
	assert_string_equal(bag.params[0].key, "size");
	assert_int_equal(bag.params[0].n_values, 1);
	assert_string_equal(bag.params[0].values[0], "128M");
	assert_string_equal(bag.params[1].values[1], "08");
	conf_error(c, "params.size[0]", &err, "%s", "odd");
	assert_string_equal(err.text, "f:1: params.size: odd");
	conf_close(c);
}

/* Values of deep pairs are trees, bounded whatever aliases make of them. */
static void deep_pairs_are_trees(void **state)
{
	static const char text[] = "params:\n  a: [x, { b: 1 }]\n  c: { d: [e] }\n"
				   "  f: { g: 1, g: 2 }\n";
	static const struct conf_field fields[] = {
		{ "params", CONF_AT(CONF_PAIRS, struct bag, params),
		  .count = offsetof(struct bag, n), .deep = true },
		{ 0 }
	};
	char bomb[2000] = "a0: &a0 [x, x]\n";
	struct err err = ERR_INIT;
	struct bag bag = { 0 };
	struct conf *c;
	json_t *j, *want;

	(void)state;
	assert_int_equal(conf_parse("f", text, strlen(text), &c, &err), 0);
	assert_int_equal(conf_load(c, fields, &bag, &err), 0);
	assert_int_equal(bag.params[0].n_values, 2);
	assert_string_equal(bag.params[0].values[0], "x");
	assert_null(bag.params[0].values[1]);
	j = conf_json(c, "params.a", &err);
	want = json_pack("[s, {s:s}]", "x", "b", "1");
	assert_true(json_equal(j, want));
	json_decref(j);
	json_decref(want);
	assert_null(conf_json(c, "params.f", &err));
	assert_string_equal(err.text, "f:4: params.f: a key is given twice");
	conf_close(c);

	for (int i = 1; i < 40; i++)
		snprintf(bomb + strlen(bomb), sizeof(bomb) - strlen(bomb),
			 "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
	err = (struct err)ERR_INIT;
	assert_int_equal(conf_parse("f", bomb, strlen(bomb), &c, &err), 0);
	assert_null(conf_json(c, "a39", &err));
	assert_non_null(strstr(err.text, "too large or too deep"));
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
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(values_as_documented),
		cmocka_unit_test(lone_values),
		cmocka_unit_test(lists_and_pairs),
		cmocka_unit_test(deep_pairs_are_trees),
		cmocka_unit_test(finds_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
