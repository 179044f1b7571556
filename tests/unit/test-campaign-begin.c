/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a campaign was begun with must still be so when it goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "host-driver/run/campaign-begin.h"

#define CONFIG								\
	"name: made-up\n"						\
	"blocks: 2\n"							\
	"machine: { kind: fake }\n"					\
	"guest: { kernel: k, memory: 64M }\n"				\
	"arms:\n"							\
	"  - { kernel: k, name: base, baseline: true }\n"		\
	"  - { kernel: k, name: other }\n"				\
	"cells: { backing: memfd, source: thp, workload: \"null\" }\n"

static char base[] = "/tmp/kduel-begin-XXXXXX";
static char folder[64];
static struct plan *plan;
static struct machine machine;
static struct arm_kernels kernels;
static const struct campaign_means means = { NULL, &machine, &kernels, NULL, NULL };

static struct campaign_means with_plan(void)
{
	struct campaign_means m = means;

	m.plan = plan;
	return m;
}

static void begin(void)
{
	struct campaign_means m = with_plan();
	struct err err = ERR_INIT;
	struct store *s;

	file_remove_tree(folder, NULL);
	snprintf(machine.accel_why, sizeof(machine.accel_why), "emulation");
	free(machine.images.node);
	machine.images.node = strdup("/cache/images/1234");
	if (campaign_begin(&m, folder, &s, &err))
		fail_msg("%s", err.text);
	store_close(s);
}

static void refused(const char *why)
{
	struct campaign_means m = with_plan();
	struct err err = ERR_INIT;
	const char *const *notes;
	struct store *s;
	size_t n;

	assert_true(campaign_go_on(&m, folder, false, &s, &err) < 0);
	assert_int_equal(err.exit, EXIT_CONFIG);
	if (!strstr(err.text, why))
		fail_msg("%s", err.text);
	assert_int_equal(campaign_go_on(&m, folder, true, &s, NULL), 0);
	store_close(s);
	assert_int_equal(store_open(&s, folder, STORE_READ, NULL), 0);
	assert_int_equal(store_notes(s, &notes, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_non_null(strstr(notes[0], why));
	store_close(s);
}

static void goes_on_with_the_same(void **state)
{
	struct campaign_means m = with_plan();
	struct err err = ERR_INIT;
	struct store *s;

	(void)state;
	begin();
	if (campaign_go_on(&m, folder, false, &s, &err))
		fail_msg("%s", err.text);
	store_close(s);
}

static void refuses_another_machine(void **state)
{
	(void)state;
	begin();
	snprintf(machine.accel_why, sizeof(machine.accel_why), "hardware");
	refused("accelerator was \"emulation\", is \"hardware\"");
}

static void refuses_another_image(void **state)
{
	(void)state;
	begin();
	free(machine.images.node);
	machine.images.node = strdup("/cache/images/5678");
	refused("base.images.node was \"1234\", is \"5678\"");
}

/* --- boots of one arm for another campaign ------------------------------------------ */

static struct plan *another(const char *was, const char *is)
{
	char text[] = CONFIG, *at = strstr(text, was), path[128];
	struct err err = ERR_INIT;
	struct plan *p;

	assert_int_equal(strlen(was), strlen(is));
	memcpy(at, is, strlen(is));
	snprintf(path, sizeof(path), "%s/another.yaml", base);
	assert_int_equal(file_publish(path, text, strlen(text), NULL), 0);
	if (plan_load(path, NULL, &p, &err))
		fail_msg("%s", err.text);
	return p;
}

static void check_like(const char *was, const char *is, const char *why)
{
	struct plan *p = another(was, is);
	const struct campaign_means m = { p, &machine, &kernels, "other", folder };
	struct err err = ERR_INIT;

	assert_int_equal(campaign_check_like(&m, &err) < 0, why != NULL);
	if (why && (err.exit != EXIT_CONFIG || !strstr(err.text, why)))
		fail_msg("%s", err.text);
	plan_free(p);
}

static void like_another_campaign(void **state)
{
	(void)state;
	begin();
	check_like("kernel: k, name: other", "kernel: l, name: other", NULL);
	check_like("blocks: 2", "blocks: 1", NULL);
	check_like("kernel: k, name: base", "kernel: l, name: base", "kernel was \"k\", is \"l\"");
	check_like("memory: 64M", "memory: 96M", "guest.memory was 67108864, is 100663296");
	snprintf(machine.accel_why, sizeof(machine.accel_why), "hardware");
	check_like("blocks: 2", "blocks: 2", "accelerator was \"emulation\", is \"hardware\"");
}

/* Only the boots of one arm: the journal says so. */
static void notes_the_only_arm(void **state)
{
	const struct campaign_means m = { plan, &machine, &kernels, "other", "steps/00" };
	const char *const *notes;
	struct store *s;
	size_t n;

	(void)state;
	file_remove_tree(folder, NULL);
	assert_int_equal(campaign_begin(&m, folder, &s, NULL), 0);
	store_close(s);
	assert_int_equal(store_open(&s, folder, STORE_READ, NULL), 0);
	assert_int_equal(store_notes(s, &notes, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_string_equal(notes[0], "only boots of other were wanted, to be compared with those in steps/00");
	store_close(s);
}

static void differs(const char *was, const char *is, const char *what)
{
	json_t *a = json_loads(was, JSON_DECODE_ANY, NULL);
	json_t *b = json_loads(is, JSON_DECODE_ANY, NULL);
	char text[DIFFERENCE_MAX] = "";

	assert_int_equal(difference_find("", a, b, text), what != NULL);
	assert_string_equal(text, what ? what : "");
	json_decref(a);
	json_decref(b);
}

static void differences_are_named(void **state)
{
	(void)state;
	differs("{\"a\": 1}", "{\"a\": 1, \"b\": 2}", NULL);
	differs("{\"a\": {\"b\": [1, 2]}}", "{\"a\": {\"b\": [1, 3]}}",
		"a.b[1] was 2, is 3");
	differs("{\"a\": [1, 2]}", "{\"a\": [1]}", "a was [1,2], is [1]");
	differs("{\"a\": \"x\"}", "{}", "a was \"x\", is not there");
}

static int set_up(void **state)
{
	char path[128];

	(void)state;
	assert_true(scratch_make(base, NULL) >= 0);
	snprintf(folder, sizeof(folder), "%s/results", base);
	snprintf(path, sizeof(path), "%s/kernels", base);
	assert_int_equal(file_mkdirs(path, NULL), 0);
	strcat(path, "/k.yaml");
	assert_int_equal(file_publish(path, "", 0, NULL), 0);
	path[strlen(path) - strlen("k.yaml")] = 'l';
	assert_int_equal(file_publish(path, "", 0, NULL), 0);
	setenv("KDUEL_DATA", base, 1);
	snprintf(path, sizeof(path), "%s/c.yaml", base);
	assert_int_equal(file_publish(path, CONFIG, strlen(CONFIG), NULL), 0);
	assert_int_equal(plan_load(path, NULL, &plan, NULL), 0);
	machine_init(&machine, machine_ops(plan), plan, NULL);
	assert_int_equal(loop_new(&machine.loop, NULL), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	machine_release(&machine);
	loop_free(machine.loop);
	plan_free(plan);
	return file_remove_tree(base, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on_with_the_same),
		cmocka_unit_test(refuses_another_machine),
		cmocka_unit_test(refuses_another_image),
		cmocka_unit_test(like_another_campaign),
		cmocka_unit_test(notes_the_only_arm),
		cmocka_unit_test(differences_are_named),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
