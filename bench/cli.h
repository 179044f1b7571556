/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verbs of kduel-bench: one cli-<verb>.c each, one line in main.c. Each
 * parses its own options with argp and returns an exit code (lib/exit.h).
 */
#ifndef KDUEL_CLI_H
#define KDUEL_CLI_H

#include <stdio.h>
#include <jansson.h>

#include "err.h"

struct cli_verb {
	const char *name;
	const char *help;
	int (*run)(int argc, char **argv);
};

int cli_list(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_cpu(int argc, char **argv);
int cli_counters(int argc, char **argv);
int cli_model(int argc, char **argv);

/* Prints "kduel-bench: <text>" and returns the error's exit code. */
int cli_fail(const struct err *err);

/* Prints JSON, indented, keys in their order, and frees it. EXIT_DONE. */
int cli_print_json(json_t *j);

/* A result for people (result-text.c). */
void result_print(const json_t *result, FILE *out);

#endif
