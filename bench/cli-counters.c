/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <argp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "cli.h"
#include "counters.h"
#include "cpu.h"
#include "options.h"

struct options {
	const char *provider;
	bool json;
};

static const struct argp_option table[] = {
	{ "provider", 'p', "papi|perf|getrusage", 0, "only this one", 0 },
	{ "json", 'j', NULL, 0, "print JSON", 0 },
	{ 0 },
};

static error_t counters_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	if (key == 'p')
		o->provider = arg;
	else if (key == 'j')
		o->json = true;
	else if (key == ARGP_KEY_ARG)
		argp_error(state, "counters takes options only");
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

/* The software events, then the processor's own names or the generic ones. */
static int counters_open_all(const struct options *o, struct counters **c, struct err *err)
{
	struct counter_event ev[COUNTERS_MOST];
	struct counters_options co = { .events = ev, .provider = o->provider };
	struct cpu *cpu = NULL;
	json_t *events = NULL, *item;
	size_t i;
	int ret;

	memcpy(ev, counters_software, counters_software_n * sizeof(ev[0]));
	co.n = counters_software_n;
	if (!cpu_load(NULL, &cpu, NULL))
		events = cpu_events_json(cpu);
	json_array_foreach(events, i, item)
		if (co.n < COUNTERS_MOST)
			ev[co.n++] = (struct counter_event){
				json_string_value(json_object_get(item, "name")),
				json_string_value(json_object_get(item, "native")), true, 0,
			};
	for (i = 0; !events && i < counters_generic_n; i++)
		ev[co.n++] = counters_generic[i];
	ret = counters_new(c, &co, err);
	json_decref(events);
	cpu_free(cpu);
	return ret;
}

/* 500, 1000 and 2000 first writes must cause exactly as many minor faults. */
static json_t *cli_counters_self_test(const char *provider)
{
	static const unsigned pages[] = { 500, 1000, 2000 };
	json_t *counted = json_array();
	bool exact = true;

	for (int i = 0; i < 3; i++) {
		struct err err = ERR_INIT;
		uint64_t n = 0;

		if (counters_self_test(provider, pages[i], &n, &err)) {
			json_decref(counted);
			return json_pack("{s:s, s:s}", "provider", provider,
					 "unavailable", err.text);
		}
		exact &= n == pages[i];
		json_array_append_new(counted, json_integer(n));
	}
	return json_pack("{s:s, s:b, s:o}", "provider", provider, "exact", exact,
			 "counted", counted);
}

static json_t *counters_self_tests(const struct options *o, bool *failed)
{
	json_t *all = json_array();

	for (unsigned i = 0; counters_provider_name(i); i++) {
		const char *name = counters_provider_name(i);
		json_t *one;

		if (o->provider && strcmp(o->provider, name))
			continue;
		one = cli_counters_self_test(name);
		*failed |= json_is_false(json_object_get(one, "exact"));
		json_array_append_new(all, one);
	}
	return all;
}

static void counters_print_tests(const json_t *tests)
{
	size_t i;
	json_t *t;

	puts("\nself-test: minor faults of 500, 1000 and 2000 first writes");
	json_array_foreach(tests, i, t) {
		const json_t *n = json_object_get(t, "counted");
		const char *why = json_string_value(json_object_get(t, "unavailable"));

		printf("  %-10s ", json_string_value(json_object_get(t, "provider")));
		if (why)
			printf("unavailable: %s\n", why);
		else
			printf("%lld, %lld, %lld: %s\n",
			       json_integer_value(json_array_get(n, 0)),
			       json_integer_value(json_array_get(n, 1)),
			       json_integer_value(json_array_get(n, 2)),
			       json_is_true(json_object_get(t, "exact")) ? "exact" : "WRONG");
	}
}

static void counters_print_text(const struct counters *c, const json_t *events,
				const json_t *providers, double overhead)
{
	const char *last = "";
	size_t i;
	json_t *p;

	puts("providers, in the order of trying:");
	json_array_foreach(providers, i, p)
		printf("  %-10s %-8s %s\n", json_string_value(json_object_get(p, "name")),
		       json_is_true(json_object_get(p, "used")) ? "used" : "not used",
		       json_string_value(json_object_get(p, "why")));
	printf("\nevents, %u batch%s to count all, %.1f us to start and stop:\n",
	       counters_passes(c), counters_passes(c) == 1 ? "" : "es", overhead / 1e3);
	json_array_foreach(events, i, p) {
		const char *why = "", *by = counters_provider(c, i, &why);

		printf("  %-24s %-34s %s\n", json_string_value(json_object_get(p, "name")),
		       json_string_value(json_object_get(p, "native")), by ? by : "unavailable");
		/* Mostly it is the same reason for all of them. */
		if (!by && strcmp(last, why))
			printf("    %s\n", why);
		last = by ? "" : why;
	}
}

int cli_counters(int argc, char **argv)
{
	static const struct argp argp = {
		table, counters_parse, "",
		"Which events can be counted here, by whom, and whether the counts are right.",
		NULL, NULL, NULL,
	};
	struct counter_sum sums[COUNTERS_MOST] = { 0 };
	struct options o = { 0 };
	struct err err = ERR_INIT;
	struct counters *c = NULL;
	json_t *events, *providers, *tests;
	bool failed = false;
	double overhead;

	options_parse(&argp, argc, argv, 0, &o);
	if (counters_open_all(&o, &c, &err))
		return cli_fail(&err);
	overhead = counters_overhead(c);
	for (unsigned i = 0; i < counters_passes(c); i++) {
		counters_start(c, sums);
		counters_stop(c, sums, 1);
	}
	events = counters_json(c, sums);
	providers = counters_providers_json(c);
	tests = counters_self_tests(&o, &failed);
	if (!o.json) {
		counters_print_text(c, events, providers, overhead);
		counters_print_tests(tests);
	}
	counters_free(c);
	if (o.json)
		return cli_print_json(json_pack("{s:o, s:o, s:f, s:o}", "providers", providers,
						"events", events, "overhead_ns", overhead,
						"self_test", tests))
			? EXIT_MACHINE : failed ? EXIT_MACHINE : EXIT_DONE;
	json_decref(events);
	json_decref(providers);
	json_decref(tests);
	return failed ? EXIT_MACHINE : EXIT_DONE;
}
