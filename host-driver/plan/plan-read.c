/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan from JSON that is not trusted. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "plan-make.h"

static int copy(char **to, const char *from, struct err *err)
{
	*to = strdup(from);
	return *to ? 0 : err_sys(err, ENOMEM, "cannot read the plan");
}

static int copy_field(const json_t *o, const char *key, char **to,
		      struct err *err)
{
	const char *text;
	int ret = field_string(o, key, &text, err);

	return ret ? ret : copy(to, text, err);
}

static int read_unsigned(const json_t *o, const char *key, unsigned *value,
			 struct err *err)
{
	uint64_t n;
	int ret = field_count(o, key, INT_MAX, &n, err);

	if (!ret)
		*value = n;
	return ret;
}

/* `n` elements of `size`, zeroed; at least one so that it is never NULL. */
static void *make_list(size_t n, size_t size, struct err *err)
{
	void *list = calloc(n + 1, size);

	if (!list)
		err_sys(err, ENOMEM, "cannot read the plan");
	return list;
}

static int read_strings(const json_t *o, const char *key, char ***list,
			size_t *n, struct err *err)
{
	json_t *array;
	int ret = field_array(o, key, &array, err);

	if (ret)
		return ret;
	*list = make_list(json_array_size(array), sizeof(**list), err);
	if (!*list)
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *v = json_array_get(array, i);

		if (!json_is_string(v))
			return err_config(err, "%s[%zu]: is %s; it must be a text",
					  key, i, json_type_text(v));
		ret = copy(&(*list)[i], json_string_value(v), err);
		if (ret)
			return ret;
		*n = i + 1;
	}
	return 0;
}

static int read_machine(const json_t *json, struct plan *p, struct err *err)
{
	struct plan_machine *m = &p->machine;
	unsigned kind = 0, accel = 0;
	json_t *o;
	int ret = field_object(json, "machine", &o, err);

	if (ret)
		return ret;
	ret = field_choice(o, "kind", machine_kind_names, &kind, err);
	if (!ret)
		ret = field_choice(o, "accel", machine_accel_names, &accel, err);
	if (!ret)
		ret = read_unsigned(o, "cpus", &m->cpus, err);
	if (!ret)
		ret = field_count(o, "memory", INT64_MAX, &m->memory, err);
	if (!ret)
		ret = field_count(o, "pmem", INT64_MAX, &m->pmem, err);
	if (!ret)
		ret = copy_field(o, "host", &m->host, err);
	m->kind = kind;
	m->accel = accel;
	if (ret)
		err_prefix(err, "machine");
	return ret;
}

static int read_guest(const json_t *json, struct plan *p, struct err *err)
{
	json_t *o;
	int ret = field_object(json, "guest", &o, err);

	if (ret)
		return ret;
	ret = copy_field(o, "kernel", &p->guest.kernel, err);
	if (!ret)
		ret = read_unsigned(o, "cpus", &p->guest.cpus, err);
	if (!ret)
		ret = field_count(o, "memory", INT64_MAX, &p->guest.memory, err);
	if (ret)
		err_prefix(err, "guest");
	return ret;
}

static int read_arm(const json_t *o, struct plan *p, struct err *err)
{
	struct plan_arm *a = &p->arms[p->n_arms++];
	int ret = copy_field(o, "name", &a->name, err);

	if (!ret)
		ret = copy_field(o, "kernel", &a->kernel, err);
	if (!ret)
		ret = field_bool(o, "baseline", &a->baseline, err);
	if (!ret)
		ret = field_bool(o, "aa", &a->aa, err);
	if (!ret)
		ret = copy_field(o, "second_level", &a->second_level, err);
	if (!ret)
		ret = copy_field(o, "cmdline", &a->cmdline, err);
	if (!ret)
		ret = read_strings(o, "layouts", &a->layouts, &a->n_layouts,
				   err);
	if (!ret && a->n_layouts == 0)
		ret = err_config(err, "layouts: is empty");
	return ret;
}

static int read_cell(const json_t *o, struct plan *p, struct err *err)
{
	struct plan_cell *c = &p->cells[p->n_cells++];
	json_t *params;
	int ret = copy_field(o, "id", &c->id, err);

	if (!ret)
		ret = copy_field(o, "backing", &c->backing, err);
	if (!ret)
		ret = copy_field(o, "source", &c->source, err);
	if (!ret)
		ret = copy_field(o, "workload", &c->workload, err);
	if (!ret)
		ret = read_unsigned(o, "processes", &c->processes, err);
	if (!ret)
		ret = read_unsigned(o, "samples", &c->samples, err);
	if (!ret)
		ret = field_bool(o, "allow_small", &c->allow_small, err);
	if (!ret)
		ret = field_object(o, "params", &params, err);
	if (!ret)
		c->params = json_incref(params);
	return ret;
}

static int read_gate(const json_t *o, struct plan *p, struct err *err)
{
	struct plan_gate *g = &p->gates[p->n_gates++];
	int ret = copy_field(o, "cell", &g->cell, err);

	return ret ? ret : copy_field(o, "metric", &g->metric, err);
}

static int read_boot(const json_t *o, struct plan *p, struct err *err)
{
	struct plan_boot *b = &p->boots[p->n_boots];
	const char *arm, *layout;
	int ret = read_unsigned(o, "boot", &b->boot, err);
	int index;

	if (!ret)
		ret = read_unsigned(o, "block", &b->block, err);
	if (!ret)
		ret = read_unsigned(o, "order", &b->order, err);
	if (!ret)
		ret = field_string(o, "arm", &arm, err);
	if (!ret)
		ret = field_string(o, "layout", &layout, err);
	if (ret)
		return ret;
	index = plan_arm(p, arm);
	if (index < 0)
		return err_config(err, "arm: '%.80s' is none of the arms", arm);
	b->arm = index;
	for (size_t i = 0; i < p->arms[index].n_layouts; i++)
		if (!strcmp(layout, p->arms[index].layouts[i]))
			b->layout = p->arms[index].layouts[i];
	if (!b->layout)
		return err_config(err, "layout: '%.80s' is none of the arm's",
				  layout);
	if (b->boot != ++p->n_boots || b->block < 1 || b->block > p->n_blocks)
		return err_config(err, "boot %u of block %u is out of order",
				  b->boot, b->block);
	return 0;
}

/* Reads the list `key` of objects, each by `read`. */
static int read_list(const json_t *json, const char *key, size_t size,
		     void **list, struct plan *p,
		     int (*read)(const json_t *, struct plan *, struct err *),
		     struct err *err)
{
	json_t *array;
	int ret = field_array(json, key, &array, err);

	if (ret)
		return ret;
	*list = make_list(json_array_size(array), size, err);
	if (!*list)
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *o = json_array_get(array, i);

		if (!json_is_object(o))
			return err_config(err, "%s[%zu]: is %s; it must be an object",
					  key, i, json_type_text(o));
		ret = read(o, p, err);
		if (ret) {
			err_prefix(err, "%s[%zu]", key, i);
			return ret;
		}
	}
	return 0;
}

static int read_head(const json_t *json, struct plan *p, struct err *err)
{
	unsigned clock = 0;
	int ret = copy_field(json, "name", &p->name, err);

	if (!ret)
		ret = copy_field(json, "question", &p->question, err);
	if (!ret)
		ret = field_count(json, "seed", INT64_MAX, &p->seed, err);
	if (!ret)
		ret = read_unsigned(json, "blocks", &p->n_blocks, err);
	if (!ret)
		ret = field_choice(json, "clock", plan_clock_names, &clock, err);
	p->clock = clock;
	if (!ret)
		ret = field_bool_or(json, "counters", true, &p->counters, err);
	return ret;
}

static int read_plan(const json_t *json, struct plan *p, struct err *err)
{
	int ret = read_head(json, p, err);

	if (!ret)
		ret = read_machine(json, p, err);
	if (!ret)
		ret = read_guest(json, p, err);
	if (!ret)
		ret = read_list(json, "arms", sizeof(*p->arms),
				(void **)&p->arms, p, read_arm, err);
	if (!ret)
		ret = read_list(json, "cells", sizeof(*p->cells),
				(void **)&p->cells, p, read_cell, err);
	if (!ret)
		ret = read_list(json, "boots", sizeof(*p->boots),
				(void **)&p->boots, p, read_boot, err);
	if (!ret)
		ret = read_list(json, "gates", sizeof(*p->gates),
				(void **)&p->gates, p, read_gate, err);
	if (!ret)
		ret = read_strings(json, "expect", &p->expect, &p->n_expect,
				   err);
	return ret;
}

static int check_hash(const json_t *json, struct plan *p, struct err *err)
{
	json_t *rest = json_copy((json_t *)(uintptr_t)json);
	char hex[FILE_HASH_MAX];
	const char *hash;
	int ret;

	if (!rest)
		return err_sys(err, ENOMEM, "cannot read the plan");
	json_object_del(rest, "hash");
	ret = plan_hash(rest, hex, err);
	json_decref(rest);
	if (!ret)
		ret = field_string(json, "hash", &hash, err);
	if (!ret && strcmp(hash, hex))
		ret = err_config(err, "hash: does not fit the plan, which was changed after it was frozen; make a new one from the config");
	if (!ret)
		memcpy(p->hash, hex, sizeof(p->hash));
	return ret;
}

static int check_format(const json_t *json, struct err *err)
{
	uint64_t format;
	int ret;

	if (!json_is_object(json))
		return err_config(err, "is %s, not a plan",
				  json_type_text(json));
	ret = field_count(json, "kduel_plan", INT_MAX, &format, err);
	if (!ret && format != PLAN_FORMAT)
		ret = err_config(err, "kduel_plan: format %llu is not known; this kduel reads format %d",
				 (unsigned long long)format, PLAN_FORMAT);
	return ret;
}

int plan_from_json(const json_t *json, struct plan **plan, struct err *err)
{
	char field[128] = "";
	struct plan *p;
	int ret = check_format(json, err);

	if (ret)
		return ret;
	p = calloc(1, sizeof(*p));
	if (!p)
		return err_sys(err, ENOMEM, "cannot read the plan");
	ret = check_hash(json, p, err);
	if (!ret)
		ret = read_plan(json, p, err);
	if (!ret) {
		ret = plan_check(p, field, sizeof(field), err);
		if (ret)
			err_prefix(err, "%s", field);
	}
	if (!ret && p->n_boots == 0)
		ret = err_config(err, "boots: is empty");
	if (ret) {
		plan_free(p);
		return ret;
	}
	*plan = p;
	return 0;
}
