/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of calls, and the forms in which it leaves kduel. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "why/calls.h"

static const struct calls_words words = {
	.what = "memfd/first-touch ns_per_page", .thing = "page", .unit = "loads",
	.arm = { "old", "new<2>" },
};

static void add(struct calls *t, int arm, double insns, const char *path)
{
	const char *part[8];
	char copy[128];
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *at = strtok(copy, ";"); at; at = strtok(NULL, ";"))
		part[n++] = at;
	assert_int_equal(calls_add(t, arm, part, n, insns), 0);
}

static struct calls tree(void)
{
	struct calls t = { .things = { 10, 20 } };

	add(&t, 0, 100, "kernel;entry");
	add(&t, 0, 300, "kernel;entry;fault");
	add(&t, 1, 300, "kernel;entry;fault");
	add(&t, 1, 500, "kernel;entry;fault;spin&wait");
	add(&t, 0, 50, "kernel;entry;entry;gone");
	add(&t, 0, 7, "programs");
	calls_add_up(&t);
	return t;
}

static char *written(const struct calls *t, char form, int arm, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	switch (form) {
	case 'f': calls_write_folded(t, "cell", f); break;
	case 's': calls_write_svg(t, &words, f); break;
	case 'c': calls_write_callgrind(t, arm, &words, f); break;
	default: assert_int_equal(calls_write_pprof(t, &words, f), 0);
	}
	fclose(f);
	return text;
}

static void adds_up(void **state)
{
	struct calls t = tree();
	size_t len;
	char *text;

	(void)state;
	assert_true(t.v[0].all[0] == 457 && t.v[0].all[1] == 800);
	text = written(&t, 'f', 0, &len);
	assert_string_equal(text, "cell;kernel;entry 10000000 0\n"
			    "cell;kernel;entry;fault 30000000 15000000\n"
			    "cell;kernel;entry;fault;spin&wait 0 25000000\n"
			    "cell;kernel;entry;gone 5000000 0\n"
			    "cell;programs 700000 0\n");
	free(text);
	calls_release(&t);
}

static void draws(void **state)
{
	struct calls t = tree(), none = { 0 };
	size_t len, opened = 0, closed = 0;
	char *text = written(&t, 's', 0, &len);

	(void)state;
	assert_non_null(strstr(text, "<title>spin&amp;wait: 0 and 25 loads per page, +25</title>"));
	assert_non_null(strstr(text, ">loads per page, width: of both arms; "));
	assert_non_null(strstr(text, "red: more in new&lt;2&gt;, blue: more in old</text>"));
	assert_null(strstr(text, "script"));
	/* What only the new arm has is full red, what only the old one has full blue. */
	assert_non_null(strstr(text, "#eb7878"));
	assert_non_null(strstr(text, "#7878eb"));
	for (const char *at = text; (at = strstr(at, "<g>")); at++)
		opened++;
	for (const char *at = text; (at = strstr(at, "</g>")); at++)
		closed++;
	assert_int_equal(opened, 7);
	assert_int_equal(closed, opened);
	free(text);
	text = written(&none, 's', 0, &len);
	assert_non_null(strstr(text, "</svg>"));
	free(text);
	calls_release(&t);
}

/* "kvm" cut out of "kvm_release" would be another function. */
static void marks_names_that_are_cut(void **state)
{
	struct calls t = { .things = { 1, 1 } };
	size_t len;
	char *text;

	(void)state;
	add(&t, 0, 9500, "a");
	add(&t, 0, 50, "kvm_release_page");
	add(&t, 0, 450, "kvm_release");
	calls_add_up(&t);
	text = written(&t, 's', 0, &len);
	/* 54 and 6 of 1200 points: seven letters, and none. */
	assert_non_null(strstr(text, ">kvm_r..</text>"));
	assert_null(strstr(text, ">kvm</text>"));
	assert_non_null(strstr(text, "<title>kvm_release_page: "));
	assert_null(strstr(text, ">kvm_release_page</text>"));
	free(text);
	calls_release(&t);
}

static void writes_for_callgrind(void **state)
{
	struct calls t = tree();
	size_t len;
	char *text = written(&t, 'c', 0, &len);

	(void)state;
	assert_non_null(strstr(text, "events: Loads\nsummary: 457\n"));
	assert_non_null(strstr(text, "fl=kernel\nfn=entry\n0 100\ncfl=kernel\ncfn=gone\ncalls=1 0\n0 50\n"
				     "cfl=kernel\ncfn=fault\ncalls=1 0\n0 300\n"));
	assert_non_null(strstr(text, "fl=\nfn=all\n0 0\ncfl=programs\ncfn=programs\n"));
	/* What this arm never executed is not there. */
	assert_null(strstr(text, "spin"));
	free(text);
	calls_release(&t);
}

/* --- profile.proto, read back ------------------------------------------------------- */

static uint64_t varint(const unsigned char **at)
{
	uint64_t v = 0;

	for (int shift = 0; shift < 64; shift += 7) {
		unsigned char byte = *(*at)++;

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return v;
	}
	fail_msg("a number without end");
	return 0;
}

/* Field, and its number or the message that it is; the end of it. */
static const unsigned char *field(const unsigned char *at, unsigned *what, uint64_t *number,
				  const unsigned char **part)
{
	uint64_t key = varint(&at);

	*what = key >> 3;
	*number = varint(&at);
	*part = at;
	assert_true((key & 7) == 0 || (key & 7) == 2);
	return (key & 7) == 2 ? at + *number : at;
}

static void writes_for_pprof(void **state)
{
	struct calls t = tree();
	uint64_t count[8] = { 0 }, sum[2] = { 0 }, deepest = 0;
	const unsigned char *at, *end, *part, *inner;
	char *strings[16], *text;
	size_t len, n = 0;

	(void)state;
	text = written(&t, 'p', 0, &len);
	at = (unsigned char *)text;
	for (end = at + len; at < end;) {
		uint64_t number, value, depth = 0;
		unsigned what, which;
		int arm = 0;

		at = field(at, &what, &number, &part);
		assert_true(at <= end && what < 8);
		count[what]++;
		if (what == 6)
			strings[n++] = strndup((const char *)part, number);
		while (what == 2 && part < at) {
			part = field(part, &which, &value, &inner);
			depth += which == 1;
			if (which == 2)
				sum[arm++] += value;
		}
		deepest = depth > deepest ? depth : deepest;
	}
	assert_int_equal(count[1], 2);			/* types: the arms */
	assert_int_equal(count[2], 5);			/* samples */
	assert_int_equal(count[4], t.n - 1);		/* locations */
	assert_int_equal(count[5], t.n - 1);		/* functions */
	assert_int_equal(n, 4 + t.n);
	assert_true(sum[0] == 457 && sum[1] == 800);
	assert_int_equal(deepest, 4);
	assert_string_equal(strings[0], "");
	assert_string_equal(strings[3], "new<2>");
	assert_string_equal(strings[4 + 1], "kernel");
	for (size_t i = 0; i < n; i++)
		free(strings[i]);
	free(text);
	calls_release(&t);
}

/* With a walk along them it took minutes, and 20 MB of somebody's profile hours. */
static void many_names_below_one_take_no_time(void **state)
{
	struct calls t = { .things = { 1, 1 } };

	(void)state;
	alarm(20);
	for (int again = 0; again < 2; again++)
		for (int i = 0; i < 200000; i++) {
			char name[32];

			snprintf(name, sizeof(name), "f%d", i);
			assert_int_equal(calls_add(&t, again, (const char *const[]){ "kernel", name }, 2, 1), 0);
		}
	alarm(0);
	calls_add_up(&t);
	assert_int_equal(t.n, 200002);
	assert_true(t.v[0].all[0] == 200000 && t.v[0].all[1] == 200000);
	calls_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up),
		cmocka_unit_test(draws),
		cmocka_unit_test(marks_names_that_are_cut),
		cmocka_unit_test(writes_for_callgrind),
		cmocka_unit_test(writes_for_pprof),
		cmocka_unit_test(many_names_below_one_take_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
