/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "cli.h"
#include "cpu.h"
#include "model.h"
#include "options.h"
#include "params.h"
#include "proc.h"
#include "size.h"
#include "source.h"
#include "workload.h"

enum {
	OPT_SOURCE = 0x200, OPT_CPU, OPT_NODE, OPT_SEED, OPT_SAMPLES,
	OPT_SMALL, OPT_COUNTERS, OPT_MULTIPLEX, OPT_JSON, OPT_VERBOSE, OPT_TIMEOUT, OPT_INSIDE,
	OPT_PARAM = 0x1000,	/* + index into the workload's, then the common parameters */
};

static const struct argp_option common_options[] = {
	{ NULL, 0, NULL, 0, "Conditions:", 2 },
	{ "source", OPT_SOURCE, "SOURCE", 0, "where the memory comes from (default anon-4k; see list)", 2 },
	{ "cpu", OPT_CPU, "N", 0, "run on this CPU (default: the first that is ours)", 2 },
	{ "node", OPT_NODE, "N", 0, "memory of this NUMA node (default: the CPU's)", 2 },
	{ "seed", OPT_SEED, "N", 0, "of every random choice (default 1)", 2 },
	{ "samples", OPT_SAMPLES, "N", 0, "per series (default: the workload's); a sample is "
		"mostly a batch of 10 ms", 2 },
	{ "allow-small", OPT_SMALL, NULL, 0, "run sizes that fit in a cache, labelled", 2 },
	{ "timeout", OPT_TIMEOUT, "TIME", 0, "stop the run after 90s, 20m, ... (default: never)", 2 },
	{ NULL, 0, NULL, 0, "Output:", 3 },
	{ "in-process", OPT_INSIDE, NULL, 0, "run in this process, not in a child: for debuggers and valgrind", 2 },
	{ "counters", OPT_COUNTERS, NULL, 0, "count the processor's events too", 3 },
	{ "multiplex", OPT_MULTIPLEX, NULL, 0, "count all events at once instead of in passes", 3 },
	{ "verbose", OPT_VERBOSE, NULL, 0, "every rung of a ladder instead of a chart", 3 },
	{ "json", OPT_JSON, NULL, 0, "print the result as JSON", 3 },
	{ 0 },
};

#define OPTIONS_MOST 96
#define TIMEOUT_MOST_S (366 * 86400.0)

struct run_options {
	struct bench_request rq;
	const struct workload *w;
	bool json, verbose;
	double timeout_s;
	bool inside;		/* in this process, without a limit of time */
	struct argp_option table[OPTIONS_MOST];
	const struct param *params[OPTIONS_MOST];
	char help[OPTIONS_MOST][512];
	int n_params;
	json_t *values;
};

static double run_option_duration(const char *text)
{
	struct err err = ERR_INIT;
	double value;

	if (!duration_parse(text, &value, &err) && !(value > 0 && value <= TIMEOUT_MOST_S))
		err_config(&err, "'%s' must be above 0 and at most a year; without it there is "
			"no limit",
			   text);
	if (err.code)
		cli_refuse(&err, "timeout");
	return value;
}

/* A tree that is given again is added to: lists to lists, keys to keys. */
static void run_take_param(struct run_options *o, const struct param *p, const char *text)
{
	json_t *have = json_object_get(o->values, p->name), *tree;
	struct err err = ERR_INIT;

	if (p->type != PARAM_TREE) {
		json_object_set_new(o->values, p->name, json_string(text));
		return;
	}
	if (params_parse_tree(p->name, text, &tree, &err))
		cli_refuse(&err, p->name);
	if (json_is_object(tree) && json_is_object(have) && !json_object_get(tree, "name")) {
		json_object_update(have, tree);
		json_decref(tree);
		return;
	}
	/* One metric is a mapping, and two are a list. */
	if (!json_is_array(tree) && (have || json_object_get(tree, "name")))
		tree = json_pack("[o]", tree);
	if (json_is_array(have)) {
		json_array_extend(have, tree);
		json_decref(tree);
	} else {
		json_object_set_new(o->values, p->name, tree);
	}
}

/* All that comes after the options is the command, in words that need no quotes. */
static error_t run_take_command(struct run_options *o, struct argp_state *state)
{
	char *text = proc_command_text((const char *const *)&state->argv[state->next]);

	if (!text)
		return ENOMEM;
	if (json_object_get(o->values, "command"))
		argp_error(state, "the command is given twice, by --command and after the "
			"options");
	json_object_set_new(o->values, "command", json_string(text));
	free(text);
	state->next = state->argc;
	return 0;
}

static error_t run_parse(int key, char *arg, struct argp_state *state)
{
	struct run_options *o = state->input;

	switch (key) {
	case OPT_SOURCE:
		o->rq.source = arg;
		break;
	case OPT_CPU:
		o->rq.cpu = cli_number("cpu", arg, 0, 1 << 20);
		break;
	case OPT_NODE:
		o->rq.node = cli_number("node", arg, 0, 1 << 20);
		break;
	case OPT_SEED:
		o->rq.seed = cli_number("seed", arg, 0, INT64_MAX);
		break;
	case OPT_SAMPLES:
		o->rq.samples = cli_number("samples", arg, 1, 1000000);
		break;
	case OPT_SMALL:
		o->rq.allow_small = true;
		break;
	case OPT_TIMEOUT:
		o->timeout_s = run_option_duration(arg);
		break;
	case OPT_INSIDE:
		o->inside = true;
		break;
	case OPT_COUNTERS:
		o->rq.counters = true;
		break;
	case OPT_MULTIPLEX:
		o->rq.counters = o->rq.multiplex = true;
		break;
	case OPT_VERBOSE:
		o->verbose = true;
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case ARGP_KEY_END:
		if (o->inside && o->timeout_s > 0)
			argp_error(state, "--timeout ends a child, and --in-process has none");
		break;
	case ARGP_KEY_ARGS:
		if (!o->w->files)
			return ARGP_ERR_UNKNOWN;
		return run_take_command(o, state);
	case ARGP_KEY_ARG:
		if (o->w->files)
			return ARGP_ERR_UNKNOWN;
		argp_error(state, "one workload at a time, and '%s' is one too many", arg);
		break;
	default:
		if (key < OPT_PARAM || key >= OPT_PARAM + o->n_params)
			return ARGP_ERR_UNKNOWN;
		run_take_param(o, o->params[key - OPT_PARAM], arg ? arg : "true");
	}
	return 0;
}

static void run_describe(char *buf, size_t room, const struct param *p)
{
	char lo[SIZE_TEXT_MAX], hi[SIZE_TEXT_MAX];
	int n = snprintf(buf, room, "%s", p->help);

	if (p->max)
		n += snprintf(buf + n, room - n, " [%s..%s]", size_format(p->min, lo),
			      size_format(p->max, hi));
	if (*p->fallback)
		snprintf(buf + n, room - n, " (default %s)", p->fallback);
}

static bool run_has_param(const struct run_options *o, const char *name)
{
	for (int i = 0; i < o->n_params; i++)
		if (!strcmp(o->params[i]->name, name))
			return true;
	return false;
}

static void run_add_params(struct run_options *o, const struct param *table, int *used)
{
	for (; table && table->name && *used < OPTIONS_MOST - 20; table++) {
		struct argp_option *opt = &o->table[*used];

		if (run_has_param(o, table->name))
			continue;	/* the workload has its own of this name */
		o->params[o->n_params] = table;
		run_describe(o->help[o->n_params], sizeof(o->help[0]), table);
		opt->name = table->name;
		opt->key = OPT_PARAM + o->n_params;
		opt->arg = table->choices ? table->choices : param_type_name(table->type);
		opt->flags = table->type == PARAM_FLAG ? OPTION_ARG_OPTIONAL : 0;
		opt->doc = o->help[o->n_params];
		opt->group = 1;
		o->n_params++;
		(*used)++;
	}
}

/* The options of this workload: its parameters, then what all have. */
static void run_build_options(struct run_options *o)
{
	int used = 0;

	o->table[used].doc = "Parameters:";
	o->table[used++].group = 1;
	run_add_params(o, o->w->params, &used);
	run_add_params(o, common_params, &used);
	memcpy(&o->table[used], common_options, sizeof(common_options));
}

/* The first argument that names a workload, else the first that is not an option. */
static int run_workload_at(int argc, char **argv)
{
	const struct workload *w;
	int first = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--"))
			break;
		if (argv[i][0] == '-')
			continue;
		if (!workload_find(argv[i], &w, NULL))
			return i;
		first = first ? first : i;
	}
	return first;
}

static int run_usage(FILE *to, int code)
{
	fputs("Usage: kduel-bench run WORKLOAD [--<parameter> VALUE]... [OPTION...]\n"
	      "       kduel-bench run WORKLOAD --help\n\nWorkloads:", to);
	for (int i = 0; workloads[i]; i++)
		fprintf(to, " %s", workloads[i]->name);
	fputs("\n", to);
	return code;
}

static bool run_wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-?"))
			return true;
	return false;
}

static void run_show_progress(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "\r\033[K%s", text);
}

static int run_it(struct run_options *o)
{
	const struct bench_hooks hooks = { .progress = run_show_progress };
	bool live = isatty(STDERR_FILENO);
	struct err err = ERR_INIT;
	json_t *result = NULL, *events = NULL;
	char *text;
	struct cpu *cpu = NULL;
	int ret;

	/* A known processor has events of its own and a model; others have generic events. */
	if (!cpu_load(NULL, &cpu, NULL) && o->rq.counters)
		events = cpu_events_json(cpu);
	o->rq.events = events;
	o->rq.workload = o->w->name;
	o->rq.params = o->values;
	ret = o->inside ? bench_run_text(&o->rq, live ? &hooks : NULL, &text, &err)
			: bench_run_forked(&o->rq, live ? &hooks : NULL, o->timeout_s,
					   &text, &err);
	json_decref(events);
	if (live)
		fputs("\r\033[K", stderr);
	if (!ret) {
		result = json_loads(text, 0, NULL);
		free(text);
		ret = result ? 0 : err_sys(&err, ENOMEM, "result");
	}
	if (!ret && cpu)
		json_object_set_new(result, "model", model_check(cpu, result));
	cpu_free(cpu);
	if (ret)
		return cli_fail(&err);
	if (o->json) {
		result_add_machine(result);
		return cli_print_json(result);
	}
	result_print(result, o->verbose, stdout);
	json_decref(result);
	return EXIT_DONE;
}

/* Parses what is left once the workload is taken out of the arguments. */
static int cli_run_parse_and_run(struct run_options *o, int argc, char **argv, int at)
{
	struct argp argp = { .parser = run_parse, .options = o->table };
	char name[96], *doc = NULL;
	int ret;

	snprintf(name, sizeof(name), "kduel-bench run %s", o->w->name);
	memmove(&argv[at], &argv[at + 1], (argc - at) * sizeof(*argv));
	argv[0] = name;
	run_build_options(o);
	if (asprintf(&doc, "%s: %s.\vMain unit: %s.\n\n%s", o->w->name, o->w->help,
		     o->w->unit, o->w->method) < 0)
		doc = NULL;
	argp.doc = doc;
	/* The options of a command are its own. */
	options_parse(&argp, argc - 1, argv, o->w->files ? ARGP_IN_ORDER : 0, o);
	ret = run_it(o);
	free(doc);
	return ret;
}

int cli_run(int argc, char **argv)
{
	struct run_options *o;
	struct err err = ERR_INIT;
	int at = run_workload_at(argc, argv), ret;

	if (!at)
		return run_wants_help(argc, argv) ? run_usage(stdout, EXIT_DONE)
					      : run_usage(stderr, EXIT_CONFIG);
	o = calloc(1, sizeof(*o));
	if (!o) {
		err_sys(&err, ENOMEM, "run");
		return cli_fail(&err);
	}
	o->rq.cpu = o->rq.node = -1;
	o->rq.seed = 1;
	o->values = json_object();
	ret = workload_find(argv[at], &o->w, &err);
	ret = ret ? cli_fail(&err) : cli_run_parse_and_run(o, argc, argv, at);
	json_decref(o->values);
	free(o);
	return ret;
}
