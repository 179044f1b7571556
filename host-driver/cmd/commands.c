/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backing/backing.h"
#include "bench/workload.h"
#include "data.h"
#include "err.h"
#include "export/export.h"
#include "options.h"

const struct command commands[] = {
	{ "plan", "decide what will be run, and in which order", cmd_plan,
	  COMMAND_CONFIG | COMMAND_JSON },
	{ "build", "build kernels, or take them from the cache", cmd_build, 0 },
	{ "list", "show what there is, and where it is found", cmd_list,
	  COMMAND_JSON },
	{ "prune", "free the cache of what was not used for long", cmd_prune, 0 },
	{ "try", "make a campaign of a patch, a range or two images, and run it",
	  cmd_try, 0 },
	{ "bisect", "find the commit that changed a figure, by verdicts", cmd_bisect, 0 },
	{ "run", "boot every arm, measure, compare and report", cmd_run,
	  COMMAND_CONFIG },
	{ "shell", "boot an arm to a prompt, in the machine under test or its guest",
	  cmd_shell, 0 },
	{ "watch", "show a campaign while it runs", cmd_watch, COMMAND_FOLDER },
	{ "compare", "judge every arm against the baseline", cmd_compare,
	  COMMAND_FOLDER | COMMAND_JSON },
	{ "verify", "check claims against results", cmd_verify, COMMAND_JSON },
	{ "judge", "judge what other programs measured", cmd_judge, COMMAND_JSON },
	{ "why", "tell which functions make the difference between arms", cmd_why, 0 },
	{ "doctor", "tell why memory is not huge, or if a machine measures well", cmd_doctor,
	  COMMAND_JSON },
	{ "report", "write the report of a results folder", cmd_report, COMMAND_FOLDER },
	{ "plot", "draw one figure of a results folder", cmd_plot, 0 },
	{ "power", "tell how many blocks an effect needs", cmd_power,
	  COMMAND_CONFIG },
	{ "aa", "run one kernel as two arms", cmd_aa, COMMAND_CONFIG },
	{ "trend", "follow ratios over campaigns and find their changes", cmd_trend,
	  COMMAND_FOLDER | COMMAND_JSON },
	{ "history", "list the campaigns in results folders", cmd_history,
	  COMMAND_FOLDER | COMMAND_JSON },
	{ "export", "write results for other programs", cmd_export, COMMAND_FOLDER },
	{ "dashboard", "make a page of many campaigns", cmd_dashboard, COMMAND_FOLDER },
	{ "bundle", "pack a results folder into one file that can be verified", cmd_bundle, 0 },
	{ "merge", "make one results folder of several of the same plan",
	  cmd_merge, COMMAND_FOLDER },
	{ "help", "list the verbs, or show one verb's options", cmd_help, 0 },
	{ NULL, NULL, NULL, 0 },
};

static const struct command *commands_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static void commands_list(FILE *to)
{
	fputs("usage: kduel <verb> [options]\n\n", to);
	for (const struct command *c = commands; c->name; c++)
		fprintf(to, "  %-9s %s\n", c->name, c->help);
	fputs("\nkduel help <verb> or kduel <verb> --help shows the options;\n"
	      "man kduel-<verb> explains them.\n", to);
}

static int commands_unknown(const char *name)
{
	const char *names[sizeof(commands) / sizeof(commands[0])];
	static const char *const options[] = { "--help", "--version" };
	struct err err = ERR_INIT;
	size_t n = 0;

	for (const struct command *c = commands; c->name; c++)
		names[n++] = c->name;
	if (*name == '-')
		err_unknown(&err, "option", name, options, 2);
	else
		err_unknown(&err, "verb", name, names, n);
	return command_fail(&err);
}

/* Options that a verb answers even if operands are missing. */
static bool commands_asks_for_help(int argc, char **argv)
{
	static const char *const ask[] = { "--help", "-?", "--usage",
					   "--version", "-V" };

	for (int i = 1; i < argc; i++)
		for (size_t k = 0; k < sizeof(ask) / sizeof(ask[0]); k++)
			if (!strcmp(argv[i], ask[k]))
				return true;
	return false;
}

static bool commands_has_option(int argc, char **argv, const char *option)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], option))
			return true;
	return false;
}

/* Checks for required operands, with an error in argp's form. */
static int commands_check_policy(const struct command *c, int argc, bool json, struct err *err)
{
	const char *thing = c->flags & COMMAND_CONFIG ? "campaign" : "results folder";
	const char *example = c->flags & COMMAND_CONFIG ? "configs/dax-huge.yaml"
							: "results/<campaign>";

	if (!(c->flags & (COMMAND_CONFIG | COMMAND_FOLDER)) || argc > 1)
		return EXIT_DONE;
	err_config(err, "which %s? e.g. kduel %s %s", thing, c->name, example);
	if (json)
		return command_fail(err);
	fflush(stdout);
	fprintf(stderr, "kduel %s: %s\nTry `kduel %s --help' or `kduel %s --usage' for more information.\n",
		c->name, err->text, c->name, c->name);
	return err->exit;
}

static int commands_run(const struct command *c, int argc, char **argv)
{
	bool json = (c->flags & COMMAND_JSON) && commands_has_option(argc, argv, "--json");
	struct err err = ERR_INIT;
	int code = EXIT_DONE;
	char name[64];

	command_errors_in_json(json);
	if (program_need_files(&err))
		return command_fail(&err);
	if (!commands_asks_for_help(argc, argv))
		code = commands_check_policy(c, argc, json, &err);
	if (code)
		return code;
	snprintf(name, sizeof(name), "kduel %s", c->name);
	argv[0] = name;
	return c->run(argc, argv);
}

/* A full disk behind stdout must not look like success, even for argp's own texts. */
static void commands_close_stdout(void)
{
	struct err err = ERR_INIT;

	if (!fflush(stdout) && !ferror(stdout))
		return;
	err_sys(&err, errno, "cannot write the output");
	command_errors_in_json(false);
	_exit(command_fail(&err));
}

static void commands_print_version(FILE *to, struct argp_state *state)
{
	(void)state;
	fputs("kduel " KDUEL_VERSION "\n", to);
}

int command_main(int argc, char **argv)
{
	const struct command *c;

	argp_program_version_hook = commands_print_version;
	argp_err_exit_status = EXIT_CONFIG;
	atexit(commands_close_stdout);
	if (argc < 2) {
		commands_list(stderr);
		return EXIT_CONFIG;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		commands_print_version(stdout, NULL);
		return EXIT_DONE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		commands_list(stdout);
		return EXIT_DONE;
	}
	c = commands_find(argv[1]);
	return c ? commands_run(c, argc - 1, argv + 1) : commands_unknown(argv[1]);
}

static void commands_data(enum data_kind kind)
{
	struct data_list all;

	data_all(kind, NULL, &all);
	for (size_t i = 0; i < all.n; i++)
		options_offer(all.v[i].name, NULL);
	data_list_free(&all);
}

/* Prints the names of a kind ("KERNEL", see lib/options.h) for a shell's completion. */
static void commands_offer(const char *kind)
{
	if (!strcmp(kind, "CONFIG"))
		commands_data(DATA_CONFIG);
	else if (!strcmp(kind, "KERNEL"))
		commands_data(DATA_KERNEL);
	else if (!strcmp(kind, "CLAIMS"))
		commands_data(DATA_CLAIMS);
	else if (!strcmp(kind, "CPU"))
		commands_data(DATA_CPU);
	else if (!strcmp(kind, "BACKING"))
		for (size_t i = 0; backing_kinds[i]; i++)
			options_offer(backing_kinds[i]->name, backing_kinds[i]->help);
	else if (!strcmp(kind, "WORKLOAD"))
		for (size_t i = 0; workloads[i]; i++)
			options_offer(workloads[i]->name, workloads[i]->help);
	else if (!strcmp(kind, "FORMAT"))
		for (size_t i = 0; export_format(i); i++)
			options_offer(export_format(i)->name, export_format(i)->help);
	else if (!strcmp(kind, "FORM"))
		for (size_t i = 0; command_report_forms[i]; i++)
			options_offer(command_report_forms[i], NULL);
}

/*
 * Prints the completions of the last word after "kduel", one per line, for shells; from
 * the verbs' own tables of options.
 */
static int commands_complete(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2 || !strcmp(argv[0], "help")) {
		for (c = commands; c->name; c++)
			options_offer(c->name, c->help);
		return EXIT_DONE;
	}
	c = commands_find(argv[0]);
	if (!c)
		return EXIT_DONE;
	options_complete(commands_offer);
	return c->run(argc, argv);
}

int cmd_help(int argc, char **argv)
{
	char ask[] = "--help";
	char *args[] = { NULL, ask, NULL };
	const struct command *c;

	if (argc > 1 && !strcmp(argv[1], "--complete"))
		return commands_complete(argc - 2, argv + 2);
	if (argc > 2) {
		struct err err = ERR_INIT;

		err_config(&err, "help: one verb at a time, not also '%s'", argv[2]);
		return command_fail(&err);
	}
	if (argc < 2 || argv[1][0] == '-') {
		commands_list(stdout);
		return EXIT_DONE;
	}
	c = commands_find(argv[1]);
	if (!c)
		return commands_unknown(argv[1]);
	return c->run == cmd_help ? (commands_list(stdout), EXIT_DONE)
				  : commands_run(c, 2, args);
}
