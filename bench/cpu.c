/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "conf.h"
#include "counters.h"
#include "data.h"
#include "err.h"

#define MATCH(kind, member) CONF_AT(CONF_##kind, struct cpu_match, member)
#define FILE_(kind, member) CONF_AT(CONF_##kind, struct cpu_file, member)

static const struct conf_field match_fields[] = {
	{ "family", MATCH(UNSIGNED, family), .required = true },
	{ "model", MATCH(UNSIGNED, model), .required = true },
	{ "model-to", MATCH(UNSIGNED, model_to) },
	{ "stepping-from", MATCH(UNSIGNED, stepping_from) },
	{ "stepping-to", MATCH(UNSIGNED, stepping_to) },
	{ "pmu", MATCH(TEXT, pmu) },
	{ 0 }
};

static const struct conf_field entries_fields[] = {
	{ "4k", CONF_AT(CONF_UNSIGNED, struct tlb, e4k), .required = true },
	{ "2m", CONF_AT(CONF_UNSIGNED, struct tlb, e2m), .required = true },
	{ "1g", CONF_AT(CONF_UNSIGNED, struct tlb, e1g), .required = true },
	{ 0 }
};

static const struct conf_field tlb_fields[] = {
	{ "first", FILE_(MAP, tlb.first), .required = true, .of = entries_fields },
	{ "second", FILE_(MAP, tlb.second), .required = true, .of = entries_fields },
	{ 0 }
};

static const struct conf_field event_fields[] = {
	{ "name", CONF_AT(CONF_TEXT, struct cpu_event, name), .required = true },
	{ "native", CONF_AT(CONF_TEXT, struct cpu_event, native), .required = true },
	{ 0 }
};

static const struct conf_field file_fields[] = {
	{ "title", FILE_(TEXT, title), .required = true },
	{ "vendor", FILE_(TEXT, vendor), .required = true },
	{ "match", FILE_(LIST, match), .count = offsetof(struct cpu_file, n_match),
	  .required = true, .of = match_fields, .size = sizeof(struct cpu_match) },
	{ "pmu", FILE_(TEXT, pmu) },
	{ "tlb", .type = CONF_MAP, .required = true, .of = tlb_fields },
	{ "events", FILE_(LIST, events), .count = offsetof(struct cpu_file, n_events),
	  .required = true, .of = event_fields, .size = sizeof(struct cpu_event) },
	{ 0 }
};

/* This machine's CPUID; the vendor is "" where there is no such instruction. */
static void cpu_identify(struct cpu_id *id)
{
	memset(id, 0, sizeof(*id));
#if defined(__x86_64__)
	unsigned a, b, c, d;

	__cpuid(0, a, b, c, d);
	memcpy(id->vendor, &b, 4);
	memcpy(id->vendor + 4, &d, 4);
	memcpy(id->vendor + 8, &c, 4);
	__cpuid(1, a, b, c, d);
	id->stepping = a & 15;
	id->model = (a >> 4 & 15) | (a >> 12 & 0xf0);
	id->family = a >> 8 & 15;
	if (id->family == 15)
		id->family += a >> 20 & 255;
#endif
}

int cpu_names(char ***out, size_t *n, struct err *err)
{
	struct data_list all;
	char **names;

	data_all(DATA_CPU, NULL, &all);
	names = calloc(all.n + 1, sizeof(*names));
	*n = names ? all.n : 0;
	for (size_t i = 0; i < *n; i++) {
		names[i] = all.v[i].name;	/* taken out of the list */
		all.v[i].name = NULL;
	}
	data_list_free(&all);
	*out = names;
	return names ? 0 : err_sys(err, ENOMEM, "processors");
}

static void cpu_free_names(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static int cpu_check_file(const struct conf *c, const struct cpu_file *f, struct err *err)
{
	char field[64];

	for (unsigned i = 0; i < f->n_events; i++) {
		snprintf(field, sizeof(field), "events[%u].native", i);
		if (!strncmp(f->events[i].native, "PMU::", 5) && !f->pmu)
			return conf_error(c, field, err, "PMU:: stands for the key pmu, which "
				"is missing");
	}
	if (!f->tlb.first.e4k)
		return conf_error(c, "tlb.first.4k", err, "must not be 0");
	return 0;
}

static int cpu_load_file(const char *name, struct cpu **out, struct err *err)
{
	struct cpu *cpu = calloc(1, sizeof(*cpu));
	char *path = NULL;
	int ret;

	if (!cpu)
		return err_sys(err, ENOMEM, "processor %s", name);
	snprintf(cpu->name, sizeof(cpu->name), "%s", name);
	ret = data_find(DATA_CPU, name, NULL, &path, err);
	if (!ret)
		ret = conf_open(path, &cpu->conf, err);
	if (!ret)
		ret = conf_load(cpu->conf, file_fields, &cpu->f, err);
	if (!ret)
		ret = cpu_check_file(cpu->conf, &cpu->f, err);
	free(path);
	if (ret) {
		cpu_free(cpu);
		return ret;
	}
	cpu->pmu = cpu->f.pmu ? cpu->f.pmu : "";
	*out = cpu;
	return 0;
}

void cpu_free(struct cpu *cpu)
{
	if (!cpu)
		return;
	conf_close(cpu->conf);
	free(cpu);
}

/* The line of the file that describes that processor, or NULL. */
static const struct cpu_match *cpu_match_of(const struct cpu *cpu, const struct cpu_id *id)
{
	if (strcmp(cpu->f.vendor, id->vendor))
		return NULL;
	for (unsigned i = 0; i < cpu->f.n_match; i++) {
		const struct cpu_match *m = &cpu->f.match[i];
		unsigned model_to = m->model_to ? m->model_to : m->model;
		unsigned stepping_to = m->stepping_to ? m->stepping_to : 15;

		if (m->family == id->family && id->model >= m->model &&
		    id->model <= model_to && id->stepping >= m->stepping_from &&
		    id->stepping <= stepping_to)
			return m;
	}
	return NULL;
}

/* Is it that one? Then its events are of the unit that the match names. */
static bool cpu_take(struct cpu *cpu, const struct cpu_id *id)
{
	const struct cpu_match *m = cpu_match_of(cpu, id);

	if (m && m->pmu)
		cpu->pmu = m->pmu;
	return m;
}

int cpu_load_id(const struct cpu_id *id, struct cpu **cpu, struct err *err)
{
	char **names;
	size_t n;
	int ret = cpu_names(&names, &n, err);
	bool found = false;

	if (ret)
		return ret;
	for (size_t i = 0; !ret && !found && i < n; i++) {
		ret = cpu_load_file(names[i], cpu, err);
		found = !ret && cpu_take(*cpu, id);
		if (!ret && !found)
			cpu_free(*cpu);
	}
	cpu_free_names(names, n);
	if (ret || found)
		return ret;
	*cpu = NULL;
	return err_machine(err, "no file in configs/cpus describes this processor (%s family "
			   "%u model %u stepping %u); name one with --cpu-model",
			   id->vendor, id->family, id->model, id->stepping);
}

static int cpu_load_name(const char *name, struct cpu **cpu, struct err *err)
{
	bool found = false;
	char **names;
	size_t n;
	int ret = cpu_names(&names, &n, err);

	if (ret)
		return ret;
	for (size_t i = 0; i < n; i++)
		found |= !strcmp(names[i], name);
	ret = found ? cpu_load_file(name, cpu, err)
		    : err_unknown(err, "processor", name, (const char *const *)names, n);
	cpu_free_names(names, n);
	return ret;
}

int cpu_load(const char *name, struct cpu **cpu, struct err *err)
{
	struct cpu_id id;

	if (name)
		return cpu_load_name(name, cpu, err);
	cpu_identify(&id);
	return cpu_load_id(&id, cpu, err);
}

char *cpu_event_native(const struct cpu *cpu, unsigned i)
{
	const char *native = cpu->f.events[i].native;
	char *out = NULL;

	if (strncmp(native, "PMU::", 5))
		return strdup(native);
	if (asprintf(&out, "%s%s", cpu->pmu, native + 3) < 0)
		return NULL;
	return out;
}

json_t *cpu_events_json(const struct cpu *cpu)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < cpu->f.n_events; i++) {
		char *native = cpu_event_native(cpu, i);

		json_array_append_new(a, json_pack("{s:s, s:s}", "name",
						   cpu->f.events[i].name,
						   "native", native ? native : ""));
		free(native);
	}
	return a;
}

/* --- the events that an agent counts --- */

#define PER_TURN (COUNTERS_GROUP - 1)	/* and the instructions */

static json_t *cpu_events_generic(void)
{
	json_t *a = json_array();

	for (size_t i = 0; i < counters_generic_n; i++)
		json_array_append_new(a, json_pack("{s:s, s:s}", "name",
						   counters_generic[i].name, "native",
						   counters_generic[i].native));
	return a;
}

/* A number that /proc/cpuinfo gave as text. */
static bool cpu_events_number_of(const json_t *cpu, const char *key, unsigned *value)
{
	const char *text = json_string_value(json_object_get(cpu, key));
	char *end;
	unsigned long n;

	if (!text || !*text)
		return false;
	n = strtoul(text, &end, 10);
	*value = n;
	return !*end && n <= 65535;
}

bool events_identify(const json_t *facts, struct cpu_id *id)
{
	const json_t *cpu = json_object_get(facts, "cpu");
	const char *vendor = json_string_value(json_object_get(cpu, "vendor"));

	if (!vendor || strlen(vendor) >= sizeof(id->vendor))
		return false;
	snprintf(id->vendor, sizeof(id->vendor), "%s", vendor);
	return cpu_events_number_of(cpu, "family", &id->family) &&
	       cpu_events_number_of(cpu, "model_number", &id->model) &&
	       cpu_events_number_of(cpu, "stepping", &id->stepping);
}

json_t *events_of(const json_t *facts, char table[static EVENTS_TABLE_MAX])
{
	struct err err = ERR_INIT;
	struct cpu *cpu = NULL;
	struct cpu_id id;
	json_t *events;

	if (!events_identify(facts, &id)) {
		snprintf(table, EVENTS_TABLE_MAX, "generic: the agent names no processor");
		return cpu_events_generic();
	}
	if (cpu_load_id(&id, &cpu, &err)) {
		snprintf(table, EVENTS_TABLE_MAX, "generic: %.*s",
			 (int)strcspn(err.text, ";"), err.text);
		return cpu_events_generic();
	}
	snprintf(table, EVENTS_TABLE_MAX, "%s", cpu->name);
	events = cpu_events_json(cpu);
	cpu_free(cpu);
	return events;
}

static bool cpu_events_is_instructions(const json_t *event)
{
	const char *name = json_string_value(json_object_get(event, "name"));

	return name && !strcmp(name, "instructions");
}

unsigned events_turns(const json_t *events)
{
	size_t i, others = 0;
	json_t *e;

	json_array_foreach(events, i, e)
		others += !cpu_events_is_instructions(e);
	return (others + PER_TURN - 1) / PER_TURN;
}

json_t *events_turn(const json_t *events, unsigned turn)
{
	unsigned turns = events_turns(events);
	size_t first = turns ? turn % turns * PER_TURN : 0, i, k = 0;
	json_t *group = json_array(), *e;

	json_array_foreach(events, i, e) {
		if (cpu_events_is_instructions(e) || (k >= first && k < first + PER_TURN))
			json_array_append(group, e);
		k += !cpu_events_is_instructions(e);
	}
	return group;
}
