/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-build.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAID_MAX 10	/* symbols named in one error */

struct wants {
	struct kernel_want *list;
	size_t n, room;
};

/* One line, without blanks at its end. 1: it wants nothing; -EINVAL: it is malformed. */
static int config_parse_line(const char *line, struct kernel_want *w)
{
	const char *value;
	int end = 0;

	if (sscanf(line, "# %95s is not set%n", w->symbol, &end) == 1 && end &&
	    !line[end] && !strncmp(w->symbol, "CONFIG_", 7)) {
		strcpy(w->value, "n");
		return 0;
	}
	if (*line == '#' || !*line)
		return 1;
	if (sscanf(line, "%95[A-Za-z0-9_]%n", w->symbol, &end) != 1 ||
	    strncmp(w->symbol, "CONFIG_", 7) || line[end] != '=')
		return -EINVAL;
	value = line + end + 1;
	/* A value with blanks or a '#' needs quotes: "y # why" is malformed. */
	if (!*value || strlen(value) >= sizeof(w->value) ||
	    (*value != '"' && value[strcspn(value, " \t#")]))
		return -EINVAL;
	strcpy(w->value, value);
	return 0;
}

static int config_want(struct wants *w, const struct kernel_want *new)
{
	struct kernel_want *more;

	for (size_t i = 0; i < w->n; i++) {
		if (!strcmp(w->list[i].symbol, new->symbol)) {
			w->list[i] = *new;
			return 0;
		}
	}
	if (w->n == w->room) {
		w->room = w->room ? 2 * w->room : 128;
		more = realloc(w->list, w->room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		w->list = more;
	}
	w->list[w->n++] = *new;
	return 0;
}

/* Copies the line at `p` without blanks and CR at its end; returns the next line. */
static const char *config_next_line(const char *p, char *line, size_t size)
{
	size_t n = strcspn(p, "\n");
	const char *next = p + n + (p[n] == '\n');

	while (n && strchr(" \t\r", p[n - 1]))
		n--;
	snprintf(line, size, "%.*s", (int)n, p);
	return next;
}

static int config_read_fragment(const struct kernel_text *t, struct wants *w,
				struct err *err)
{
	struct kernel_want new = { .from = t };
	char line[KERNEL_VALUE_MAX + 100];
	const char *p = t->text;

	if (strlen(t->text) != t->len)
		return err_config(err, "%s: not a text file: it contains a NUL byte",
				  t->path);
	if (!strncmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	while (*p) {
		new.line++;
		p = config_next_line(p, line, sizeof(line));
		switch (config_parse_line(line, &new)) {
		case 0:
			if (config_want(w, &new))
				return err_sys(err, ENOMEM, "%s", t->path);
			break;
		case -EINVAL:
			return err_config(err, "%s:%u: '%.300s' is neither CONFIG_X=value nor '# CONFIG_X is not set'",
					  t->path, new.line, line);
		}
	}
	return 0;
}

int kernel_config_wants(const struct kernel_text *fragments, size_t n,
			struct kernel_want **wants, size_t *n_wants,
			struct err *err)
{
	struct wants w = { NULL, 0, 0 };

	for (size_t i = 0; i < n; i++) {
		int ret = config_read_fragment(&fragments[i], &w, err);

		if (ret) {
			free(w.list);
			return ret;
		}
	}
	*wants = w.list;
	*n_wants = w.n;
	return 0;
}

void kernel_config_value(const char *text, const char *symbol, char *value,
			 size_t size)
{
	size_t n = strlen(symbol);
	const char *p = text;

	while (p) {
		if (!strncmp(p, symbol, n) && p[n] == '=') {
			p += n + 1;
			snprintf(value, size, "%.*s", (int)strcspn(p, "\n"), p);
			return;
		}
		p = strchr(p, '\n');
		p += p != NULL;
	}
	snprintf(value, size, "n");
}

int kernel_config_check(const char *text, const struct kernel_want *wants,
			size_t n_wants, struct err *err)
{
	char said[ERR_TEXT_MAX / 2] = "", have[KERNEL_VALUE_MAX];
	size_t used = 0, gone = 0;

	for (size_t i = 0; i < n_wants; i++) {
		const struct kernel_want *w = &wants[i];

		kernel_config_value(text, w->symbol, have, sizeof(have));
		if (!strcmp(have, w->value) || gone++ >= SAID_MAX)
			continue;
		used += snprintf(said + used, sizeof(said) - used,
				 "%s%s:%u: %s=%.150s was dropped: the built kernel has %.150s",
				 gone > 1 ? "\n" : "", w->from->path, w->line,
				 w->symbol, w->value, have);
		if (used >= sizeof(said))
			used = sizeof(said) - 1;
	}
	if (!gone)
		return 0;
	return err_config(err, "%s\nkconfig dropped %zu wanted symbol%s: this kernel does not know it, or a symbol it depends on is off",
			  said, gone, gone > 1 ? "s" : "");
}
