/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A made-up campaign for the tests of the report: every number in it is
 * SYNTHETIC, chosen to show each part of a report, and was never measured.
 */
#ifndef TESTS_REPORT_FIXTURE_H
#define TESTS_REPORT_FIXTURE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host-driver/report/plot.h"
#include "host-driver/report/report.h"

#define FIXTURE_ARMS 3
#define FIXTURE_SERIES 64

struct fixture {
	struct comparison c;
	struct report r;
	struct compare_arm arms[FIXTURE_ARMS];
	struct compare_series series[FIXTURE_SERIES];
	struct compare_estimate est[FIXTURE_SERIES][FIXTURE_ARMS];
	struct compare_result vs[FIXTURE_SERIES][FIXTURE_ARMS];
	char point_text[FIXTURE_SERIES][32];
	struct compare_proof proofs[FIXTURE_ARMS * 4 * 2];
	struct compare_missing missing[2];
	struct compare_difference differences[1];
	struct compare_claim claims[4];
	char *notes[2];
	struct report_failure failures[2];
	struct report_model_row model[3];
	json_t *console;
};

/* What a figure of the baseline becomes in the other arms, in one line. */
struct fixture_line {
	const char *cell, *source, *workload, *metric, *unit, *kind;
	enum stats_better better;
	bool gate;
	double base, spread;		/* of the baseline; relative half width */
	double effect[FIXTURE_ARMS];	/* relative */
	enum verdict verdict;
	const char *reason;
};

static inline struct compare_series *
fixture_add(struct fixture *x, const struct fixture_line *l, json_t *point,
	    const char *point_text)
{
	size_t i = x->c.n_series++;
	struct compare_series *s = &x->series[i];

	snprintf(x->point_text[i], sizeof(x->point_text[i]), "%s", point_text);
	*s = (struct compare_series){
		.cell = (char *)l->cell, .backing = (char *)"fsdax-xfs",
		.source = (char *)l->source, .workload = (char *)l->workload,
		.metric = (char *)l->metric, .point = point,
		.point_text = x->point_text[i], .unit = (char *)l->unit,
		.kind = (char *)l->kind, .better = l->better, .gate = l->gate,
		.est = x->est[i], .vs = x->vs[i],
	};
	for (size_t a = 0; a < FIXTURE_ARMS; a++) {
		double v = l->base * (1 + l->effect[a]), w = l->spread;

		x->est[i][a] = (struct compare_estimate){
			.boots = 5, .value = v, .lo = v * (1 - w),
			.hi = v * (1 + w), .min = v * (1 - w / 2),
			.max = v * (1 + w / 2), .void_reason = (char *)"",
		};
		x->vs[i][a] = (struct compare_result){
			.verdict = a ? l->verdict : VERDICT_NONE,
			.e = { .method = STATS_LOG_RATIO, .n = 5,
			       .effect = l->effect[a],
			       .lo = (1 + l->effect[a]) * (1 - w) - 1,
			       .hi = (1 + l->effect[a]) * (1 + w) - 1,
			       .sd = w / 1.24, .p = 0.01, .p_flip = 0.0625,
			       .sde = 2.1 * w, .p_worse = 0.004 },
			.p_adjusted = 0.02, .p_worse_adjusted = 0.03,
			.margin = 0.01,
			.reason = (char *)(a ? l->reason : ""),
		};
	}
	return s;
}

static inline void fixture_ladder(struct fixture *x, const char *cell,
				  const char *source, double slope)
{
	struct fixture_line l = {
		cell, source, "tlb-miss", "ns_per_access", "ns", "time",
		STATS_LOWER, false, 0, 0.04, { 0, 0, 0 },
		VERDICT_INCONCLUSIVE, "",
	};

	for (unsigned pages = 64; pages <= 4096; pages *= 2) {
		char text[32];
		double misses = pages > 512 ? 1 - 512.0 / pages : 0;

		snprintf(text, sizeof(text), "pages=%u", pages);
		l.base = 9.3 + slope * misses;
		l.effect[1] = -0.11 * misses;
		l.effect[2] = -0.13 * misses;
		l.verdict = misses > 0.6 ? VERDICT_IMPROVED : VERDICT_INCONCLUSIVE;
		l.reason = misses > 0.6 ? "" :
			"the interval spans 0 and reaches beyond D";
		fixture_add(x, &l, json_pack("{s:i}", "pages", pages), text);
	}
}

static inline void fixture_series(struct fixture *x)
{
	static const char *const kernels[] = { "copy", "scale", "add", "triad" };
	static const struct fixture_line touch = {
		"fsdax-xfs/anon-4k/first-touch", "anon-4k", "first-touch",
		"ns_per_page", "ns", "time", STATS_LOWER, true, 71234, 0.021,
		{ 0, -0.919, -0.921 }, VERDICT_IMPROVED, "",
	}, again = {
		"fsdax-xfs/anon-4k/first-touch", "anon-4k", "first-touch",
		"ns_per_page_again", "ns", "time", STATS_LOWER, false, 41.3, 0.004,
		{ 0, 0.001, -0.002 }, VERDICT_NOT_WORSE, "",
	}, walk = {
		"fsdax-xfs/anon-4k/mem-walk", "anon-4k", "mem-walk",
		"ns_per_access", "ns", "time", STATS_LOWER, true, 14.2, 0.006,
		{ 0, 0.048, 0.002 }, VERDICT_REGRESSED, "",
	}, faults = {
		"fsdax-xfs/anon-4k/first-touch", "anon-4k", "first-touch",
		"minor_faults", "count", "count", STATS_LOWER, false, 0, 0,
		{ 0, 0, 0 }, VERDICT_INCONCLUSIVE, "equal in all blocks",
	};
	struct fixture_line stream = {
		"fsdax-xfs/anon-4k/stream", "anon-4k", "stream", NULL, "GB/s",
		"rate", STATS_HIGHER, false, 0, 0.018, { 0, 0.004, 0.013 },
		VERDICT_INCONCLUSIVE, "the interval spans 0 and reaches beyond D",
	};
	struct compare_series *s;

	fixture_add(x, &touch, json_object(), "");
	fixture_add(x, &again, json_object(), "");
	s = fixture_add(x, &faults, json_object(), "");
	for (size_t a = 1; a < FIXTURE_ARMS; a++)
		s->vs[a].e = (struct stats_effect){
			.method = STATS_DIFFERENCE, .n = 5, .absolute = true,
			.effect = 12, .lo = -3, .hi = 27, .p = 0.2, .p_flip = 0.25 };
	fixture_ladder(x, "fsdax-xfs/anon-4k/tlb-miss", "anon-4k", 21);
	fixture_ladder(x, "fsdax-xfs/thp/tlb-miss", "thp", 9);
	fixture_add(x, &walk, json_object(), "");
	for (size_t k = 0; k < 4; k++) {
		stream.metric = kernels[k];
		stream.base = 4.1 + 0.3 * k;
		fixture_add(x, &stream, json_object(), "");
	}
	s = fixture_add(x, &touch, json_object(), "");	/* and a counter of it */
	s->counter = (char *)"perf::MINOR-FAULTS";
	s->unit = s->kind = (char *)"count";
	s->gate = false;
}

/* Of one source, in the order that compare leaves: by layer, by arm. */
static inline void fixture_proof_of(struct fixture *x, const char *source, unsigned place)
{
	static const char *const layers[] = { "guest", "second-level", "mut", "file" };
	const double mib = 1 << 20;
	bool thp = !strcmp(source, "thp");

	for (unsigned k = 0; k < 4; k++)
		for (unsigned a = 0; a < FIXTURE_ARMS; a++) {
			struct compare_proof *p = &x->proofs[x->c.n_proofs++];
			bool huge = k == 3 || (k == 1 && a) || (!k && thp);

			*p = (struct compare_proof){
				.arm = a, .layer = (char *)layers[k], .place = place,
				.backing = (char *)"fsdax-xfs", .source = (char *)source,
				.method = (char *)(k == 1 ? "kvm debugfs pages_*" : "synthetic"),
				.unavailable = (char *)"",
				.huge_least = huge ? k == 1 && thp ? 0.981 : 0.9968 : 0,
				.huge_most = huge ? 0.9968 : 0,
			};
			p->after = (struct compare_pages){
				.bytes_4k = huge ? 1.79 * mib : 560 * mib,
				.bytes_2m = huge ? 560 * mib : 0, .bytes_1g = 0,
				.faults = k != 1 ? NAN : a ? 811 : 143789,
				.readings = 5, .counted = k == 1 ? 5 : 0 };
			p->before = p->after;
			if (k != 2)
				continue;
			p->after = p->before = (struct compare_pages){
				NAN, NAN, NAN, NAN, 0, 0 };
			p->huge_least = p->huge_most = NAN;
			p->unavailable = (char *)"this kernel has no PAGEMAP_SCAN (from 6.7)";
		}
}

static inline void fixture_proof(struct fixture *x)
{
	fixture_proof_of(x, "anon-4k", 0);
	fixture_proof_of(x, "thp", 2);
}

static inline void fixture_rest(struct fixture *x)
{
	x->missing[0] = (struct compare_missing){
		(char *)"dtlb_load_misses",
		(char *)"no PMU: PAPI_ECMP, component perf_event disabled", 75 };
	x->missing[1] = (struct compare_missing){
		(char *)"walk_cycles", (char *)"not known for this CPU model", 75 };
	x->differences[0] = (struct compare_difference){
		(char *)"env.node.thp.enabled", (char *)"6.1-rfc", (char *)"always",
		(char *)"madvise" };
	x->claims[0] = (struct compare_claim){
		.text = (char *)"second_level.2m_share(6.1) >= 0.95",
		.where = (char *)"expect 1", .outcome = CLAIM_HOLDS,
		.detail = (char *)"found 99.7% in every block, wanted >= 95%; "
			"n = 5 blocks", .unit = (char *)"share", .left = 0.997,
		.right = 0.95, .value = 0.997, .lo = 0.997, .hi = 0.997 };
	x->claims[1] = (struct compare_claim){
		.text = (char *)"first-touch.ns_per_page: ratio(6.1/6.1-nodaxhuge) < 0.2",
		.where = (char *)"expect 2", .outcome = CLAIM_HOLDS,
		.detail = (char *)"found 0.0790 [0.0770, 0.0810], wanted < 0.2; "
			"n = 5 blocks; 6.1: 5.63 us, 6.1-nodaxhuge: 71.2 us",
		.left = 0.079, .right = 0.2, .value = 0.079, .lo = 0.077,
		.hi = 0.081 };
	x->claims[2] = (struct compare_claim){
		.text = (char *)"mem-walk.ns_per_access: 6.1-rfc not worse than 1%",
		.where = (char *)"expect 3", .outcome = CLAIM_FAILS,
		.detail = (char *)"found 1.05 [1.04, 1.05], wanted < 1.01; n = 5 "
			"blocks; 6.1-rfc: 9.43 ns, 6.1-nodaxhuge: 9.00 ns",
		.left = 1.048, .right = 1.01, .value = 1.048, .lo = 1.042,
		.hi = 1.054 };
	x->claims[3] = (struct compare_claim){
		.text = (char *)"tlb-miss.dtlb_load_misses: ratio(6.1/6.1-nodaxhuge) < 0.8",
		.where = (char *)"expect 4", .outcome = CLAIM_UNMEASURABLE,
		.detail = (char *)"no PMU", .left = NAN, .right = NAN,
		.value = NAN, .lo = NAN, .hi = NAN };
	for (int i = 0; i < 4; i++) {
		x->claims[i].says = (char *)"";
		if (!x->claims[i].unit)
			x->claims[i].unit = (char *)"";
	}
	x->notes[0] = (char *)"SYNTHETIC: made up to test the report, never measured";
	x->notes[1] = (char *)"one code layout per arm: effects include what the "
		"layout alone changes";
	x->console = json_pack("[s,s,s]",
		"[    2.113] BUG: unable to handle page fault for address: 0000000000c0ffee",
		"[    2.114] RIP: 0010:kvm_mmu_hugepage_adjust+0x3a/0x120",
		"[    2.120] Kernel panic - not syncing: Fatal exception");
	x->failures[0] = (struct report_failure){
		strdup("boot 7, block 3, arm 6.1-rfc"), strdup("panic"),
		strdup("the machine under test panicked 2.1 s after power-on"),
		x->console };
	x->failures[1] = (struct report_failure){
		strdup("boot 9, block 3, arm 6.1, fsdax-xfs/thp/tlb-miss, process 1"),
		strdup("void"),
		strdup("second level: 12% of the bytes in 2M pages, 95% wanted"), NULL };
	for (int i = 0; i < 3; i++)
		x->model[i] = (struct report_model_row){
			strdup("fsdax-xfs/thp/tlb-miss pages=4096"),
			strdup(i ? "6.1" : "6.1-nodaxhuge"),
			strdup(i < 2 ? "walk references" : "misses per access"),
			i ? 15 : 19, i == 2 ? 14.1 : NAN,
			i == 2 ? 0.9 : NAN, i == 2 ? 1.1 : NAN };
}

static inline void fixture_arms(struct fixture *x)
{
	static const char *const names[] = { "6.1-nodaxhuge", "6.1-rfc", "6.1" };

	for (size_t a = 0; a < FIXTURE_ARMS; a++)
		x->arms[a] = (struct compare_arm){
			.name = (char *)names[a], .kernel = (char *)names[a],
			.baseline = !a, .second_level = (char *)(a ? "2m" : "4k"),
			.boots = 5, .failed = a == 1, .samples = 90,
			.failures = (char *)(a == 1 ? "panic 1" : ""),
			.voids = a == 2, .identity = json_pack("{s:s}", "config", "1f2e"),
		};
}

/* Figures are made from what the comparison says at that time. */
static inline void fixture_figures(struct fixture *x)
{
	figures_release(x->r.figures, x->r.n_figures, x->r.no_figures,
			x->r.n_no_figures);
	figures_init(&x->c, &x->r.figures, &x->r.n_figures, &x->r.no_figures,
		     &x->r.n_no_figures);
}

static inline void fixture_init(struct fixture *x)
{
	memset(x, 0, sizeof(*x));
	fixture_arms(x);
	fixture_series(x);
	fixture_proof(x);
	fixture_rest(x);
	x->c.name = (char *)"synthetic";
	x->c.question = (char *)"SYNTHETIC: what would a report look like if KVM "
		"mapped DAX-backed guest memory with huge pages?";
	x->c.plan_hash = (char *)"1f2e3d4c5b6a79880123456789abcdef"
		"0123456789abcdef0123456789abcdef";
	x->c.domain = (char *)"emulated";
	x->c.seed = 2018;
	x->c.blocks = x->c.blocks_planned = 5;
	x->c.margin = 0.01;
	x->c.alpha = 0.05;
	x->c.env = json_object();
	x->c.arms = x->arms;
	x->c.n_arms = FIXTURE_ARMS;
	x->c.series = x->series;
	x->c.proofs = x->proofs;
	x->c.missing = x->missing;
	x->c.n_missing = 2;
	x->c.differences = x->differences;
	x->c.n_differences = 1;
	x->c.claims = x->claims;
	x->c.n_claims = 4;
	x->c.notes = x->notes;
	x->c.n_notes = 2;
	x->c.gate_tests = 4;
	x->c.control_tests = 21;
	x->c.control_nominal = 1;
	x->c.other_tests = 42;
	x->r.c = &x->c;
	x->r.folder = strdup("synthetic-20181101-120000");
	x->r.begun = 1541073600;
	x->r.ended = x->r.begun + 252;
	x->r.cpu = strdup("SYNTHETIC processor, 2 CPUs");
	x->r.model_cpu = strdup("cascadelake");
	x->r.model_reason = strdup("");
	x->r.env = json_pack("{s:{s:s,s:[s,s]},s:{s:s}}", "node", "kvm.npt", "Y",
			     "thp.enabled", "always", "madvise", "driver",
			     "cpu.model", "SYNTHETIC");
	x->r.failures = malloc(sizeof(x->failures));
	memcpy(x->r.failures, x->failures, sizeof(x->failures));
	x->r.n_failures = 2;
	x->r.model = malloc(sizeof(x->model));
	memcpy(x->r.model, x->model, sizeof(x->model));
	x->r.n_model = 3;
	fixture_figures(x);
}

static inline void fixture_release(struct fixture *x)
{
	report_release(&x->r);
	for (size_t i = 0; i < x->c.n_series; i++)
		json_decref(x->series[i].point);
	for (size_t i = 0; i < FIXTURE_ARMS; i++)
		json_decref(x->arms[i].identity);
	json_decref(x->c.env);
	json_decref(x->console);
}

#endif
