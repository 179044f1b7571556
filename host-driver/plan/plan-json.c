/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan as JSON, and its hash. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan-make.h"

const char *const plan_clock_names[] = { "time", "instructions", NULL };
const char *const plan_profile_names[] = { "none", "functions", "memory", "boot", NULL };
const char *const machine_accel_names[] = { "auto", "hardware", "emulation",
					    NULL };

const char *plan_clock_name(enum plan_clock c)
{
	return plan_clock_names[c];
}

const char *plan_profile_name(enum plan_profile p)
{
	return plan_profile_names[p];
}

bool plan_is_sampled(const struct plan *p)
{
	const struct machine_kind *k = p->machine.kind;

	return p->profile && !(k->sized && k->has_kernel);
}

const char *machine_accel_name(enum machine_accel a)
{
	return machine_accel_names[a];
}

char *plan_canonical(const json_t *json)
{
	return json_dumps(json, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);
}

static json_t *plan_json_strings(char *const *list, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_string(list[i]));
	return array;
}

static json_t *plan_json_arms(const struct plan *p)
{
	json_t *array = json_array();

	for (size_t i = 0; i < p->n_arms; i++) {
		const struct plan_arm *a = &p->arms[i];

		json_array_append_new(array, json_pack(
			"{s:s, s:s, s:b, s:b, s:s, s:s, s:s*, s:o}", "name", a->name,
			"kernel", a->kernel, "baseline", a->baseline, "aa",
			a->aa, "second_level", a->second_level, "cmdline",
			a->cmdline, "control",
			a->control ? control_words[a->control] : NULL, "layouts",
			plan_json_strings(a->layouts, a->n_layouts)));
	}
	return array;
}

static json_t *plan_json_cells(const struct plan *p)
{
	json_t *array = json_array();

	for (size_t i = 0; i < p->n_cells; i++) {
		const struct plan_cell *c = &p->cells[i];

		json_array_append_new(array, json_pack(
			"{s:s, s:s, s:s, s:s, s:O, s:i, s:i, s:b, s:O*, s:o*, s:s*, s:o*}", "id",
			c->id, "backing", c->backing, "source", c->source,
			"workload", c->workload, "params", c->params,
			"processes", (int)c->processes, "samples",
			(int)c->samples, "allow_small", c->allow_small,
			"backing_params", c->backing_params, "fresh_guest",
			c->fresh_guest ? json_true() : NULL, "disturb",
			c->disturb ? disturb_words[c->disturb] : NULL, "timeline",
			c->timeline ? json_integer(c->timeline) : NULL));
	}
	return array;
}

static json_t *plan_json_boots(const struct plan *p)
{
	json_t *array = json_array();

	for (size_t i = 0; i < p->n_boots; i++) {
		const struct plan_boot *b = &p->boots[i];

		json_array_append_new(array, json_pack(
			"{s:i, s:i, s:i, s:s, s:s}", "boot", (int)b->boot,
			"block", (int)b->block, "order", (int)b->order, "arm",
			p->arms[b->arm].name, "layout", b->layout));
	}
	return array;
}

static json_t *plan_json_gates(const struct plan *p)
{
	json_t *array = json_array();

	for (size_t i = 0; i < p->n_gates; i++)
		json_array_append_new(array, json_pack(
			"{s:s, s:s}", "cell", p->gates[i].cell, "metric",
			p->gates[i].metric));
	return array;
}

/* A claim without words is written as a plain text. */
static json_t *plan_json_expect(const struct plan *p)
{
	json_t *array = json_array();

	for (size_t i = 0; i < p->n_expect; i++) {
		const struct plan_expect *e = &p->expect[i];

		json_array_append_new(array, e->says[0]
				      ? json_pack("{s:s, s:s}", "says", e->says,
						  "claim", e->claim)
				      : json_string(e->claim));
	}
	return array;
}

/* Newer fields are written only if they differ from their default: old plans keep their hash. */
static json_t *plan_json_without_hash(const struct plan *p)
{
	const struct plan_machine *m = &p->machine;

	return json_pack(
		"{s:i, s:s, s:s, s:I, s:i, s:s, s:o*, s:s*, s:{s:s, s:s, s:i, s:I, s:I, s:s, s:s*},"
		" s:{s:s, s:i, s:I, s:o*, s:s*}, s:o, s:o, s:o, s:o, s:o}",
		"kduel_plan", PLAN_FORMAT, "name", p->name, "question",
		p->question, "seed", (json_int_t)p->seed, "blocks",
		(int)p->n_blocks, "clock", plan_clock_name(p->clock),
		"counters",
		p->counters ? NULL : json_false(), "profile",
		p->profile ? plan_profile_name(p->profile) : NULL, "machine", "kind",
		m->kind->name, "accel",
		machine_accel_name(m->accel), "cpus", (int)m->cpus, "memory",
		(json_int_t)m->memory, "pmem", (json_int_t)m->pmem, "host",
		m->host, "device", m->device[0] ? m->device : NULL, "guest",
		"kernel", p->guest.kernel, "cpus",
		(int)p->guest.cpus, "memory", (json_int_t)p->guest.memory,
		"pmem", p->guest.pmem ? json_integer((json_int_t)p->guest.pmem) : NULL,
		"pmem_device",
		p->guest.pmem_device ? guest_pmem_words[p->guest.pmem_device] : NULL,
		"arms", plan_json_arms(p), "cells", plan_json_cells(p), "boots",
		plan_json_boots(p), "gates", plan_json_gates(p), "expect",
		plan_json_expect(p));
}

int plan_seal(struct plan *p, struct err *err)
{
	json_t *json = plan_json_without_hash(p);
	char *text = json ? plan_canonical(json) : NULL;

	json_decref(json);
	if (!text)
		return err_sys(err, ENOMEM, "cannot write the plan");
	data_hash(text, strlen(text), p->hash);
	free(text);
	return 0;
}

json_t *plan_to_json(const struct plan *p)
{
	json_t *json = plan_json_without_hash(p);

	if (json && (json_object_set_new(json, "hash", json_string(p->hash)) ||
		     (plan_beside(p) && json_object_set_new(json, "beside",
							json_string(p->beside))))) {
		json_decref(json);
		return NULL;
	}
	return json;
}

int plan_write(const struct plan *p, const char *path, struct err *err)
{
	json_t *json = plan_to_json(p);
	char *text = NULL;
	size_t len;
	FILE *out = json ? open_memstream(&text, &len) : NULL;
	int ret = -ENOMEM;

	if (out) {
		ret = json_dumpf(json, out, JSON_INDENT(1) | JSON_SORT_KEYS);
		fputc('\n', out);
		ret = fclose(out) || ret ? -ENOMEM : 0;
	}
	ret = ret ? err_sys(err, ENOMEM, "cannot write the plan")
		  : file_publish(path, text, len, err);
	free(text);
	json_decref(json);
	return ret;
}
