/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fnmatch.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "safe.h"
#include "size.h"

#define FIELD_MAX 200

/* The default of machine.cpus, unless clock is instructions. */
#define DEFAULT_CPUS 2

static int config_build_size(struct build *b, const char *field, const char *text,
			     uint64_t *value)
{
	struct err err = ERR_INIT;

	if (!size_parse(text, value, &err))
		return 0;
	return conf_error(b->y, field, b->err, "%s", err.text);
}

static int config_unknown_machine(const struct build *b)
{
	size_t n = 0;

	while (machine_kind_names[n])
		n++;
	err_unknown(b->err, "machine", b->o->machine, machine_kind_names, n);
	err_prefix(b->err, "--machine");
	return -EINVAL;
}

static int config_build_machine(struct build *b)
{
	struct plan_machine *to = &b->p->machine;
	int ret;

	to->kind = &machine_kinds[b->c->machine.kind];
	to->accel = b->c->machine.accel;
	to->cpus = conf_given(b->y, "machine.cpus") ? b->c->machine.cpus
		   : b->c->clock == CLOCK_INSTRUCTIONS ? 1 : DEFAULT_CPUS;
	if (b->o && b->o->machine)
		to->kind = machine_kind_find(b->o->machine);
	if (to->kind && b->o && b->o->machine && !to->kind->sized)
		to->accel = ACCEL_AUTO;	/* the file's accel was meant for the file's kind */
	if (!to->kind)
		return config_unknown_machine(b);
	ret = config_build_size(b, "machine.memory", b->c->machine.memory, &to->memory);
	if (!ret)
		ret = config_build_size(b, "machine.pmem", b->c->machine.pmem, &to->pmem);
	if (!ret)
		ret = plan_text(&to->host, b->c->machine.host, b->err);
	return ret ? ret : plan_text(&to->device, b->c->machine.device, b->err);
}

static int config_build_guest(struct build *b)
{
	struct plan_guest *to = &b->p->guest;
	int ret = config_build_size(b, "guest.memory", b->c->guest.memory, &to->memory);

	if (!ret && b->c->guest.pmem)
		ret = config_build_size(b, "guest.pmem", b->c->guest.pmem, &to->pmem);
	to->cpus = b->c->guest.cpus;
	to->pmem_device = to->pmem ? b->c->guest.pmem_device : GUEST_NVDIMM;
	return ret ? ret : plan_text(&to->kernel, b->c->guest.kernel, b->err);
}

/* --- arms ------------------------------------------------------------------- */

static int config_build_layouts(struct build *b, const struct config_arm *a,
				struct plan_arm *to)
{
	static char fallback[] = "default";
	static char *const fallbacks[] = { fallback };
	char *const *from = a->n_layouts ? a->layouts : fallbacks;
	size_t n = a->n_layouts ? a->n_layouts : 1;

	to->layouts = calloc(n, sizeof(*to->layouts));
	if (!to->layouts)
		return err_sys(b->err, ENOMEM, "cannot read the config");
	for (; to->n_layouts < n; to->n_layouts++)
		if (plan_text(&to->layouts[to->n_layouts], from[to->n_layouts], b->err))
			return -ENOMEM;
	return 0;
}

/* "mine" of "./mine.yaml". */
static int config_build_arm_name(struct build *b, const struct config_arm *a, char **name)
{
	const char *slash = strrchr(a->kernel, '/'), *end;
	int ret;

	if (a->name || !data_is_path(DATA_KERNEL, a->kernel))
		return plan_text(name, a->name ? a->name : a->kernel, b->err);
	ret = plan_text(name, slash ? slash + 1 : a->kernel, b->err);
	end = ret ? NULL : strrchr(*name, '.');
	if (end && end != *name)
		(*name)[end - *name] = '\0';
	return ret;
}

static int config_build_arm(struct build *b, const struct config_arm *a)
{
	struct plan_arm *to = &b->p->arms[b->p->n_arms];
	int ret;

	b->arms[b->p->n_arms++] = a - b->c->arms;
	ret = config_build_arm_name(b, a, &to->name);
	to->baseline = a->baseline;
	to->control = a->control;
	if (!ret)
		ret = plan_text(&to->kernel, a->kernel, b->err);
	if (!ret)
		ret = plan_text(&to->second_level, a->second_level, b->err);
	if (!ret)
		ret = plan_text(&to->cmdline, a->cmdline, b->err);
	return ret ? ret : config_build_layouts(b, a, to);
}

/* A second copy of the baseline under another name, to complete an A/A pair. */
static int config_build_twin(struct build *b, const struct config_arm *a)
{
	struct plan_arm *to = &b->p->arms[b->p->n_arms];
	char *name;
	int ret = config_build_arm(b, a);

	if (ret)
		return ret;
	to->baseline = false;
	to->aa = true;
	if (asprintf(&name, "%s-aa", to->name) < 0)
		return err_sys(b->err, ENOMEM, "cannot read the config");
	free(to->name);
	to->name = name;
	return 0;
}

static int config_build_arms(struct build *b)
{
	const struct config *c = b->c;
	const struct config_arm *base = NULL;
	bool alone = b->o && b->o->aa;

	if (c->n_arms > PLAN_ARMS_MAX)
		return conf_error(b->y, "arms", b->err, "there are %u; at most %d can be compared",
				  c->n_arms, PLAN_ARMS_MAX);
	b->p->arms = calloc(c->n_arms + 1, sizeof(*b->p->arms));
	if (!b->p->arms)
		return err_sys(b->err, ENOMEM, "cannot read the config");
	for (size_t i = 0; i < c->n_arms; i++) {
		if (c->arms[i].baseline && !base)
			base = &c->arms[i];
		if (alone && !c->arms[i].baseline)
			continue;
		if (config_build_arm(b, &c->arms[i]))
			return -ENOMEM;
	}
	return base && (c->aa || alone) ? config_build_twin(b, base) : 0;
}

/* --- gates, expectations ---------------------------------------------------- */

static bool config_build_selected(const struct plan *p, const char *glob)
{
	for (size_t i = 0; i < p->n_cells; i++)
		if (!fnmatch(glob, p->cells[i].id, 0))
			return true;
	return false;
}

static int config_build_gates(struct build *b)
{
	const struct config *c = b->c;
	struct plan *p = b->p;
	int ret = 0;

	if (c->n_gates > PLAN_GATES_MAX)
		return conf_error(b->y, "gates", b->err, "there are %u; at most %d are allowed, since with more none could be detected",
				  c->n_gates, PLAN_GATES_MAX);
	p->gates = calloc(c->n_gates + 1, sizeof(*p->gates));
	if (!p->gates)
		return err_sys(b->err, ENOMEM, "cannot read the config");
	for (unsigned i = 0; !ret && i < c->n_gates; i++) {
		struct plan_gate *g = &p->gates[p->n_gates];

		/* A gate on cells that --only left out is left out as well. */
		if (b->o && b->o->only && !config_build_selected(p, c->gates[i].cell))
			continue;
		b->gates[p->n_gates++] = i;
		ret = plan_text(&g->cell, c->gates[i].cell, b->err);
		if (!ret)
			ret = plan_text(&g->metric, c->gates[i].metric, b->err);
	}
	return ret;
}

static int config_build_expect(struct build *b)
{
	const struct config *c = b->c;
	struct plan *p = b->p;
	int ret = 0;

	p->expect = calloc(c->n_expect + 1, sizeof(*p->expect));
	if (!p->expect)
		return err_sys(b->err, ENOMEM, "cannot read the config");
	/* Expected differences between kernels do not apply to a kernel and its copy. */
	if (b->o && b->o->aa)
		return 0;
	for (unsigned i = 0; !ret && i < c->n_expect; i++) {
		struct plan_expect *e = &p->expect[p->n_expect++];

		ret = plan_text(&e->claim, c->expect[i].claim, b->err);
		if (!ret)
			ret = plan_text(&e->says, c->expect[i].says, b->err);
	}
	return ret;
}

static int config_build_head(struct build *b)
{
	const struct config *c = b->c;
	int ret = plan_text(&b->p->name, c->name, b->err);

	b->p->seed = c->seed;
	b->p->n_blocks = c->blocks;
	if (b->o && b->o->least_blocks > b->p->n_blocks)
		b->p->n_blocks = b->o->least_blocks;
	if (b->o && b->o->blocks)
		b->p->n_blocks = b->o->blocks;
	b->p->clock = c->clock;
	b->p->counters = c->counters;
	b->p->profile = c->profile;
	if (b->o && b->o->profile > b->p->profile)
		b->p->profile = b->o->profile;
	return ret ? ret : plan_text(&b->p->question, c->question, b->err);
}

/* --- where the kernels are ---------------------------------------------------- */

static int config_build_folder(struct build *b, const char *path)
{
	char *copy = text_format("%s", path);
	char *full = realpath(dirname(copy), NULL);
	int ret = plan_text(&b->p->beside, full, b->err);

	free(full);
	free(copy);
	return ret;
}

/* Would `kernel` resolve differently if the config's folder were unknown? */
static bool config_build_is_beside(const struct plan *p, const char *kernel)
{
	char *here, *anywhere;
	bool differs;

	if (data_find(DATA_KERNEL, kernel, plan_beside(p), &here, NULL))
		return false;
	differs = data_find(DATA_KERNEL, kernel, NULL, &anywhere, NULL) ||
		  strcmp(here, anywhere);
	free(here);
	free(anywhere);
	return differs;
}

/* A plan whose kernels resolve without the config's folder does not record it. */
static void config_build_forget_folder(struct plan *p)
{
	bool needed = config_build_is_beside(p, p->guest.kernel);

	for (size_t i = 0; i < p->n_arms && !needed; i++)
		needed = config_build_is_beside(p, p->arms[i].kernel);
	if (!needed)
		*p->beside = '\0';
}

/* --- the whole -------------------------------------------------------------- */

/* Maps a field of the plan's cell `i` to the field in the file. */
static void config_build_cell_field(const struct build *b, size_t i, const char *rest,
				    char field[FIELD_MAX])
{
	const struct config_origin *o = &b->cells[i];

	if (!strcmp(rest, ".backing"))
		snprintf(field, FIELD_MAX, "cells[%u].backing[%u]", o->entry, o->backing);
	else if (!strcmp(rest, ".source"))
		snprintf(field, FIELD_MAX, "cells[%u].source[%u]", o->entry, o->source);
	else if (!strcmp(rest, ".workload"))
		snprintf(field, FIELD_MAX, "cells[%u].workload[%u]", o->entry, o->workload);
	else if (!strncmp(rest, ".params.", 8) &&
		 build_is_tree(&b->c->cells[o->entry], rest + 8, strcspn(rest + 8, ".[")))
		snprintf(field, FIELD_MAX, "cells[%u]%s", o->entry, rest);
	else if (!strncmp(rest, ".params.", 8))
		snprintf(field, FIELD_MAX, "cells[%u]%s[%u]", o->entry, rest,
			 build_value(&b->c->cells[o->entry], o->pick, rest + 8));
	else
		snprintf(field, FIELD_MAX, "cells[%u]%s", o->entry, rest);
}

/* Maps a plan's field to the file's: lists were expanded, and options left entries out. */
static void config_build_field(const struct build *b, const char *of_plan, char field[FIELD_MAX])
{
	size_t i = 0;
	int n = 0;

	if (sscanf(of_plan, "cells[%zu]%n", &i, &n) == 1 && n)
		config_build_cell_field(b, i, of_plan + n, field);
	else if (sscanf(of_plan, "arms[%zu]%n", &i, &n) == 1 && n)
		snprintf(field, FIELD_MAX, "arms[%u]%s", b->arms[i], of_plan + n);
	else if (sscanf(of_plan, "gates[%zu]%n", &i, &n) == 1 && n)
		snprintf(field, FIELD_MAX, "gates[%u]%s", b->gates[i], of_plan + n);
	else
		snprintf(field, FIELD_MAX, "%s", of_plan);
}

static int config_build_check(struct build *b)
{
	struct err said = ERR_INIT;
	struct plan_check c = { .p = b->p, .err = &said };
	char field[FIELD_MAX];

	if (!plan_check_parts(&c) && !plan_check_usable(&c) && !plan_check_asked(&c) &&
	    !plan_check_judged(&c))
		return 0;
	if (!*c.field)
		return err_set(b->err, said.exit, said.code, "%s", said.text);
	config_build_field(b, c.field, field);
	return conf_error(b->y, field, b->err, "%s", said.text);
}

static int config_build(struct build *b)
{
	int ret = config_build_head(b);

	if (!ret)
		ret = config_build_machine(b);
	if (!ret)
		ret = config_build_guest(b);
	if (!ret)
		ret = config_build_arms(b);
	if (!ret)
		ret = build_cells(b);
	if (!ret)
		ret = build_files(b);
	if (!ret)
		ret = config_build_gates(b);
	if (!ret)
		ret = config_build_expect(b);
	return ret ? ret : config_build_check(b);
}

int config_parse(const char *path, const char *text, size_t len,
		 const struct plan_options *o, struct plan *plan,
		 struct err *err)
{
	struct config c = { 0 };
	struct build b = { .c = &c, .o = o, .p = plan, .err = err };
	struct conf *y;
	int ret = conf_parse(path, text, len, &y, err);

	if (ret)
		return ret;
	b.y = y;
	ret = conf_load(y, config_fields, &c, err);
	if (!ret)
		ret = config_build_folder(&b, path);
	if (!ret)
		ret = build_sources(&c, y, err);
	if (!ret)
		ret = config_build(&b);
	if (!ret)
		config_build_forget_folder(plan);
	free(b.cells);
	conf_close(y);
	return ret;
}
