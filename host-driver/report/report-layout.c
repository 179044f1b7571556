/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report-layout.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "safe.h"

#define FIELD_NAME 12	/* columns of a field's name */
#define WRAP_LEAST 8	/* a wrapped column is not made narrower */

static void spaces(FILE *out, size_t n)
{
	while (n--)
		fputc(' ', out);
}

/* The bytes of the longest beginning of `s` that takes at most `width` columns. */
static size_t bytes_that_fit(const char *s, size_t width)
{
	size_t used = 0;

	while (s[used]) {
		size_t len = safe_char_len(s + used);
		char one[8] = "";

		memcpy(one, s + used, len < 8 ? len : 7);
		if (safe_width(one) > width)
			break;
		width -= safe_width(one);
		used += len;
	}
	return used;
}

/* Where a word that is too long may end: behind a slash, else anywhere. */
static size_t path_break(const char *s, size_t fit)
{
	for (size_t end = fit; end > fit / 4; end--)
		if (strchr("/?,:-", s[end - 1]))
			return end;
	return fit ? fit : safe_char_len(s);
}

/*
 * The next line of `*text` (safe text) that fits `width`: its length in
 * bytes. `*text` is moved behind it and the spaces that follow.
 */
static size_t next_line(const char **text, size_t width)
{
	const char *s = *text;
	size_t fit = bytes_that_fit(s, width), end = fit;

	if (s[fit]) {
		while (end && s[end] != ' ')
			end--;
		if (!end)
			end = path_break(s, fit);
	}
	*text = s + end;
	while (**text == ' ')
		(*text)++;
	while (end && s[end - 1] == ' ')
		end--;
	return end;
}

void layout_paragraph(FILE *out, unsigned first, unsigned rest,
		      const char *text)
{
	char *safe = safe_text(text);
	const char *p = safe;
	unsigned indent = first;

	do {
		const char *line = p;
		size_t len = next_line(&p, REPORT_COLUMNS - indent);

		spaces(out, len ? indent : 0);
		fwrite(line, 1, len, out);
		fputc('\n', out);
		indent = rest;
	} while (*p);
	free(safe);
}

void layout_field(FILE *out, const char *name, const char *text)
{
	char *safe = safe_text(text);
	const char *p = safe;

	fprintf(out, "%-*s", FIELD_NAME, name);
	for (;;) {
		const char *line = p;
		size_t len = next_line(&p, REPORT_COLUMNS - FIELD_NAME);

		fwrite(line, 1, len, out);
		fputc('\n', out);
		if (!*p)
			break;
		spaces(out, FIELD_NAME);
	}
	free(safe);
}

void layout_heading(FILE *out, const char *text)
{
	fprintf(out, "\n%s\n", text);
	for (size_t i = safe_width(text); i; i--)
		fputc('-', out);
	fputc('\n', out);
}

void layout_table_init(struct layout_table *t, const char *align)
{
	*t = (struct layout_table){ .align = align };
}

static struct layout_row *new_row(struct layout_table *t)
{
	struct layout_row *row;

	if (t->n_rows == t->room) {
		t->room = t->room ? 2 * t->room : 16;
		row = realloc(t->row, t->room * sizeof(*row));
		if (!row)
			abort();
		t->row = row;
	}
	row = &t->row[t->n_rows++];
	memset(row, 0, sizeof(*row));
	return row;
}

void layout_table_add(struct layout_table *t, ...)
{
	struct layout_row *row = new_row(t);
	va_list args;

	va_start(args, t);
	for (size_t i = 0; t->align[i] && i < LAYOUT_CELLS_MAX; i++)
		row->cell[i] = safe_text(va_arg(args, const char *));
	va_end(args);
}

void layout_table_line(struct layout_table *t, const char *text)
{
	new_row(t)->line = safe_text(text);
}

void layout_table_colour(struct layout_table *t, const char *before,
			 const char *after)
{
	t->row[t->n_rows - 1].before = before;
	t->row[t->n_rows - 1].after = after;
}

static size_t natural_width(const struct layout_table *t, size_t column)
{
	size_t width = 0, w;

	for (size_t r = 0; r < t->n_rows; r++) {
		if (t->row[r].line)
			continue;
		w = safe_width(t->row[r].cell[column]);
		if (w > width)
			width = w;
	}
	return width;
}

/* The widest column that may be made narrower; `any`: not only those with 'w'. */
static size_t widest_column(const struct layout_table *t, const size_t *width,
			    int any)
{
	size_t n = strlen(t->align), widest = n;

	for (size_t i = 0; i < n; i++)
		if ((any || t->align[i] == 'w') && width[i] > WRAP_LEAST &&
		    (widest == n || width[i] > width[widest]))
			widest = i;
	return widest;
}

/* Takes what is too much from columns that may wrap, in need from all. */
static void fit_widths(const struct layout_table *t, unsigned indent,
		       size_t *width)
{
	size_t n = strlen(t->align), sum = indent + 2 * (n - 1);

	for (size_t i = 0; i < n; i++) {
		width[i] = natural_width(t, i);
		sum += width[i];
	}
	while (sum > REPORT_COLUMNS) {
		size_t widest = widest_column(t, width, 0);

		if (widest == n)
			widest = widest_column(t, width, 1);
		if (widest == n)
			break;
		width[widest]--;
		sum--;
	}
}

/* One line of a row, cells cut at their widths; true if text is left. */
static int print_line(const struct layout_table *t, const struct layout_row *row,
		      const char **rest, const size_t *width, FILE *out,
		      unsigned indent)
{
	size_t n = strlen(t->align), pending = indent;
	int left = 0;

	for (size_t i = 0; i < n; i++) {
		const char *cell = rest[i];
		size_t len = next_line(&rest[i], width[i] ? width[i] : 1);
		char *text = strndup(cell, len);
		size_t pad = text ? width[i] - safe_width(text) : 0;
		int coloured = row->before && i == n - 1 && len;

		if (!text)
			abort();
		if (t->align[i] == 'r')
			pending += pad;
		if (len) {
			spaces(out, pending);
			pending = 0;
		}
		fprintf(out, "%s%s%s", coloured ? row->before : "", text,
			coloured ? row->after : "");
		pending += (t->align[i] == 'r' ? 0 : pad) + 2;
		left |= *rest[i] != '\0';
		free(text);
	}
	fputc('\n', out);
	return left;
}

void layout_table_print(const struct layout_table *t, FILE *out,
			unsigned indent)
{
	size_t width[LAYOUT_CELLS_MAX];

	fit_widths(t, indent, width);
	for (size_t r = 0; r < t->n_rows; r++) {
		const char *rest[LAYOUT_CELLS_MAX];
		const struct layout_row *row = &t->row[r];

		if (row->line) {
			fputs(row->before ? row->before : "", out);
			layout_paragraph(out, indent ? indent - 2 : 0, indent + 4,
					 row->line);
			fputs(row->after ? row->after : "", out);
			continue;
		}
		for (size_t i = 0; t->align[i]; i++)
			rest[i] = row->cell[i];
		while (print_line(t, row, rest, width, out, indent))
			;
	}
}

void layout_table_release(struct layout_table *t)
{
	for (size_t r = 0; r < t->n_rows; r++) {
		for (size_t i = 0; t->align[i]; i++)
			free(t->row[r].cell[i]);
		free(t->row[r].line);
	}
	free(t->row);
	*t = (struct layout_table){ .align = t->align };
}
