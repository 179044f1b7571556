/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last lines of a guest's console, in fixed memory however much it says.
 * Bytes that are not printable ASCII become '?': what is kept is shown to
 * users.
 */
#ifndef KDUEL_TAIL_H
#define KDUEL_TAIL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define TAIL_LINES 40
#define TAIL_WIDTH 200

struct tail {
	char line[TAIL_LINES][TAIL_WIDTH];
	unsigned count;		/* lines begun so far */
	size_t at;		/* in the newest line */
	bool panic;		/* a kernel said that it panics */
};

void tail_init(struct tail *c);
void tail_feed(struct tail *c, const char *bytes, size_t n);
/* Array of the last lines, oldest first. */
json_t *tail_json(const struct tail *c);

#endif
