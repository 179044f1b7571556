/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan: frozen, seeded, hashed; the same text gives the same plan. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "file.h"
#include "host-driver/plan/plan.h"
#include "view.h"

#define CONFIG								\
	"name: golden\nquestion: Is it?\nseed: 2018\nblocks: 4\n"	\
	"machine: { kind: fake }\n"					\
	"guest: { kernel: k1 }\n"					\
	"arms:\n"							\
	"  - { kernel: k1, baseline: true, second-level: 4k }\n"	\
	"  - { name: b, kernel: k2, cmdline: quiet }\n"			\
	"  - { name: c, kernel: k2, layout: [default, '32'] }\n"	\
	"cells: { backing: memfd, source: thp, workload: \"null\" }\n"	\
	"gates: { cell: '*', metric: ns_per_iteration }\n"		\
	"expect:\n  - 'null.ns_per_iteration: value(b) < 2'\n"

/* Must never change for this text, or old plans cannot be made again. */
#define GOLDEN_HASH \
	"bdc507b9e86f2328eb043b7131ba2e8013a79208c86db7d3a7c8a3af932d8de5"
#define GOLDEN_ORDER "cabcbaacbcba"

static char folder[] = "/tmp/kduel-plan-XXXXXX";
static char file[64];

/* As a plan comes from a journal: as text. */
static int from_json(const json_t *json, struct plan **p, struct err *err)
{
	struct view_doc doc = VIEW_DOC_INIT;
	char *text = json_dumps(json, 0);
	const struct view *root;
	int ret = view_parse(&doc, text, strlen(text), &root, err);

	*p = NULL;
	if (!ret)
		ret = plan_from_view(root, p, err);
	view_release(&doc);
	free(text);
	return ret;
}

static struct plan *load(const char *text)
{
	struct err err = ERR_INIT;
	struct plan *p = NULL;

	file_publish(file, text, strlen(text), &err);
	if (plan_load(file, NULL, &p, &err))
		fail_msg("%s", err.text);
	return p;
}

static void order_text(const struct plan *p, char *text)
{
	for (size_t i = 0; i < p->n_boots; i++)
		*text++ = 'a' + p->boots[i].arm;
	*text = '\0';
}

static void the_same_config_gives_the_same_plan(void **state)
{
	struct plan *p = load(CONFIG);
	char order[64];

	(void)state;
	order_text(p, order);
	assert_string_equal(order, GOLDEN_ORDER);
	assert_string_equal(p->hash, GOLDEN_HASH);
	plan_free(p);
}

static void more_blocks_begin_with_the_fewer(void **state)
{
	struct plan_options o = { .blocks = 9 };
	struct plan *few = load(CONFIG), *many = NULL;
	struct err err = ERR_INIT;
	char a[64], b[64];

	(void)state;
	assert_int_equal(plan_load(file, &o, &many, &err), 0);
	assert_int_equal(many->n_boots, 27);
	order_text(few, a);
	order_text(many, b);
	assert_int_equal(strncmp(a, b, strlen(a)), 0);
	assert_string_not_equal(few->hash, many->hash);
	plan_free(few);
	plan_free(many);
}

static void every_order_is_as_likely(void **state)
{
	unsigned order[3], count[6] = { 0 };
	double chi = 0;

	(void)state;
	for (unsigned block = 1; block <= 60000; block++) {
		plan_shuffle(1, block, order, 3);
		count[order[0] * 2 + (order[1] > order[2])]++;
	}
	for (int i = 0; i < 6; i++)
		chi += (count[i] - 10000.0) * (count[i] - 10000.0) / 10000;
	assert_true(chi < 20.5);	/* 5 degrees of freedom, p = 0.001 */
}

static void survives_json(void **state)
{
	struct plan *p = load(CONFIG), *again = NULL;
	struct err err = ERR_INIT;
	json_t *json = plan_to_json(p), *json2;
	char *text = json_dumps(json, JSON_INDENT(2));

	(void)state;
	assert_int_equal(from_json(json, &again, &err), 0);
	json2 = plan_to_json(again);
	assert_true(json_equal(json, json2));
	assert_string_equal(again->hash, p->hash);
	assert_string_equal(again->boots[5].layout, p->boots[5].layout);
	plan_free(again);
	again = load(text);
	assert_string_equal(again->hash, p->hash);
	plan_free(again);
	plan_free(p);
	json_decref(json);
	json_decref(json2);
	free(text);
}

static void a_frozen_plan_takes_no_options(void **state)
{
	static const struct plan_options options[] = {
		{ .only = "*" }, { .aa = true }, { .machine = "fake" },
	};
	struct plan *p = load(CONFIG);
	json_t *json = plan_to_json(p);
	char *text = json_dumps(json, 0);

	(void)state;
	plan_free(p);
	plan_free(load(text));
	for (size_t i = 0; i < 3; i++) {
		struct err err = ERR_INIT;

		assert_true(plan_load(file, &options[i], &p, &err) < 0);
		assert_non_null(strstr(err.text, "is a frozen plan"));
	}
	json_decref(json);
	free(text);
}

/* ... but more blocks: it is then what the config gives with as many. */
static void a_frozen_plan_can_be_longer(void **state)
{
	struct plan_options o = { .blocks = 9 };
	struct plan *p = load(CONFIG), *from_config, *from_plan;
	json_t *json = plan_to_json(p);
	char *text = json_dumps(json, 0);
	unsigned blocks = p->n_blocks;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(blocks < 9);
	plan_free(p);
	assert_int_equal(plan_load(file, &o, &from_config, NULL), 0);
	plan_free(load(text));
	assert_int_equal(plan_load(file, &o, &from_plan, NULL), 0);
	assert_string_equal(from_plan->hash, from_config->hash);
	assert_int_equal(from_plan->n_boots, from_config->n_boots);
	o.blocks = blocks - 1;
	assert_true(plan_load(file, &o, &p, &err) < 0);
	assert_int_equal(err.exit, EXIT_CONFIG);
	assert_non_null(strstr(err.text, "blocks can only be added"));
	plan_free(from_config);
	plan_free(from_plan);
	json_decref(json);
	free(text);
}

static void at_least_so_many_blocks(void **state)
{
	struct plan_options o = { .least_blocks = 20 };
	struct plan *p = load(CONFIG);

	(void)state;
	plan_free(p);
	assert_int_equal(plan_load(file, &o, &p, NULL), 0);
	assert_int_equal(p->n_blocks, 20);
	plan_free(p);
	o.blocks = 4;
	assert_int_equal(plan_load(file, &o, &p, NULL), 0);
	assert_int_equal(p->n_blocks, 4);
	plan_free(p);
}

/* Changes one leaf after the other; the hash must notice each. */
static void tamper(json_t *root, json_t *node)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_object(node))
		json_object_foreach(node, key, value)
			tamper(root, value);
	if (json_is_array(node))
		json_array_foreach(node, i, value)
			tamper(root, value);
	if (json_is_integer(node)) {
		struct err err = ERR_INIT;
		json_int_t was = json_integer_value(node);
		struct plan *p = NULL;

		json_integer_set(node, was + 1);
		assert_true(from_json(root, &p, &err) < 0);
		assert_null(p);
		json_integer_set(node, was);
	}
}

static void a_changed_plan_is_refused(void **state)
{
	struct plan *p = load(CONFIG);
	json_t *json = plan_to_json(p);
	struct err err = ERR_INIT;

	(void)state;
	plan_free(p);
	tamper(json, json);
	assert_int_equal(from_json(json, &p, &err), 0);
	plan_free(p);
	json_object_set_new(json, "quastion", json_string("Is it?"));
	assert_true(from_json(json, &p, &err) < 0);
	json_object_del(json, "quastion");
	err = (struct err)ERR_INIT;
	json_object_set_new(json, "question", json_string("Is it not?"));
	assert_true(from_json(json, &p, &err) < 0);
	assert_non_null(strstr(err.text, "hash: does not match the plan"));
	json_decref(json);
}

/* Takes out or garbles each key and sets the hash right again. */
static void broken_plans_are_refused(void **state)
{
	struct plan *p = load(CONFIG);
	json_t *json = plan_to_json(p);
	const char *key;
	json_t *value;

	(void)state;
	plan_free(p);
	json_object_foreach(json, key, value) {
		for (int how = 0; how < 3; how++) {
			json_t *bad = json_deep_copy(json);
			struct err err = ERR_INIT;
			char hash[FILE_HASH_MAX], *text;

			if (how == 0)
				json_object_del(bad, key);
			else
				json_object_set_new(bad, key, how == 1
						    ? json_pack("[f]", 1.5)
						    : json_pack("[{s:n}]", "arm"));
			json_object_del(bad, "hash");
			text = plan_canonical(bad);
			data_hash(text, strlen(text), hash);
			free(text);
			if (strcmp(key, "hash"))
				json_object_set_new(bad, "hash",
						    json_string(hash));
			p = NULL;
			if (from_json(bad, &p, &err) >= 0)
				fail_msg("accepted without %s", key);
			assert_int_equal(err.exit, EXIT_CONFIG);
			assert_null(p);
			json_decref(bad);
		}
	}
	json_decref(json);
}

static struct plan *load_profiled(const char *line, enum plan_profile option)
{
	struct plan_options o = { .profile = option };
	struct err err = ERR_INIT;
	char text[1200], *kind;
	struct plan *p = NULL;

	snprintf(text, sizeof(text), "%s%s", line, CONFIG);
	kind = strstr(text, "fake");
	memcpy(kind, "vm  ", 4);
	file_publish(file, text, strlen(text), &err);
	if (plan_load(file, &o, &p, &err))
		fail_msg("%s", err.text);
	return p;
}

static void profile_is_part_of_the_plan(void **state)
{
	struct plan *none = load_profiled("", PROFILE_NONE);
	struct plan *some = load_profiled("profile: functions\n", PROFILE_NONE), *again;
	json_t *json = plan_to_json(some);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(none->profile, PROFILE_NONE);
	assert_int_equal(some->profile, PROFILE_FUNCTIONS);
	assert_string_not_equal(none->hash, some->hash);
	assert_int_equal(from_json(json, &again, NULL), 0);
	assert_int_equal(again->profile, PROFILE_FUNCTIONS);
	plan_print(again, f);
	fclose(f);
	assert_non_null(strstr(text, "; profile: functions"));
	free(text);
	plan_free(again);
	/* The command line can ask for more, not for less. */
	again = load_profiled("profile: functions\n", PROFILE_BOOT);
	assert_int_equal(again->profile, PROFILE_BOOT);
	plan_free(again);
	again = load_profiled("profile: boot\n", PROFILE_FUNCTIONS);
	assert_int_equal(again->profile, PROFILE_BOOT);
	json_decref(json);
	plan_free(again);
	plan_free(some);
	plan_free(none);
}

/* stats_sde() of sqrt(2) * 1%: two tests share half of 5%, as other metrics have the rest. */
static void says_what_few_blocks_detect(void **state)
{
	static const struct {
		unsigned blocks;
		const char *head, *says;
	} table[] = {
		{ 1, "", "one block is shown and not judged: a verdict needs at least 2" },
		{ 2, "", "2 blocks seldom judge times: of boots that spread by 1%, they detect "
		  "92% (2 gate tests, power 80%), 3 blocks 9.7%; kduel power tells for other spreads" },
		{ 3, "", NULL },
		{ 2, "clock: instructions\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct plan *p;
		char *few, *text = NULL, *config = NULL;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		assert_true(asprintf(&config, "%s" CONFIG, table[i].head) > 0);
		p = load(config);
		assert_int_equal(plan_gate_tests(p), 2);
		p->n_blocks = table[i].blocks;
		few = plan_few_blocks(p);
		if (!table[i].says)
			assert_null(few);
		else
			assert_string_equal(few, table[i].says);
		plan_print(p, f);
		fclose(f);
		assert_true(!strstr(text, "\nnote ") == !few);
		free(few);
		free(text);
		free(config);
		plan_free(p);
	}
	assert_true(plan_metric_is_percentile("p99_ns") && plan_metric_is_percentile("ns_p50"));
	assert_false(plan_metric_is_percentile("ns_per_page") || plan_metric_is_percentile("p9"));
}

static void a_percentile_needs_ten_blocks(void **state)
{
	struct plan *p = load(CONFIG);
	char *few;

	(void)state;
	free(p->gates[0].metric);
	p->gates[0].metric = strdup("ns_p99");
	few = plan_few_blocks(p);
	assert_string_equal(few, "4 blocks cannot judge ns_p99: a percentile needs 10");
	free(few);
	p->n_blocks = 10;
	assert_null(plan_few_blocks(p));
	plan_free(p);
}

static void counters_are_on_unless_said(void **state)
{
	struct plan *on = load(CONFIG), *off = load("counters: false\n" CONFIG), *again;
	json_t *json = plan_to_json(off);

	(void)state;
	assert_true(on->counters);
	assert_false(off->counters);
	assert_string_not_equal(on->hash, off->hash);
	assert_int_equal(from_json(json, &again, NULL), 0);
	assert_false(again->counters);
	json_decref(json);
	plan_free(again);
	plan_free(on);
	plan_free(off);
}

/* A claim has its words with it; one without is the text that it always was. */
static void expectations_keep_their_words(void **state)
{
	struct plan *p = load(CONFIG "  - { says: b is quick, claim: 'null.ns_per_iteration(b) < 3' }\n");
	json_t *json = plan_to_json(p);
	struct plan *again;

	(void)state;
	assert_int_equal(p->n_expect, 2);
	assert_string_equal(p->expect[0].says, "");
	assert_string_equal(p->expect[1].says, "b is quick");
	assert_true(json_is_string(json_array_get(json_object_get(json, "expect"), 0)));
	assert_int_equal(plan_copy(p, &again, NULL), 0);
	assert_string_equal(again->expect[1].says, "b is quick");
	assert_string_equal(again->expect[1].claim, "null.ns_per_iteration(b) < 3");
	assert_string_equal(again->hash, p->hash);
	json_decref(json);
	plan_free(again);
	plan_free(p);
}

/* What can no longer be run can still be looked at. */
static void old_plans_are_readable(void **state)
{
	struct plan *p = load(CONFIG), *again = NULL;
	struct err err = ERR_INIT;

	(void)state;
	free(p->gates[0].metric);
	p->gates[0].metric = strdup("ns_of_old");
	assert_int_equal(plan_extend(p, p->n_blocks + 1, &err), 0);	/* seals it */
	assert_int_equal(plan_write(p, file, &err), 0);
	assert_int_equal(plan_read(file, &again, &err), 0);
	plan_free(again);
	assert_true(plan_load(file, NULL, &again, &err) < 0);
	assert_int_equal(err.exit, EXIT_CONFIG);
	assert_non_null(strstr(err.text, "gates[0].metric: workload null: unknown metric 'ns_of_old'"));
	plan_free(p);
}

static void says_how_long(void **state)
{
	struct plan_cost cost;
	struct plan *p = load(CONFIG);

	(void)state;
	plan_cost(p, &cost);
	assert_true(cost.seconds > 0 && cost.seconds < 60);
	assert_true(cost.disk > 0);
	plan_free(p);
}

static int make_folder(void **state)
{
	struct err err = ERR_INIT;
	char path[96];

	(void)state;
	if (scratch_make(folder, NULL) < 0)
		return -1;
	snprintf(file, sizeof(file), "%s/c.yaml", folder);
	snprintf(path, sizeof(path), "%s/kernels", folder);
	file_mkdirs(path, &err);
	snprintf(path, sizeof(path), "%s/kernels/k1.yaml", folder);
	file_publish(path, "", 0, &err);
	snprintf(path, sizeof(path), "%s/kernels/k2.yaml", folder);
	file_publish(path, "", 0, &err);
	setenv("KDUEL_DATA", folder, 1);
	return err.code;
}

static int remove_folder(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_config_gives_the_same_plan),
		cmocka_unit_test(more_blocks_begin_with_the_fewer),
		cmocka_unit_test(every_order_is_as_likely),
		cmocka_unit_test(survives_json),
		cmocka_unit_test(a_frozen_plan_takes_no_options),
		cmocka_unit_test(a_frozen_plan_can_be_longer),
		cmocka_unit_test(at_least_so_many_blocks),
		cmocka_unit_test(a_changed_plan_is_refused),
		cmocka_unit_test(broken_plans_are_refused),
		cmocka_unit_test(profile_is_part_of_the_plan),
		cmocka_unit_test(says_what_few_blocks_detect),
		cmocka_unit_test(a_percentile_needs_ten_blocks),
		cmocka_unit_test(counters_are_on_unless_said),
		cmocka_unit_test(expectations_keep_their_words),
		cmocka_unit_test(old_plans_are_readable),
		cmocka_unit_test(says_how_long),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
