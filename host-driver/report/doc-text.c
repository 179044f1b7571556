/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A document as plain text that fits a mail, or a terminal with its colours. */
#include "doc.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "safe.h"

#define FIELD_NAME 12	/* columns of a field's name */
#define WRAP_LEAST 8	/* the narrowest column */
#define WORD_SHORT 12	/* words up to this are broken after all longer ones */
#define CONSOLE_LINES 4	/* of a failed boot, its last ones */
#define INDENT 2	/* of a table's rows; group lines begin further left */

static const char *const text_colours[] = {
	[DOC_CALM] = "", [DOC_GOOD] = "\x1b[32m", [DOC_BAD] = "\x1b[1;31m",
	[DOC_ODD] = "\x1b[1;35m", [DOC_OPEN] = "\x1b[33m",
};

bool doc_wants_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(out)) && !(no && *no) && term && strcmp(term, "dumb");
}

unsigned doc_columns(FILE *out)
{
	struct winsize w;

	if (!isatty(fileno(out)) || ioctl(fileno(out), TIOCGWINSZ, &w) || !w.ws_col)
		return DOC_TEXT_COLUMNS;
	return w.ws_col < DOC_COLUMNS_LEAST ? DOC_COLUMNS_LEAST :
	       w.ws_col > DOC_COLUMNS_MOST ? DOC_COLUMNS_MOST : w.ws_col;
}

/* Of the document that is being printed. */
static unsigned text_columns = DOC_TEXT_COLUMNS;

static void text_spaces(FILE *out, size_t n)
{
	while (n--)
		fputc(' ', out);
}

/* --- lines ------------------------------------------------------------------- */

/* The length in bytes of the longest prefix of `s` that takes at most `width` columns. */
static size_t text_fit(const char *s, size_t width)
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

/* Where a word that is too long may be broken: after a slash, else anywhere. */
static size_t text_break(const char *s, size_t fit)
{
	for (size_t end = fit; end > fit / 4; end--)
		if (strchr("/?,:-", s[end - 1]))
			return end;
	return fit ? fit : safe_char_len(s);
}

/* The last space of the line that may be broken at; 0: none. */
static size_t text_space(const char *s, size_t fit)
{
	size_t end = fit;

	while (end && (s[end] != ' ' || doc_joined(s, end)))
		end--;
	for (size_t any = fit; !end && any; any--)
		end = s[any] == ' ' ? any : 0;
	return end;
}

/*
 * The length in bytes of the next line of `*text` that fits `width`. `*text` is
 * advanced past it and the spaces that follow.
 */
static size_t text_line(const char **text, size_t width)
{
	const char *s = *text;
	size_t fit = text_fit(s, width), end = fit;

	if (s[fit]) {
		end = text_space(s, fit);
		if (!end)
			end = text_break(s, fit);
	}
	*text = s + end;
	while (**text == ' ')
		(*text)++;
	while (end && s[end - 1] == ' ')
		end--;
	return end;
}

/* Wraps words; the cursor is already at column `at` of the first line. */
static void text_flow(FILE *out, size_t at, size_t rest, const char *text)
{
	do {
		const char *line = text;
		size_t len = text_line(&text, text_columns - at);

		fwrite(line, 1, len, out);
		fputc('\n', out);
		at = rest;
		text_spaces(out, *text ? at : 0);
	} while (*text);
}

static void text_paragraph(FILE *out, size_t first, size_t rest, const char *text)
{
	text_spaces(out, *text ? first : 0);
	text_flow(out, first, rest, text);
}

void doc_print_line(FILE *out, const char *label, const char *text)
{
	size_t at = strlen(label);

	fputs(label, out);
	text_columns = isatty(fileno(out)) ? doc_columns(out) : UINT_MAX;
	text_flow(out, at, at, text);
}

/* The same for several pieces. */
static void text_pieces(FILE *out, size_t first, size_t rest, const char *a,
			const char *between, const char *b)
{
	char *line = text_format("%s%s%s", a, between, b);

	text_paragraph(out, first, rest, line);
	free(line);
}

/* --- tables ------------------------------------------------------------------ */

struct text_table {
	const struct doc_table *t;
	size_t width[DOC_COLUMNS_MAX];
	size_t word[DOC_COLUMNS_MAX];	/* the longest word, broken only as a last resort */
	unsigned n;		/* columns that are not footnotes */
	unsigned gap;		/* between columns */
	struct doc_footnotes notes;
	bool colour;
};

/* The cells as printed: the last one with the number of its footnote. */
static void text_cells(struct text_table *x, const struct doc_row *row,
		       char *cell[DOC_COLUMNS_MAX])
{
	size_t note = doc_footnote(&x->notes, x->t, row);

	for (unsigned i = 0; i < x->n; i++) {
		const char *text = i < row->n ? row->cell[i].text : "";

		cell[i] = note && i == x->n - 1 ? text_format("%s [%zu]", text, note)
						: text_format("%s", text);
	}
}

static void text_free_cells(const struct text_table *x, char *cell[DOC_COLUMNS_MAX])
{
	for (unsigned i = 0; i < x->n; i++)
		free(cell[i]);
}

/* The longest part that text_line() breaks only if nothing else helps; names keep their hyphens. */
static size_t text_longest_word(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t len = strcspn(text, " /?,:"), width;
		char *word = strndup(text, len + (text[len] && text[len] != ' '));

		must_have(word);
		width = safe_width(word);
		longest = width > longest ? width : longest;
		free(word);
		text += len + !!text[len];
	}
	return longest;
}

static void text_measure(struct text_table *x)
{
	const struct doc_table *t = x->t;
	char *cell[DOC_COLUMNS_MAX];

	for (unsigned i = 0; i < x->n; i++) {
		x->width[i] = safe_width(t->column[i].title);
		x->word[i] = text_longest_word(t->column[i].title);
	}
	for (size_t r = 0; r < t->n_rows; r++) {
		if (t->row[r].kind != DOC_CELLS || t->row[r].detail)
			continue;
		text_cells(x, &t->row[r], cell);
		for (unsigned i = 0; i < x->n; i++) {
			bool number = t->column[i].align == DOC_RIGHT;
			size_t width = safe_width(cell[i]);
			size_t word = number ? width : text_longest_word(cell[i]);

			x->width[i] = width > x->width[i] ? width : x->width[i];
			x->word[i] = word > x->word[i] ? word : x->word[i];
		}
		text_free_cells(x, cell);
	}
}

/* What may be narrowed: wrapping columns, down to their words; all columns, with titles; words. */
enum text_may { TEXT_WORDS, TEXT_ANY_WORDS, TEXT_WRAPPING, TEXT_ANY };

static bool text_may_narrow(const struct text_table *x, unsigned i, enum text_may may)
{
	int align = x->t->column[i].align;
	bool above_words = x->width[i] > x->word[i];

	switch (may) {
	case TEXT_WORDS:
		return align == DOC_WRAP && above_words && x->width[i] > WRAP_LEAST;
	case TEXT_ANY_WORDS:
		return above_words;
	case TEXT_WRAPPING:
		return align == DOC_WRAP && x->width[i] > WRAP_LEAST &&
		       (above_words || x->word[i] > WORD_SHORT);
	default:
		return x->width[i] > WRAP_LEAST;
	}
}

/* The widest column that may be made narrower. */
static unsigned text_widest(const struct text_table *x, enum text_may may)
{
	unsigned widest = x->n;

	for (unsigned i = 0; i < x->n; i++)
		if (text_may_narrow(x, i, may) &&
		    (widest == x->n || x->width[i] > x->width[widest]))
			widest = i;
	return widest;
}

/* Narrows by all means up to `most`; true if the table then fits. */
static bool text_narrow_by(struct text_table *x, enum text_may most)
{
	size_t sum = INDENT + x->gap * (x->n - 1);

	for (unsigned i = 0; i < x->n; i++)
		sum += x->width[i];
	for (; sum > text_columns; sum--) {
		unsigned widest = x->n;

		for (int may = TEXT_WORDS; widest == x->n && may <= (int)most; may++)
			widest = text_widest(x, (enum text_may)may);
		if (widest == x->n)
			return false;
		x->width[widest]--;
	}
	return true;
}

/* First wraps, then closes up the columns, then wraps everything, then breaks words. */
static void text_narrow(struct text_table *x)
{
	size_t wide[DOC_COLUMNS_MAX];

	x->gap = 2;
	memcpy(wide, x->width, sizeof(wide));
	if (text_narrow_by(x, TEXT_WORDS))
		return;
	x->gap = 1;
	memcpy(x->width, wide, sizeof(wide));
	text_narrow_by(x, TEXT_ANY);
}

/* Prints one line of a row, each cell up to its width; true if text is left. */
static bool text_row_line(const struct text_table *x, const char **rest,
			  const char *colour, FILE *out)
{
	size_t pending = INDENT;
	bool left = false;

	for (unsigned i = 0; i < x->n; i++) {
		const char *cell = rest[i];
		size_t len = text_line(&rest[i], x->width[i] ? x->width[i] : 1);
		char *text = strndup(cell, len);
		bool right = x->t->column[i].align == DOC_RIGHT;
		bool coloured = *colour && i == x->n - 1 && len;
		size_t pad;

		must_have(text);
		pad = x->width[i] - safe_width(text);
		pending += right ? pad : 0;
		if (len) {
			text_spaces(out, pending);
			pending = 0;
		}
		pending += (right ? 0 : pad) + x->gap;
		fprintf(out, "%s%s%s", coloured ? colour : "", text,
			coloured ? "\x1b[0m" : "");
		left |= *rest[i] != '\0';
		free(text);
	}
	fputc('\n', out);
	return left;
}

static void text_cells_row(struct text_table *x, const struct doc_row *row, FILE *out)
{
	char *cell[DOC_COLUMNS_MAX];
	const char *rest[DOC_COLUMNS_MAX], *colour = "";

	text_cells(x, row, cell);
	memcpy(rest, cell, sizeof(rest));
	for (unsigned i = 0; i < row->n && x->colour; i++)
		if (row->cell[i].type == DOC_VERDICT)
			colour = text_colours[row->cell[i].mark];
	while (text_row_line(x, rest, colour, out))
		;
	text_free_cells(x, cell);
}

static void text_titles(const struct text_table *x, FILE *out)
{
	const char *rest[DOC_COLUMNS_MAX];

	for (unsigned i = 0; i < x->n; i++)
		rest[i] = x->t->column[i].title;
	while (text_row_line(x, rest, "", out))
		;
}

static void text_row(struct text_table *x, const struct doc_row *row, FILE *out)
{
	if (row->kind == DOC_CELLS) {
		text_cells_row(x, row, out);
	} else if (row->kind == DOC_GROUP) {
		text_pieces(out, 0, 6, row->cell[0].text, *row->cell[1].text ? "  " : "",
			    row->cell[1].text);
	} else {
		fputs(x->colour ? "\n\x1b[1m" : "\n", out);
		text_paragraph(out, 0, 6, row->cell[0].text);
		fputs(x->colour ? "\x1b[0m" : "", out);
	}
}

static void text_table(const struct doc_table *t, FILE *out, bool colour)
{
	struct text_table x = { .t = t, .colour = colour };

	for (unsigned i = 0; i < t->n_columns; i++)
		x.n += t->column[i].align != DOC_FOOTNOTE;
	text_measure(&x);
	text_narrow(&x);
	text_titles(&x, out);
	for (size_t r = 0; r < t->n_rows; r++)
		if (!t->row[r].detail)
			text_row(&x, &t->row[r], out);
	for (size_t i = 0; i < x.notes.n; i++) {
		fprintf(out, "%s[%zu] ", i ? "" : "\n", i + 1);
		text_flow(out, 4, 4, x.notes.reason[i]);
	}
}

/* --- blocks ------------------------------------------------------------------ */

static void text_heading(const struct doc_block *b, FILE *out)
{
	fprintf(out, "%s\n", b->text);
	for (size_t i = safe_width(b->text); i; i--)
		fputc('-', out);
	fputc('\n', out);
}

static void text_field(const struct doc_block *b, FILE *out)
{
	char *line = text_format("%s%s", b->span.text, b->rest);

	fprintf(out, "%-*s", FIELD_NAME, b->id);
	text_flow(out, FIELD_NAME, FIELD_NAME, line);
	free(line);
}

static void text_claim(const struct doc_block *b, FILE *out)
{
	text_pieces(out, 0, 4, b->span.text, ": ", *b->text ? b->text : b->id);
	if (*b->text)
		text_paragraph(out, 4, 6, b->id);
	text_paragraph(out, 4, 6, b->rest);
}

/* Consecutive blocks of these kinds have no blank line between them. */
static bool text_joins(const struct doc_block *last, const struct doc_block *b)
{
	if (!last || last->kind == DOC_HEADING)
		return true;
	if (last->kind == DOC_SUBHEADING || last->kind == DOC_WARNING)
		return b->kind != DOC_HEADING;
	if (b->kind == DOC_LINE || last->kind == DOC_FOLD)
		return true;
	return b->kind == last->kind &&
	       (b->kind == DOC_FIELD || b->kind == DOC_ITEM || b->kind == DOC_CLAIM);
}

/* Of a console's lines only the last non-empty ones are printed. */
static bool text_skips(const struct doc *d, size_t i)
{
	size_t later = 0;

	if (d->block[i].kind != DOC_LINE)
		return d->block[i].kind == DOC_FIGURE || d->block[i].kind == DOC_DRAWING ||
		       d->block[i].kind == DOC_UNFOLD;
	while (i + later < d->n && d->block[i + later].kind == DOC_LINE)
		later++;
	return later > CONSOLE_LINES || !*d->block[i].text;
}

static void text_block(const struct doc_block *b, const struct doc_block *last, FILE *out,
		       bool colour)
{
	bool below = last && last->kind == DOC_SUBHEADING;

	switch (b->kind) {
	case DOC_HEADING:
		text_heading(b, out);
		break;
	case DOC_FIELD:
		text_field(b, out);
		break;
	case DOC_ITEM:
		text_pieces(out, 0, 2, "- ", "", b->text);
		break;
	case DOC_CLAIM:
		text_claim(b, out);
		break;
	case DOC_LINE:
		text_paragraph(out, 4, 6, b->text);
		break;
	case DOC_TABLE:
		text_table(&b->table, out, colour);
		break;
	case DOC_FOLD:
		text_pieces(out, 0, 0, b->text, ":", "");
		break;
	case DOC_LEAD:
		fputs(colour ? "\x1b[1m" : "", out);
		text_paragraph(out, 0, 0, b->text);
		fputs(colour ? "\x1b[0m" : "", out);
		break;
	default:
		text_paragraph(out, below ? 4 : 0, below ? 4 : 0, b->text);
	}
}

void doc_print_text(const struct doc *d, FILE *out, bool colour)
{
	const struct doc_block *last = NULL;

	text_columns = doc_columns(out);
	for (size_t i = 0; i < d->n; i++) {
		const struct doc_block *b = &d->block[i];

		if (!(b->forms & DOC_IN_TEXT) || text_skips(d, i))
			continue;
		if (!text_joins(last, b))
			fputc('\n', out);
		text_block(b, last, out, colour);
		last = b;
	}
}
