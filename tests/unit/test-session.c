/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A boot against machines that misbehave: a child process answers by a script.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "script-machine.h"

/* --- one boot ----------------------------------------------------------------- */

static struct plan_arm arm = { .name = "6.1", .kernel = "6.1", .cmdline = "",
			       .second_level = "2m" };
static struct plan_cell cells[2];
static struct plan_boot boot = { .boot = 1, .block = 1, .order = 1 };
static struct plan plan = {
	.machine = { .device = (char *)"" },
	.guest = { .kernel = "6.1", .cpus = 1, .memory = 4 << 20 },
	.arms = &arm, .n_arms = 1, .cells = cells, .n_cells = 1,
};
static json_t *records;
static int keep_error;
static bool give_up;
/* Long, for a busy machine, but where it is waited for. */
static double limit;
#define LONG 20
#define SHORT 1

static int on_record(void *arg, const char *text, size_t len, struct err *err)
{
	json_t *record;

	(void)arg;
	if (keep_error)
		return err_sys(err, -keep_error, "cannot keep a record");
	record = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(record);
	json_array_append_new(records, record);
	return 0;
}

static bool abandoned(void *arg)
{
	(void)arg;
	return give_up;
}

static int reset(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		cells[i] = (struct plan_cell){
			.id = i ? "anon-4k/anon-4k/null" : "fsdax-xfs/anon-4k/null",
			.backing = i ? "anon-4k" : "fsdax-xfs", .source = "anon-4k",
			.workload = "null", .processes = 1,
		};
	plan.n_cells = 1;
	plan.n_blocks = 5;
	plan.counters = false;
	json_decref(records);
	records = json_array();
	script = NULL;
	keep_error = 0;
	give_up = false;
	limit = LONG;
	return 0;
}

static struct session_result result;

static int boot_it(const struct step *s, struct err *err)
{
	struct session_options o = {
		.plan = &plan, .boot = &boot, .attempt = 1, .release = "",
		.limits = { .hello = limit, .prepare = limit, .guest = limit,
			    .ready = limit, .run = limit, .proof = limit,
			    .ping = limit / 2 },
		.calls = { .record = on_record, .abandoned = abandoned },
	};
	struct machine m = { .ops = &script_kind, .plan = &plan, .proc = PROC_INIT,
			     .link_in = -1, .link_out = -1, .console = -1 };
	int ret;

	script = s;
	for (int i = 0; i < 2; i++)
		cells[i].params = json_object();
	assert_int_equal(loop_new(&m.loop, NULL), 0);
	o.machine = &m;
	ret = session_run(&o, &result, err);
	loop_free(m.loop);
	assert_int_equal(m.proc.pid, 0);
	/* Nothing may be left, not even as a zombie. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	for (int i = 0; i < 2; i++)
		json_decref(cells[i].params);
	return ret;
}

static json_t *last_record(const char *type)
{
	for (size_t i = json_array_size(records); i-- > 0;) {
		json_t *r = json_array_get(records, i);

		if (!strcmp(json_string_value(json_object_get(r, "t")), type))
			return r;
	}
	return NULL;
}

static void ends_as(const struct step *s, const char *class, const char *text)
{
	struct err err = ERR_INIT;
	json_t *end;

	assert_int_equal(boot_it(s, &err), 0);
	if (strcmp(result.class, class) || !strstr(result.text, text))
		fail_msg("ended as %s: %s", result.class, result.text);
	end = last_record("boot-end");
	assert_non_null(end);
	assert_ptr_equal(end, json_array_get(records, json_array_size(records) - 1));
	assert_string_equal(json_string_value(json_object_get(end, "class")), class);
	assert_true(json_is_array(json_object_get(end, "console")));
}

static void a_good_boot(void **state)
{
	json_t *phases;

	(void)state;
	ends_as(NULL, "ok", "");
	assert_int_equal(result.cells_ok, 1);
	assert_non_null(last_record("sample"));
	assert_non_null(last_record("proof"));
	assert_non_null(last_record("env"));
	assert_string_equal(json_string_value(json_object_get(
		json_array_get(records, 0), "t")), "boot");
	phases = json_object_get(last_record("boot-end"), "phases");
	assert_true(json_is_number(json_object_get(phases, "boot")));
	assert_true(json_is_number(json_object_get(phases, "first-sample")));
	assert_true(json_real_value(json_object_get(phases, "prepare.mkfs")) == 0.5);
}

static void several_backings(void **state)
{
	(void)state;
	plan.n_cells = 2;
	cells[1].processes = 3;
	ends_as(NULL, "ok", "");
	assert_int_equal(result.cells_ok, 4);
}

/* Each process after the first in a guest that was started for it. */
static void a_fresh_guest_is_another_one(void **state)
{
	static const char no[] = "0 {\"re\":%d,\"ok\":false,\"class\":\"failed\",\"text\":\"stays\"}";

	(void)state;
	cells[0].processes = 2;
	ends_as(SCRIPT({ "guest-stop", no, GO_ON }), "failed", "stays");
	assert_int_equal(result.cells_ok, 2);
	cells[0].fresh_guest = true;
	ends_as(SCRIPT({ "guest-stop", no, GO_ON }), "failed", "stays");
	assert_int_equal(result.cells_ok, 1);
	ends_as(NULL, "ok", "");
	assert_int_equal(result.cells_ok, 2);
}

/* Words of the machine's own are not the plan's to judge. */
static void an_arms_parameter_must_exist(void **state)
{
	static const char said[] = "* {\"re\":%d,\"ok\":true,\"facts\":{\"unknown_parameters\":"
				   "[\"kvm.spin=1\",\"kvm.fault_spin=10\"]}}";

	(void)state;
	arm.cmdline = (char *)"quiet kvm.fault_spin=10";
	ends_as(SCRIPT({ "env", said, GO_ON }), "failed",
		"cmdline of arm 6.1: kvm.fault_spin=10: the kernel's module has no such parameter");
	assert_int_equal(result.cells_ok, 0);
	arm.cmdline = (char *)"quiet kvm.fault_spin=1 kvm.spin=10";
	ends_as(SCRIPT({ "env", said, GO_ON }), "ok", "");
	arm.cmdline = (char *)"";
}

/* The sample that holds what was counted on the vCPUs. */
static json_t *vcpu_counters(void)
{
	json_t *r, *name;
	size_t i;

	json_array_foreach(records, i, r) {
		name = json_object_get(r, "metric");
		if (name && !strcmp(json_string_value(name), "go_to_result"))
			return json_object_get(r, "counters");
	}
	return NULL;
}

static json_t *summary(void)
{
	return json_object_get(json_object_get(last_record("cell-end"), "result"), "counters");
}

static void vcpus_are_counted(void **state)
{
	json_t *c, *missing;

	(void)state;
	plan.counters = true;
	ends_as(NULL, "ok", "");
	c = vcpu_counters();
	assert_int_equal(json_array_size(c), 1);
	c = json_array_get(c, 0);
	assert_string_equal(json_string_value(json_object_get(c, "name")),
			    "mut-vcpu.minor_faults");
	assert_int_equal(json_integer_value(json_object_get(c, "value")), 77);
	missing = json_array_get(json_object_get(summary(), "unavailable"), 0);
	assert_string_equal(json_string_value(json_object_get(missing, "reason")), "no PMU");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(
		missing, "samples"), "mut-vcpu.cycles")), 1);
	assert_memory_equal(json_string_value(json_object_get(summary(), "node")),
			    "generic: ", 9);
}

static void counting_can_be_switched_off(void **state)
{
	(void)state;
	ends_as(NULL, "ok", "");
	assert_null(vcpu_counters());
	assert_null(json_object_get(summary(), "node"));
}

static void panics(void **state)
{
	(void)state;
	ends_as(SCRIPT({ "hello", "", PANIC }), "panic", "VFS: no root");
	assert_int_equal(json_array_size(json_object_get(last_record("boot-end"),
							 "console")), 1);
	ends_as(SCRIPT({ "run", "", PANIC }), "panic", "Kernel panic");
	ends_as(SCRIPT({ "go", "", PANIC }), "panic", "Kernel panic");
}

static void lost(void **state)
{
	(void)state;
	ends_as(SCRIPT({ "hello", "", EXIT_1 }), "lost", "exit 1");
	ends_as(SCRIPT({ "prepare", "", EXIT_0 }), "lost", "exit 0");
	ends_as(SCRIPT({ "guest-start", "0 {\"re\":%d,\"ok\":true}\n"
		"0 {\"event\":\"guest-lost\",\"class\":\"lost\",\"text\":\"QEMU ended\","
		"\"console\":[\"last words\"]}", GO_ON }), "lost", "the guest: QEMU ended");
	assert_int_equal(json_array_size(json_object_get(last_record("boot-end"),
							 "console")), 1);
	ends_as(SCRIPT({ "go", "0 {\"event\":\"guest-lost\",\"class\":\"panic\","
		"\"text\":\"it panicked\"}", GO_ON }), "panic", "it panicked");
}

static void hangs(void **state)
{
	(void)state;
	limit = SHORT;
	ends_as(SCRIPT({ "hello", "", SLEEP }), "hang", "the boot of the machine");
	ends_as(SCRIPT({ "prepare", "", SLEEP }), "hang", "prepare");
	ends_as(SCRIPT({ "guest-start", "0 {\"re\":%d,\"ok\":true}", GO_ON }), "hang",
		"the boot of the guest");
	ends_as(SCRIPT({ "run", "", SLEEP }), "hang", "set-up");
}

/* It answers a ping, but the work is never done. */
static void timeouts(void **state)
{
	(void)state;
	limit = SHORT;
	ends_as(SCRIPT({ "prepare", "", GO_ON }), "timeout", "prepare");
	ends_as(SCRIPT({ "ping", "1 {\"re\":%d,\"ok\":true}", GO_ON },
		       { "go", "1 {\"re\":%d,\"ok\":true}", GO_ON }),
		"timeout", "the workload");
}

static void protocol_errors(void **state)
{
	(void)state;
	ends_as(SCRIPT({ "hello", "0 {\"event\":\"hello\",\"protocol\":9,\"version\":\"0.1\","
			 "\"role\":\"node\"}", GO_ON }), "protocol", "0.1 with protocol 9");
	ends_as(SCRIPT({ "hello", "0 " HELLO("guest"), GO_ON }), "protocol", "it is a guest");
	ends_as(SCRIPT({ "hello", "0 " HELLO("node") "\n0 " HELLO("node"), GO_ON }),
		"protocol", "a second hello");
	ends_as(SCRIPT({ "prepare", "", GARBAGE }), "protocol", "");
	ends_as(SCRIPT({ "hello", "0 " HELLO("node"), SKIP_SEQ }), "protocol", "");
	ends_as(SCRIPT({ "hello", "0 " HELLO("node"), BAD_NONCE }), "protocol", "");
	ends_as(SCRIPT({ "prepare", "0 {\"re\":77,\"ok\":true}", GO_ON }), "protocol",
		"unknown request");
	ends_as(SCRIPT({ "prepare", "0 {\"re\":%d,\"ok\":true}\n0 {\"re\":%d,\"ok\":true}",
			 GO_ON }), "protocol", "unknown request");
	ends_as(SCRIPT({ "proof", "0 {\"re\":%d,\"ok\":true,\"layers\":[{\"layer\":\"x\"}]}",
			 GO_ON }), "protocol", "layer: unknown value 'x'");
	ends_as(SCRIPT({ "go", "1 {\"re\":%d,\"ok\":true}\n1 {\"re\":%r,\"ok\":true,"
			 "\"result\":{\"metrics\":[{\"metric\":\"ns\"}]}}", GO_ON }),
		"protocol", "ns: point: is missing");
	ends_as(SCRIPT({ "go", "1 {\"re\":%d,\"ok\":true}\n1 {\"re\":%r,\"ok\":true}",
			 GO_ON }), "protocol", "a result: is missing");
}

static void a_flood_ends_the_boot(void **state)
{
	(void)state;
	ends_as(SCRIPT({ "prepare", "", FLOOD }), "protocol", "floods its console");
	assert_int_equal(json_array_size(json_object_get(last_record("boot-end"),
							 "console")), 40);
}

static void bad_counts_are_refused(void **state)
{
	(void)state;
	plan.counters = true;
	ends_as(SCRIPT({ "count-stop", "0 {\"re\":%d,\"ok\":true}", GO_ON }),
		"protocol", "count-stop: seconds");
	ends_as(SCRIPT({ "count-stop", "0 {\"re\":%d,\"ok\":true,\"seconds\":1,"
			 "\"counters\":[{\"name\":\"x\"}]}", GO_ON }), "protocol", "counters");
	ends_as(SCRIPT({ "count", "0 {\"re\":%d,\"ok\":false,\"class\":\"failed\","
			 "\"text\":\"out of memory\"}", GO_ON }), "failed", "out of memory");
}

static void refusals(void **state)
{
	(void)state;
	ends_as(SCRIPT({ "prepare", "0 {\"re\":%d,\"ok\":false,\"class\":\"unsupported\","
			 "\"text\":\"no pmem here\"}", GO_ON }), "failed", "no pmem here");
	ends_as(SCRIPT({ "run", "1 {\"re\":%d,\"ok\":false,\"class\":\"bad-request\","
			 "\"text\":\"no such workload\"}", GO_ON }), "failed",
		"no such workload");
}

/* A cell that cannot be done is recorded, and the boot goes on. */
static void a_failed_cell(void **state)
{
	(void)state;
	ends_as(SCRIPT({ "run", "1 {\"re\":%d,\"ok\":false,\"class\":\"unsupported\","
			 "\"text\":\"no huge pages\"}", GO_ON }), "ok", "");
	assert_int_equal(result.cells_failed, 1);
	assert_string_equal(json_string_value(json_object_get(last_record("cell-end"),
							      "class")), "failed");
	assert_string_equal(json_string_value(json_object_get(last_record("cell-end"),
							      "text")), "no huge pages");
}

static void a_contradicted_cell_is_void(void **state)
{
	(void)state;
	ends_as(SCRIPT({ "proof", "0 {\"re\":%d,\"ok\":true,\"layers\":[{\"layer\":"
			 "\"second-level\",\"bytes\":{\"4k\":2097152,\"2m\":0,\"1g\":0}}]}",
			 GO_ON }), "ok", "");
	assert_int_equal(result.cells_void, 1);
	assert_non_null(strstr(json_string_value(json_object_get(last_record("sample"),
								 "void")), "second-level"));
}

static const char *void_with_doctor(const char *answer)
{
	ends_as(SCRIPT({ "proof", "0 {\"re\":%d,\"ok\":true,\"layers\":[{\"layer\":"
			 "\"second-level\",\"bytes\":{\"4k\":209715200,\"2m\":0,\"1g\":0}}]}",
			 GO_ON }, { answer ? "doctor" : "-", answer ? answer : "", GO_ON }), "ok", "");
	assert_int_equal(result.cells_void, 1);
	return json_string_value(json_object_get(last_record("sample"), "void"));
}

/* What the doctor found first stands beside the reason; without it the cell stays as void. */
static void a_void_cell_has_the_doctors_word(void **state)
{
	(void)state;
	assert_non_null(strstr(void_with_doctor(NULL), "; doctor: dirty logging (9 pages"));
	assert_null(strchr(void_with_doctor(NULL), '\x1b'));
	assert_null(strstr(void_with_doctor("0 {\"re\":%d,\"ok\":true,\"findings\":[]}"), "doctor"));
	assert_null(strstr(void_with_doctor("0 {\"re\":%d,\"ok\":true,\"findings\":[7]}"), "doctor"));
	assert_null(strstr(void_with_doctor("0 {\"re\":%d,\"ok\":false,\"class\":\"failed\",\"text\":\"\"}"),
			   "doctor"));
}

/* The device is for backings that overwrite one. */
static void a_real_machine_is_told_its_device(void **state)
{
	(void)state;
	script_want = "\"params\":{\"device\":\"namespace1.0\"}";
	plan.machine.device = (char *)"namespace1.0";
	ends_as(NULL, "ok", "");
	cells[0].backing = "memfd";
	ends_as(NULL, "lost", "exit 8");
	cells[0].backing = "fsdax-xfs";
	plan.machine.device = (char *)"";
	ends_as(NULL, "lost", "exit 8");
	script_want = NULL;
}

static void a_record_that_cannot_be_kept_is_fatal(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	keep_error = -ENOSPC;
	assert_int_equal(boot_it(NULL, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "cannot keep a record"));
}

static void abandoned_boots_have_no_end(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	give_up = true;
	assert_int_equal(boot_it(NULL, &err), -EINTR);
	assert_null(last_record("boot-end"));
}

static void limits_follow_domain_and_patience(void **state)
{
	struct session_limits a = session_limits("emulated", 1);
	struct session_limits b = session_limits("instructions", 1);
	struct session_limits c = session_limits("emulated", 0.5);

	(void)state;
	assert_true(b.hello > a.hello);
	assert_true(c.run == a.run / 2);
}

static bool always_room(const struct machine *m)
{
	(void)m;
	return true;
}

/* The boot's seconds of waiting for its turn; 0: it was not booted ahead. */
static double boot_of_several(struct machine *m, unsigned n, unsigned next)
{
	struct plan_boot b = { .boot = n, .block = 1, .order = n };
	struct machine_boot after = { .boot = next, .arm = &arm, .release = "" };
	struct session_options o = {
		.plan = &plan, .boot = &b, .attempt = 1, .release = "", .machine = m,
		.next = next ? &after : NULL,
		.limits = { .hello = LONG, .prepare = LONG, .guest = LONG, .ready = LONG,
			    .run = LONG, .proof = LONG, .ping = LONG },
		.calls = { .record = on_record, .abandoned = abandoned },
	};
	json_t *phases;

	assert_int_equal(session_run(&o, &result, NULL), 0);
	assert_string_equal(result.class, "ok");
	assert_true(machine_is_settled(m));
	phases = json_object_get(last_record("boot-end"), "phases");
	return json_real_value(json_object_get(phases, "ahead"));
}

static void the_next_machine_is_booted_ahead(void **state)
{
	struct machine_kind_ops roomy = script_kind;
	struct machine m;

	(void)state;
	roomy.has_room = always_room;
	cells[0].params = json_object();
	machine_init(&m, &roomy, &plan, NULL);
	assert_int_equal(loop_new(&m.loop, NULL), 0);
	assert_true(boot_of_several(&m, 1, 2) == 0);
	assert_non_null(m.ahead);
	assert_true(boot_of_several(&m, 2, 9) > 0);
	assert_non_null(m.ahead);
	/* Another one than was thought: it boots in its turn. */
	assert_true(boot_of_several(&m, 3, 4) == 0);
	machine_release(&m);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	machine_init(&m, &script_kind, &plan, m.loop);
	assert_true(boot_of_several(&m, 1, 2) == 0);
	assert_null(m.ahead);
	machine_release(&m);
	loop_free(m.loop);
	json_decref(cells[0].params);
}

/* As the plugin does when QEMU starts: it appends to what is there. */
static int boot_with_counts(struct machine *m, const struct machine_boot *b, struct err *err)
{
	FILE *f = fopen(b->profile, "r+");

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	fputs("kduel-why 3 vcpus 1\n", f);
	fclose(f);
	return script_boot(m, b, err);
}

/* Of the lines of a file of counts, their first word each; "" if there is none. */
static const char *first_words(const char *path)
{
	static char words[200];
	char line[500];
	FILE *f = fopen(path, "r");

	words[0] = '\0';
	while (f && fgets(line, sizeof(line), f))
		snprintf(words + strlen(words), sizeof(words) - strlen(words), "%.*s ",
			 (int)strcspn(line, " "), line);
	if (f)
		fclose(f);
	return words;
}

static void a_machine_ahead_has_its_file_of_counts(void **state)
{
	static const char begun[] = "kernel kernel program kduel-why ";
	struct machine_kind_ops roomy = script_kind;
	char folder[] = "/tmp/test-session-XXXXXX", path[64], other[64];
	struct machine_boot b = { .boot = 2, .arm = &arm, .release = "", .kernel = "/proc/self/exe",
				  .guest_kernel = "/proc/self/exe" };
	struct machine m;
	double ahead;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/boot-2.1", folder);
	snprintf(other, sizeof(other), "%s/boot-3.1", folder);
	b.profile = path;
	roomy.has_room = always_room;
	roomy.boot = boot_with_counts;
	machine_init(&m, &roomy, &plan, NULL);
	assert_int_equal(loop_new(&m.loop, NULL), 0);
	m.images.agent = strdup("/proc/self/exe");
	machine_boot_ahead(&m, &b);
	assert_non_null(m.ahead);
	assert_string_equal(first_words(path), begun);
	/* Its turn: the file is the one that is being appended to. */
	assert_int_equal(machine_boot(&m, &b, &ahead, NULL), 0);
	assert_true(ahead > 0);
	assert_string_equal(first_words(path), begun);
	/* Dropped: the file goes, too, and is begun again when the machine is. */
	b.boot = 3;
	b.profile = other;
	machine_boot_ahead(&m, &b);
	assert_string_equal(first_words(other), begun);
	machine_drop_ahead(&m);
	assert_string_equal(first_words(other), "");
	assert_string_equal(first_words(path), begun);
	machine_stop(&m);
	assert_int_equal(machine_boot(&m, &b, &ahead, NULL), 0);
	assert_true(ahead == 0);
	assert_string_equal(first_words(other), begun);
	/* One whose file cannot be made is not booted ahead, and says so in its turn. */
	b.boot = 4;
	b.kernel = "/nonexistent/bzImage";
	machine_boot_ahead(&m, &b);
	assert_null(m.ahead);
	assert_true(machine_boot(&m, &b, &ahead, NULL) < 0);
	machine_release(&m);
	loop_free(m.loop);
	unlink(path);
	unlink(other);
	assert_int_equal(rmdir(folder), 0);
}

static int let_go(void **state)
{
	(void)state;
	json_decref(records);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_good_boot, reset),
		cmocka_unit_test_setup(several_backings, reset),
		cmocka_unit_test_setup(the_next_machine_is_booted_ahead, reset),
		cmocka_unit_test_setup(a_machine_ahead_has_its_file_of_counts, reset),
		cmocka_unit_test_setup(a_fresh_guest_is_another_one, reset),
		cmocka_unit_test_setup(an_arms_parameter_must_exist, reset),
		cmocka_unit_test_setup(vcpus_are_counted, reset),
		cmocka_unit_test_setup(counting_can_be_switched_off, reset),
		cmocka_unit_test_setup(panics, reset),
		cmocka_unit_test_setup(lost, reset),
		cmocka_unit_test_setup(hangs, reset),
		cmocka_unit_test_setup(timeouts, reset),
		cmocka_unit_test_setup(protocol_errors, reset),
		cmocka_unit_test_setup(a_flood_ends_the_boot, reset),
		cmocka_unit_test_setup(bad_counts_are_refused, reset),
		cmocka_unit_test_setup(refusals, reset),
		cmocka_unit_test_setup(a_failed_cell, reset),
		cmocka_unit_test_setup(a_contradicted_cell_is_void, reset),
		cmocka_unit_test_setup(a_void_cell_has_the_doctors_word, reset),
		cmocka_unit_test_setup(a_real_machine_is_told_its_device, reset),
		cmocka_unit_test_setup(a_record_that_cannot_be_kept_is_fatal, reset),
		cmocka_unit_test_setup(abandoned_boots_have_no_end, reset),
		cmocka_unit_test(limits_follow_domain_and_patience),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, let_go);
}
