/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan from JSON that is not trusted. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "plan-make.h"
#include "view.h"

struct read_list {
	const char *key;
	void **list;
	size_t size;		/* of an entry */
	int (*read)(const struct view *v, struct plan *p, struct err *err);
};

static int read_text(const struct view *o, const char *key, char **to,
		     struct err *err)
{
	const char *text = NULL;
	int ret = view_string(o, key, &text, err);

	return ret ? ret : plan_text(to, text, err);
}

static int read_unsigned(const struct view *o, const char *key, unsigned *value,
			 struct err *err)
{
	uint64_t n = 0;
	int ret = view_count(o, key, INT_MAX, &n, err);

	*value = n;
	return ret;
}

static int read_bool(const struct view *o, const char *key, bool *value,
		     struct err *err)
{
	if (!view_get(o, key))
		return err_config(err, "%s: is missing", key);
	return view_bool_or(o, key, false, value, err);
}

static int read_machine(const struct view *json, struct plan *p, struct err *err)
{
	struct plan_machine *m = &p->machine;
	unsigned kind = 0, accel = 0;
	const struct view *o;
	const char *device = "";
	int ret = view_list(json, "machine", JSON_OBJECT, &o, err);

	if (ret)
		return ret;
	ret = view_choice(o, "kind", machine_kind_names, &kind, err);
	if (!ret)
		ret = view_choice(o, "accel", machine_accel_names, &accel, err);
	if (!ret)
		ret = read_unsigned(o, "cpus", &m->cpus, err);
	if (!ret)
		ret = view_count(o, "memory", INT64_MAX, &m->memory, err);
	if (!ret)
		ret = view_count(o, "pmem", INT64_MAX, &m->pmem, err);
	if (!ret)
		ret = read_text(o, "host", &m->host, err);
	if (!ret)
		ret = view_string_or(o, "device", "", &device, err);
	if (!ret)
		ret = plan_text(&m->device, device, err);
	m->kind = &machine_kinds[kind];
	m->accel = accel;
	if (ret)
		err_prefix(err, "machine");
	return ret;
}

static int read_guest(const struct view *json, struct plan *p, struct err *err)
{
	const struct view *o;
	unsigned device = GUEST_NVDIMM;
	int ret = view_list(json, "guest", JSON_OBJECT, &o, err);

	if (ret)
		return ret;
	ret = read_text(o, "kernel", &p->guest.kernel, err);
	if (!ret)
		ret = read_unsigned(o, "cpus", &p->guest.cpus, err);
	if (!ret)
		ret = view_count(o, "memory", INT64_MAX, &p->guest.memory, err);
	if (!ret)
		ret = view_count_or(o, "pmem", INT64_MAX, 0, &p->guest.pmem, err);
	if (!ret && view_get(o, "pmem_device"))
		ret = view_choice(o, "pmem_device", guest_pmem_words, &device, err);
	p->guest.pmem_device = device;
	if (ret)
		err_prefix(err, "guest");
	return ret;
}

/* --- entries of lists ------------------------------------------------------- */

static int read_object(const struct view *v, struct err *err)
{
	return v->type == JSON_OBJECT ? 0 :
	       err_config(err, "is %s; it must be an object", view_type_text(v));
}

static int read_layouts(const struct view *o, struct plan_arm *a, struct err *err)
{
	const struct view *list, *v;
	int ret = view_list(o, "layouts", JSON_ARRAY, &list, err);

	if (ret)
		return ret;
	a->layouts = calloc(list->n + 1, sizeof(*a->layouts));
	if (!a->layouts)
		return err_sys(err, ENOMEM, "cannot read the plan");
	view_each(v, list) {
		if (v->type != JSON_STRING)
			return err_config(err, "layouts[%zu]: is %s; it must be a text",
					  a->n_layouts, view_type_text(v));
		if (plan_text(&a->layouts[a->n_layouts++], v->text, err))
			return -ENOMEM;
	}
	return a->n_layouts ? 0 : err_config(err, "layouts: is empty");
}

static int read_arm(const struct view *o, struct plan *p, struct err *err)
{
	struct plan_arm *a = &p->arms[p->n_arms++];
	unsigned control = 0;
	int ret = read_object(o, err);

	if (!ret)
		ret = read_text(o, "name", &a->name, err);
	if (!ret)
		ret = read_text(o, "kernel", &a->kernel, err);
	if (!ret)
		ret = read_bool(o, "baseline", &a->baseline, err);
	if (!ret)
		ret = read_bool(o, "aa", &a->aa, err);
	if (!ret)
		ret = read_text(o, "second_level", &a->second_level, err);
	if (!ret)
		ret = read_text(o, "cmdline", &a->cmdline, err);
	if (!ret && view_get(o, "control"))
		ret = view_choice(o, "control", control_words, &control, err);
	a->control = control;
	return ret ? ret : read_layouts(o, a, err);
}

/* A text, or a list or an object of texts, as some parameters take. */
static int read_param(const struct view *v, struct err *err)
{
	const struct view *one;
	int ret = 0;

	if (v->type != JSON_STRING && v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return err_config(err, "is %s; it must be a text", view_type_text(v));
	if (v->type == JSON_STRING)
		return 0;
	view_each(one, v)
		if (!ret)
			ret = read_param(one, err);
	return ret;
}

static int read_params(const struct view *o, struct plan_cell *c, struct err *err)
{
	const struct view *params, *v;
	int ret = view_list(o, "params", JSON_OBJECT, &params, err);

	c->params = json_object();
	if (!c->params)
		return err_sys(err, ENOMEM, "cannot read the plan");
	if (ret)
		return ret;
	view_each(v, params) {
		ret = read_param(v, err);
		if (ret) {
			err_prefix(err, "params: %.80s", v->key);
			return ret;
		}
		json_object_set_new(c->params, v->key, view_json(v));
	}
	return 0;
}

/* Reads the newer fields, which a plan has only if they differ from their default. */
static int read_cell_more(const struct view *o, struct plan_cell *c, struct err *err)
{
	const struct view *params, *v;
	unsigned disturb = 0;
	uint64_t ms = 0;
	int ret = view_list_or(o, "backing_params", JSON_OBJECT, &params, err);

	view_each(v, params)
		if (!ret && v->type != JSON_STRING)
			ret = err_config(err, "backing_params: %.80s: is %s; it must be a text",
					 v->key, view_type_text(v));
	if (!ret && params)
		c->backing_params = view_json(params);
	if (!ret)
		ret = view_bool_or(o, "fresh_guest", false, &c->fresh_guest, err);
	if (!ret && view_get(o, "disturb"))
		ret = view_choice(o, "disturb", disturb_words, &disturb, err);
	if (!ret)
		ret = view_count_or(o, "timeline", INT_MAX, 0, &ms, err);
	c->disturb = disturb;
	c->timeline = ms;
	return ret;
}

static int read_cell(const struct view *o, struct plan *p, struct err *err)
{
	struct plan_cell *c = &p->cells[p->n_cells++];
	int ret = read_object(o, err);

	if (!ret)
		ret = read_text(o, "id", &c->id, err);
	if (!ret)
		ret = read_text(o, "backing", &c->backing, err);
	if (!ret)
		ret = read_text(o, "source", &c->source, err);
	if (!ret)
		ret = read_text(o, "workload", &c->workload, err);
	if (!ret)
		ret = read_unsigned(o, "processes", &c->processes, err);
	if (!ret)
		ret = read_unsigned(o, "samples", &c->samples, err);
	if (!ret)
		ret = read_bool(o, "allow_small", &c->allow_small, err);
	if (!ret)
		ret = read_cell_more(o, c, err);
	return ret ? ret : read_params(o, c, err);
}

static int read_gate(const struct view *o, struct plan *p, struct err *err)
{
	struct plan_gate *g = &p->gates[p->n_gates++];
	int ret = read_object(o, err);

	if (!ret)
		ret = read_text(o, "cell", &g->cell, err);
	return ret ? ret : read_text(o, "metric", &g->metric, err);
}

static int read_expect(const struct view *v, struct plan *p, struct err *err)
{
	struct plan_expect *e = &p->expect[p->n_expect++];
	int ret;

	if (v->type == JSON_STRING) {
		ret = plan_text(&e->claim, v->text, err);
		return ret ? ret : plan_text(&e->says, "", err);
	}
	ret = read_object(v, err);
	if (!ret)
		ret = read_text(v, "says", &e->says, err);
	return ret ? ret : read_text(v, "claim", &e->claim, err);
}

static int read_boot(const struct view *o, struct plan *p, struct err *err)
{
	struct plan_boot *b = &p->boots[p->n_boots];
	const char *arm, *layout;
	int ret = read_object(o, err), index;

	if (!ret)
		ret = read_unsigned(o, "boot", &b->boot, err);
	if (!ret)
		ret = read_unsigned(o, "block", &b->block, err);
	if (!ret)
		ret = read_unsigned(o, "order", &b->order, err);
	if (!ret)
		ret = view_string(o, "arm", &arm, err);
	if (!ret)
		ret = view_string(o, "layout", &layout, err);
	if (ret)
		return ret;
	index = plan_arm(p, arm);
	if (index < 0)
		return *arm ? plan_check_arm(p, arm, err) : err_config(err, "arm: is empty");
	b->arm = index;
	for (size_t i = 0; i < p->arms[index].n_layouts; i++)
		if (!strcmp(layout, p->arms[index].layouts[i]))
			b->layout = p->arms[index].layouts[i];
	if (!b->layout)
		return err_unknown(err, "layout of this arm", layout,
				   (const char *const *)p->arms[index].layouts,
				   p->arms[index].n_layouts);
	if (b->boot != ++p->n_boots || b->block < 1 || b->block > p->n_blocks)
		return err_config(err, "boot %u of block %u is out of order",
				  b->boot, b->block);
	return 0;
}

/* --- the whole -------------------------------------------------------------- */

static int read_list(const struct view *json, const struct read_list *l,
		     struct plan *p, struct err *err)
{
	const struct view *array, *v;
	size_t i = 0;
	int ret = view_list(json, l->key, JSON_ARRAY, &array, err);

	if (ret)
		return ret;
	*l->list = calloc(array->n + 1, l->size);
	if (!*l->list)
		return err_sys(err, ENOMEM, "cannot read the plan");
	view_each(v, array) {
		ret = l->read(v, p, err);
		if (ret) {
			err_prefix(err, "%s[%zu]", l->key, i);
			return ret;
		}
		i++;
	}
	return 0;
}

static int read_lists(const struct view *json, struct plan *p, struct err *err)
{
	const struct read_list lists[] = {	/* boots look up their arms */
		{ "arms", (void **)&p->arms, sizeof(*p->arms), read_arm },
		{ "cells", (void **)&p->cells, sizeof(*p->cells), read_cell },
		{ "boots", (void **)&p->boots, sizeof(*p->boots), read_boot },
		{ "gates", (void **)&p->gates, sizeof(*p->gates), read_gate },
		{ "expect", (void **)&p->expect, sizeof(*p->expect), read_expect },
	};
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(lists) / sizeof(lists[0]); i++)
		ret = read_list(json, &lists[i], p, err);
	return ret;
}

static int read_head(const struct view *json, struct plan *p, struct err *err)
{
	unsigned clock = 0, profile = 0;
	int ret = read_text(json, "name", &p->name, err);

	if (!ret)
		ret = read_text(json, "question", &p->question, err);
	if (!ret)
		ret = view_count(json, "seed", INT64_MAX, &p->seed, err);
	if (!ret)
		ret = read_unsigned(json, "blocks", &p->n_blocks, err);
	if (!ret)
		ret = view_choice(json, "clock", plan_clock_names, &clock, err);
	if (!ret && view_get(json, "profile"))
		ret = view_choice(json, "profile", plan_profile_names, &profile, err);
	p->clock = clock;
	p->profile = profile;
	return ret ? ret : view_bool_or(json, "counters", true, &p->counters, err);
}

static int read_format(const struct view *json, struct err *err)
{
	uint64_t format = 0;
	int ret = json->type == JSON_OBJECT ? 0 :
		  err_config(err, "is %s, not a plan", view_type_text(json));

	if (!ret)
		ret = view_count(json, "kduel_plan", INT_MAX, &format, err);
	if (!ret && format != PLAN_FORMAT)
		ret = err_config(err, "kduel_plan: format %llu is not known; this kduel reads format %d",
				 (unsigned long long)format, PLAN_FORMAT);
	return ret;
}

static int read_check(struct plan *p, struct err *err)
{
	struct plan_check c = { .p = p, .err = err };
	int ret = plan_check_parts(&c);

	if (!ret)
		ret = plan_check_asked(&c);
	if (ret)
		err_prefix(err, "%s", c.field);
	return ret;
}

/* How many values the JSON holds, counted as in struct view.skip. */
static size_t read_count(const json_t *value)
{
	size_t n = 1, i;
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)value, key, v)
		n += read_count(v);
	json_array_foreach(value, i, v)
		n += read_count(v);
	return n;
}

/* The hash is computed over what was read; anything else in the JSON is an error. */
static int read_hash(const struct view *json, struct plan *p, struct err *err)
{
	const char *hash;
	int ret = view_string(json, "hash", &hash, err);
	json_t *again;

	if (!ret)
		ret = plan_seal(p, err);
	if (ret)
		return ret;
	again = plan_to_json(p);
	if (!again)
		ret = err_sys(err, ENOMEM, "cannot read the plan");
	else if (strcmp(hash, p->hash) || read_count(again) != json->skip)
		ret = err_config(err, "hash: does not match the plan, which was changed after it was frozen; make a new one from the config");
	json_decref(again);
	return ret;
}

static int read_beside(const struct view *json, struct plan *p, struct err *err)
{
	const char *folder = "";
	int ret = view_string_or(json, "beside", "", &folder, err);

	return ret ? ret : plan_text(&p->beside, folder, err);
}

int plan_from_view(const struct view *json, struct plan **plan, struct err *err)
{
	struct plan *p;
	int ret = read_format(json, err);

	*plan = NULL;
	if (ret)
		return ret;
	p = calloc(1, sizeof(*p));
	if (!p)
		return err_sys(err, ENOMEM, "cannot read the plan");
	ret = read_head(json, p, err);
	if (!ret)
		ret = read_beside(json, p, err);
	if (!ret)
		ret = read_machine(json, p, err);
	if (!ret)
		ret = read_guest(json, p, err);
	if (!ret)
		ret = read_lists(json, p, err);
	if (!ret)
		ret = read_hash(json, p, err);
	if (!ret)
		ret = read_check(p, err);
	if (!ret && p->n_boots == 0)
		ret = err_config(err, "boots: is empty");
	if (ret)
		plan_free(p);
	else
		*plan = p;
	return ret;
}

int plan_copy(const struct plan *p, struct plan **copy, struct err *err)
{
	struct view_doc doc = VIEW_DOC_INIT;
	const struct view *root;
	json_t *json = plan_to_json(p);
	char *text = json ? plan_canonical(json) : NULL;
	int ret;

	json_decref(json);
	*copy = NULL;
	if (!text)
		return err_sys(err, ENOMEM, "cannot copy the plan");
	ret = view_parse(&doc, text, strlen(text), &root, err);
	if (!ret)
		ret = plan_from_view(root, copy, err);
	view_release(&doc);
	free(text);
	return ret;
}
