/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu-events.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "lib/counters.h"

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
