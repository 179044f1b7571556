/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "args.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes ownership of `word`; NULL means that memory ran out. */
static void args_take(struct args *a, char *word)
{
	char **v = realloc(a->v, (a->n + 2) * sizeof(*v));

	if (v)
		a->v = v;
	if (!v || !word) {
		a->failed = true;
		free(word);
		return;
	}
	v[a->n++] = word;
	v[a->n] = NULL;
}

void args_add(struct args *a, const char *word)
{
	args_take(a, strdup(word));
}

void args_addf(struct args *a, const char *fmt, ...)
{
	char *word = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&word, fmt, ap) < 0)
		word = NULL;
	va_end(ap);
	args_take(a, word);
}

void args_add_all(struct args *a, ...)
{
	const char *word;
	va_list ap;

	va_start(ap, a);
	while ((word = va_arg(ap, const char *)))
		args_add(a, word);
	va_end(ap);
}

int args_done(const struct args *a, struct err *err)
{
	return a->failed ? err_sys(err, ENOMEM, "cannot make a command line") : 0;
}

void args_release(struct args *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]);
	free(a->v);
	*a = (struct args)ARGS_INIT;
}
