/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Consoles: what is kept of them, seen in them, and how much at most. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/console.h"

static struct console *fed(const char *text, size_t n, struct loop **l)
{
	struct console *c;
	int ends[2];

	assert_int_equal(loop_new(l, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(console_new(&c, *l, ends[0], NULL, false, NULL), 0);
	while (n) {
		size_t some = n < 60000 ? n : 60000;

		assert_int_equal(write(ends[1], text, some), some);
		console_drain(c);
		text += some;
		n -= some;
	}
	close(ends[1]);
	return c;
}

static void let_go(struct console *c, struct loop *l)
{
	console_free(c);
	loop_free(l);
}

static void a_panic_is_seen(void **state)
{
	static const char text[] = "[0.1] Linux\r\n[0.2] Kernel panic - not syncing: bad\r\n";
	struct loop *l;
	struct console *c = fed(text, strlen(text), &l);
	json_t *tail = console_tail(c);

	(void)state;
	assert_string_equal(console_panic(c), "[0.2] Kernel panic - not syncing: bad");
	assert_int_equal(json_array_size(tail), 2);
	assert_string_equal(json_string_value(json_array_get(tail, 0)), "[0.1] Linux");
	json_decref(tail);
	let_go(c, l);
}

static void hostile_bytes_become_text(void **state)
{
	static const char text[] = "\033[2J\xff\xfe" "evil\0\x07line\n";
	struct loop *l;
	struct console *c = fed(text, sizeof(text) - 1, &l);
	json_t *tail = console_tail(c);

	(void)state;
	assert_string_equal(json_string_value(json_array_get(tail, 0)), "[2J\?\?evilline");
	assert_null(console_panic(c));
	json_decref(tail);
	let_go(c, l);
}

static void long_lines_and_floods_are_bounded(void **state)
{
	size_t n = CONSOLE_FLOOD + 4096;
	char *text = malloc(n);
	struct loop *l;
	struct console *c;
	json_t *tail;

	(void)state;
	memset(text, 'a', n);
	for (size_t i = 0; i < n; i += 1000)
		text[i] = '\n';
	c = fed(text, n, &l);
	tail = console_tail(c);
	assert_true(console_flooded(c));
	assert_int_equal(json_array_size(tail), CONSOLE_LINES);
	assert_int_equal(strlen(json_string_value(json_array_get(tail, 0))),
			 CONSOLE_LINE_MAX);
	json_decref(tail);
	let_go(c, l);
	free(text);
}

static void the_last_lines_are_kept(void **state)
{
	struct loop *l;
	struct console *c;
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);
	json_t *tail;

	(void)state;
	for (int i = 0; i < 200000; i++)
		fprintf(f, "line %d\r\n\n", i);
	fputs("unfin", f);
	fclose(f);
	c = fed(text, n, &l);
	tail = console_tail(c);
	assert_int_equal(json_array_size(tail), CONSOLE_LINES);
	assert_string_equal(json_string_value(json_array_get(tail, CONSOLE_LINES - 1)), "unfin");
	assert_string_equal(json_string_value(json_array_get(tail, CONSOLE_LINES - 2)),
			    "line 199999");
	assert_string_equal(json_string_value(json_array_get(tail, 0)), "line 199961");
	json_decref(tail);
	let_go(c, l);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_panic_is_seen),
		cmocka_unit_test(hostile_bytes_become_text),
		cmocka_unit_test(long_lines_and_floods_are_bounded),
		cmocka_unit_test(the_last_lines_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
