/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the formats of exec have in common: named numbers, and an output's beginning. */
#include "exec.h"

#include <stdio.h>
#include <stdlib.h>

#include "safe.h"

#define VALUES_MAX 20000

void exec_values_add(struct exec_values *v, const char *under, const char *key, double value)
{
	char *name;

	if (v->n == VALUES_MAX)
		return;
	if (v->n == v->room) {
		size_t room = v->room ? 2 * v->room : 32;
		struct exec_value *more = realloc(v->v, room * sizeof(*more));

		if (!more)
			return;
		v->v = more;
		v->room = room;
	}
	name = text_format("%s%s%s", under ? under : "", under && *under ? "/" : "", key);
	v->v[v->n++] = (struct exec_value){ name, value };
}

void exec_values_release(struct exec_values *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->v[i].key);
	free(v->v);
	*v = (struct exec_values){ NULL, 0, 0 };
}

const char *exec_first_lines(const struct exec_output *o, char *buf, size_t size)
{
	const char *text = o->out && *o->out ? o->out : o->err ? o->err : "";
	char cut[400], *safe;

	snprintf(cut, sizeof(cut), "%.*s", (int)text_cut(text, sizeof(cut) - 1), text);
	safe = safe_text(cut);
	snprintf(buf, size, "%.*s", (int)text_cut(safe, size - 1), safe);
	free(safe);
	return buf;
}
