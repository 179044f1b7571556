/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A results folder with effects that are known, in no time: what a campaign of
 * CONFIG would have recorded had its arms differed by that much.
 *
 *	plant FOLDER CONFIG [domain=emulated] [seed=1] [noise=0.01] [at=1700000000]
 *		[blocks=N] [arm.NAME=1.05] [hostile=1] [void=NAME] [panic=NAME] [walks=1]
 *		[old-kvm=NAME]
 *
 * Every cell has the metrics ns_per_iteration, of which an arm has its factor
 * times 100 ns; bandwidth, 10 GB/s over the factor; and tlb_misses, which none
 * is the better of. `hostile` gives one more with a name that means something
 * to most formats. Blocks spread by `noise`, shared by the arms of a block, and
 * each boot by a tenth of it. `void` and `panic`: that arm's samples are void,
 * its first boot fails. `old-kvm`: that arm's KVM counts faults but no pages. `walks`: the cost of a walk, too, with the pages that it
 * has: of the guest by the source's name, of the second level as the plan has the arm's.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host-driver/plan/plan.h"
#include "host-driver/store/store.h"
#include "rng.h"

#define HOSTILE_METRIC "<b>&\"x'{y}\\n,;#%$_^~|=1+1-2"
#define HOSTILE_UNIT "=cmd|'/c'!A1,\"\\<s>"

struct plant {
	int n;
	char **words;
	const struct plan *plan;
	struct store *s;
	struct err err;
	double at;
};

static const char *plant_word(const struct plant *p, const char *key, const char *fallback)
{
	size_t len = strlen(key);

	for (int i = 0; i < p->n; i++)
		if (!strncmp(p->words[i], key, len) && p->words[i][len] == '=')
			return p->words[i] + len + 1;
	return fallback;
}

static double plant_number(const struct plant *p, const char *key, double fallback)
{
	const char *text = plant_word(p, key, NULL);

	return text ? atof(text) : fallback;
}

static void plant_must(struct plant *p, int ret)
{
	if (!ret)
		return;
	fprintf(stderr, "plant: %s\n", p->err.text);
	exit(1);
}

static void plant_append(struct plant *p, json_t *record)
{
	json_object_set_new(record, "at", json_real(p->at += 0.5));
	plant_must(p, store_append(p->s, record, &p->err));
}

static double plant_normal(struct rng *r)
{
	return sqrt(-2 * log(rng_uniform(r))) * cos(2 * M_PI * rng_uniform(r));
}

static void plant_sample(struct plant *p, const struct plan_boot *b, const char *cell,
			 const char *metric, const char *unit, const char *kind,
			 const char *better, double value)
{
	const char *arm = p->plan->arms[b->arm].name;
	bool is_void = !strcmp(plant_word(p, "void", ""), arm);

	plant_append(p, json_pack("{s:s, s:i, s:s, s:i, s:s, s:o, s:s, s:s, s:s, s:s,"
		" s:[f,f,f], s:[], s:b, s:s?, s:[{s:s,s:s}]}",
		"t", "sample", "boot", b->boot, "cell", cell, "process", 1, "metric", metric,
		"point", strcmp(metric, "walk_cost") ? json_pack("{s:i}", "pages", 512)
						     : json_object(),
		"unit", unit, "kind", kind, "better", better, "domain",
		plant_word(p, "domain", "emulated"), "values", value, value, value, "rejected",
		"steady", 1, "void", is_void ? "second level is 4k, \x1b[31mnot 2m" : NULL,
		"counters", "name", "dtlb-misses", "unavailable", "no PMU"));
}

static void plant_proof(struct plant *p, const struct plan_boot *b, const char *cell,
			const char *layer, long small, long huge)
{
	plant_append(p, json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:{s:I, s:I}, s:s, s:i}",
		"t", "proof", "boot", b->boot, "cell", cell, "process", 1, "when", "after",
		"layer", layer, "bytes", "4k", (json_int_t)small, "2m", (json_int_t)huge,
		"method", "stats", "faults", 811));
}

/* A walk reads 24 entries where both pages are small, one less a level less. */
static void plant_walks(struct plant *p, const struct plan_boot *b,
			const struct plan_cell *cell, double noise)
{
	const char *second = p->plan->arms[b->arm].second_level;
	bool guest_huge = strcmp(cell->source, "anon-4k");
	bool huge = strcmp(second, "4k");

	plant_sample(p, b, cell->id, "walk_cost", "ns", "time", "lower",
		     noise * (24 - 5 * guest_huge - 5 * huge + guest_huge * huge));
	plant_proof(p, b, cell->id, "guest", guest_huge ? 4096 : 4 << 20, guest_huge ? 4 << 20 : 0);
	plant_proof(p, b, cell->id, "second-level", huge ? 4096 : 4 << 20, huge ? 4 << 20 : 0);
}

static void plant_cell(struct plant *p, const struct plan_boot *b, size_t cell)
{
	const char *arm = p->plan->arms[b->arm].name, *id = p->plan->cells[cell].id;
	double noise = plant_number(p, "noise", 0.01), factor, value;
	uint64_t seed = (uint64_t)plant_number(p, "seed", 1) * 1000003 + cell;
	struct rng block, boot;
	char key[300];

	rng_init(&block, seed + 7919ULL * b->block);
	rng_init(&boot, seed + 104729ULL * b->boot);
	snprintf(key, sizeof(key), "arm.%s", arm);
	factor = plant_number(p, key, 1);
	value = factor * exp(noise * plant_normal(&block) + 0.1 * noise * plant_normal(&boot));
	plant_sample(p, b, id, "ns_per_iteration", "ns", "time", "lower", 100 * value);
	plant_sample(p, b, id, "bandwidth", "GB/s", "rate", "higher", 10 / value);
	plant_sample(p, b, id, "tlb_misses", "count", "count", "none", rint(1000 * value));
	if (plant_number(p, "hostile", 0))
		plant_sample(p, b, id, HOSTILE_METRIC, HOSTILE_UNIT, "rate", "lower", value);
	if (plant_number(p, "walks", 0))
		plant_walks(p, b, &p->plan->cells[cell], value);
	else if (!strcmp(plant_word(p, "old-kvm", ""), arm))
		plant_append(p, json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:s, s:i}", "t", "proof",
			"boot", b->boot, "cell", id, "process", 1, "when", "after", "layer",
			"second-level", "unavailable", "counts large pages only", "faults", 27034));
	else
		plant_proof(p, b, id, "second-level", 4096, 2 << 20);
	plant_append(p, json_pack("{s:s, s:i, s:s, s:i, s:s, s:s}", "t", "cell-end", "boot",
		b->boot, "cell", id, "process", 1, "class", "ok", "text", ""));
}

static void plant_boot(struct plant *p, const struct plan_boot *b)
{
	const char *arm = p->plan->arms[b->arm].name;
	bool fails = b->block == 1 && !strcmp(plant_word(p, "panic", ""), arm);

	plant_append(p, json_pack("{s:s, s:i, s:i, s:i, s:i, s:s}", "t", "boot", "boot", b->boot,
		"block", b->block, "order", b->order, "attempt", 1, "arm", arm));
	for (size_t i = 0; i < p->plan->n_cells; i++)
		plant_cell(p, b, i);
	plant_append(p, json_pack("{s:s, s:i, s:s, s:s, s:{s:f}, s:[s]}", "t", "boot-end",
		"boot", b->boot, "class", fails ? "panic" : "ok", "text",
		fails ? "Oops: \x1b[2J<script>" : "", "phases", "boot", 4.5, "console",
		"Kernel panic \xe2\x80\xae- not syncing"));
}

int main(int argc, char **argv)
{
	struct plant p = { .n = argc - 3, .words = argv + 3, .err = ERR_INIT };
	struct plan_options o = { 0 };
	struct plan *plan;

	if (argc < 3)
		return 2;
	o.blocks = (unsigned)plant_number(&p, "blocks", 0);
	plant_must(&p, plan_load(argv[2], &o, &plan, &p.err));
	p.plan = plan;
	p.at = plant_number(&p, "at", 1700000000);
	plant_must(&p, store_create(&p.s, argv[1], plan, plant_word(&p, "domain", "emulated"),
				    &p.err));
	for (size_t i = 0; i < plan->n_boots; i++)
		plant_boot(&p, &plan->boots[i]);
	store_close(p.s);
	plan_free(plan);
	return 0;
}
