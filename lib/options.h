/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a program begins, and its options: argp's tables, with the nearest name suggested for an
 * unknown option. The same tables answer a shell that completes a command line,
 * so that what is completed cannot differ from what is accepted.
 *
 *	int main(int argc, char **argv)
 *	{
 *		static const struct argp argp = { .doc = "Does nothing." };
 *
 *		program_begin();
 *		options_parse(&argp, argc, argv, 0, NULL);
 *		return 0;
 *	}
 */
#ifndef KDUEL_OPTIONS_H
#define KDUEL_OPTIONS_H

#include <argp.h>
#include <stddef.h>
#include <stdio.h>

#include "err.h"

/*
 * argp_parse(), but for an unknown long option it suggests the nearest. Exits with
 * argp_err_exit_status if the usage is wrong. After options_complete() it parses
 * nothing: it prints what can stand for the last of `argv`, and exits with 0.
 */
void options_parse(const struct argp *argp, int argc, char **argv, unsigned flags,
		   void *input);

/* argp_error() with the text of unknown_text() (err.h). */
void options_unknown(struct argp_state *state, const char *what, const char *word,
		     const char *const *known, size_t n);
/* The index of `word` in `known`, which ends with NULL; exits as above if it is not there. */
size_t options_choice(struct argp_state *state, const char *what, const char *word,
		      const char *const *known);

/*
 * Prints with options_offer() the names that an argument called `kind` can have:
 * "KERNEL", "CONFIG". A kind that is not known has none. Each part of what a table
 * calls an argument, "vm|host|ssh", is itself a candidate if it has lower-case
 * letters or a digit, and a kind if it is in capitals; FILE, FOLDER and the like
 * are paths, too.
 */
typedef void (*options_values_fn)(const char *kind);

/* From now on options_parse() completes. */
void options_complete(options_values_fn values);
/*
 * Prints one candidate as a line: word, tab, what it is (may be NULL). The word
 * ":files" or ":folders" says that a path may be given, too.
 */
void options_offer(const char *word, const char *help);

/*
 * What every program does before anything else, at the beginning of main(). Where descriptor 0, 1 or 2 is closed, opens /dev/null,
 * for reading only, so that no file of ours gets its number and what is printed there
 * still fails. Also unsets the user's variables that would show our libraries another
 * machine or another processor's events (HWLOC_*, LIBPFM_*, PAPI_*), and
 * ARGP_HELP_FMT, with some values of which the C library never finishes printing --help. Ignores
 * SIGXFSZ: a file beyond `ulimit -f` is an error of the write.
 */
void program_begin(void);

/*
 * Raises `ulimit -n` where it is too low for a campaign; an error if it cannot be. With
 * less, files that cannot be opened would look as if they were not there.
 */
int program_need_files(struct err *err);

#endif
