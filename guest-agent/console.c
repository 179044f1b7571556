/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "console.h"

#include <string.h>

static char *newest(struct console *c)
{
	return c->line[(c->count - 1) % CONSOLE_LINES];
}

void console_init(struct console *c)
{
	memset(c, 0, sizeof(*c));
	c->count = 1;
}

static void end_line(struct console *c)
{
	if (strstr(newest(c), "Kernel panic"))
		c->panic = true;
	if (!c->at)
		return;		/* empty lines tell nothing */
	c->count++;
	c->at = 0;
	memset(newest(c), 0, CONSOLE_WIDTH);
}

void console_feed(struct console *c, const char *bytes, size_t n)
{
	for (; n--; bytes++) {
		if (*bytes == '\n') {
			end_line(c);
			continue;
		}
		if (*bytes == '\r' || c->at + 1 >= CONSOLE_WIDTH)
			continue;
		newest(c)[c->at++] = *bytes >= ' ' && *bytes < 127 ? *bytes :
				     *bytes == '\t' ? ' ' : '?';
	}
}

json_t *console_json(const struct console *c)
{
	unsigned first = c->count > CONSOLE_LINES ? c->count - CONSOLE_LINES : 0;
	json_t *lines = json_array();

	for (unsigned i = first; i < c->count; i++) {
		if (c->line[i % CONSOLE_LINES][0])
			json_array_append_new(lines,
				json_string(c->line[i % CONSOLE_LINES]));
	}
	return lines;
}
