/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Claims: the grammar, its errors, and outcomes on a small made comparison. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host-driver/compare/claims.h"
#include "host-driver/compare/compare-memory.h"

#define BLOCKS 4

static struct comparison c;

/* Three arms; `value` is of block 1, later blocks are 1% more each. */
static void add_series(const char *cell, const char *workload, const char *metric,
		       const char *point, enum stats_better better,
		       const double value[3])
{
	struct compare_series *s;

	c.series = compare_grow(&c, c.series, &c.n_series, sizeof(*s));
	s = &c.series[c.n_series - 1];
	*s = (struct compare_series){ .better = better };
	s->cell = compare_text(&c, "%s", cell);
	s->workload = compare_text(&c, "%s", workload);
	s->metric = compare_text(&c, "%s", metric);
	s->point_text = compare_text(&c, "%s", point);
	s->unit = compare_text(&c, "%s", strcmp(workload, "stream") ? "ns" : "GB/s");
	s->est = compare_alloc(&c, 3, sizeof(*s->est));
	s->vs = compare_alloc(&c, 3, sizeof(*s->vs));
	for (int a = 0; a < 3; a++) {
		s->est[a].boot = compare_alloc(&c, BLOCKS, sizeof(double));
		s->est[a].boots = BLOCKS;
		for (int b = 0; b < BLOCKS; b++)
			s->est[a].boot[b] = value[a] * (1 + 0.01 * b) *
					    (1 + 0.002 * ((a + b) % 3));
	}
}

static void add_proof(unsigned arm, double k4, double m2)
{
	struct compare_proof *p;

	c.proofs = compare_grow(&c, c.proofs, &c.n_proofs, sizeof(*p));
	p = &c.proofs[c.n_proofs - 1];
	*p = (struct compare_proof){ .arm = arm };
	p->layer = compare_text(&c, "second-level");
	p->unavailable = compare_text(&c, "%s", "");
	p->block = compare_alloc(&c, BLOCKS, sizeof(*p->block));
	p->after.readings = BLOCKS;
	for (int b = 0; b < BLOCKS; b++)
		p->block[b] = (struct compare_pages){ .bytes_4k = k4, .bytes_2m = m2,
						      .faults = NAN, .readings = 1 };
}

static int setup(void **state)
{
	static char emulated[] = "emulated";
	static const char *const names[] = { "6.1-nodaxhuge", "6.1-rfc", "6.1" };

	(void)state;
	memset(&c, 0, sizeof(c));
	c.domain = emulated;
	c.alpha = 0.05;
	c.n_block_ids = c.blocks = BLOCKS;
	c.n_arms = 3;
	c.arms = compare_alloc(&c, 3, sizeof(*c.arms));
	for (int a = 0; a < 3; a++) {
		c.arms[a].name = compare_text(&c, "%s", names[a]);
		c.arms[a].boots = BLOCKS;
		add_proof((unsigned)a, a ? 2e6 : 6e8, a ? 6e8 : 0);
	}
	add_series("xfs/4k/first-touch", "first-touch", "ns_per_page", "",
		   STATS_LOWER, (double[]){ 100, 10, 10 });
	add_series("xfs/4k/tlb-miss", "tlb-miss", "walk_cost", "", STATS_LOWER,
		   (double[]){ 50, 40, 40 });
	add_series("xfs/thp/tlb-miss", "tlb-miss", "walk_cost", "", STATS_LOWER,
		   (double[]){ 40, 20, 20 });
	add_series("xfs/thp/stream", "stream", "triad", "threads=1", STATS_HIGHER,
		   (double[]){ 10, 12, 12 });
	add_series("xfs/thp/stream", "stream", "triad", "threads=2", STATS_HIGHER,
		   (double[]){ 20, 19, 17 });
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	comparison_release(&c);
	return 0;
}

static struct compare_claim check(const char *text)
{
	struct compare_claim out;
	struct err err = ERR_INIT;

	if (claim_check(&c, text, "test", false, &out, &err))
		fail_msg("%s", err.text);
	return out;
}

static void is(const char *text, enum claim_outcome expected)
{
	struct compare_claim o = check(text);

	if (o.outcome != expected)
		fail_msg("%s: %s (%s)", text, claim_outcome_name(o.outcome), o.detail);
}

static void outcomes(void **state)
{
	(void)state;
	is("second_level.2m_share(6.1) >= 0.95", CLAIM_HOLDS);
	is("second_level.2m_share(6.1) >= 99.9%", CLAIM_FAILS);
	is("second_level.2m_share(6.1-nodaxhuge) == 0", CLAIM_HOLDS);
	is("second-level.2m_share(6.1) == second-level.2m_share(6.1-rfc)", CLAIM_HOLDS);
	is("first-touch.ns_per_page: ratio(6.1/6.1-nodaxhuge) < 0.2", CLAIM_HOLDS);
	is("first-touch.ns_per_page: ratio(6.1/6.1-nodaxhuge) < 0.05", CLAIM_FAILS);
	is("first-touch.ns_per_page: ratio(6.1/6.1-nodaxhuge) < 0.1", CLAIM_UNDECIDED);
	is("first-touch.ns_per_page: 6.1 within 2% of 6.1-rfc", CLAIM_HOLDS);
	is("first-touch.ns_per_page: 6.1 within 0.01% of 6.1-rfc", CLAIM_UNDECIDED);
	is("first-touch.ns_per_page: 6.1 not worse than 1%", CLAIM_HOLDS);
	is("first-touch.ns_per_page(6.1) * 5 < first-touch.ns_per_page(6.1-nodaxhuge)", CLAIM_HOLDS);
	is("(first-touch.ns_per_page(6.1) + 5) / 3 > -1", CLAIM_HOLDS);
}

/* What is said: both sides with units, the interval, what was wanted, n. */
static void details(void **state)
{
	static const char *const said[][2] = {
		{ "first-touch.ns_per_page: ratio(6.1/6.1-nodaxhuge) < 0.2",
		  "found 0.100 [0.0996, 0.101], wanted < 0.2; n = 4 blocks; 6.1: 10.2 ns, "
		  "6.1-nodaxhuge: 102 ns" },
		{ "second_level.2m_share(6.1) >= 0.95",
		  "found 99.7% in every block, wanted >= 95%; n = 4 blocks" },
		{ "tlb-miss.walk_cost: value(6.1 @ */thp) > 3 * value(6.1 @ */4k)",
		  "in xfs/thp/tlb-miss: left 20.3 ns, right 122 ns: left / right 0.167, "
		  "its interval too, wanted > 1; n = 4 blocks" },
		{ "second_level.2m_bytes(6.1-nodaxhuge) > second_level.4k_bytes(6.1)",
		  "left 0, right 1.91 MiB: left - right -2,000,000 bytes in every block, "
		  "wanted > 0; n = 4 blocks" },
		{ "stream.triad: 6.1 not worse than 5%",
		  "worst of 2, xfs/thp/stream threads=2: found 0.851 [0.845, 0.857], "
		  "wanted > 0.95; n = 4 blocks; 6.1: 17.3 GB/s, 6.1-nodaxhuge: 20.3 GB/s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct compare_claim o = check(said[i][0]);

		if (strcmp(o.detail, said[i][1]))
			fail_msg("%s: %s", said[i][0], o.detail);
	}
}

static void orderings(void **state)
{
	(void)state;
	is("tlb-miss.walk_cost: value(6.1-nodaxhuge @ */4k) > value(6.1-nodaxhuge @ */thp) > value(6.1 @ */thp)",
	   CLAIM_HOLDS);
	is("tlb-miss.walk_cost: value(6.1 @ */4k) > value(6.1-nodaxhuge @ */4k) > value(6.1 @ */thp)",
	   CLAIM_FAILS);
	is("tlb-miss.walk_cost: value(6.1-nodaxhuge @ */4k) > value(6.1 @ */4k) and value(6.1 @ */4k) > value(6.1 @ */thp)",
	   CLAIM_HOLDS);
}

static void every_point_must_hold(void **state)
{
	struct compare_claim o;

	(void)state;
	is("stream.triad [threads=1]: 6.1 not worse than 5%", CLAIM_HOLDS);
	o = check("stream.triad: 6.1 not worse than 5%");
	assert_int_equal(o.outcome, CLAIM_FAILS);
	assert_non_null(strstr(o.detail, "threads=2"));
	is("stream.triad: 6.1-rfc not worse than 10%", CLAIM_HOLDS);
	is("stream.triad[threads=2] @ xfs/thp: 6.1 not worse than 6.1-rfc by 1%", CLAIM_FAILS);
}

static void what_cannot_be_measured(void **state)
{
	struct compare_claim o;

	(void)state;
	o = check("tlb-miss.walk_cost: 6.1 not worse than 1% on hardware or nested");
	assert_int_equal(o.outcome, CLAIM_UNMEASURABLE);
	assert_non_null(strstr(o.detail, "hardware or nested"));
	is("tlb-miss.walk_cost: 6.1 not worse than 1% on hardware or emulated", CLAIM_HOLDS);
	o = check("gups.updates(6.1) > 3");
	assert_int_equal(o.outcome, CLAIM_UNMEASURABLE);
	assert_non_null(strstr(o.detail, "gups.updates"));
	o = check("second_level.2m_share(6.9) >= 0.95");
	assert_non_null(strstr(o.detail, "6.9"));
	o = check("mut.2m_share(6.1) >= 0.95");
	assert_int_equal(o.outcome, CLAIM_UNMEASURABLE);
	assert_string_equal(o.detail, "no page sizes of mut were read");
	is("tlb-miss.walk_cost: value(6.1 @ */4k) > value(6.1 @ */nothing)", CLAIM_UNMEASURABLE);
}

static void conditions_of_the_campaign(void **state)
{
	static char why[] = "the arms differ";

	(void)state;
	c.arms[2].failed = 1;
	is("second_level.2m_share(6.1) >= 0.95", CLAIM_UNDECIDED);
	is("second_level.2m_share(6.1) >= 99.9%", CLAIM_FAILS);
	c.arms[2].failed = 0;
	c.refused = why;
	c.refused_exit = EXIT_CONFIG;
	is("first-touch.ns_per_page: ratio(6.1/6.1-nodaxhuge) < 0.2", CLAIM_UNMEASURABLE);
	is("second_level.2m_share(6.1) >= 0.95", CLAIM_HOLDS);
	c.refused = NULL;
	c.n_block_ids = 1;
	is("second_level.2m_share(6.1) >= 0.95", CLAIM_UNDECIDED);
}

static void syntax_errors(void **state)
{
	static const struct {
		const char *text, *part;
		int column;
	} bad[] = {
		{ "", "number", 1 },
		{ "second_level.2m_share(6.1)", "relation", 27 },
		{ "second_level.2m_share(6.1) >= ", "number", 31 },
		{ "second_level.3m_share(6.1) >= 1", "2m_share", 22 },
		{ "second_level.2m_share(6.1 >= 1", "')'", 27 },
		{ "ratio(6.1/6.2) < 1", "no series", 10 },
		{ "1 < 2", "two constants", 6 },
		{ "first-touch: 6.1 not worse than 1%", "'.'", 12 },
		{ "a.b: ratio(6.1) < 1", "ratio(arm", 15 },
		{ "a.b: 6.1 not worse than", "arm", 24 },
		{ "a.b: 6.1 within 2% 6.2", "'of'", 20 },
		{ "a.b(x) < 1 on mars", "domain", 15 },
		{ "a.b(x) < 1 extra", "unexpected text", 12 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;
		struct claim *claim;
		char column[32];

		snprintf(column, sizeof(column), "x.yaml:3: column %d:", bad[i].column);
		assert_true(claim_parse(bad[i].text, "x.yaml:3", &claim, &err) < 0);
		assert_null(claim);
		assert_int_equal(err.exit, EXIT_CONFIG);
		if (!strstr(err.text, bad[i].part) || !strstr(err.text, column))
			fail_msg("'%s': %s", bad[i].text, err.text);
	}
}

static void hostile_depth(void **state)
{
	char text[4096];
	struct err err = ERR_INIT;
	struct claim *claim;

	(void)state;
	memset(text, '(', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_true(claim_parse(text, "x", &claim, &err) < 0);
	memset(text, '-', sizeof(text) - 1);
	err = (struct err)ERR_INIT;
	assert_true(claim_parse(text, "x", &claim, &err) < 0);
	assert_non_null(strstr(err.text, "deep"));
}

static int count(const struct claim_pick *pick, void *data)
{
	assert_true(*pick->arm);
	++*(int *)data;
	return 0;
}

static void arms_and_exits(void **state)
{
	struct compare_claim list[2] = { { .outcome = CLAIM_HOLDS },
					 { .outcome = CLAIM_HOLDS } };
	struct err err = ERR_INIT;
	struct claim *claim;
	int n = 0;

	(void)state;
	assert_int_equal(claim_parse("a.b: ratio(x/y) < 0.2 and value(z) > 1", "t", &claim, &err), 0);
	claim_each_pick(claim, count, &n);
	assert_int_equal(n, 3);
	claim_free(claim);
	assert_int_equal(claims_exit(list, 2), EXIT_DONE);
	list[0].outcome = CLAIM_UNMEASURABLE;
	assert_int_equal(claims_exit(list, 2), EXIT_MACHINE);
	list[1].outcome = CLAIM_UNDECIDED;
	assert_int_equal(claims_exit(list, 2), EXIT_INCOMPLETE);
	list[0].outcome = CLAIM_FAILS;
	assert_int_equal(claims_exit(list, 2), EXIT_REGRESSION);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(outcomes),
		TEST(details),
		TEST(orderings),
		TEST(every_point_must_hold),
		TEST(what_cannot_be_measured),
		TEST(conditions_of_the_campaign),
		TEST(syntax_errors),
		TEST(hostile_depth),
		TEST(arms_and_exits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
