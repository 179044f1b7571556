/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backing/backing.h"
#include "plan-make.h"
#include "rng.h"

/*
 * What a boot costs, in seconds: from power-on to the first sample and from the last
 * one to power-off; then each workload process. Measured with configs/dax-huge.yaml
 * on two cores; only used to tell users how long they will wait.
 */
static const struct {
	double boot, process;
} cost_of[2][3] = {
	[0] = { [ACCEL_AUTO] = { 8, 1.5 }, [ACCEL_HARDWARE] = { 6, 3 },
		[ACCEL_EMULATION] = { 8, 1.5 } },
	[1] = { { 0.1, 0.02 }, { 0.1, 0.02 }, { 0.1, 0.02 } },	/* fake */
};
#define COST_INSTRUCTIONS 2.5	/* factor for single-threaded emulation */
#define DISK_CAMPAIGN (1u << 20)
#define DISK_BOOT (96u << 10)
#define DISK_PROCESS (16u << 10)

/* A number in 0..n-1 without modulo bias: rejects draws from the uneven end. */
static uint64_t plan_below(struct rng *rng, uint64_t n)
{
	uint64_t limit = UINT64_MAX - UINT64_MAX % n, r;

	do
		r = rng_next(rng);
	while (r >= limit);
	return r % n;
}

void plan_shuffle(uint64_t seed, unsigned block, unsigned *order, size_t n)
{
	struct rng rng;

	/* Spread the starting states, so that neighbouring blocks do not share a stream. */
	rng_init(&rng, seed + block * 0x9e3779b97f4a7c15ull);
	rng_init(&rng, rng_next(&rng));
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t k = plan_below(&rng, i);
		unsigned t = order[i - 1];

		order[i - 1] = order[k];
		order[k] = t;
	}
}

static void plan_order_block(struct plan *p, unsigned block, unsigned *order)
{
	plan_shuffle(p->seed, block, order, p->n_arms);
	for (size_t i = 0; i < p->n_arms; i++) {
		const struct plan_arm *arm = &p->arms[order[i]];
		struct plan_boot *b = &p->boots[p->n_boots++];

		b->boot = p->n_boots;
		b->block = block;
		b->order = i + 1;
		b->arm = order[i];
		b->layout = arm->layouts[(block - 1) % arm->n_layouts];
	}
}

int plan_order(struct plan *p, struct err *err)
{
	unsigned *order = calloc(p->n_arms, sizeof(*order));

	free(p->boots);
	p->n_boots = 0;
	p->boots = calloc(p->n_blocks * p->n_arms, sizeof(*p->boots));
	if (!order || !p->boots) {
		free(order);
		return err_sys(err, ENOMEM, "cannot order the boots");
	}
	for (unsigned block = 1; block <= p->n_blocks; block++)
		plan_order_block(p, block, order);
	free(order);
	return 0;
}

int plan_extend(struct plan *p, unsigned blocks, struct err *err)
{
	int ret;

	if (blocks < p->n_blocks)
		return err_config(err, "--blocks: the plan is frozen with %u blocks and cannot be cut to %u; blocks can only be added",
				  p->n_blocks, blocks);
	if (blocks == p->n_blocks)
		return 0;
	p->n_blocks = blocks;
	ret = plan_order(p, err);
	return ret ? ret : plan_seal(p, err);
}

int plan_text(char **to, const char *from, struct err *err)
{
	*to = strdup(from ? from : "");
	return *to ? 0 : err_sys(err, ENOMEM, "cannot make the plan");
}

static void plan_free_arms(struct plan *p)
{
	for (size_t i = 0; i < p->n_arms; i++) {
		struct plan_arm *a = &p->arms[i];

		for (size_t k = 0; k < a->n_layouts; k++)
			free(a->layouts[k]);
		free(a->layouts);
		free(a->name);
		free(a->kernel);
		free(a->second_level);
		free(a->cmdline);
	}
	free(p->arms);
}

bool plan_same_backing(const struct plan_cell *a, const struct plan_cell *b)
{
	return !strcmp(a->backing, b->backing) &&
	       (a->backing_params == b->backing_params ||
		(a->backing_params && b->backing_params &&
		 json_equal(a->backing_params, b->backing_params)));
}

void plan_cut_cells(struct plan *p, size_t kept)
{
	for (size_t i = kept; i < p->n_cells; i++) {
		struct plan_cell *c = &p->cells[i];

		free(c->id);
		free(c->backing);
		free(c->source);
		free(c->workload);
		json_decref(c->params);
		json_decref(c->backing_params);
	}
	p->n_cells = kept;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	free(p->name);
	free(p->question);
	free(p->beside);
	free(p->machine.host);
	free(p->machine.device);
	free(p->guest.kernel);
	plan_free_arms(p);
	plan_cut_cells(p, 0);
	free(p->cells);
	free(p->boots);
	for (size_t i = 0; i < p->n_gates; i++) {
		free(p->gates[i].cell);
		free(p->gates[i].metric);
	}
	free(p->gates);
	for (size_t i = 0; i < p->n_expect; i++) {
		free(p->expect[i].claim);
		free(p->expect[i].says);
	}
	free(p->expect);
	free(p);
}

int plan_arm(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->n_arms; i++)
		if (!strcmp(p->arms[i].name, name))
			return i;
	return -1;
}

int plan_cell(const struct plan *p, const char *id)
{
	for (size_t i = 0; i < p->n_cells; i++)
		if (!strcmp(p->cells[i].id, id))
			return i;
	return -1;
}

const char *plan_cell_device(const struct plan *p, const struct plan_cell *cell)
{
	const char *own = json_string_value(json_object_get(cell->backing_params, "device"));
	const struct backing_kind *kind;

	if (backing_find(cell->backing, &kind, NULL) || !kind->pmem)
		return NULL;
	return own ? own : p->machine.device[0] ? p->machine.device : NULL;
}

const struct plan_arm *plan_baseline(const struct plan *p)
{
	for (size_t i = 0; i < p->n_arms; i++)
		if (p->arms[i].baseline)
			return &p->arms[i];
	return NULL;
}

void plan_cost(const struct plan *p, struct plan_cost *cost)
{
	bool fake = !p->machine.kind->has_kernel;
	double boot = cost_of[fake][p->machine.accel].boot;
	double process = cost_of[fake][p->machine.accel].process;
	uint64_t processes = 0;

	for (size_t i = 0; i < p->n_cells; i++)
		processes += p->cells[i].processes + !!p->cells[i].timeline;
	cost->seconds = p->n_boots * (boot + processes * process);
	if (p->clock == CLOCK_INSTRUCTIONS && !fake)
		cost->seconds *= COST_INSTRUCTIONS;
	cost->disk = DISK_CAMPAIGN +
		     p->n_boots * (DISK_BOOT + processes * DISK_PROCESS);
}

int plan_unknown_cell(const struct plan *p, const char *before, const char *glob,
		      struct err *err)
{
	const char *known[64], *near;
	size_t n = 0;

	for (; n < p->n_cells && n < 64; n++)
		known[n] = p->cells[n].id;
	near = nearest_word(glob, known, n);
	return err_config(err, near ? "%s'%.80s' matches none of the cells; did you mean '%s'?"
				    : "%s'%.80s' matches none of the cells, e.g. %s",
			  before, glob, near ? near : known[0]);
}
