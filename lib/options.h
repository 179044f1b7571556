/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program's options: argp's tables, with the nearest name for one that is not
 * there, and the same tables read by a shell that completes a command line, so
 * that what is completed cannot differ from what is taken.
 *
 *	int main(int argc, char **argv)
 *	{
 *		static const struct argp argp = { .doc = "Does nothing." };
 *
 *		options_parse(&argp, argc, argv, 0, NULL);
 *		return 0;
 *	}
 */
#ifndef KDUEL_OPTIONS_H
#define KDUEL_OPTIONS_H

#include <argp.h>
#include <stddef.h>
#include <stdio.h>

/*
 * argp_parse(), but of a long option that nothing has the nearest is told. Exits
 * with argp_err_exit_status if the usage is wrong. After options_complete() it
 * parses nothing: it prints what can stand for the last of `argv`, and exits with 0.
 */
void options_parse(const struct argp *argp, int argc, char **argv, unsigned flags,
		   void *input);

/* argp_error() with the text of unknown_text() (err.h). */
void options_unknown(struct argp_state *state, const char *what, const char *word,
		     const char *const *known, size_t n);
/* The same, of `known` that ends with NULL: is `word` among them? Else it exits. */
size_t options_choice(struct argp_state *state, const char *what, const char *word,
		      const char *const *known);

/*
 * Prints with options_offer() the names that an argument called `kind` can have:
 * "KERNEL", "CONFIG". A kind that is not known has none. Each part of what a table
 * calls an argument, "vm|host|ssh", is itself a candidate if it has small letters or a
 * digit, and a kind if it is in capitals; FILE, FOLDER and the like are paths, too.
 */
typedef void (*options_values_fn)(const char *kind);

/* From now on options_parse() completes. */
void options_complete(options_values_fn values);
/*
 * One candidate, a line: word, tab, what it is (NULL: nothing). A word ":files" or
 * ":folders" says that paths may stand there, too.
 */
void options_offer(const char *word, const char *help);

#endif
