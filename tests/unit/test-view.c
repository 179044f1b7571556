/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A view has what jansson reads, and there is one of nothing else. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "view.h"

static const char *const texts[] = {
	"{}", "{\"a\":1}", " { \"a\" : [ 1 , 2.5 , -3 ] } ", "[1]", "1", "",
	"{\"a\":1,\"a\":2}", "{\"a\":{\"b\":[{},[],\"\",null,true,false]}}",
	"{\"n\":[0,-0,0.0,-0.0,1e3,1E-3,1.5e+2,00,01,1.,.5,-,1e,+1]}",
	"{\"n\":0}", "{\"n\":-0}", "{\"n\":-0.0}", "{\"n\":0.1}", "{\"n\":01}",
	"{\"n\":1.}", "{\"n\":-}", "{\"n\":1e5}", "{\"n\":1.5e5}", "{\"n\":.5}",
	"{\"n\":123456789012345}", "{\"n\":1234567890123456}",
	"{\"n\":9223372036854775807}", "{\"n\":9223372036854775808}",
	"{\"n\":-9223372036854775808}", "{\"n\":99999999999999999999999}",
	"{\"n\":0.1234567890123456789}", "{\"n\":20.100000000000001}",
	"{\"n\":123456789.123456}", "{\"n\":1e999}", "{\"n\":NaN}",
	"{\"n\":0.00000000000000000000000000001}", "{\"n\":4.9e-324}",
	"{\"s\":\"\\u0041\\n\"}", "{\"s\":\"\xc3\xa4\"}", "{\"s\":\"\xff\"}",
	"{\"s\":\"\\ud800\"}", "{\"s\":\"a\x01b\"}", "{\"s\":\"\x7f\"}",
	"{\"s\":\"unfinished}", "{\"s\"}", "{\"s\":}", "{,}", "{\"a\":1,}",
	"{\"a\":[1,]}", "{\"a\":[,]}", "{\"a\":1}}", "{\"a\":1} x", "{\"a\":tru}",
	"{\"a\":truefalse}", "{\"a\" 1}", "{a:1}", "{\"a\":1", "{\"a\":[1",
	"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]}",
	"{\"s\":\"\\u00e4\\u20ac\\ud83d\\ude00\\/\\b\\f\\r\\t\\\"\"}",
	"{\"s\":\"\\udc00\"}", "{\"s\":\"\\ud800\\u0041\"}", "{\"s\":\"\\u0000\"}",
	"{\"s\":\"\\u00g0\"}", "{\"s\":\"\\uABcd\"}", "{\"s\":\"\\x\"}",
	"{\"s\":\"\xe2\x82\xac\xf0\x9f\x98\x80\"}", "{\"s\":\"\xc0\x80\"}",
	"{\"s\":\"\xed\xa0\x80\"}", "{\"s\":\"\xf4\x90\x80\x80\"}", "{\"s\":\"\xe2\x82\"}",
	"{\"\\u0061\":1,\"a\":2}", "{\"n\":-9223372036854775809}",
	"{\"n\":18446744073709551616}", "{\"n\":0.30000000000000004441e0}",
	"{\"t\":\"sample\",\"values\":[20.001,3,4.5e1],\"point\":{\"pages\":64}}",
};

static json_t *tree(const struct view *v)
{
	json_t *list = NULL;
	const struct view *m;

	switch (v->type) {
	case JSON_STRING:
		return json_string(v->text);
	case JSON_INTEGER:
		assert_true(v->real == (double)v->whole);
		return json_integer(v->whole);
	case JSON_REAL:
		return json_real(v->real);
	case JSON_TRUE:
		return json_true();
	case JSON_FALSE:
		return json_false();
	case JSON_NULL:
		return json_null();
	case JSON_OBJECT:
		list = json_object();
		view_each(m, v) {
			assert_ptr_equal(view_get(v, m->key), m);
			json_object_set_new(list, m->key, tree(m));
		}
		assert_int_equal(json_object_size(list), v->n);
		return list;
	case JSON_ARRAY:
		list = json_array();
		view_each(m, v)
			json_array_append_new(list, tree(m));
		assert_int_equal(json_array_size(list), v->n);
		return list;
	}
	return list;
}

/* Each value's own text is that value again. */
static void check_texts(const struct view *v)
{
	json_t *json = json_loadb(v->json, v->json_len, JSON_DECODE_ANY, NULL);
	json_t *self = tree(v);

	assert_true(json_equal(json, self));
	json_decref(json);
	json_decref(self);
}

static void same(const char *text, size_t len)
{
	json_t *slow = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	struct view_doc doc = VIEW_DOC_INIT;
	struct err err = ERR_INIT;
	const struct view *root;
	bool good = !view_parse(&doc, text, len, &root, &err);
	json_t *fast = good ? tree(root) : NULL;
	char *a = fast ? json_dumps(fast, 0) : NULL;
	char *b = slow ? json_dumps(slow, 0) : NULL;

	/* jansson loses a NUL that it has to put back after a number */
	if (memchr(text, '\0', len))
		assert_false(good);
	else if (!fast != !slow || (a && strcmp(a, b)))
		fail_msg("%.*s: %s, not %s", (int)len, text, a ? a : err.text,
			 b ? b : "refused");
	if (good)
		for (size_t i = 0; i < doc.n; i++)
			check_texts(&doc.nodes[i]);
	else
		assert_non_null(strstr(err.text, "is not valid JSON: "));
	view_release(&doc);
	json_decref(fast);
	json_decref(slow);
	free(a);
	free(b);
}

static void reads_as_jansson_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		same(texts[i], strlen(texts[i]));
	same("{\"a\":\"x\0y\"}", 11);
	same("{}\0{}", 5);
}

/* Each text with one byte changed, taken out, or cut off there. */
static void reads_broken_texts_as_jansson_does(void **state)
{
	static const char bytes[] = "{}[],:\"\\0129.-eEtn \x01\x7f\x80";
	char buf[256];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t len = strlen(texts[i]);

		for (size_t at = 0; at < len; at++) {
			for (size_t b = 0; b < sizeof(bytes); b++) {
				memcpy(buf, texts[i], len + 1);
				buf[at] = bytes[b];
				same(buf, len);
			}
			memcpy(buf, texts[i], len + 1);
			memmove(buf + at, buf + at + 1, len - at);
			same(buf, len - 1);
			memcpy(buf, texts[i], at);
			buf[at] = '\0';
			same(buf, at);
		}
	}
}

/* Of many members, one is given twice. */
static void many_members_are_unique(void **state)
{
	char text[8192];

	(void)state;
	for (int twice = 0; twice < 2; twice++) {
		size_t used = snprintf(text, sizeof(text), "{");

		for (int i = 0; i < 500; i++)
			used += snprintf(text + used, sizeof(text) - used,
					 "%s\"k%d\":%d", i ? "," : "",
					 twice && i == 400 ? 7 : i, i);
		used += snprintf(text + used, sizeof(text) - used, "}");
		same(text, used);
	}
}

/* Deeper than any record is refused, not followed. */
static void depth_has_a_limit(void **state)
{
	struct view_doc doc = VIEW_DOC_INIT;
	struct err err = ERR_INIT;
	const struct view *root;
	size_t len = 1u << 20;
	char *text = malloc(len);

	(void)state;
	memset(text, '[', len);
	assert_true(view_parse(&doc, text, len, &root, &err) < 0);
	assert_non_null(strstr(err.text, "nested too deep"));
	free(text);
	view_release(&doc);
}

/* Doubles as journals hold them come back to the bit. */
static void numbers_come_back(void **state)
{
	struct view_doc doc = VIEW_DOC_INIT;
	uint64_t x = 88172645463325252ull;
	struct err err = ERR_INIT;
	const struct view *root;
	char text[64];

	(void)state;
	for (int i = 0; i < 1000000; i++) {
		double d, back;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		d = (double)(x >> 11) / (1ull << (x % 53));
		snprintf(text, sizeof(text), "{\"v\":%.*g}", 3 + (int)(x % 18), d);
		assert_int_equal(view_parse(&doc, text, strlen(text), &root, &err), 0);
		back = strtod(text + 5, NULL);
		if (memcmp(&view_get(root, "v")->real, &back, sizeof(back)))
			fail_msg("%s: is %.20g", text, view_get(root, "v")->real);
	}
	view_release(&doc);
}

/* What was read before makes no difference. */
static void after_another(const char *before, const char *text)
{
	struct view_doc used = VIEW_DOC_INIT, fresh = VIEW_DOC_INIT;
	struct err err = ERR_INIT, want = ERR_INIT;
	const struct view *a, *b;
	size_t len = strlen(text);
	char *exact = malloc(len ? len : 1);	/* nothing may be read behind it */
	json_t *t, *u;
	int ret;

	memcpy(exact, text, len);
	view_parse(&used, before, strlen(before), &a, NULL);
	ret = view_parse(&used, exact, len, &a, &err);
	assert_int_equal(ret, view_parse(&fresh, exact, len, &b, &want));
	assert_string_equal(err.text, want.text);
	if (!ret) {
		assert_int_equal(used.n, fresh.n);
		for (size_t i = 0; i < used.n; i++)
			assert_true(a[i].json == b[i].json && a[i].json_len == b[i].json_len);
		t = tree(a);
		u = tree(b);
		assert_true(json_equal(t, u));
		json_decref(t);
		json_decref(u);
	}
	view_release(&used);
	view_release(&fresh);
	free(exact);
}

static void shapes_are_used_again(void **state)
{
	static const char *const alike[] = {
		"{\"a\":[1,2.5,{}],\"b\":{\"c\":\"x\",\"d\":-1},\"e\":[]}",
		"{\"a\":[10,-2,{}],\"b\":{\"c\":\"x\",\"d\":1e5},\"e\":[]}",
		"{\"a\":[123456789012,0.1234567890123456789,{}],\"b\":{\"c\":\"x\",\"d\":0},\"e\":[]}",
		"{\"a\":[1,2.5,{}],\"b\":{\"c\":\"y\",\"d\":-1},\"e\":[]}",
		"{\"a\":[1,2.5,{}],\"b\":{\"c\":\"x\",\"d\":-1},\"e\":[0]}",
		"{\"a\":[1,2.,{}],\"b\":{\"c\":\"x\",\"d\":-1},\"e\":[]}",
		"{\"a\":[1,01,{}],\"b\":{\"c\":\"x\",\"d\":-1},\"e\":[]}",
		"{\"a\":[1,2.5,{}],\"b\":{\"c\":\"x\",\"d\":-1},\"e\":[]} ",
		"{\"a\":[1,2.5,{}],\"b\":{\"c\":\"x\",\"d\":-1},\"e\":[]",
		"{\"a\":[1,2.5,{}],\"b\":{\"c\":\"x\",\"d\":-1",
		"{\"a\":[1,null,{}],\"b\":{\"c\":\"x\",\"d\":-1},\"e\":[]}",
	};
	size_t n = sizeof(texts) / sizeof(*texts), m = sizeof(alike) / sizeof(*alike);
	struct view_doc doc = VIEW_DOC_INIT;
	const struct view *root;
	uint64_t shape;

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			after_another(texts[i], texts[k]);
	for (size_t i = 0; i < m; i++)
		for (size_t k = 0; k < m; k++)
			after_another(alike[i], alike[k]);
	assert_int_equal(view_parse(&doc, alike[0], strlen(alike[0]), &root, NULL), 0);
	shape = view_shape(&doc);
	assert_int_equal(view_parse(&doc, alike[2], strlen(alike[2]), &root, NULL), 0);
	assert_true(shape == view_shape(&doc));
	assert_int_equal(view_parse(&doc, alike[3], strlen(alike[3]), &root, NULL), 0);
	assert_true(shape != view_shape(&doc));
	view_release(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_as_jansson_does),
		cmocka_unit_test(reads_broken_texts_as_jansson_does),
		cmocka_unit_test(many_members_are_unique),
		cmocka_unit_test(depth_has_a_limit),
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(shapes_are_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
