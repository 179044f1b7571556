/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int err_put(struct err *err, enum kduel_exit exit, int code, int sys,
		   const char *fmt, va_list ap)
{
	size_t n;

	if (!err || err->code)
		return code;
	err->code = code;
	err->exit = exit;
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	n = strlen(err->text);
	if (sys)
		snprintf(err->text + n, sizeof(err->text) - n, ": %s",
			 strerror(sys));
	return code;
}

int err_config(struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_put(err, EXIT_CONFIG, -EINVAL, 0, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int err_machine(struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_put(err, EXIT_MACHINE, -ENOTSUP, 0, fmt, ap);
	va_end(ap);
	return -ENOTSUP;
}

int err_sys(struct err *err, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_put(err, EXIT_MACHINE, -error, error, fmt, ap);
	va_end(ap);
	return -error;
}

int err_set(struct err *err, enum kduel_exit exit, int code,
	    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_put(err, exit, code, 0, fmt, ap);
	va_end(ap);
	return code;
}

void err_prefix(struct err *err, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	size_t n;
	va_list ap;

	if (!err || !err->code)
		return;
	memcpy(text, err->text, sizeof(text));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, ": %s", text);
}

#define WORD_MAX 128	/* the name of a cell is long */

static size_t err_least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Optimal string alignment distance, three rows at a time. */
static size_t err_edits(const char *a, size_t la, const char *b, size_t lb)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2], *t;

	for (size_t j = 0; j <= lb; j++)
		above[j] = j;
	for (size_t i = 1; i <= la; i++) {
		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			row[j] = err_least(above[j] + 1, row[j - 1] + 1,
					   above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		t = before;
		before = above;
		above = row;
		row = t;
	}
	return above[lb];
}

const char *nearest_word(const char *word, const char *const *known, size_t n)
{
	size_t len = strlen(word), best = WORD_MAX;
	const char *found = NULL;

	if (len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t klen = known[i] ? strlen(known[i]) : WORD_MAX + 1;
		size_t d, allowed = klen / 3 > 1 ? klen / 3 : 1;

		if (klen > WORD_MAX)
			continue;
		d = err_edits(word, len, known[i], klen);
		if (d <= allowed && d < best && d < klen) {
			best = d;
			found = known[i];
		}
	}
	return found;
}

void unknown_text(const char *what, const char *word, const char *const *known,
		  size_t n, char *text, size_t len)
{
	const char *near = nearest_word(word, known, n);
	size_t used = snprintf(text, len, "unknown %s '%.80s'%s", what, word, n ? "; " : "");

	if (near && used < len)
		used += snprintf(text + used, len - used, "did you mean '%s'? ", near);
	if (n && used < len)
		used += snprintf(text + used, len - used, "known:");
	for (size_t i = 0; i < n && used < len; i++)
		used += snprintf(text + used, len - used, "%s %s", i ? "," : "", known[i]);
}

int err_unknown(struct err *err, const char *what, const char *word,
		const char *const *known, size_t n)
{
	char text[ERR_TEXT_MAX / 2];

	unknown_text(what, word, known, n, text, sizeof(text));
	return err_config(err, "%s", text);
}
