/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fast reader reads what jansson reads, and nothing else. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "host-driver/json-fast.h"

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
	"{\"t\":\"sample\",\"values\":[20.001,3,4.5e1],\"point\":{\"pages\":64}}",
};

static void same(const char *text, size_t len)
{
	json_error_t e1, e2;
	json_t *fast = json_fast(text, len, &e1);
	json_t *slow = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e2);
	char *a = fast ? json_dumps(fast, 0) : NULL;
	char *b = slow ? json_dumps(slow, 0) : NULL;

	if (!fast != !slow || (a && strcmp(a, b)))
		fail_msg("%.*s: %s, not %s", (int)len, text, a ? a : "refused",
			 b ? b : "refused");
	if (!fast)
		assert_string_equal(e1.text, e2.text);
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

/* Doubles as journals hold them come back to the bit. */
static void numbers_come_back(void **state)
{
	uint64_t x = 88172645463325252ull;
	char text[64];

	(void)state;
	for (int i = 0; i < 200000; i++) {
		double d;
		json_t *v;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		d = (double)(x >> 11) / (1ull << (x % 53));
		snprintf(text, sizeof(text), "{\"v\":%.*g}", 3 + (int)(x % 15), d);
		v = json_fast(text, strlen(text), NULL);
		assert_true(json_number_value(json_object_get(v, "v")) ==
			    strtod(text + 5, NULL));
		json_decref(v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_as_jansson_does),
		cmocka_unit_test(reads_broken_texts_as_jansson_does),
		cmocka_unit_test(numbers_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
