/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between two arms besides the kernel under test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "host-driver/compare/compare.h"
#include "host-driver/store/store.h"
#include "lib/data.h"

#define CONFIG(other) CONFIG_OF(other, "2")
#define CONFIG_OF(other, blocks)					\
	"name: made-up\n"						\
	"blocks: " blocks "\n"						\
	"machine: { kind: fake }\n"					\
	"guest: { kernel: k, memory: 64M }\n"				\
	"arms:\n"							\
	"  - { kernel: k, name: base, baseline: true }\n"		\
	"  - { " other ", name: other }\n"				\
	"cells: { backing: memfd, source: thp, workload: \"null\" }\n"

/* Facts of each arm's node, and the values of its kernel's config. */
struct arm_story {
	const char *facts, *config;
};

static char base[] = "/tmp/kduel-identity-XXXXXX";
static char folder[64];
static const char *config = CONFIG("kernel: k"), *odd_facts;
static const char *other_source = "1";	/* the hash of what the arm that is not the baseline was built from */
static unsigned odd_boot;	/* its facts are others; 0: none */

static void append(struct store *s, json_t *record)
{
	struct err err = ERR_INIT;

	assert_non_null(record);
	if (store_append(s, record, &err))
		fail_msg("%s", err.text);
}

/* The facts as they are told, each boot with another nonce. */
static json_t *facts_of(const char *text, unsigned boot)
{
	json_t *facts = json_loads(text, 0, NULL), *cmdline;

	assert_non_null(facts);
	cmdline = json_object_get(facts, "cmdline");
	if (cmdline)
		json_object_set_new(facts, "cmdline", json_sprintf("%s kduel.nonce=%u",
				    json_string_value(cmdline), boot));
	return facts;
}

static void compare_arms(const struct arm_story *told, bool allow,
			 struct comparison *c)
{
	struct compare_options o = { .allow_differences = allow };
	struct err err = ERR_INIT;
	char path[80];
	struct store *s;
	struct plan *p;

	snprintf(path, sizeof(path), "%s/c.yaml", base);
	if (file_publish(path, config, strlen(config), &err) ||
	    plan_load(path, NULL, &p, &err) || file_remove_tree(folder, &err) ||
	    store_create(&s, folder, p, "fake", &err))
		fail_msg("%s", err.text);
	for (size_t a = 0; a < 2; a++)
		append(s, json_pack("{s:s, s:s, s:{s:o, s:{s:{s:{s:s}}}}}", "t", "arm", "arm",
				    p->arms[a].name, "identity", "config",
				    json_loads(told[a].config, 0, NULL), "kernel", "default",
				    "source", "hash", a ? other_source : "1"));
	for (size_t i = 0; i < p->n_boots; i++) {
		const struct plan_boot *b = &p->boots[i];

		append(s, json_pack("{s:s, s:i, s:i, s:i, s:i, s:s}", "t", "boot",
				    "boot", b->boot, "block", b->block, "order",
				    b->order, "attempt", 1, "arm",
				    p->arms[b->arm].name));
		append(s, json_pack("{s:s, s:s, s:i, s:o}", "t", "env", "where",
				    "node", "boot", b->boot, "facts",
				    facts_of(b->boot == odd_boot ? odd_facts
					     : told[b->arm].facts, b->boot)));
		append(s, json_pack("{s:s, s:i, s:s, s:s, s:{}, s:[]}", "t",
				    "boot-end", "boot", b->boot, "class", "ok",
				    "text", "", "phases", "console"));
	}
	store_close(s);
	if (store_open(&s, folder, STORE_READ, &err) || compare_run(s, &o, c, &err))
		fail_msg("%s", err.text);
	store_close(s);
	plan_free(p);
}

static const char *note(const struct comparison *c, const char *part)
{
	for (size_t i = 0; i < c->n_notes; i++)
		if (strstr(c->notes[i], part))
			return c->notes[i];
	return NULL;
}

static void one_difference(const char *a, const char *b, const char *what)
{
	const struct arm_story told[] = { { a, "{}" }, { b, "{}" } };
	struct comparison c;

	compare_arms(told, false, &c);
	assert_int_equal(c.n_differences, 1);
	assert_string_equal(c.differences[0].what, what);
	assert_non_null(c.refused);
	assert_non_null(strstr(c.refused, what));
	comparison_release(&c);
	compare_arms(told, true, &c);
	assert_null(c.refused);
	assert_non_null(note(&c, "1 difference besides the kernel under test was allowed"));
	comparison_release(&c);
}

static void conditions_must_be_alike(void **state)
{
	(void)state;
	one_difference("{\"compiler\": \"gcc 12\"}", "{\"compiler\": \"gcc 13\"}",
		       "node.compiler");
	one_difference("{\"cpu\": {\"governor\": \"performance\"}}",
		       "{\"cpu\": {\"governor\": \"powersave\"}}",
		       "node.cpu.governor");
	one_difference("{\"cpu\": {\"microcode\": \"0x1\"}}",
		       "{\"cpu\": {\"microcode\": \"0x2\"}}", "node.cpu.microcode");
	one_difference("{\"kvm\": {\"nx_huge_pages\": \"Y\"}}",
		       "{\"kvm\": {\"nx_huge_pages\": \"N\"}}",
		       "node.kvm.nx_huge_pages");
	one_difference("{\"kvm\": {\"enable_mediated_pmu\": \"Y\"}}",
		       "{\"kvm\": {\"enable_mediated_pmu\": \"N\"}}",
		       "node.kvm.enable_mediated_pmu");
	one_difference("{\"kvm\": {\"eager_page_split\": \"Y\"}}",
		       "{\"kvm\": {\"eager_page_split\": \"N\"}}",
		       "node.kvm.eager_page_split");
	one_difference("{\"mitigations\": {\"l1tf\": \"Mitigation: PTE Inversion\"}}",
		       "{\"mitigations\": {\"l1tf\": \"Vulnerable\"}}",
		       "node.mitigations.l1tf");
	one_difference("{\"topology\": \"1 Package, 2 Core, 4 PU\"}",
		       "{\"topology\": \"1 Package, 2 Core, 2 PU\"}", "node.topology");
	one_difference("{\"cmdline\": \"root=/dev/a quiet\"}",
		       "{\"cmdline\": \"root=/dev/a quiet mitigations=off\"}",
		       "node.cmdline");
}

/* Command lines are long: only the words that differ are shown. */
static void words_of_command_lines(void **state)
{
	static const struct arm_story told[] = {
		{ "{\"cmdline\": \"root=/dev/a quiet\"}", "{}" },
		{ "{\"cmdline\": \"root=/dev/a nosmt mitigations=off\"}", "{}" },
	};
	struct comparison c;

	(void)state;
	compare_arms(told, false, &c);
	assert_string_equal(c.differences[0].baseline_value, "quiet");
	assert_string_equal(c.differences[0].arm_value, "nosmt mitigations=off");
	comparison_release(&c);
}

/* One kernel, two command lines, as the plan says: that is the comparison. */
static void a_planned_command_line_is_under_test(void **state)
{
	struct arm_story told[] = {
		{ "{\"cmdline\": \"root=/dev/a quiet\"}", "{}" },
		{ "{\"cmdline\": \"root=/dev/a nosmt quiet a=1\"}", "{}" },
	};
	struct comparison c;

	(void)state;
	config = CONFIG("kernel: k, cmdline: nosmt a=1");
	compare_arms(told, false, &c);
	assert_null(c.refused);
	assert_int_equal(c.n_differences, 0);
	assert_non_null(note(&c, "another command line: 'nosmt a=1', baseline ''"));
	comparison_release(&c);

	/* What it does to the machine is named, and no other difference. */
	told[1].facts = "{\"cmdline\": \"root=/dev/a nosmt quiet a=1\", "
			"\"topology\": \"1 Package, 1 Core\", \"thp\": \"never\"}";
	told[0].facts = "{\"cmdline\": \"root=/dev/a quiet\", "
			"\"topology\": \"1 Package, 2 Core\", \"thp\": \"never\"}";
	compare_arms(told, false, &c);
	assert_null(c.refused);
	assert_int_equal(c.n_differences, 0);
	assert_non_null(note(&c, "node.topology follows from the command line of "));
	assert_null(note(&c, "node.thp"));
	comparison_release(&c);
	told[0].facts = "{\"cmdline\": \"root=/dev/a quiet\"}";

	/* It did not get there, or more did. */
	told[1].facts = "{\"cmdline\": \"root=/dev/a quiet a=1\"}";
	compare_arms(told, false, &c);
	assert_non_null(strstr(c.refused, "node.cmdline"));
	assert_non_null(strstr(c.refused, "without nosmt"));
	comparison_release(&c);
	told[1].facts = "{\"cmdline\": \"root=/dev/a nosmt quiet a=1 b=2\"}";
	compare_arms(told, false, &c);
	assert_non_null(strstr(c.refused, "'b=2'"));
	comparison_release(&c);

	/* With another kernel, too, it could be either. */
	told[1].facts = "{\"cmdline\": \"root=/dev/a quiet nosmt a=1\"}";
	config = CONFIG("kernel: k2, cmdline: nosmt a=1");
	compare_arms(told, false, &c);
	assert_non_null(strstr(c.refused, "command line"));
	comparison_release(&c);
	config = CONFIG("kernel: k");
}

static void the_kernel_may_differ(void **state)
{
	static const struct arm_story told[] = {
		{ "{\"kernel\": {\"release\": \"6.1\"}, \"hwloc\": \"<a/>\","
		  " \"dmesg\": \"a\", \"cmdline\": \"BOOT_IMAGE=/boot/a quiet\"}", "{}" },
		{ "{\"kernel\": {\"release\": \"7.2\"}, \"hwloc\": \"<b/>\","
		  " \"dmesg\": \"b\", \"cmdline\": \"BOOT_IMAGE=/boot/b quiet\"}", "{}" },
	};
	struct comparison c;

	(void)state;
	compare_arms(told, false, &c);
	assert_int_equal(c.n_differences, 0);
	assert_null(c.refused);
	comparison_release(&c);
}

/* A newer kernel knows a mitigation that the older one has no file for. */
static void what_one_kernel_does_not_tell_is_noted(void **state)
{
	static const struct arm_story told[] = {
		{ "{\"mitigations\": {\"l1tf\": \"a\"}}", "{}" },
		{ "{\"mitigations\": {\"l1tf\": \"a\", \"tsa\": \"b\"}}", "{}" },
	};
	struct comparison c;

	(void)state;
	compare_arms(told, false, &c);
	assert_int_equal(c.n_differences, 0);
	assert_null(c.refused);
	assert_non_null(note(&c, "only one of other and the baseline reports node.mitigations.tsa"));
	comparison_release(&c);
}

/* With another source KVM begins with other settings: they are what is compared. */
static void what_follows_from_the_source_is_noted(void **state)
{
	static const struct arm_story told[] = {
		{ "{\"kvm\": {\"tdp_mmu\": \"Y\"}}", "{}" },
		{ "{\"kvm\": {\"tdp_mmu\": \"N\"}}", "{}" },
	};
	struct comparison c;

	(void)state;
	other_source = "2";
	compare_arms(told, false, &c);
	other_source = "1";
	assert_int_equal(c.n_differences, 0);
	assert_null(c.refused);
	assert_non_null(note(&c, "node.kvm.tdp_mmu follows from the source of other: 'N', baseline 'Y'"));
	comparison_release(&c);
}

/* One boot of ten lies, or was another machine: it is left out, the others are judged. */
static void an_odd_boot_is_left_out(void **state)
{
	static const struct arm_story told[] = {
		{ "{\"cpus\": 2, \"mode\": \"a\"}", "{}" },
		{ "{\"cpus\": 2, \"mode\": \"a\"}", "{}" },
	};
	static const char *const lies[] = {
		"{\"cpus\": 2, \"mode\": \"a\", \"lie\": true}",
		"{\"cpus\": 4, \"mode\": \"a\"}", "{\"cpus\": 2}",
	};
	struct comparison c;

	(void)state;
	config = CONFIG_OF("kernel: k", "5");
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		odd_boot = 4;
		odd_facts = lies[i];
		compare_arms(told, false, &c);
		assert_null(c.refused);
		assert_int_equal(c.n_odd, 1);
		assert_int_equal(c.odd[0].boot, 4);
		assert_int_equal(c.blocks, 4);
		assert_non_null(note(&c, "boot 4 ("));
		comparison_release(&c);
		compare_arms(told, true, &c);
		assert_int_equal(c.blocks, 5);
		comparison_release(&c);
	}
	/* Two of two minds: nobody can tell who is right. */
	config = CONFIG_OF("kernel: k", "1");
	odd_boot = 2;
	compare_arms(told, false, &c);
	assert_int_equal(c.n_odd, 0);
	comparison_release(&c);
	odd_boot = 0;
	config = CONFIG("kernel: k");
}

static void configs_are_compared(void **state)
{
	static const struct arm_story told[] = {
		{ "{}", "{\"CONFIG_A\": \"y\", \"CONFIG_B\": \"y\","
			" \"CONFIG_LOCALVERSION\": \"-k1\"}" },
		{ "{}", "{\"CONFIG_A\": \"y\", \"CONFIG_C\": \"64\","
			" \"CONFIG_LOCALVERSION\": \"-k2\"}" },
	};
	struct comparison c;

	(void)state;
	compare_arms(told, false, &c);
	assert_null(c.refused);
	assert_non_null(note(&c, "the config of other differs from the baseline's in 2 options: "
				 "CONFIG_C=64 (baseline n), CONFIG_B=n (baseline y)"));
	/* It is long; what is printed of an arm does not hold it. */
	assert_null(json_object_get(c.arms[1].identity, "config"));
	comparison_release(&c);
}

static int make_base(void **state)
{
	char path[128];

	(void)state;
	assert_true(scratch_make(base, NULL) >= 0);
	snprintf(folder, sizeof(folder), "%s/results", base);
	snprintf(path, sizeof(path), "%s/kernels", base);
	assert_int_equal(file_mkdirs(path, NULL), 0);
	strcat(path, "/k.yaml");
	assert_int_equal(file_publish(path, "", 0, NULL), 0);
	snprintf(path, sizeof(path), "%s/kernels/k2.yaml", base);
	assert_int_equal(file_publish(path, "", 0, NULL), 0);
	setenv("KDUEL_DATA", base, 1);
	return 0;
}

static int drop_base(void **state)
{
	(void)state;
	return file_remove_tree(base, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_must_be_alike),
		cmocka_unit_test(words_of_command_lines),
		cmocka_unit_test(a_planned_command_line_is_under_test),
		cmocka_unit_test(the_kernel_may_differ),
		cmocka_unit_test(what_one_kernel_does_not_tell_is_noted),
		cmocka_unit_test(what_follows_from_the_source_is_noted),
		cmocka_unit_test(configs_are_compared),
		cmocka_unit_test(an_odd_boot_is_left_out),
	};

	return cmocka_run_group_tests(tests, make_base, drop_base);
}
