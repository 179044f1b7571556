/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages: what a peer may say, and how a wrong field is named. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "message.h"

static int take(struct message *m, const char *text, struct err *err)
{
	struct frame f = { .payload = text, .len = strlen(text) };

	return message_take(m, &f, err);
}

#define HELLO "{\"event\":\"hello\",\"protocol\":%s,\"version\":\"%s\",\"role\":\"%s\"}"

static int hello(const char *protocol, const char *version, const char *role,
		 struct err *err)
{
	struct message m;
	char text[200];
	int ret;

	snprintf(text, sizeof(text), HELLO, protocol, version, role);
	assert_int_equal(take(&m, text, NULL), 0);
	ret = message_check_hello(m.root, "node", err);
	message_release(&m);
	return ret;
}

static void hello_is_checked(void **state)
{
	static const struct {
		const char *protocol, *version, *role, *says;
	} *b, bad[] = {
		{ "9", KDUEL_VERSION, "node",
		  "protocol 9; this is kduel " KDUEL_VERSION " with protocol 1" },
		{ "1", "0.0.1", "node",
		  "kduel-agent 0.0.1 with protocol 1; this is kduel " KDUEL_VERSION },
		{ "1", KDUEL_VERSION, "boss", "it is a boss" },
		{ "1", "", "node", "hello: version" },
		{ "-1", KDUEL_VERSION, "node", "hello: protocol" },
		{ "\"1\"", KDUEL_VERSION, "node", "hello: protocol" },
		{ "1", KDUEL_VERSION, "no\\u0007de", "hello: role" },
	};

	(void)state;
	assert_int_equal(hello("1", KDUEL_VERSION, "node", NULL), 0);
	for (b = bad; b < bad + sizeof(bad) / sizeof(*bad); b++) {
		struct err err = ERR_INIT;

		assert_int_equal(hello(b->protocol, b->version, b->role, &err), -EINVAL);
		if (!strstr(err.text, b->says))
			fail_msg("%s", err.text);
	}
}

static void refuses_what_is_no_object(void **state)
{
	static const char *const bad[] = {
		"", "[1]", "3", "{", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}", "{} {}",
	};
	char *deep = calloc(1, 200001);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;
		struct message m;

		assert_int_equal(take(&m, bad[i], &err), -EPROTO);
		assert_int_equal(err.code, -EPROTO);
		assert_null(m.root);
		message_release(&m);
	}
	for (int i = 0; i < 2; i++) {
		struct message m;

		memset(deep, '[', 200000);
		memcpy(deep, "{\"a\":", 5);
		deep[i ? 200000 : 2000] = '\0';
		assert_int_equal(take(&m, deep, NULL), -EPROTO);
	}
	free(deep);
}

static void texts_are_made_safe_and_short(void **state)
{
	struct message m;
	char text[20];

	(void)state;
	assert_int_equal(take(&m, "{\"a\":\"\\u001b[2J \\u202e\\u0085x\",\"n\":5,"
			      "\"long\":\"\\u20ac\\u20ac\\u20ac\\u20ac\\u20ac\\u20ac\\u20ac\"}",
			      NULL), 0);
	message_text(view_get(m.root, "a"), text, sizeof(text));
	assert_null(strpbrk(text, "\x1b"));
	assert_memory_equal(text, "\\x1b[2J \\u{202e}", 15);
	assert_string_equal(message_text(view_get(m.root, "n"), text, sizeof(text)), "");
	assert_string_equal(message_text(view_get(m.root, "gone"), text, sizeof(text)), "");
	/* Whole letters only: six of three bytes fit. */
	assert_string_equal(message_text(view_get(m.root, "long"), text, sizeof(text)),
			    "\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac");
	message_release(&m);
}

static void alignment_is_bounded(void **state)
{
	static const struct {
		const char *text;
		int ret;
		uint64_t ns, phase;
	} *c, cases[] = {
		{ "{\"align\":1000000000}", 0, 1000000000, 0 },
		{ "{\"phase\":7}", 0, 0, 7 },
		{ "{\"align\":60000000001}", -EINVAL, 0, 0 },
		{ "{\"phase\":60000000001}", -EINVAL, 0, 0 },
		{ "{\"phase\":-1}", -EINVAL, 0, 0 },
	};

	(void)state;
	for (c = cases; c < cases + sizeof(cases) / sizeof(*cases); c++) {
		uint64_t ns = 1, phase = 1;
		struct message m;

		assert_int_equal(take(&m, c->text, NULL), 0);
		assert_int_equal(message_align(m.root, &ns, &phase, NULL), c->ret);
		assert_true(c->ret || (ns == c->ns && phase == c->phase));
		message_release(&m);
	}
}

static void errors_have_a_class(void **state)
{
	struct err err = ERR_INIT;
	json_t *m;

	(void)state;
	err_machine(&err, "no KVM");
	m = message_failure(1, message_class_of(&err), err.text);
	assert_string_equal(json_string_value(json_object_get(m, "class")),
			    "unsupported");
	json_decref(m);
	for (int c = 0; c < MESSAGE_CLASSES; c++)
		assert_non_null(message_class_name(c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_is_checked),
		cmocka_unit_test(refuses_what_is_no_object),
		cmocka_unit_test(texts_are_made_safe_and_short),
		cmocka_unit_test(alignment_is_bounded),
		cmocka_unit_test(errors_have_a_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
