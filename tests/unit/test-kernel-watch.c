/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A build's log: a line at each phase and now and then, and never a flood. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernel/kernel.h"

static void a_line_when_something_changed(void **state)
{
	struct kernel_progress p = { .kernel = "6.1", .text = "unpacking",
				     .phase = KERNEL_COMPILE };
	struct kernel_watch w = { "", 0 };

	(void)state;
	assert_true(kernel_watch_due(&w, &p));
	p.seconds = 5;
	assert_false(kernel_watch_due(&w, &p));
	p.text = "compiling";
	assert_true(kernel_watch_due(&w, &p));
	p.kernel = "6.1-rfc";
	assert_true(kernel_watch_due(&w, &p));
}

static void a_long_phase_is_not_silent(void **state)
{
	struct kernel_progress p = { .kernel = "6.1", .text = "compiling",
				     .phase = KERNEL_COMPILE };
	struct kernel_watch w = { "", 0 };
	unsigned lines = 0;

	(void)state;
	for (p.seconds = 0; p.seconds < 300; p.seconds += 0.5)
		lines += kernel_watch_due(&w, &p);
	assert_in_range(lines, 5, 30);
	p.phase = KERNEL_WAIT;
	p.text = "waiting for the build of process 7";
	lines = 0;
	for (p.seconds = 0; p.seconds < 300; p.seconds += 0.5)
		lines += kernel_watch_due(&w, &p);
	assert_int_equal(lines, 1);
}

static void counts_files_only_while_compiling(void **state)
{
	struct kernel_progress p = { .kernel = "6.1", .phase = KERNEL_COMPILE,
				     .text = "compiling", .done = 120,
				     .expected = 1300 };
	char text[80];

	(void)state;
	kernel_watch_text(&p, text, sizeof(text));
	assert_string_equal(text, "6.1: compiling, 120 of about 1300 files");
	p.done = 1400;
	kernel_watch_text(&p, text, sizeof(text));
	assert_string_equal(text, "6.1: compiling, 1400 of about 1400 files");
	p.expected = 0;
	p.done = 1;
	kernel_watch_text(&p, text, sizeof(text));
	assert_string_equal(text, "6.1: compiling, 1 file");
	kernel_watch_text(&p, text, 6);
	assert_string_equal(text, "6.1: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_when_something_changed),
		cmocka_unit_test(a_long_phase_is_not_silent),
		cmocka_unit_test(counts_files_only_while_compiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
