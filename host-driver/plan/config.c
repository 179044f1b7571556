/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "config-build.h"
#include "config-check.h"
#include "size.h"

#define FIELD_MAX 128

/* machine.cpus, but with clock: instructions. */
#define DEFAULT_CPUS 2

int build_no_memory(struct build *b)
{
	return err_sys(b->err, ENOMEM, "cannot read the config");
}

int build_copy(struct build *b, char **to, const char *from)
{
	*to = strdup(from ? from : "");
	return *to ? 0 : build_no_memory(b);
}

static int build_size(struct build *b, const char *field, const char *text,
		      uint64_t *value)
{
	struct err err = ERR_INIT;

	if (!size_parse(text, value, &err))
		return 0;
	return conf_error(b->y, field, b->err, "%s", err.text);
}

static int build_machine(struct build *b)
{
	struct plan_machine *to = &b->p->machine;
	int ret;

	to->kind = b->c->machine.kind;
	to->accel = b->c->machine.accel;
	to->cpus = conf_given(b->y, "machine.cpus") ? b->c->machine.cpus
		   : b->c->clock == CLOCK_INSTRUCTIONS ? 1 : DEFAULT_CPUS;
	if (b->o && b->o->machine) {
		unsigned k = 0;

		while (machine_kind_names[k] &&
		       strcmp(machine_kind_names[k], b->o->machine))
			k++;
		if (!machine_kind_names[k])
			return err_config(b->err, "--machine: '%s' is not known; one of vm, host, ssh, fake",
					  b->o->machine);
		to->kind = k;
	}
	ret = build_size(b, "machine.memory", b->c->machine.memory, &to->memory);
	if (!ret)
		ret = build_size(b, "machine.pmem", b->c->machine.pmem, &to->pmem);
	return ret ? ret : build_copy(b, &to->host, b->c->machine.host);
}

static int build_guest(struct build *b)
{
	struct plan_guest *to = &b->p->guest;
	int ret = build_size(b, "guest.memory", b->c->guest.memory, &to->memory);

	to->cpus = b->c->guest.cpus;
	return ret ? ret : build_copy(b, &to->kernel, b->c->guest.kernel);
}

/* --- arms ------------------------------------------------------------------- */

static int build_layouts(struct build *b, const struct config_arm *a,
			 struct plan_arm *to)
{
	static char fallback[] = "default";
	static char *const fallbacks[] = { fallback };
	char *const *from = a->n_layouts ? a->layouts : fallbacks;
	size_t n = a->n_layouts ? a->n_layouts : 1;

	to->layouts = calloc(n, sizeof(*to->layouts));
	if (!to->layouts)
		return build_no_memory(b);
	for (; to->n_layouts < n; to->n_layouts++)
		if (build_copy(b, &to->layouts[to->n_layouts], from[to->n_layouts]))
			return -ENOMEM;
	return 0;
}

static int build_arm(struct build *b, const struct config_arm *a)
{
	struct plan_arm *to = &b->p->arms[b->p->n_arms++];
	int ret = build_copy(b, &to->name, a->name ? a->name : a->kernel);

	to->baseline = a->baseline;
	if (!ret)
		ret = build_copy(b, &to->kernel, a->kernel);
	if (!ret)
		ret = build_copy(b, &to->second_level, a->second_level);
	if (!ret)
		ret = build_copy(b, &to->cmdline, a->cmdline);
	return ret ? ret : build_layouts(b, a, to);
}

/* The baseline again, under another name: the other half of an A/A pair. */
static int build_twin(struct build *b, const struct config_arm *a)
{
	struct plan_arm *to = &b->p->arms[b->p->n_arms];
	char *name;
	int ret = build_arm(b, a);

	if (ret)
		return ret;
	to->baseline = false;
	to->aa = true;
	if (asprintf(&name, "%s-aa", to->name) < 0)
		return build_no_memory(b);
	free(to->name);
	to->name = name;
	return 0;
}

static int build_arms(struct build *b)
{
	const struct config *c = b->c;
	const struct config_arm *base = NULL;
	bool alone = b->o && b->o->aa;

	b->p->arms = calloc(c->n_arms + 2, sizeof(*b->p->arms));
	if (!b->p->arms)
		return build_no_memory(b);
	for (size_t i = 0; i < c->n_arms; i++) {
		if (c->arms[i].baseline && !base)
			base = &c->arms[i];
		if (alone && !c->arms[i].baseline)
			continue;
		if (build_arm(b, &c->arms[i]))
			return -ENOMEM;
	}
	if (!base || !(c->aa || alone))
		return 0;
	return build_twin(b, base);
}

/* --- gates, expectations, the whole ------------------------------------------ */

static bool selected(const struct plan *p, const char *glob)
{
	for (size_t i = 0; i < p->n_cells; i++)
		if (!fnmatch(glob, p->cells[i].id, 0))
			return true;
	return false;
}

static int build_gates(struct build *b)
{
	const struct config *c = b->c;
	struct plan *p = b->p;
	int ret = 0;

	p->gates = calloc(c->n_gates + 1, sizeof(*p->gates));
	p->expect = calloc(c->n_expect + 1, sizeof(*p->expect));
	if (!p->gates || !p->expect)
		return build_no_memory(b);
	for (unsigned i = 0; !ret && i < c->n_gates; i++) {
		struct plan_gate *g = &p->gates[p->n_gates];

		/* A gate on a cell that --only left out is left out, too. */
		if (b->o && b->o->only && !selected(p, c->gates[i].cell))
			continue;
		p->n_gates++;
		ret = build_copy(b, &g->cell, c->gates[i].cell);
		if (!ret)
			ret = build_copy(b, &g->metric, c->gates[i].metric);
	}
	/* What is expected of kernels is not expected of one kernel twice. */
	if (b->o && b->o->aa)
		return ret;
	for (; !ret && p->n_expect < c->n_expect; p->n_expect++)
		ret = build_copy(b, &p->expect[p->n_expect], c->expect[p->n_expect].claim);
	return ret;
}

static int build_head(struct build *b)
{
	const struct config *c = b->c;
	int ret = build_copy(b, &b->p->name, c->name);

	b->p->seed = c->seed;
	b->p->n_blocks = c->blocks;
	if (b->o && b->o->least_blocks > b->p->n_blocks)
		b->p->n_blocks = b->o->least_blocks;
	if (b->o && b->o->blocks)
		b->p->n_blocks = b->o->blocks;
	b->p->clock = c->clock;
	b->p->counters = c->counters;
	return ret ? ret : build_copy(b, &b->p->question, c->question);
}

static int build(struct build *b)
{
	struct err err = ERR_INIT;
	char field[FIELD_MAX] = "";
	int ret = build_head(b);

	if (!ret)
		ret = build_machine(b);
	if (!ret)
		ret = build_guest(b);
	if (!ret)
		ret = build_arms(b);
	if (!ret)
		ret = build_cells(b);
	if (!ret)
		ret = build_gates(b);
	if (!ret && plan_check(b->p, field, sizeof(field), &err))
		ret = conf_error(b->y, field, b->err, "%s", err.text);
	return ret;
}

int config_parse(const char *path, const char *text, size_t len,
		 const struct plan_options *o, struct plan *plan,
		 struct err *err)
{
	struct build b = { .o = o, .p = plan, .err = err };
	struct config c = { 0 };
	struct conf *y;
	int ret = conf_parse(path, text, len, &y, err);

	if (ret)
		return ret;
	ret = conf_load(y, config_fields, &c, err);
	if (!ret)
		ret = config_check(&c, y, err);
	b.c = &c;
	b.y = y;
	if (!ret)
		ret = build(&b);
	conf_close(y);
	return ret;
}
