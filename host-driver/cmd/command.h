/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verbs of kduel.
 *
 * A verb is one file cmd-<verb>.c that exports cmd_<verb>(), one line in the
 * table of commands.c, and one manual page docs/man/kduel-<verb>.1;
 * tests/cli/test-commands checks that they agree. What verbs share is in
 * command.c.
 *
 *	int cmd_compare(int argc, char **argv)
 *	{
 *		struct err err = ERR_INIT;
 *		struct options o = { .json = false };
 *
 *		argp_parse(&argp, argc, argv, 0, NULL, &o);
 *		if (compare(&o, &err))
 *			return command_fail(&err);
 *		return EXIT_DONE;
 *	}
 *
 * argv[0] is "kduel <verb>", so that argp's texts name the verb. Usage errors
 * that argp finds exit with EXIT_CONFIG by themselves.
 */
#ifndef KDUEL_COMMAND_H
#define KDUEL_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "err.h"

/* Policies, enforced by command_main() before the verb is called. */
enum command_flags {
	COMMAND_CONFIG = 1 << 0,	/* needs a CONFIG or plan operand */
	COMMAND_FOLDER = 1 << 1,	/* needs a results folder as operand */
	COMMAND_JSON = 1 << 2,		/* has --json: errors are then JSON as well */
};

struct command {
	const char *name;
	const char *help;	/* one line, without a full stop */
	int (*run)(int argc, char **argv);	/* returns an exit code */
	unsigned flags;
};

/* The table, in the order of the work; ends with a NULL name. */
extern const struct command commands[];

/* Finds the verb in argv and runs it; the program's exit code. */
int command_main(int argc, char **argv);

/*
 * The only place that prints an error: "kduel: <text>" on stderr and, if the verb was
 * given --json, {"error":...,"exit":...} on stdout too, so that a reader of JSON always
 * finds some. Returns the exit code that belongs to it.
 */
int command_fail(const struct err *err);

/*
 * The verb's only operand, in ARGP_KEY_ARG: `*operand` becomes `arg`, and a second one
 * is a usage error. `thing` names the kind of operand: "campaign ", or "".
 */
struct argp_state;
void command_operand(struct argp_state *state, const char **operand, const char *arg,
		     const char *thing);

/* An argument that is a path; a usage error if it is empty. For --output "-" is stdout. */
const char *command_path(struct argp_state *state, const char *option, const char *arg);

/*
 * An output must not overwrite its input: EXIT_CONFIG if the file `out` is `from`, or
 * one that belongs to a results folder. `out` may be NULL.
 */
int command_check_output(const char *out, const char *from, struct err *err);

/* The argument of --blocks; a usage error unless it is 1 to 1000. */
unsigned command_blocks(struct argp_state *state, const char *arg);
/* The argument of --min-segment; a usage error unless it is 4 to 1000. */
size_t command_segment(struct argp_state *state, const char *arg);

/*
 * What follows "--" is a command of the user's, which argp would take for operands.
 * Removes it from `argc` and returns it, terminated by NULL; NULL if there is none.
 */
char **command_split(int *argc, char **argv);

/* Set by the dispatcher: the verb prints JSON, so its errors are JSON, too. */
void command_errors_in_json(bool json);

bool command_is_folder(const char *path);

/*
 * What kduel run does with a plan: runs it, compares, publishes the report and prints
 * the verdicts; or lets `then` (may be NULL), which is called with the report of a complete
 * campaign, print them. Prints errors, and returns an exit code.
 */
struct plan;
struct campaign_options;
struct report;
typedef void (*command_report_fn)(const struct report *r, void *arg);
int command_campaign(const struct plan *p, const struct campaign_options *o, bool strict,
		     command_report_fn then, void *arg, struct err *err);

/*
 * The keys of the options that try and bisect share: what the kernels are built from and
 * what is measured. Each verb's table has its own help texts for them.
 */
struct try_wish;
enum {
	WISH_GIT = 1024, WISH_CONFIG, WISH_ADD_NEEDED, WISH_CELLS, WISH_WORKLOAD, WISH_EXACT,
	WISH_MACHINE
};
/* Handles the option if it is one of these; else returns false. */
bool command_wish_parse(struct try_wish *w, int key, const char *arg, struct argp_state *state);
/* A usage error if they cannot be combined. */
void command_wish_check(const struct try_wish *w, struct argp_state *state);

/* The argument of --margin, a share; a usage error if it is not one. */
double command_margin(struct argp_state *state, const char *arg);

/* Prints to stdout, indented. Takes the reference. */
void command_print_json(json_t *json);

/* "3d", "5h", "20m": an age for people, rounded down. Returns `buf`. */
const char *command_age_text(double seconds, char buf[static 24]);

/*
 * Results folders as operands: one that holds results stands for itself, another one for
 * all below it that do, in the order of their names. One without any is passed on as it
 * is, so that `each` reports what is wrong. Stops at the first non-zero result and
 * returns it.
 */
typedef int (*command_folder_fn)(void *arg, const char *folder, struct err *err);
int command_folders(char *const *operands, size_t n, command_folder_fn each, void *arg,
		    struct err *err);

/*
 * What trend and the figure history follow: all campaigns of these operands, in order of
 * time. Left-out folders are reported on stderr. Release `t` whatever the outcome.
 */
struct trend;
int command_trend(char *const *operands, size_t n, size_t min_segment, struct trend *t,
		  struct err *err);

/* The values of report's --format; ends with NULL. */
extern const char *const command_report_forms[];

/* One for each verb, in the order of the table. */
int cmd_plan(int argc, char **argv);
int cmd_build(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_prune(int argc, char **argv);
int cmd_try(int argc, char **argv);
int cmd_bisect(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_judge(int argc, char **argv);
int cmd_why(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_power(int argc, char **argv);
int cmd_aa(int argc, char **argv);
int cmd_trend(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_dashboard(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_bundle(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_shell(int argc, char **argv);
int cmd_help(int argc, char **argv);

#endif
