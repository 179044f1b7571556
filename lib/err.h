/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors that travel with the result.
 *
 * A function that can fail takes a `struct err *` last and returns 0 or a
 * negative errno. The function that knows most says once, in the user's
 * terms, what happened, where, and what to do; its callers pass the error on
 * untouched, or put a place in front of it with err_prefix(). The first error
 * wins: setting an error that is already set is ignored, so a cleanup ladder
 * cannot overwrite the cause. Only main() and the command functions print an
 * error and exit.
 *
 *	int thing_open(const char *path, int *fd, struct err *err)
 *	{
 *		*fd = open(path, O_RDONLY | O_CLOEXEC);
 *		if (*fd < 0)
 *			return err_sys(err, errno, "cannot open %s", path);
 *		return 0;
 *	}
 *
 * `err` may be NULL where the caller does not care for the text.
 */
#ifndef KDUEL_ERR_H
#define KDUEL_ERR_H

#include <stddef.h>

/*
 * The exit codes of every kduel program. They are part of the interface:
 * documented in the manual pages, tested in tests/cli.
 */

enum kduel_exit {
	EXIT_DONE = 0,		/* what was asked was done */
	EXIT_REGRESSION = 1,	/* a gate regressed, an expectation fails */
	EXIT_CONFIG = 2,	/* usage or config error; it can never be measured as asked */
	EXIT_MACHINE = 3,	/* this machine cannot do it */
	EXIT_INCOMPLETE = 4,	/* undecided: blocks are missing, or too few */
};

#define ERR_TEXT_MAX 4096

struct err {
	int code;		/* 0, or the negative errno that was returned */
	enum kduel_exit exit;	/* what the program's exit code would be */
	char text[ERR_TEXT_MAX];	/* one or more lines, no final newline */
};

#define ERR_INIT { 0, EXIT_DONE, "" }

/* The user's input is wrong: EXIT_CONFIG. Returns -EINVAL. */
int err_config(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* This machine cannot do it: EXIT_MACHINE. Returns -ENOTSUP. */
int err_machine(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A system call failed with the positive errno `error`; ": strerror" is
 * appended. EXIT_MACHINE. Returns -error.
 */
int err_sys(struct err *err, int error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Anything else: `code` is a negative errno, which is returned. */
int err_set(struct err *err, enum kduel_exit exit, int code,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Puts "<where>: " in front of an error that is set; no-op otherwise. */
void err_prefix(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * "did you mean ...?": the known word nearest to what was written.
 */

/*
 * The word of `known` (`n` of them; NULL entries are skipped) that takes the
 * fewest edits (insert, delete, replace, swap of neighbours) to become
 * `word`, or NULL if none is near: more than a third of its letters, and
 * more than one, would have to change.
 */
const char *nearest_word(const char *word, const char *const *known, size_t n);

/*
 * The one text for a name that is not among `known`, EXIT_CONFIG:
 *
 *	unknown kernel '6.l'; did you mean '6.1'? known: 6.1, 6.12
 *
 * `what` is "kernel". Returns -EINVAL.
 */
int err_unknown(struct err *err, const char *what, const char *word,
		const char *const *known, size_t n);
/* The same text alone, cut to `len` bytes. */
void unknown_text(const char *what, const char *word, const char *const *known,
		  size_t n, char *text, size_t len);

#endif
