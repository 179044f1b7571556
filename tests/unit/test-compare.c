/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a results folder to verdicts: right ones, and none where none is due. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "file.h"
#include "host-driver/compare/compare.h"
#include "host-driver/store/store.h"

#define near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

#define CONFIG								\
	"name: c\nblocks: 6\nseed: 7\nmachine: { kind: fake }\n"	\
	"guest: { kernel: k1 }\n"					\
	"arms:\n"							\
	"  - { kernel: k1, baseline: true, second-level: 4k }\n"	\
	"  - { kernel: k2, second-level: 2m }\n"			\
	"  - { kernel: k1, name: again }\n"				\
	"cells: { backing: memfd, source: thp, workload: \"null\" }\n"	\
	"gates: [ { cell: \"*/null\", metric: ns_per_iteration } ]\n"			\
	"expect: [ \"null.ns_per_iteration: ratio(k2/k1) > 1.05\", "			\
	"\"second_level.2m_share(k2) >= 0.95\", \"null.ns_per_iteration(k2) < 1 on hardware\" ]\n"
#define CELL "memfd/thp/null"

/* What a made-up campaign does differently from the usual one. */
struct story {
	const char *domain;
	unsigned blocks;	/* that are run */
	unsigned fail_boot;	/* panics */
	const char *void_arm;	/* all its samples are void */
	const char *odd_arm;	/* its environment differs */
	bool odd_kernel;	/* ... and the kernels' identities, as they may */
	bool quiet;		/* no spread at all */
	unsigned looked;	/* after so many blocks */
	bool failed_cell;	/* in the first boot of k2 */
};

static char base[] = "/tmp/kduel-compare-XXXXXX";
static char folder[64];
static struct plan *plan;

static void append(struct store *s, json_t *record)
{
	struct err err = ERR_INIT;

	assert_non_null(record);
	if (store_append(s, record, &err))
		fail_msg("%s", err.text);
}

/* Deterministic weather: up to +-0.5%, the same for all arms of a block. */
static double weather(const struct story *t, unsigned boot)
{
	return t->quiet ? 1 : 1 + 0.005 * (((boot * 7919) % 11) / 5.0 - 1);
}

static void add_sample(struct store *s, const struct story *t,
		       const struct plan_boot *b, unsigned process,
		       const char *metric, const char *kind, const char *better,
		       double value)
{
	const char *arm = plan->arms[b->arm].name;
	double v = value * (!strcmp(kind, "count") ? 1 : weather(t, b->boot));
	json_t *reason = t->void_arm && !strcmp(t->void_arm, arm)
		? json_string("second-level: 4k, not 2m") : json_null();

	append(s, json_pack("{s:s, s:i, s:s, s:i, s:s, s:{}, s:s, s:s, s:s, s:s,"
			    " s:[f,f,f], s:[], s:b, s:o, s:[{s:s,s:s,s:f},{s:s,s:s}]}",
			    "t", "sample", "boot", b->boot, "cell", CELL, "process",
			    process, "metric", metric, "point", "unit", "ns", "kind",
			    kind, "better", better, "domain", t->domain, "values",
			    v * 0.9, v, v * 1.5, "rejected", "steady", 1, "void",
			    reason, "counters", "name", "faults", "provider", "papi",
			    "value", 512.0, "name", "walks", "unavailable", "no PMU"));
}

static void add_proof(struct store *s, const struct plan_boot *b)
{
	bool huge = b->arm == 1;

	append(s, json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:{s:i, s:i}, s:s, s:i}",
			    "t", "proof", "boot", b->boot, "cell", CELL, "process", 1,
			    "when", "after", "layer", "second-level", "bytes", "4k",
			    huge ? 1 << 20 : 512 << 20, "2m", huge ? 511 << 20 : 0,
			    "method", "stats", "faults", huge ? 811 : 143802));
	append(s, json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:s, s:i}", "t", "proof",
			    "boot", b->boot, "cell", CELL, "process", 1, "when",
			    "after", "layer", "mut", "unavailable", "no PAGEMAP_SCAN",
			    "faults", 100 + (int)b->block));
}

static void add_env(struct store *s, const struct story *t,
		    const struct plan_boot *b)
{
	const char *arm = plan->arms[b->arm].name;
	bool odd = t->odd_arm && !strcmp(t->odd_arm, arm);

	append(s, json_pack("{s:s, s:s, s:i, s:{s:s, s:i, s:{s:s}}}", "t", "env",
			    "where", "node", "boot", b->boot, "facts", "thp",
			    odd ? "never" : "always", "pressure", (int)b->boot,
			    "kernel", "release", arm));
}

static void run_boot(struct store *s, const struct story *t,
		     const struct plan_boot *b)
{
	const char *arm = plan->arms[b->arm].name;
	double slow = b->arm == 1 ? 1.1 : 1;
	bool failed = t->failed_cell && b->arm == 1 && b->block == 1;

	append(s, json_pack("{s:s, s:i, s:i, s:i, s:i, s:s}", "t", "boot", "boot",
			    b->boot, "block", b->block, "order", b->order, "attempt",
			    1, "arm", arm));
	add_env(s, t, b);
	for (unsigned p = 1; p <= 2; p++) {
		add_sample(s, t, b, p, "ns_per_iteration", "time", "lower", 100 * slow * (1 + p / 10.0));
		add_sample(s, t, b, p, "bytes", "rate", "higher", 50);
		add_sample(s, t, b, p, "exits", "count", "lower", b->arm == 1 ? 12 : 0);
		add_sample(s, t, b, p, "colour", "time", "none", 4 * slow);
	}
	add_proof(s, b);
	append(s, json_pack("{s:s, s:i, s:s, s:i, s:s, s:s}", "t", "cell-end", "boot",
			    b->boot, "cell", CELL, "process", 1, "class",
			    failed ? "failed" : "ok", "text", ""));
	append(s, json_pack("{s:s, s:i, s:s, s:s, s:{}, s:[]}", "t", "boot-end", "boot",
			    b->boot, "class", b->boot == t->fail_boot ? "panic" : "ok",
			    "text", "", "phases", "console"));
}

static void tell(const struct story *t)
{
	struct err err = ERR_INIT;
	struct store *s;

	file_remove_tree(folder, NULL);
	if (store_create(&s, folder, plan, t->domain, &err))
		fail_msg("%s", err.text);
	for (size_t a = 0; a < plan->n_arms; a++)
		append(s, json_pack("{s:s, s:s, s:s, s:b, s:{s:s, s:{s:s}}}", "t", "arm",
				    "arm", plan->arms[a].name, "kernel",
				    plan->arms[a].kernel, "baseline",
				    plan->arms[a].baseline, "identity", "compiler",
				    "gcc 12", "kernel", "hash", plan->arms[a].name));
	for (size_t i = 0; i < plan->n_boots; i++)
		if (plan->boots[i].block <= t->blocks)
			run_boot(s, t, &plan->boots[i]);
	if (t->looked)
		append(s, json_pack("{s:s, s:s, s:n, s:{s:i}}", "t", "env", "where",
				    "driver", "boot", "facts", "looked_after_blocks",
				    t->looked));
	store_close(s);
}

static void compare_with(const struct story *t, const struct compare_options *o,
			 struct comparison *c)
{
	struct err err = ERR_INIT;
	struct store *s;

	tell(t);
	if (store_open(&s, folder, STORE_READ, &err) || compare_run(s, o, c, &err))
		fail_msg("%s", err.text);
	store_close(s);
}

static const struct compare_result *result(const struct comparison *c,
					   const char *metric, size_t arm)
{
	const struct compare_series *s = compare_find(c, CELL, metric, NULL);

	assert_non_null(s);
	return &s->vs[arm];
}

static const struct story usual = { .domain = "emulated", .blocks = 6 };

static void the_usual(void **state)
{
	struct comparison c;
	const struct compare_series *s;
	const struct compare_result *r;

	(void)state;
	compare_with(&usual, NULL, &c);
	assert_null(c.refused);
	assert_int_equal(c.blocks, 6);
	assert_int_equal(c.n_arms, 3);
	assert_int_equal(c.n_differences, 0);
	assert_true(c.arms[0].baseline && c.arms[2].control && !c.arms[1].control);
	s = compare_find(&c, CELL, "ns_per_iteration", NULL);
	assert_true(s->gate);
	/* Geometric mean of the two processes' medians. */
	near(s->est[0].value, 100 * sqrt(1.1 * 1.2), 0.5);
	assert_true(s->est[0].lo < s->est[0].value && s->est[0].value < s->est[0].hi);
	r = &s->vs[1];
	assert_int_equal(r->verdict, VERDICT_REGRESSED);
	near(r->e.effect, 0.1, 0.006);
	assert_true(r->e.lo < 0.1 && r->e.hi > 0.1);
	assert_int_equal(r->e.n, 6);
	assert_true(r->e.sde > 0 && r->e.sde < 0.05);
	assert_int_equal(s->vs[0].verdict, VERDICT_NONE);
	assert_int_equal(result(&c, "bytes", 1)->verdict, VERDICT_NOT_WORSE);
	assert_int_equal(result(&c, "colour", 1)->verdict, VERDICT_DESCRIBED);
	assert_int_equal(result(&c, "faults", 1)->verdict, VERDICT_DESCRIBED);
	assert_int_equal(result(&c, "exits", 1)->verdict, VERDICT_REGRESSED);
	assert_true(result(&c, "exits", 1)->e.absolute);
	assert_int_equal(c.control_alarms, 0);
	assert_int_equal(c.control_tests, 3);
	assert_int_equal(c.gate_tests, 1);
	assert_int_equal(c.other_tests, 2);
	comparison_release(&c);
}

/* An interval that would do alone does not where there are other tests. */
static void not_worse_is_corrected(void **state)
{
	struct compare_options o = { .margin = 0 };
	const struct compare_result *r;
	struct comparison c;

	(void)state;
	compare_with(&usual, NULL, &c);
	r = result(&c, "bytes", 1);
	o.margin = -r->e.lo * 1.05;	/* more is better */
	comparison_release(&c);
	compare_with(&usual, &o, &c);
	r = result(&c, "bytes", 1);
	assert_true(r->e.lo > -o.margin && r->e.p_worse <= 0.025);
	near(r->p_worse_adjusted, 2 * r->e.p_worse, 1e-12);
	assert_int_equal(r->verdict, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(r->reason, "interval alone would do"));
	comparison_release(&c);
}

static void a_look_from_another_arm(void **state)
{
	struct compare_options o = { .baseline = "k2" };
	struct err err = ERR_INIT;
	struct comparison c;
	struct store *s;

	(void)state;
	compare_with(&usual, &o, &c);
	assert_string_equal(c.declared, "k1");
	assert_int_equal(c.baseline, 1);
	assert_true(c.arms[1].baseline && !c.arms[0].baseline);
	assert_false(c.arms[0].control || c.arms[2].control);
	assert_int_equal(result(&c, "ns_per_iteration", 0)->verdict, VERDICT_IMPROVED);
	near(result(&c, "ns_per_iteration", 0)->e.effect, 1 / 1.1 - 1, 0.006);
	assert_int_equal(result(&c, "ns_per_iteration", 1)->verdict, VERDICT_NONE);
	assert_int_equal(c.gate_tests, 0);
	assert_int_equal(c.n_claims, 0);
	assert_non_null(strstr(c.notes[0], "compared with k2 instead"));
	comparison_release(&c);
	o.baseline = "again";		/* the A/A arm */
	compare_with(&usual, &o, &c);
	assert_true(c.arms[0].control && !c.arms[1].control);
	comparison_release(&c);
	o.baseline = "k3";
	assert_int_equal(store_open(&s, folder, STORE_READ, &err), 0);
	assert_true(compare_run(s, &o, &c, &err) < 0);
	assert_non_null(strstr(err.text, "unknown arm 'k3'; did you mean 'k1'?"));
	store_close(s);
}

static void proofs_and_missing(void **state)
{
	struct comparison c;
	const struct compare_proof *p;

	(void)state;
	compare_with(&usual, NULL, &c);
	p = compare_proof_of(&c, 1, "second-level", CELL);
	assert_non_null(p);
	near(p->after.bytes_2m, 511 << 20, 0);
	near(p->after.faults, 811, 0);
	assert_int_equal(p->after.readings, 6);
	assert_true(isnan(p->before.bytes_2m));
	near(p->block[3].bytes_4k, 1 << 20, 0);
	/* Where page sizes are unavailable, faults may still have been counted. */
	p = compare_proof_of(&c, 0, "mut", CELL);
	assert_true(isnan(p->after.bytes_4k));
	assert_true(p->after.readings == 0 && p->after.counted == 6 && p->before.counted == 0);
	near(p->after.faults, 103.5, 0);
	near(p->block[1].faults, 102, 0);
	assert_true(isnan(p->before.faults));
	assert_string_equal(p->unavailable, "no PAGEMAP_SCAN");
	assert_int_equal(c.n_missing, 1);
	assert_string_equal(c.missing[0].counter, "walks");
	comparison_release(&c);
}

/* A device of 4K alignment is not the device of 2M that the same campaign has. */
static void backings_of_other_parameters_are_apart(void **state)
{
	static const char config[] =
		"name: d\nblocks: 1\nmachine: { kind: fake }\nguest: { kernel: k1 }\n"
		"arms: [ { kernel: k1, baseline: true }, { kernel: k2 } ]\n"
		"cells:\n  - { backing: devdax, source: [anon-4k, thp], workload: \"null\" }\n"
		"  - { backing: devdax, backing-params: { align: 4K }, source: thp, workload: \"null\" }\n";
	static const char *const wanted[] = { "devdax anon-4k", "devdax thp", "devdax?align=4K thp" };
	struct err err = ERR_INIT;
	struct comparison c;
	struct plan *p;
	struct store *s;
	char path[80], text[80];

	(void)state;
	snprintf(path, sizeof(path), "%s/d.yaml", base);
	assert_int_equal(file_publish(path, config, strlen(config), &err), 0);
	if (plan_load(path, NULL, &p, &err))
		fail_msg("%s", err.text);
	file_remove_tree(folder, NULL);
	assert_int_equal(store_create(&s, folder, p, "emulated", &err), 0);
	append(s, json_pack("{s:s, s:i, s:i, s:i, s:i, s:s}", "t", "boot", "boot", 1, "block", 1,
			    "order", 1, "attempt", 1, "arm", p->arms[p->boots[0].arm].name));
	for (size_t i = 0; i < p->n_cells; i++)
		append(s, json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:{s:i}, s:s}", "t", "proof",
				    "boot", 1, "cell", p->cells[i].id, "process", 1, "when", "after",
				    "layer", "file", "bytes", i == 2 ? "4k" : "2m", 4 << 20,
				    "method", "extents"));
	append(s, json_pack("{s:s, s:i, s:s, s:s, s:{}, s:[]}", "t", "boot-end", "boot", 1, "class",
			    "ok", "text", "", "phases", "console"));
	store_close(s);
	assert_int_equal(store_open(&s, folder, STORE_READ, &err), 0);
	if (compare_run(s, NULL, &c, &err))
		fail_msg("%s", err.text);
	assert_int_equal(c.n_proofs, 6);
	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "%s %s", c.proofs[i].backing, c.proofs[i].source);
		assert_string_equal(text, wanted[i]);
		assert_null(c.proofs[i].cell);
		near(c.proofs[i].huge_most, i < 2, 0);
	}
	comparison_release(&c);
	store_close(s);
	plan_free(p);
}

static void claims_of_the_plan(void **state)
{
	struct comparison c;

	(void)state;
	compare_with(&usual, NULL, &c);
	assert_int_equal(c.n_claims, 3);
	assert_int_equal(c.claims[0].outcome, CLAIM_HOLDS);
	assert_int_equal(c.claims[1].outcome, CLAIM_HOLDS);
	assert_int_equal(c.claims[2].outcome, CLAIM_UNMEASURABLE);
	assert_string_equal(c.claims[1].where, "expect 2");
	comparison_release(&c);
}

static void differences_refuse(void **state)
{
	struct story t = usual;
	struct compare_options o = { .allow_differences = true };
	struct comparison c;

	(void)state;
	t.odd_arm = "k2";
	compare_with(&t, NULL, &c);
	assert_non_null(c.refused);
	assert_non_null(strstr(c.refused, "node.thp"));
	assert_int_equal(c.refused_exit, EXIT_CONFIG);
	assert_int_equal(c.n_differences, 1);
	assert_string_equal(c.differences[0].arm_value, "never");
	assert_string_equal(c.differences[0].baseline_value, "always");
	assert_int_equal(result(&c, "ns_per_iteration", 1)->verdict, VERDICT_NOT_COMPARABLE);
	assert_int_equal(compare_count(&c, VERDICT_REGRESSED), 0);
	comparison_release(&c);
	compare_with(&t, &o, &c);
	assert_null(c.refused);
	assert_int_equal(result(&c, "ns_per_iteration", 1)->verdict, VERDICT_REGRESSED);
	assert_int_equal(c.n_differences, 1);
	comparison_release(&c);
}

static void too_few_blocks(void **state)
{
	struct story t = usual;
	struct comparison c;

	(void)state;
	t.blocks = 1;
	compare_with(&t, NULL, &c);
	assert_non_null(strstr(c.refused, "1 complete block"));
	assert_int_equal(c.refused_exit, EXIT_INCOMPLETE);
	assert_int_equal(result(&c, "ns_per_iteration", 1)->verdict, VERDICT_NOT_COMPARABLE);
	comparison_release(&c);
	t.blocks = 0;
	compare_with(&t, NULL, &c);
	assert_non_null(c.refused);
	assert_int_equal(c.n_series, 0);
	comparison_release(&c);
}

static void an_arm_that_crashes_is_unstable(void **state)
{
	struct story t = usual;
	struct comparison c;
	unsigned arm;

	(void)state;
	t.fail_boot = 1;
	arm = plan->boots[0].arm;
	compare_with(&t, NULL, &c);
	assert_int_equal(c.arms[arm].failed, 1);
	assert_int_equal(c.arms[arm].boots, 6);
	assert_string_equal(c.arms[arm].failures, "panic 1");
	assert_int_equal(c.blocks, 5);
	for (unsigned a = 1; a < 3; a++) {
		bool hit = arm == a || arm == 0;

		assert_int_equal(result(&c, "bytes", a)->verdict == VERDICT_UNSTABLE, hit);
		if (hit)
			assert_non_null(strstr(result(&c, "ns_per_iteration", a)->reason, "1 of 6 boots"));
	}
	for (unsigned a = 0; a < 3; a++)	/* its proofs count no more than its samples */
		assert_int_equal(compare_proof_of(&c, a, "second-level", CELL)->after.readings,
				 a == arm ? 5 : 6);
	comparison_release(&c);
	t.fail_boot = 0;
	t.failed_cell = true;
	compare_with(&t, NULL, &c);
	assert_int_equal(result(&c, "ns_per_iteration", 1)->verdict, VERDICT_UNSTABLE);
	assert_int_equal(result(&c, "ns_per_iteration", 2)->verdict, VERDICT_NOT_WORSE);
	comparison_release(&c);
}

static void void_samples_are_never_averaged(void **state)
{
	struct story t = usual;
	struct comparison c;

	(void)state;
	t.void_arm = "k2";
	compare_with(&t, NULL, &c);
	assert_int_equal(result(&c, "ns_per_iteration", 1)->verdict, VERDICT_NOT_COMPARABLE);
	assert_non_null(strstr(result(&c, "ns_per_iteration", 1)->reason, "all 12 samples of k2 are void"));
	assert_int_equal(c.arms[1].voids, c.arms[1].samples);
	assert_true(isnan(compare_find(&c, CELL, "ns_per_iteration", NULL)->est[1].value));
	assert_int_equal(result(&c, "ns_per_iteration", 2)->verdict, VERDICT_NOT_WORSE);
	assert_int_equal(c.claims[0].outcome, CLAIM_UNMEASURABLE);
	comparison_release(&c);
}

static void instructions_are_exact(void **state)
{
	struct story t = { .domain = "instructions", .blocks = 2, .quiet = true };
	struct comparison c;
	const struct compare_result *r;

	(void)state;
	compare_with(&t, NULL, &c);
	assert_true(c.deterministic);
	r = result(&c, "ns_per_iteration", 1);
	assert_int_equal(r->e.method, STATS_EXACT);
	assert_int_equal(r->verdict, VERDICT_REGRESSED);
	near(r->e.effect, 0.1, 1e-9);
	near(result(&c, "ns_per_iteration", 2)->e.effect, 0, 0);
	assert_int_equal(result(&c, "ns_per_iteration", 2)->verdict, VERDICT_NOT_WORSE);
	/* What is counted is not shown as time. */
	assert_string_equal(compare_find(&c, CELL, "ns_per_iteration", NULL)->unit, "instr");
	assert_string_equal(compare_find(&c, CELL, "ns_per_iteration", NULL)->kind, "instructions");
	assert_non_null(strstr(c.claims[0].detail, " instr"));
	assert_null(strstr(c.claims[0].detail, " ns"));
	comparison_release(&c);
	/* The same figures as times: no clock is that good. */
	t.domain = "emulated";
	compare_with(&t, NULL, &c);
	assert_int_equal(result(&c, "ns_per_iteration", 1)->verdict, VERDICT_NOT_COMPARABLE);
	assert_non_null(strstr(result(&c, "ns_per_iteration", 1)->reason, "no spread"));
	comparison_release(&c);
}

static void looks_cost_level(void **state)
{
	struct story t = usual;
	struct comparison c, plain;

	(void)state;
	compare_with(&t, NULL, &plain);
	t.looked = 6;
	compare_with(&t, NULL, &c);
	assert_int_equal(c.looks, 1);
	near(c.alpha, STATS_UNTIL_ALPHA, 0);
	assert_true(result(&c, "ns_per_iteration", 1)->e.hi > result(&plain, "ns_per_iteration", 1)->e.hi);
	comparison_release(&c);
	comparison_release(&plain);
}

static void texts(void **state)
{
	static const struct {
		struct stats_effect e;
		const char *text;
	} t[] = {
		{ { .n = 5, .effect = .021, .lo = .01, .hi = .032 }, "+2.1% [+1.0, +3.2]%" },
		{ { .n = 5, .method = STATS_EXACT }, "0% (exact)" },
		{ { .n = 5, .method = STATS_EXACT, .effect = .0002 }, "+0.0200% (exact)" },
		{ { .n = 5, .effect = 12, .lo = 11, .hi = 13 }, "x13.0 [12.0, 14.0]" },
		{ { .n = 0 }, "- " },
		{ { .n = 4, .absolute = true, .method = STATS_DIFFERENCE, .effect = 3, .lo = 2, .hi = 4 },
		  "+3 faults [2, 4]" },
	};
	const struct compare_series faults = { .unit = (char *)"faults" };
	struct number_effect shown;
	char buf[3 * NUMBER_MAX + 16];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		compare_effect(&faults, &t[i].e, &shown);
		snprintf(buf, sizeof(buf), "%s %s", shown.effect, shown.interval);
		assert_string_equal(buf, t[i].text);
	}
}

static int setup(void **state)
{
	struct err err = ERR_INIT;
	char path[80];

	(void)state;
	if (scratch_make(base, NULL) < 0)
		return -1;
	snprintf(folder, sizeof(folder), "%s/results", base);
	snprintf(path, sizeof(path), "%s/kernels", base);
	file_mkdirs(path, &err);
	for (int k = 1; k <= 2; k++) {
		snprintf(path, sizeof(path), "%s/kernels/k%d.yaml", base, k);
		file_publish(path, "", 0, &err);
	}
	setenv("KDUEL_DATA", base, 1);
	snprintf(path, sizeof(path), "%s/c.yaml", base);
	if (file_publish(path, CONFIG, strlen(CONFIG), &err) ||
	    plan_load(path, NULL, &plan, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	plan_free(plan);
	return file_remove_tree(base, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual),
		cmocka_unit_test(not_worse_is_corrected),
		cmocka_unit_test(a_look_from_another_arm),
		cmocka_unit_test(proofs_and_missing),
		cmocka_unit_test(backings_of_other_parameters_are_apart),
		cmocka_unit_test(claims_of_the_plan),
		cmocka_unit_test(differences_refuse),
		cmocka_unit_test(too_few_blocks),
		cmocka_unit_test(an_arm_that_crashes_is_unstable),
		cmocka_unit_test(void_samples_are_never_averaged),
		cmocka_unit_test(instructions_are_exact),
		cmocka_unit_test(looks_cost_level),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
