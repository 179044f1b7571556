/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages: what a peer may say, and how a wrong field is named. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "message.h"

static void hello_is_checked(void **state)
{
	static const struct {
		const char *says, *key;
	} *b, bad[] = {
		{ "protocol 9; this is kduel " KDUEL_VERSION " with protocol 1", "protocol" },
		{ "kduel-agent 0.0.1 with protocol 1; this is kduel " KDUEL_VERSION, "version" },
		{ "it is a boss", "role" },
	};
	json_t *wrong[] = { json_integer(9), json_string("0.0.1"), json_string("boss") };
	json_t *msg = message_hello("node");
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(message_check_hello(msg, "node", &err), 0);
	assert_int_equal(message_check_hello(msg, "guest", NULL), -EINVAL);
	for (b = bad; b < bad + 3; b++) {
		json_t *copy = json_copy(msg);

		err = (struct err)ERR_INIT;
		json_object_set_new(copy, b->key, wrong[b - bad]);
		assert_int_equal(message_check_hello(copy, "node", &err), -EINVAL);
		assert_non_null(strstr(err.text, b->says));
		json_object_del(copy, b->key);
		assert_int_equal(message_check_hello(copy, "node", NULL), -EINVAL);
		json_decref(copy);
	}
	json_decref(msg);
}

static void refuses_what_is_no_object(void **state)
{
	static const char *const bad[] = {
		"", "[1]", "3", "{", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}", "{} {}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct frame f = { .payload = bad[i], .len = strlen(bad[i]) };
		struct err err = ERR_INIT;

		assert_null(message_decode(&f, &err));
		assert_int_equal(err.code, -EPROTO);
	}
}

static void getters_name_the_field(void **state)
{
	json_t *m = json_pack("{s:s, s:i, s:i, s:s, s:n, s:[]}", "name", "x",
			      "n", 5, "neg", -1, "size", "64M", "nil", "list");
	struct err err = ERR_INIT;
	const char *text;
	json_t *obj = m;
	uint64_t n;

	(void)state;
	assert_int_equal(message_string(m, "name", &text, NULL), 0);
	assert_int_equal(message_count(m, "n", &n, NULL), 0);
	assert_int_equal(n, 5);
	assert_int_equal(message_size(m, "size", &n, NULL), 0);
	assert_int_equal(n, 64 << 20);
	assert_int_equal(message_count_or(m, "nil", 9, &n, NULL), 0);
	assert_int_equal(n, 9);
	assert_int_equal(message_object_or(m, "nil", &obj, NULL), 0);
	assert_null(obj);
	assert_int_equal(message_object_or(m, "list", &obj, NULL), -EINVAL);
	assert_int_equal(message_string(m, "n", &text, NULL), -EINVAL);
	assert_int_equal(message_count(m, "neg", &n, NULL), -EINVAL);
	assert_int_equal(message_count_or(m, "name", 1, &n, NULL), -EINVAL);
	assert_int_equal(message_count(m, "gone", &n, &err), -EINVAL);
	assert_string_equal(err.text, "field 'gone': missing");
	json_decref(m);
}

static void alignment_is_bounded(void **state)
{
	json_t *m = json_pack("{s:I}", "align", (json_int_t)1000000000);
	struct err err = ERR_INIT;
	uint64_t ns = 1, phase = 1;

	(void)state;
	assert_int_equal(message_align(m, &ns, &phase, &err), 0);
	assert_int_equal(ns, 1000000000);
	assert_int_equal(phase, 0);
	json_object_set_new(m, "align", json_integer(60000000001));
	assert_int_equal(message_align(m, &ns, &phase, &err), -EINVAL);
	json_object_del(m, "align");
	json_object_set_new(m, "phase", json_integer(60000000001));
	assert_int_equal(message_align(m, &ns, &phase, NULL), -EINVAL);
	json_object_set_new(m, "phase", json_integer(7));
	assert_int_equal(message_align(m, &ns, &phase, NULL), 0);
	assert_int_equal(phase, 7);
	assert_int_equal(ns, 0);
	json_decref(m);
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
		cmocka_unit_test(getters_name_the_field),
		cmocka_unit_test(alignment_is_bounded),
		cmocka_unit_test(errors_have_a_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
