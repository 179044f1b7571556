/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last lines of a guest's console, in fixed memory however much it says.
 * Bytes that are not printable ASCII become '?': what is kept is shown to
 * users.
 */
#ifndef KDUEL_CONSOLE_H
#define KDUEL_CONSOLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define CONSOLE_LINES 40
#define CONSOLE_WIDTH 200

struct console {
	char line[CONSOLE_LINES][CONSOLE_WIDTH];
	unsigned count;		/* lines begun so far */
	size_t at;		/* in the newest line */
	bool panic;		/* a kernel said that it panics */
};

void console_init(struct console *c);
void console_feed(struct console *c, const char *bytes, size_t n);
/* Array of the last lines, oldest first. */
json_t *console_json(const struct console *c);

#endif
