/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doc.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "safe.h"

static void *doc_grow(void *array, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return array;
	*room = *room ? 2 * *room : 16;
	array = realloc(array, *room * size);
	must_have(array);
	return array;
}

struct doc *doc_new(void)
{
	struct doc *d = calloc(1, sizeof(*d));

	must_have(d);
	d->forms = DOC_IN_ALL;
	return d;
}

static void doc_release_table(struct doc_table *t)
{
	for (unsigned i = 0; i < t->n_columns; i++)
		free(t->column[i].title);
	for (size_t r = 0; r < t->n_rows; r++)
		for (unsigned i = 0; i < t->row[r].n; i++)
			free(t->row[r].cell[i].text);
	free(t->row);
}

void doc_free(struct doc *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n; i++) {
		free(d->block[i].id);
		free(d->block[i].text);
		free(d->block[i].rest);
		free(d->block[i].span.text);
		doc_release_table(&d->block[i].table);
	}
	free(d->block);
	free(d);
}

static char *doc_format(const char *fmt, va_list args)
{
	char *text = NULL, *safe;

	must_have(vasprintf(&text, fmt, args) < 0 ? NULL : text);
	safe = safe_text(text);
	free(text);
	return safe;
}

static struct doc_block *doc_add(struct doc *d, enum doc_kind kind, char *text)
{
	struct doc_block *b;

	d->block = doc_grow(d->block, d->n, &d->room, sizeof(*d->block));
	b = &d->block[d->n++];
	*b = (struct doc_block){ .kind = kind, .forms = d->forms,
				 .text = text ? text : safe_text("") };
	return b;
}

void doc_put(struct doc *d, enum doc_kind kind, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	doc_add(d, kind, doc_format(fmt, args));
	va_end(args);
}

void doc_fold_aside(struct doc *d, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	doc_add(d, DOC_FOLD, doc_format(fmt, args))->id = safe_text("aside");
	va_end(args);
}

void doc_title(struct doc *d, const char *before, const char *text)
{
	doc_add(d, DOC_TITLE, safe_text(text))->rest = safe_text(before);
}

void doc_heading(struct doc *d, const char *id, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	doc_add(d, DOC_HEADING, doc_format(fmt, args))->id = safe_text(id);
	va_end(args);
}

void doc_field(struct doc *d, const char *name, enum doc_type type, unsigned mark,
	       const char *text, const char *fmt, ...)
{
	struct doc_block *b = doc_add(d, DOC_FIELD, NULL);
	va_list args;

	va_start(args, fmt);
	b->rest = doc_format(fmt, args);
	va_end(args);
	b->id = safe_text(name);
	b->span = (struct doc_span){ type, mark, safe_text(text) };
}

void doc_items(struct doc *d, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		doc_put(d, DOC_ITEM, "%.*s", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

void doc_claim(struct doc *d, enum doc_tone tone, const char *outcome,
	       const char *says, const char *written, const char *detail)
{
	struct doc_block *b = doc_add(d, DOC_CLAIM, safe_text(says));

	b->span = (struct doc_span){ DOC_VERDICT, tone, safe_text(outcome) };
	b->id = safe_text(written);
	b->rest = safe_text(detail);
}

void doc_figure(struct doc *d, const struct figure *f)
{
	doc_add(d, DOC_FIGURE, NULL)->figure = f;
}

void doc_drawing(struct doc *d, const char *svg)
{
	char *text = strdup(svg);

	must_have(text);
	doc_add(d, DOC_DRAWING, text);
}

void doc_table(struct doc *d, const char *columns)
{
	static const char signs[] = "=#!";
	struct doc_table *t = &doc_add(d, DOC_TABLE, NULL)->table;

	while (*columns && t->n_columns < DOC_COLUMNS_MAX) {
		const char *sign = strchr(signs, *columns);
		size_t len = strcspn(columns += sign != NULL, "|");
		char *title = strndup(columns, len);

		must_have(title);
		t->column[t->n_columns].align = sign ? DOC_LEFT + (sign - signs) : DOC_WRAP;
		t->column[t->n_columns++].title = title;
		columns += len + (columns[len] == '|');
	}
}

static struct doc_row *doc_new_row(struct doc *d, enum doc_row_kind kind)
{
	struct doc_table *t = &d->block[d->n - 1].table;
	struct doc_row *row;

	t->row = doc_grow(t->row, t->n_rows, &t->room, sizeof(*t->row));
	row = &t->row[t->n_rows++];
	*row = (struct doc_row){ .kind = kind, .detail = d->detail };
	return row;
}

void doc_row(struct doc *d)
{
	doc_new_row(d, DOC_CELLS);
}

void doc_cell(struct doc *d, enum doc_type type, unsigned mark, const char *fmt, ...)
{
	struct doc_table *t = &d->block[d->n - 1].table;
	struct doc_row *row = &t->row[t->n_rows - 1];
	va_list args;

	va_start(args, fmt);
	row->cell[row->n++] = (struct doc_span){ type, mark, doc_format(fmt, args) };
	va_end(args);
}

void doc_group(struct doc *d, const char *name, const char *fmt, ...)
{
	struct doc_row *row = doc_new_row(d, DOC_GROUP);
	va_list args;

	va_start(args, fmt);
	row->cell[0] = (struct doc_span){ DOC_ID, 0, safe_text(name) };
	row->cell[1] = (struct doc_span){ DOC_NUMBER, 0, doc_format(fmt, args) };
	row->n = 2;
	va_end(args);
}

void doc_part(struct doc *d, const char *fmt, ...)
{
	struct doc_row *row = doc_new_row(d, DOC_PART);
	va_list args;

	va_start(args, fmt);
	row->cell[row->n++] = (struct doc_span){ DOC_WORDS, 0, doc_format(fmt, args) };
	va_end(args);
}

size_t doc_footnote(struct doc_footnotes *f, const struct doc_table *t,
		    const struct doc_row *row)
{
	const char *reason = "";
	size_t i = 0;

	for (unsigned k = 0; k < row->n && row->kind == DOC_CELLS; k++)
		if (t->column[k].align == DOC_FOOTNOTE)
			reason = row->cell[k].text;
	if (!*reason)
		return 0;
	while (i < f->n && strcmp(f->reason[i], reason))
		i++;
	if (i == DOC_FOOTNOTES_MAX)
		return 0;
	if (i == f->n)
		f->reason[f->n++] = reason;
	return i + 1;
}

/* --- lines ------------------------------------------------------------------- */

/* Is the word a unit, or what is counted? Rates have their slash: "GB/s". */
static bool doc_is_unit(const char *word, size_t len)
{
	static const char *const units[] = {
		"s", "ms", "us", "ns", "ps", "min", "h", "B", "KiB", "MiB", "GiB", "TiB", "kB", "MB", "GB",
		"Hz", "kHz", "MHz", "GHz", "W", "J", "%", "pages", "blocks", "block", "boots", "boot",
		"faults", "instr", "k", "M", "G", "per",
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i]) == len && !memcmp(units[i], word, len))
			return true;
	return len > 2 && len < 6 && !memcmp(word + len - 2, "/s", 2);
}

bool doc_joined(const char *s, size_t at)
{
	size_t from = at, next = strcspn(s + at + 1, " ,.;:)]");

	while (from && s[from - 1] != ' ')
		from--;
	if (at - from <= 2 && strspn(s + from, "=<>") == at - from)
		return true;
	if (s[at + 1] == '=' && s[at + 2] == ' ')
		return at - from == 1;
	return at && strchr("0123456789", s[at - 1]) && doc_is_unit(s + at + 1, next);
}
