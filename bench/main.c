/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel-bench: the workloads by themselves, without any VM. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "cpu.h"
#include "err.h"
#include "file.h"
#include "options.h"
#include "source.h"
#include "workload.h"

static const struct cli_verb verbs[] = {
	{ "list", "the workloads and the sources of memory", cli_list },
	{ "run", "run a workload", cli_run },
	{ "compare", "two results of run --json beside each other", cli_compare },
	{ "duel", "run two commands in turns, and judge them", cli_duel },
	{ "cpu", "TLB sizes and event names of this processor", cli_cpu },
	{ "counters", "which events can be counted here, by whom; self-test", cli_counters },
	{ "model", "what the TLBs should do with an access pattern", cli_model },
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* A result that was not written must not look like one that was. */
static void main_close_stdout(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return;
	fprintf(stderr, "kduel-bench: cannot write the output: %s\n", strerror(errno));
	_exit(EXIT_MACHINE);
}

static int main_usage(FILE *to, int code)
{
	fputs("Usage: kduel-bench VERB [OPTION...]\n"
	      "       kduel-bench                   latency, bandwidth, TLBs, page size: one screen\n"
	      "\nVerbs:\n", to);
	for (size_t i = 0; i < N_VERBS; i++)
		fprintf(to, "  %-10s %s\n", verbs[i].name, verbs[i].help);
	fputs("\nkduel-bench VERB --help tells more. Exit codes: 0 done, 1 a duel\n"
	      "finds B worse, 2 usage, 3 this machine cannot do it, 4 a duel is undecided.\n", to);
	return code;
}

static void main_values(const char *kind)
{
	char **names = NULL;
	size_t n = 0;

	if (!strcmp(kind, "SOURCE"))
		for (const struct source *s = sources; s->name; s++)
			options_offer(s->name, s->help);
	if (!strcmp(kind, "CPU") && !cpu_names(&names, &n, NULL))
		for (size_t i = 0; i < n; i++) {
			options_offer(names[i], NULL);
			free(names[i]);
		}
	free(names);
}

/* Completes the words after "kduel-bench", as kduel help --complete does. */
static int main_complete(int argc, char **argv)
{
	size_t v = 0;

	while (argc > 1 && v < N_VERBS && strcmp(verbs[v].name, argv[0]))
		v++;
	if (argc < 2)
		for (size_t i = 0; i < N_VERBS; i++)
			options_offer(verbs[i].name, verbs[i].help);
	else if (argc == 2 && !strcmp(argv[0], "run"))
		for (size_t i = 0; workloads[i]; i++)
			options_offer(workloads[i]->name, workloads[i]->help);
	else if (v < N_VERBS && verbs[v].run != cli_compare) {
		options_complete(main_values);
		return verbs[v].run(argc, argv);
	} else
		options_offer(":files", NULL);
	return EXIT_DONE;
}

static int main_run(int argc, char **argv)
{
	static const char *const options[] = { "--help", "--version" };
	const char *names[N_VERBS];
	struct err err = ERR_INIT;
	char name[64];

	for (size_t i = 0; i < N_VERBS; i++) {
		names[i] = verbs[i].name;
		if (strcmp(argv[0], names[i]))
			continue;
		snprintf(name, sizeof(name), "kduel-bench %s", names[i]);
		argv[0] = name;
		return verbs[i].run(argc, argv);
	}
	if (*argv[0] == '-')
		err_unknown(&err, "option", argv[0], options, 2);
	else
		err_unknown(&err, "verb", argv[0], names, N_VERBS);
	return cli_fail(&err);
}

/* "help", "help run": what --help prints of the program, and of a verb. */
static int main_help(int argc, char **argv)
{
	char ask[] = "--help", *of_verb[] = { argv[1], ask, NULL };

	if (argc < 2 || *argv[1] == '-' || !strcmp(argv[1], "help"))
		return main_usage(stdout, EXIT_DONE);
	return main_run(2, of_verb);
}

int main(int argc, char **argv)
{
	program_begin();
	/* A usage error is exit code 2 in every program of kduel. */
	argp_err_exit_status = EXIT_CONFIG;
	atexit(main_close_stdout);
	if (argc < 2)
		return cli_screen();
	if (argc > 2 && !strcmp(argv[1], "help") && !strcmp(argv[2], "--complete"))
		return main_complete(argc - 3, argv + 3);
	if (!strcmp(argv[1], "--help"))
		return main_usage(stdout, EXIT_DONE);
	if (!strcmp(argv[1], "help"))
		return main_help(argc - 1, argv + 1);
	if (!strcmp(argv[1], "--version")) {
		puts("kduel-bench " KDUEL_VERSION);
		return EXIT_DONE;
	}
	return main_run(argc - 1, argv + 1);
}
