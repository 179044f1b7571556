/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console of a machine or a guest: its last lines are kept, it is watched
 * for a kernel's death, and written to a log file where one is wanted. It is
 * not trusted: a machine that floods it fills neither memory nor disk, and
 * what is kept is printable ASCII.
 */
#ifndef KDUEL_CONSOLE_H
#define KDUEL_CONSOLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "loop.h"

#define CONSOLE_LINES 40		/* kept as the last lines */
#define CONSOLE_LINE_MAX 240		/* bytes of a line kept */
#define CONSOLE_LOG_MAX (2u << 20)	/* bytes written to the log */
#define CONSOLE_FLOOD (8u << 20)	/* bytes after which it is a flood */

struct console;

/*
 * Reads `fd` in the loop; it belongs to the console from here on, even if this
 * fails. `log` is a path or NULL. With `echo`, lines go to stderr too
 * (--debug=vm).
 */
int console_new(struct console **c, struct loop *l, int fd, const char *log,
		bool echo, struct err *err);
void console_free(struct console *c);	/* NULL is fine */

/*
 * Reads what is there now, such as the last words of a machine that just died,
 * and takes an unfinished line as a whole one.
 */
void console_drain(struct console *c);

/* The line that says that the kernel died, or NULL. */
const char *console_panic(const struct console *c);
bool console_flooded(const struct console *c);
uint64_t console_bytes(const struct console *c);

/* The last whole lines, oldest first, as an array of strings; a new reference. */
json_t *console_tail(const struct console *c);

#endif
