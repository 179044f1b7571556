/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <argp.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cli.h"
#include "cpu.h"
#include "options.h"

struct options {
	const char *cpu_model;
	bool json, all;
};

static const struct argp_option table[] = {
	{ "cpu-model", 'm', "CPU", 0, "a processor other than this machine's", 0 },
	{ "list", 'l', NULL, 0, "only the names of all known processors", 0 },
	{ "json", 'j', NULL, 0, "print JSON", 0 },
	{ 0 },
};

static error_t cpu_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	if (key == 'm')
		o->cpu_model = arg;
	else if (key == 'l')
		o->all = true;
	else if (key == 'j')
		o->json = true;
	else if (key == ARGP_KEY_ARG)
		argp_error(state, "cpu takes options only");
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static json_t *cpu_tlb_json(const struct tlb *t)
{
	return json_pack("{s:i, s:i, s:i}", "4k", t->e4k, "2m", t->e2m, "1g", t->e1g);
}

static int cpu_print_names(bool json)
{
	json_t *list = json_array();
	struct err err = ERR_INIT;
	char **names;
	size_t n;

	if (cpu_names(&names, &n, &err))
		return cli_fail(&err);
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(list, json_string(names[i]));
		if (!json)
			puts(names[i]);
		free(names[i]);
	}
	free(names);
	if (json)
		return cli_print_json(list);
	json_decref(list);
	return EXIT_DONE;
}

static void cpu_print_entries(const char *what, const struct tlb *t)
{
	printf("%-14s %5u of 4K  %5u of 2M  %5u of 1G\n", what, t->e4k, t->e2m, t->e1g);
}

static void cpu_print_text(const struct cpu *cpu)
{
	printf("%s (%s)\n", cpu->f.title, cpu->name);
	cpu_print_entries("first TLB", &cpu->f.tlb.first);
	cpu_print_entries("second TLB", &cpu->f.tlb.second);
	printf("%-14s %s\n", "core unit", *cpu->pmu ? cpu->pmu : "unknown to libpfm4");
	puts("events");
	for (unsigned i = 0; i < cpu->f.n_events; i++) {
		char *native = cpu_event_native(cpu, i);

		printf("  %-24s %s\n", cpu->f.events[i].name, native ? native : "");
		free(native);
	}
}

int cli_cpu(int argc, char **argv)
{
	static const struct argp argp = {
		table, cpu_parse, "", "TLB sizes and event names of this machine's processor.",
		NULL, NULL, NULL,
	};
	struct options o = { 0 };
	struct err err = ERR_INIT;
	struct cpu *cpu = NULL;
	int ret = EXIT_DONE;

	options_parse(&argp, argc, argv, 0, &o);
	if (o.all)
		return cpu_print_names(o.json);
	if (cpu_load(o.cpu_model, &cpu, &err))
		return cli_fail(&err);
	if (o.json)
		ret = cli_print_json(json_pack("{s:s, s:s, s:o, s:o, s:o}",
					       "name", cpu->name, "title", cpu->f.title,
					       "first_tlb", cpu_tlb_json(&cpu->f.tlb.first),
					       "second_tlb", cpu_tlb_json(&cpu->f.tlb.second),
					       "events", cpu_events_json(cpu)));
	else
		cpu_print_text(cpu);
	cpu_free(cpu);
	return ret;
}
