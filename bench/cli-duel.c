/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <argp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "duel.h"
#include "options.h"
#include "params.h"
#include "size.h"

enum { OPT_RUNS = 0x200, OPT_WARMUP, OPT_METRIC, OPT_SEED, OPT_MARGIN, OPT_ENV, OPT_FOLDER, OPT_USER,
       OPT_LIMIT, OPT_CPU, OPT_JSON };

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "Runs:", 1 },
	{ "runs", OPT_RUNS, "N", 0, "exactly N pairs, at least 2 (default: looks after 6, 8, 10, 12, 16 and 20 pairs, and ends where one decides)", 1 },
	{ "warmup", OPT_WARMUP, "N", 0, "runs of each before those that count (default 1)", 1 },
	{ "seed", OPT_SEED, "N", 0, "of the order in each pair (default 1)", 1 },
	{ "cpu", OPT_CPU, "N", 0, "run both on this CPU alone (default: on all that are ours)", 1 },
	{ "limit", OPT_LIMIT, "TIME", 0, "time limit of one run: 90s, 5m (default 120s)", 1 },
	{ "env", OPT_ENV, "NAME=VALUE", 0, "set in the environment of both; may be given several times", 1 },
	{ "folder", OPT_FOLDER, "PATH", 0, "to run both in", 1 },
	{ "user", OPT_USER, "WHO", 0, "to run both as: nobody, UID or UID:GID", 1 },
	{ NULL, 0, NULL, 0, "What is judged:", 2 },
	{ "metric", OPT_METRIC, "M", 0, "a number in what both print, instead of wall_time: { name: n, regex: 'avg ([0-9.]+)', unit: us, better: lower } as in a config, or NAME[:lower|:higher]=REGEX; may be given several times", 2 },
	{ "margin", OPT_MARGIN, "SHARE", 0, "D of \"not worse than D\" (default 1%)", 2 },
	{ NULL, 0, NULL, 0, "Output:", 3 },
	{ "json", OPT_JSON, NULL, 0, "all values and verdicts as JSON", 3 },
	{ 0 },
};

static const char doc[] =
	"Runs two commands in pairs, in random order, and says whether B is better or worse "
	"than A, as a campaign judges its arms.\v"
	"A and B are one argument each, split at blanks with '...' and \"...\" as in a shell, "
	"but no shell runs them: for pipes write sh -c '...'. The first run that fails ends the "
	"duel. Exit codes: 0 B is better or not worse, 1 it is worse, 2 usage, 3 a run failed, "
	"4 undecided.";

struct duel_options {
	struct duel duel;
	json_t *common, *metrics;
	const char *commands[2];
	int n;
	struct proc_cpus cpus;
	bool json;
};

/* "lat:lower=avg ([0-9.]+)" is a metric without a unit. */
static json_t *duel_short_metric(const char *text, struct err *err)
{
	const char *equals = strchr(text, '='), *colon;
	char name[80];

	if (!equals || equals - text >= (long)sizeof(name)) {
		err_config(err, "'%.80s' is neither { name: ... } nor NAME[:lower|:higher]=REGEX", text);
		return NULL;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
	colon = strchr(name, ':');
	name[colon ? colon - name : (long)strlen(name)] = '\0';
	return json_pack("{s:s, s:s, s:s, s:s}", "name", name, "regex", equals + 1,
			 "unit", "count", "better", colon ? colon + 1 : "none");
}

static void duel_take_metric(struct duel_options *o, const char *text)
{
	struct err err = ERR_INIT;
	json_t *tree = NULL;

	if (*text == '{')
		params_parse_tree("--metric", text, &tree, &err);
	else
		tree = duel_short_metric(text, &err);
	if (err.code)
		cli_refuse(&err, "metric");
	json_array_append_new(o->metrics, tree);
}

static void duel_take_env(struct duel_options *o, const char *text, struct argp_state *state)
{
	json_t *env = json_object_get(o->common, "env");
	const char *equals = strchr(text, '=');
	char name[256];

	if (!equals || equals == text || equals - text >= (long)sizeof(name))
		argp_error(state, "--env: must be NAME=VALUE");
	snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
	if (!env)
		json_object_set_new(o->common, "env", env = json_object());
	json_object_set_new(env, name, json_string(equals + 1));
}

static void duel_take_margin(struct duel_options *o, const char *text)
{
	struct err err = ERR_INIT;

	if (share_parse(text, &o->duel.margin, &err))
		cli_refuse(&err, "margin");
}

static error_t duel_parse(int key, char *arg, struct argp_state *state)
{
	struct duel_options *o = state->input;

	switch (key) {
	case OPT_RUNS:
		o->duel.most = cli_number("runs", arg, 2, DUEL_PAIRS_MAX);
		o->duel.looks = false;
		break;
	case OPT_WARMUP:
		o->duel.warmup = cli_number("warmup", arg, 0, 1000);
		break;
	case OPT_SEED:
		o->duel.seed = cli_number("seed", arg, 0, INT64_MAX);
		break;
	case OPT_CPU:
		memset(&o->cpus, 0, sizeof(o->cpus));
		CPU_SET_S(cli_number("cpu", arg, 0, 8 * sizeof(o->cpus) - 1), sizeof(o->cpus),
			  o->cpus.set);
		o->duel.cpus = &o->cpus;
		break;
	case OPT_METRIC:
		duel_take_metric(o, arg);
		break;
	case OPT_MARGIN:
		duel_take_margin(o, arg);
		break;
	case OPT_ENV:
		duel_take_env(o, arg, state);
		break;
	case OPT_FOLDER:
	case OPT_USER:
	case OPT_LIMIT:
		json_object_set_new(o->common, key == OPT_FOLDER ? "folder" :
				    key == OPT_USER ? "user" : "limit", json_string(arg));
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case ARGP_KEY_ARG:
		if (o->n == 2)
			argp_error(state, "two commands, each in quotes, and '%s' is one too many", arg);
		o->commands[o->n++] = arg;
		break;
	case ARGP_KEY_END:
		if (o->n != 2)
			argp_error(state, "give two commands, each in quotes: 'A' 'B'");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static int duel_exit(const struct duel *d)
{
	switch (duel_verdict(d)) {
	case VERDICT_REGRESSED:
		return EXIT_REGRESSION;
	case VERDICT_INCONCLUSIVE:
	case VERDICT_NOT_COMPARABLE:
		return EXIT_INCOMPLETE;
	default:
		return EXIT_DONE;
	}
}

/* The command is in a process group of its own, and Ctrl-C reaches only ours. */
static void duel_on_signal(int signo)
{
	exec_child_kill();
	signal(signo, SIG_DFL);
	raise(signo);
}

static int duel_it(struct duel_options *o)
{
	struct duel *d = &o->duel;
	bool live = isatty(STDERR_FILENO);
	struct err err = ERR_INIT;
	int ret;

	signal(SIGINT, duel_on_signal);
	signal(SIGTERM, duel_on_signal);
	signal(SIGHUP, duel_on_signal);
	ret = duel_begin(d, &err);
	while (!ret && duel_goes_on(d)) {
		ret = duel_pair(d, &err);
		if (live)
			fprintf(stderr, "\r\033[Kpair %u of %s%u", d->pairs,
				d->looks ? "at most " : "", d->most);
	}
	if (live)
		fputs("\r\033[K", stderr);
	if (ret)
		ret = cli_fail(&err);
	else if (o->json)
		ret = cli_print_json(duel_json(d));
	else
		duel_print(d, stdout);
	ret = ret ? ret : duel_exit(d);
	duel_release(d);
	return ret;
}

int cli_duel(int argc, char **argv)
{
	static const struct argp argp = { options, duel_parse, "'A' 'B'", doc, NULL, NULL, NULL };
	struct duel_options o = {
		.common = json_object(), .metrics = json_array(),
		.duel = { .seed = 1, .warmup = 1, .most = 20, .looks = true },
	};
	json_t *params[2];
	int ret;

	options_parse(&argp, argc, argv, 0, &o);
	if (json_array_size(o.metrics))
		json_object_set(o.common, "metrics", o.metrics);
	for (int i = 0; i < 2; i++) {
		params[i] = json_deep_copy(o.common);
		json_object_set_new(params[i], "command", json_string(o.commands[i]));
		o.duel.params[i] = params[i];
	}
	ret = duel_it(&o);
	for (int i = 0; i < 2; i++)
		json_decref(params[i]);
	json_decref(o.common);
	json_decref(o.metrics);
	return ret;
}
