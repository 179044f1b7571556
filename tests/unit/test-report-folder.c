/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way from a journal to the report's files: a results folder is written
 * through the store, compared, and reported. Its numbers are SYNTHETIC: they
 * follow from a seed, and were never measured.
 *
 * KDUEL_FIXTURE=<folder> leaves the folder there, to be looked at.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "file.h"
#include "host-driver/report/report.h"
#include "host-driver/store/store.h"
#include "rng.h"

#define CONFIG								\
	"name: synthetic\n"						\
	"question: \"SYNTHETIC: what would change?\"\n"			\
	"seed: 7\nblocks: 6\n"						\
	"machine: { kind: fake }\n"					\
	"guest: { kernel: \"6.1\" }\n"					\
	"arms:\n"							\
	"  - { kernel: 6.1-nodaxhuge, baseline: true, second-level: 4k }\n" \
	"  - { kernel: 6.1-rfc, second-level: 2m }\n"			\
	"  - { kernel: \"6.1\", second-level: 2m }\n"			\
	"cells:\n"							\
	"  - { backing: fsdax-xfs, source: anon-4k, workload: first-touch }\n" \
	"  - { backing: fsdax-xfs, source: [anon-4k, thp], workload: tlb-miss }\n" \
	"  - { backing: fsdax-xfs, source: anon-4k, workload: stream }\n" \
	"gates:\n  - { cell: \"*/first-touch\", metric: ns_per_page }\n" \
	"expect:\n"							\
	"  - \"first-touch.ns_per_page: ratio(6.1/6.1-nodaxhuge) < 0.2\"\n"

static char base[] = "/tmp/kduel-folder-XXXXXX";
static char folder[256];
static struct plan *plan;
static struct rng rng;

static void append(struct store *s, json_t *record)
{
	struct err err = ERR_INIT;

	json_object_set_new(record, "at", json_real(1541073600 +
			    json_integer_value(json_object_get(record, "boot")) * 20));
	if (store_append(s, record, &err))
		fail_msg("%s", err.text);
}

/* Three iterations around `value`, less of them the further from noise. */
static void sample(struct store *s, unsigned boot, const char *cell,
		   const char *metric, json_t *point, const char *unit,
		   const char *kind, double value)
{
	double v[3];

	value *= exp(0.035 * (rng_uniform(&rng) - 0.5));
	for (int i = 0; i < 3; i++)
		v[i] = value * exp(0.007 * (rng_uniform(&rng) - 0.5));
	append(s, json_pack("{s:s, s:i, s:s, s:i, s:s, s:o, s:s, s:s, s:s, s:s,"
			    " s:[f,f,f], s:[], s:b, s:n, s:[{s:s,s:s}]}",
			    "t", "sample", "boot", boot, "cell", cell, "process", 1,
			    "metric", metric, "point", point, "unit", unit,
			    "kind", kind, "better",
			    strcmp(kind, "rate") ? "lower" : "higher", "domain",
			    "emulated", "values", v[0], v[1], v[2], "rejected",
			    "steady", 1, "void", "counters", "name",
			    "dtlb_load_misses", "unavailable", "no PMU"));
}

static void proof(struct store *s, unsigned boot, const char *cell,
		  const char *when, const char *layer, bool huge)
{
	append(s, json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:{s:i,s:i,s:i}, s:s,"
			    " s:i}", "t", "proof", "boot", boot, "cell", cell,
			    "process", 1, "when", when, "layer", layer, "bytes",
			    "4k", huge ? 2 << 20 : 512 << 20, "2m",
			    huge ? 512 << 20 : 0, "1g", 0, "method", "synthetic",
			    "faults", huge ? 811 : 143789));
}

static void measure(struct store *s, unsigned boot, const struct plan_cell *c,
		    bool huge)
{
	static const char *const kernels[] = { "copy", "scale", "add", "triad" };

	if (!strcmp(c->workload, "first-touch"))
		sample(s, boot, c->id, "ns_per_page", json_object(), "ns", "time",
		       huge ? 5800 : 71000);
	for (int pages = 64; pages <= 4096 && !strcmp(c->workload, "tlb-miss");
	     pages *= 2)
		sample(s, boot, c->id, "ns_per_access",
		       json_pack("{s:i}", "pages", pages), "ns", "time",
		       9 + (pages > 512 ? 12 * (huge ? 0.9 : 1) : 0));
	for (int k = 0; k < 4 && !strcmp(c->workload, "stream"); k++)
		sample(s, boot, c->id, kernels[k], json_object(), "GB/s", "rate",
		       4 + 0.2 * k);
	for (int i = 0; i < 2; i++) {
		proof(s, boot, c->id, i ? "after" : "before", "guest",
		      !strcmp(c->source, "thp"));
		proof(s, boot, c->id, i ? "after" : "before", "second-level", huge);
	}
	append(s, json_pack("{s:s, s:i, s:s, s:i, s:s, s:s}", "t", "cell-end",
			    "boot", boot, "cell", c->id, "process", 1, "class", "ok",
			    "text", ""));
}

static void run_boot(struct store *s, const struct plan_boot *b)
{
	const struct plan_arm *arm = &plan->arms[b->arm];
	bool bad = b->block == 6 && !strcmp(arm->name, "6.1-rfc");

	append(s, json_pack("{s:s, s:i, s:i, s:i, s:i, s:s}", "t", "boot", "boot",
			    b->boot, "block", b->block, "order", b->order, "attempt",
			    1, "arm", arm->name));
	append(s, json_pack("{s:s, s:s, s:i, s:{s:{s:s}}}", "t", "env", "where",
			    "node", "boot", b->boot, "facts", "thp", "enabled",
			    "always"));
	for (size_t i = 0; i < plan->n_cells && !bad; i++)
		measure(s, b->boot, &plan->cells[i], !arm->baseline);
	append(s, json_pack("{s:s, s:i, s:s, s:s, s:{s:f}, s:[s]}", "t", "boot-end",
			    "boot", b->boot, "class", bad ? "panic" : "ok", "text",
			    bad ? "SYNTHETIC panic" : "", "phases", "boot", 4.5,
			    "console", bad ? "Kernel panic - \x1b[31mnot syncing" : ""));
}

static int make_folder(void **state)
{
	struct err err = ERR_INIT;
	struct store *s = NULL;
	char config[128];
	const char *wish = getenv("KDUEL_FIXTURE");

	(void)state;
	assert_true(scratch_make(base, NULL) >= 0);
	snprintf(config, sizeof(config), "%s/c.yaml", base);
	snprintf(folder, sizeof(folder), "%s", wish ? wish : base);
	if (!wish)
		strcat(folder, "/results");
	if (file_publish(config, CONFIG, strlen(CONFIG), &err) ||
	    plan_load(config, NULL, &plan, &err) ||
	    store_create(&s, folder, plan, "emulated", &err))
		fail_msg("%s", err.text);
	rng_init(&rng, 7);
	append(s, json_pack("{s:s, s:s, s:n, s:{s:{s:s}}}", "t", "env", "where",
			    "driver", "boot", "facts", "cpu", "model",
			    "SYNTHETIC processor"));
	for (size_t i = 0; i < plan->n_boots; i++)
		run_boot(s, &plan->boots[i]);
	store_close(s);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	plan_free(plan);
	return file_remove_tree(base, NULL);
}

static void check_file(const char *name, const char *const *texts)
{
	char path[300], *data = NULL;
	struct err err = ERR_INIT;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (file_read(path, &data, NULL, &err))
		fail_msg("%s", err.text);
	for (; *texts; texts++)
		if (!strstr(data, *texts))
			fail_msg("%s lacks '%s'", name, *texts);
	free(data);
}

static void gather(struct store **s, struct comparison *c, struct report *r,
		   const char *cpu)
{
	const struct report_options o = { .cpu_model = cpu };
	struct err err = ERR_INIT;

	if (store_open(s, folder, STORE_READ, &err) ||
	    compare_run(*s, NULL, c, &err) || report_gather(r, *s, c, &o, &err))
		fail_msg("%s", err.text);
}

static void release(struct store *s, struct comparison *c, struct report *r)
{
	report_release(r);
	comparison_release(c);
	store_close(s);
}

/* A row for each source, layer and arm; none is the mean of two sources. */
static void sources_apart(const struct comparison *c)
{
	unsigned rows = 0;

	for (size_t i = 0; i < c->n_proofs; i++) {
		const struct compare_proof *p = &c->proofs[i];
		bool guest = !strcmp(p->layer, "guest"), thp = !strcmp(p->source, "thp");

		if (p->cell)
			continue;
		assert_string_equal(p->backing, "fsdax-xfs");
		if (guest)
			assert_true(thp ? p->huge_least > 0.99 : p->huge_most == 0);
		assert_true(p->huge_least == p->huge_most);
		rows++;
	}
	assert_int_equal(rows, 2 * 2 * 3);
}

static void folder_to_files(void **state)
{
	static const char *const text[] = {
		"SYNTHETIC: what would change?", "SYNTHETIC processor", "emulated",
		"improved", "no PMU", "SYNTHETIC panic", "panic 1", "unstable",
		"The complete record:", "--cpu-model", "seed 7", NULL };
	static const char *const json[] = {
		"\"kduel_report\": 1", "\"outcome\": \"holds\"", "\"class\": \"panic\"",
		"\\\\x1b[31mnot syncing", NULL };
	static const char *const html[] = {
		"</html>", "thp.enabled", "figure-chase-ladder", "figure-stream", NULL };
	static const char *const dat[] = { "# Series 0: 6.1-nodaxhuge", NULL };
	struct comparison c;
	struct report r;
	struct store *s;
	struct err err = ERR_INIT;

	(void)state;
	gather(&s, &c, &r, NULL);
	assert_int_equal(r.n_failures, 1);
	assert_int_equal(r.n_model, 0);
	sources_apart(&c);
	assert_true(r.ended > r.begun && r.begun > 1541073600);
	if (report_publish(&r, folder, NULL, &err))
		fail_msg("%s", err.text);
	release(s, &c, &r);
	check_file("report.txt", text);
	check_file("report.json", json);
	check_file("report.html", html);
	check_file("data/chase-ladder.dat", dat);
}

/* Emulated times are nothing to hold a processor's model against. */
static void model_of_a_processor(void **state)
{
	struct comparison c;
	struct report r;
	struct store *s;
	unsigned knees = 0;

	(void)state;
	gather(&s, &c, &r, "cascadelake");
	assert_true(r.n_model > 0);
	assert_string_equal(r.model_reason, "");
	assert_string_equal(r.model_cpu, "Intel Cascade Lake");
	for (size_t i = 0; i < r.n_model; i++) {
		const struct report_model_row *m = &r.model[i];

		assert_true(isfinite(m->expected) && isnan(m->measured));
		/* Only a ladder has knees, and no first touch is a load. */
		if (strstr(m->what, "first-touch"))
			assert_true(isnan(m->least) && !strstr(m->quantity, "knee"));
		/* With 2M everywhere the ladder ends long before the knee. */
		if (strstr(m->what, "/thp/") && strcmp(m->arm, "6.1-nodaxhuge"))
			assert_null(strstr(m->quantity, "knee"));
		knees += strstr(m->quantity, "knee") != NULL;
	}
	assert_true(knees > 0);
	release(s, &c, &r);
}

static void unknown_processor(void **state)
{
	const struct report_options o = { .cpu_model = "80486" };
	struct err err = ERR_INIT;
	struct comparison c;
	struct report r;
	struct store *s;

	(void)state;
	assert_int_equal(store_open(&s, folder, STORE_READ, &err), 0);
	assert_int_equal(compare_run(s, NULL, &c, &err), 0);
	assert_int_not_equal(report_gather(&r, s, &c, &o, &err), 0);
	assert_int_equal(err.exit, EXIT_CONFIG);
	assert_non_null(strstr(err.text, "80486"));
	comparison_release(&c);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folder_to_files),
		cmocka_unit_test(model_of_a_processor),
		cmocka_unit_test(unknown_processor),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
