/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small parts of a campaign: pre-flight, progress, console, until. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host-driver/machine/preflight.h"
#include "host-driver/run/progress.h"
#include "lib/loop.h"
#include "run/campaign.h"

#define GIB (1ull << 30)

static struct plan vm_plan(void)
{
	return (struct plan){
		.machine = { .kind = &machine_kinds[0], .cpus = 1, .memory = 3 * GIB,
			     .pmem = GIB },
		.n_boots = 2,
	};
}

static const struct preflight plenty = { 64 * GIB, 64 * GIB, 64 * GIB };

static void enough_is_enough(void **state)
{
	struct plan p = vm_plan();

	(void)state;
	setenv("KDUEL_QEMU", "sh", 1);
	assert_int_equal(preflight_check(&plenty, &p, "results/x", NULL), 0);
	unsetenv("KDUEL_QEMU");
}

static void short_of(struct preflight f, const char *what, const char *how_much)
{
	struct plan p = vm_plan();
	struct err err = ERR_INIT;

	assert_true(preflight_check(&f, &p, "results/x", &err) < 0);
	assert_int_equal(err.exit, EXIT_MACHINE);
	if (!strstr(err.text, what) || !strstr(err.text, how_much))
		fail_msg("%s", err.text);
}

static void what_is_short_is_named(void **state)
{
	struct preflight f = plenty;

	(void)state;
	f.memory = 2 * GIB;
	short_of(f, "too little memory: 4480M are needed, but 2G are free", "machine.memory");
	f = plenty;
	f.disk = 4096;
	short_of(f, "too little disk for results/x", "--out");
	f = plenty;
	f.cache = 0;
	short_of(f, "disk for the cache", "XDG_CACHE_HOME");
}

static void no_qemu(void **state)
{
	struct plan p = vm_plan();
	struct err err = ERR_INIT;

	(void)state;
	setenv("KDUEL_QEMU", "/nonexistent/qemu", 1);
	assert_true(preflight_check(&plenty, &p, "x", &err) < 0);
	assert_non_null(strstr(err.text, "QEMU was not found: /nonexistent/qemu"));
	unsetenv("KDUEL_QEMU");
	p.machine.kind = machine_kind_find("fake");
	assert_int_equal(preflight_check(&plenty, &p, "x", NULL), 0);
}

static void this_machine_can_be_read(void **state)
{
	struct preflight f;

	(void)state;
	assert_int_equal(preflight_read(&f, "/tmp/not/there/yet", NULL), 0);
	assert_true(f.memory > 0 && f.disk > 0 && f.cache > 0);
}

static void times_are_told(void **state)
{
	char buf[16];

	(void)state;
	assert_string_equal(progress_time(0, buf, sizeof(buf)), "0:00");
	assert_string_equal(progress_time(65.2, buf, sizeof(buf)), "1:05");
	assert_string_equal(progress_time(7384, buf, sizeof(buf)), "2:03:04");
	assert_string_equal(progress_time(-3, buf, sizeof(buf)), "0:00");
}

#define EVIL "\x1b]0;owned\x07\x1b[31m\nx \xe2\x80\xae \xc2\x9b" "31m\xff"

/* On a terminal too: the one escape there is the live line's own. */
static void nothing_foreign_acts_on_the_terminal(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *f = tmpfile();
	struct progress p;

	(void)state;
	for (int terminal = 0; terminal < 2; terminal++) {
		progress_init(&p, f, true, 4, 10);
		p.terminal = terminal;
		progress_boot_begin(&p, "block 1/2  %s", EVIL);
		progress_phase(&p, "%s", EVIL);
		progress_say(&p, "boot: %s", EVIL);
		progress_detail(&p, "%s", EVIL);
		tell_boot(&p, &(struct plan){ .arms = &(struct plan_arm){ .name = EVIL },
					      .n_arms = 1 },
			  &(struct plan_boot){ .block = 1 },
			  &(struct session_result){ .class = "failed", .text = EVIL,
						    .cells_failed = 1 });
		progress_phase(&p, "%s", EVIL);
	}
	rewind(f);
	assert_true(getdelim(&text, &len, '\0', f) > 0);
	for (char *c = text; (c = strpbrk(c, "\x1b\x07\x9b\xff")); c++)
		if (strncmp(c, "\x1b[K", 3))
			fail_msg("byte %02x before %.20s", (unsigned char)*c, c + 1);
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_non_null(strstr(text, "boot: \\x1b]0;owned"));
	free(text);
	fclose(f);
}

static void plain_lines_where_there_is_no_terminal(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *f = tmpfile();
	struct progress p;

	(void)state;
	progress_init(&p, f, false, 4, 10);
	assert_true(progress_left(&p) == 40);
	progress_phase(&p, "building");
	progress_boot_begin(&p, "block 1/2  %s", "6.1");
	progress_detail(&p, "not without -v");
	progress_boot_end(&p);
	p.spent = 6;
	assert_true(progress_left(&p) == 18);
	progress_say(&p, "one line %d", 1);
	progress_say(&p, "%s", "red \x1b[31m, bell \a, C1 \xc2\x9b, turned \xe2\x80\xae");
	progress_phase(&p, "%s", "up \x1b[A");
	assert_null(strchr(p.phase, '\x1b'));
	rewind(f);
	assert_true(getdelim(&text, &len, '\0', f) > 0);
	assert_string_equal(text, "one line 1\n"
			    "red \\x1b[31m, bell \\x07, C1 \\x9b, turned \\u{202e}\n");
	free(text);
	fclose(f);
}

static void looks_are_few(void **state)
{
	(void)state;
	assert_false(until_is_look(5));
	assert_true(until_is_look(6));
	assert_false(until_is_look(7));
	assert_true(until_is_look(20));
	assert_false(until_is_look(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enough_is_enough),
		cmocka_unit_test(what_is_short_is_named),
		cmocka_unit_test(no_qemu),
		cmocka_unit_test(this_machine_can_be_read),
		cmocka_unit_test(times_are_told),
		cmocka_unit_test(nothing_foreign_acts_on_the_terminal),
		cmocka_unit_test(plain_lines_where_there_is_no_terminal),
		cmocka_unit_test(looks_are_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
