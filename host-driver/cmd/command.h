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
	COMMAND_JSON = 1 << 2,		/* has --json: errors are JSON then, too */
};

struct command {
	const char *name;
	const char *help;	/* one line, no final stop */
	int (*run)(int argc, char **argv);	/* returns an exit code */
	unsigned flags;
};

/* The table, in the order of the work; ends with a NULL name. */
extern const struct command commands[];

/* Finds the verb in argv and runs it; the program's exit code. */
int command_main(int argc, char **argv);

/*
 * The one place that prints an error: "kduel: <text>" on stderr, and, where
 * the verb was given --json, {"error":...,"exit":...} on stdout, so that whoever
 * reads JSON there always finds some. Returns the exit code that belongs to it.
 */
int command_fail(const struct err *err);

/*
 * The verb's one operand, in ARGP_KEY_ARG: `*operand` becomes `arg`, and a
 * second one is a usage error. `thing` says one of what: "campaign ", or "".
 */
struct argp_state;
void command_operand(struct argp_state *state, const char **operand, const char *arg,
		     const char *thing);

/* An argument that is a path; a usage error if it is empty. "-" of --output is stdout. */
const char *command_path(struct argp_state *state, const char *option, const char *arg);

/*
 * What is written must not be what it is made from: EXIT_CONFIG if the file
 * `out` is `from`, or what the journal vouches for in a results folder. NULL
 * for `out` is fine.
 */
int command_check_output(const char *out, const char *from, struct err *err);

/* The argument of --blocks; a usage error unless it is 1 to 1000. */
unsigned command_blocks(struct argp_state *state, const char *arg);
/* The argument of --min-segment; a usage error unless it is 4 to 1000. */
size_t command_segment(struct argp_state *state, const char *arg);

/*
 * What stands behind "--" is a command of the user's; argp would take it for operands.
 * Cuts it off `argc`; NULL if there is none. It ends with NULL.
 */
char **command_split(int *argc, char **argv);

/* Set by the dispatcher: the verb prints JSON, so its errors are JSON, too. */
void command_errors_in_json(bool json);

bool command_is_folder(const char *path);

/*
 * What kduel run does with a plan: runs it, compares, publishes the report and
 * prints the verdicts. `then` (may be NULL) is given the report of a campaign that
 * is complete. Returns an exit code, errors being printed.
 */
struct plan;
struct campaign_options;
struct report;
typedef void (*command_report_fn)(const struct report *r, void *arg);
int command_campaign(const struct plan *p, const struct campaign_options *o, bool strict,
		     command_report_fn then, void *arg, struct err *err);

/*
 * The options that try and bisect share: what kernels are made of and what is measured.
 * Their tables say in their own words what each means, with these keys.
 */
struct try_wish;
enum {
	WISH_GIT = 1024, WISH_CONFIG, WISH_ADD_NEEDED, WISH_CELLS, WISH_WORKLOAD, WISH_EXACT,
	WISH_MACHINE
};
/* Is it one of these keys? Then it is taken. */
bool command_wish_parse(struct try_wish *w, int key, const char *arg, struct argp_state *state);
/* A usage error if they do not go together. */
void command_wish_check(const struct try_wish *w, struct argp_state *state);

/* The argument of --margin, a share; a usage error if it is not one. */
double command_margin(struct argp_state *state, const char *arg);

/* On stdout, in many lines. Frees the value. */
void command_print_json(json_t *json);

/* "3d", "5h", "20m": an age for people, rounded down. Returns `buf`. */
const char *command_age_text(double seconds, char buf[static 24]);

/*
 * Results folders as operands: one that holds results stands for itself, another for
 * all below it that do, in the order of their names. One without any is passed on as
 * it is, for `each` to say what is wrong. Stops at and returns what is not 0.
 */
typedef int (*command_folder_fn)(void *arg, const char *folder, struct err *err);
int command_folders(char *const *operands, size_t n, command_folder_fn each, void *arg,
		    struct err *err);

/*
 * What trend and the figure history follow: all campaigns of these operands, in order of
 * time. What was left out is told on stderr. Always to be released.
 */
struct trend;
int command_trend(char *const *operands, size_t n, size_t min_segment, struct trend *t,
		  struct err *err);

/* What report's --format takes; ends with NULL. */
extern const char *const command_report_forms[];

/* Offers a shell the names of a kind, as the verbs' tables call it (lib/options.h). */
void command_offer(const char *kind);

/* Prints what `kduel help` prints. */
void command_list(FILE *to);

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
