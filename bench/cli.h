/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verbs of kduel-bench: one cli-<verb>.c each, one line in main.c. Each
 * parses its own options with argp and returns an exit code (lib/err.h).
 */
#ifndef KDUEL_CLI_H
#define KDUEL_CLI_H

#include <stdbool.h>
#include <stdint.h>
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
int cli_duel(int argc, char **argv);
int cli_cpu(int argc, char **argv);
int cli_counters(int argc, char **argv);
int cli_model(int argc, char **argv);
int cli_compare(int argc, char **argv);
/* Without a verb. */
int cli_screen(void);

/* Prints "kduel-bench: <text>" and returns the error's exit code. */
int cli_fail(const struct err *err);

/*
 * For the parsers of options, where nothing has run yet. cli_refuse() exits
 * with what is wrong with --`option`; cli_number() returns its number, or exits
 * if that is not from `least` to `most`.
 */
void cli_refuse(struct err *err, const char *option) __attribute__((noreturn));
uint64_t cli_number(const char *option, const char *text, uint64_t least, uint64_t most);

/* Prints JSON, indented, keys in their order, and frees it. EXIT_DONE. */
int cli_print_json(json_t *j);

/* --- lines that fold at the width of a mail, under a name in the margin ---
 *
 *	struct fold f;
 *
 *	fprintf(fold_begin(&f), "%s: %s", name, text);
 *	fold_end(&f, "derived", stdout);
 */
#define FOLD_WIDTH 76
#define FOLD_INDENT 11

struct fold {
	char *text;
	size_t len;
	FILE *f;
};

/* A stream to write one logical line to; never NULL. */
FILE *fold_begin(struct fold *f);
/* Prints it. Words longer than the width stay whole. */
void fold_end(struct fold *f, const char *margin, FILE *out);
/* The same with a margin of another width. */
void fold_end_at(struct fold *f, const char *margin, int indent, FILE *out);
/* Forgets it. */
void fold_drop(struct fold *f);

/* --- a result for people: the page (result-text.c), its series (result-series.c) --- */

/* `verbose`: all rows of a ladder, which is otherwise shown as a chart. */
void result_print(const json_t *result, bool verbose, FILE *out);

/* "host": machine, processor, kernel, date, version; and each metric's median. */
void result_add_machine(json_t *result);
/* Some of the rows as bars over key `x`, on a logarithmic scale of key `y`. */
void result_chart(const json_t *rows, const char *x, const char *y, const char *unit, FILE *out);

/* By metric, its points in the order they were measured. */
void result_print_series(const json_t *r, FILE *out);
/* What was counted during them, per access, page or byte. */
void result_print_events(const json_t *r, FILE *out);

#define NUMBER_TEXT 32

/* Four digits, and whole numbers up to 10^9 without an exponent. Returns `buf`. */
char *result_number(double v, char buf[static NUMBER_TEXT]);
/* "size=64K op=read" */
void result_point(const json_t *point, char *buf, size_t room);

static inline const char *result_str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static inline double result_num(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

#endif
