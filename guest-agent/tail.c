/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tail.h"

#include <string.h>

static char *newest(struct tail *c)
{
	return c->line[(c->count - 1) % TAIL_LINES];
}

void tail_init(struct tail *c)
{
	memset(c, 0, sizeof(*c));
	c->count = 1;
}

static void end_line(struct tail *c)
{
	if (strstr(newest(c), "Kernel panic"))
		c->panic = true;
	if (!c->at)
		return;		/* empty lines tell nothing */
	c->count++;
	c->at = 0;
	memset(newest(c), 0, TAIL_WIDTH);
}

void tail_feed(struct tail *c, const char *bytes, size_t n)
{
	for (; n--; bytes++) {
		if (*bytes == '\n') {
			end_line(c);
			continue;
		}
		if (*bytes == '\r' || c->at + 1 >= TAIL_WIDTH)
			continue;
		newest(c)[c->at++] = *bytes >= ' ' && *bytes < 127 ? *bytes :
				     *bytes == '\t' ? ' ' : '?';
	}
}

json_t *tail_json(const struct tail *c)
{
	unsigned first = c->count > TAIL_LINES ? c->count - TAIL_LINES : 0;
	json_t *lines = json_array();

	for (unsigned i = first; i < c->count; i++) {
		if (c->line[i % TAIL_LINES][0])
			json_array_append_new(lines,
				json_string(c->line[i % TAIL_LINES]));
	}
	return lines;
}
