/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A document: the content of a report without its form. It is built once, from a
 * comparison or a report, and written by a back end: text of 76 columns, an HTML
 * page, Markdown.
 *
 *	struct doc *d = doc_new();
 *
 *	doc_title(d, "synthetic", "What did it cost?");
 *	doc_heading(d, "failures", "Runs that failed");
 *	doc_table(d, "arm|#boots|why");
 *	doc_row(d);
 *	doc_cell(d, DOC_ARM, 0, "6.1");
 *	doc_cell(d, DOC_NUMBER, 0, "%u", 5);
 *	doc_cell(d, DOC_WORDS, 0, "panic 1");
 *	doc_print_text(d, stdout, false);
 *	doc_free(d);
 *
 * Every text is made safe (safe.h) when it is added; a back end only adds the
 * escapes of its own form. If memory runs out the program ends.
 */
#ifndef KDUEL_DOC_H
#define KDUEL_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct figure;

enum doc_type {
	DOC_WORDS,
	DOC_NUMBER,	/* formatted by kduel; a page adds typographic signs */
	DOC_EFFECT,	/* a number, the most important one of its row */
	DOC_ID,		/* a name that can be typed: of a cell, a metric, a fact */
	DOC_ARM,	/* `mark`: its colour, see figure_arm_colour() */
	DOC_VERDICT,	/* `mark`: a doc_tone */
	DOC_BADGE,	/* the domain */
};

enum doc_tone { DOC_CALM, DOC_GOOD, DOC_BAD, DOC_ODD, DOC_OPEN };

struct doc_span {
	enum doc_type type;
	unsigned mark;
	char *text;
};

#define DOC_COLUMNS_MAX 9

enum doc_align {
	DOC_WRAP,	/* to the left; narrowed and wrapped if space is short */
	DOC_LEFT,
	DOC_RIGHT,
	DOC_FOOTNOTE,	/* a reason: narrow forms put it below the table, with a number */
};

enum doc_row_kind {
	DOC_CELLS,
	DOC_GROUP,	/* across all columns: cell[0] the name, cell[1] the rest */
	DOC_PART,	/* across all columns: a title within the table */
};

struct doc_row {
	enum doc_row_kind kind;
	bool detail;		/* left out in forms without room for everything */
	struct doc_span cell[DOC_COLUMNS_MAX];
	unsigned n;
};

struct doc_table {
	struct { char *title; enum doc_align align; } column[DOC_COLUMNS_MAX];
	unsigned n_columns;
	struct doc_row *row;
	size_t n_rows, room;
};

enum doc_kind {
	DOC_TITLE,	/* text; rest: what precedes it on a page */
	DOC_WARNING,	/* text; the items that follow belong to it */
	DOC_HEADING,	/* id, text */
	DOC_SUBHEADING,
	DOC_LEAD,	/* the most important sentence */
	DOC_SAY,	/* a paragraph */
	DOC_SMALL,	/* a paragraph on how to read what is above */
	DOC_FIELD,	/* id: its name ("": that of the previous one), span, rest */
	DOC_ITEM,	/* of a list */
	DOC_CLAIM,	/* span: the outcome; text: in words; id: as written; rest: found */
	DOC_LINE,	/* of a console */
	DOC_TABLE,
	DOC_FIGURE,
	DOC_DRAWING,	/* text: SVG, as it is */
	DOC_FOLD,	/* text: the title of what is folded away up to DOC_UNFOLD */
	DOC_UNFOLD,
};

/* Forms that show a block. */
enum { DOC_IN_TEXT = 1, DOC_IN_HTML = 2, DOC_IN_MARKDOWN = 4, DOC_IN_ALL = 7 };

struct doc_block {
	enum doc_kind kind;
	unsigned forms;
	char *id, *text, *rest;		/* "" if there is none */
	struct doc_span span;
	struct doc_table table;
	const struct figure *figure;	/* the caller's; must outlive the document */
};

struct doc {
	struct doc_block *block;
	size_t n, room;
	unsigned forms;
	bool detail;
};

struct doc *doc_new(void);
void doc_free(struct doc *d);

#define DOC_PRINTF(n) __attribute__((format(printf, n, n + 1)))

void doc_title(struct doc *d, const char *before, const char *text);
/* A section heading; `id` is its anchor on a page, and unique. */
void doc_heading(struct doc *d, const char *id, const char *fmt, ...) DOC_PRINTF(3);
void doc_put(struct doc *d, enum doc_kind kind, const char *fmt, ...) DOC_PRINTF(3);
/* A DOC_FOLD that stays folded on paper: long, and not what the reader came for. */
void doc_fold_aside(struct doc *d, const char *fmt, ...) DOC_PRINTF(2);
void doc_field(struct doc *d, const char *name, enum doc_type type, unsigned mark,
	       const char *text, const char *fmt, ...) DOC_PRINTF(6);
/* An item for each line of `text`. */
void doc_items(struct doc *d, const char *text);
void doc_claim(struct doc *d, enum doc_tone tone, const char *outcome,
	       const char *says, const char *written, const char *detail);
void doc_figure(struct doc *d, const struct figure *f);
/* Markup of our own, copied into a page verbatim; other forms leave it out. */
void doc_drawing(struct doc *d, const char *svg);

/*
 * Begins a table; rows and cells go into it until another block begins. Columns are
 * separated by '|'. A title that begins with '#' marks a right-aligned column, '=' one
 * that is never wrapped, '!' one whose cells become footnotes.
 */
void doc_table(struct doc *d, const char *columns);
void doc_row(struct doc *d);
void doc_cell(struct doc *d, enum doc_type type, unsigned mark, const char *fmt, ...)
	DOC_PRINTF(4);
void doc_group(struct doc *d, const char *name, const char *fmt, ...) DOC_PRINTF(3);
void doc_part(struct doc *d, const char *fmt, ...) DOC_PRINTF(2);

/* --- for back ends ---------------------------------------------------------- */

#define DOC_TEXT_COLUMNS 76	/* of a mail */
#define DOC_COLUMNS_LEAST 40	/* of a terminal, whose width is followed */
#define DOC_COLUMNS_MOST 120
unsigned doc_columns(FILE *out);
/* Prints plain text, with a terminal's colours if `colour`. */
void doc_print_text(const struct doc *d, FILE *out, bool colour);
/* A line with a label: on a terminal wrapped and indented below it; elsewhere unwrapped. */
void doc_print_line(FILE *out, const char *label, const char *text);

/* A whole page: no script, nothing from a network, well-formed XML. */
void doc_print_html(const struct doc *d, const char *title, FILE *out);
/*
 * Does the space at `s[at]` join what must stay on one line: a number and its unit, a sign
 * and its number ("n = 5", "< 10%")?
 */
bool doc_joined(const char *s, size_t at);

/* GitHub's Markdown: tables, and <details> for what is folded away. */
void doc_print_markdown(const struct doc *d, FILE *out);

/* Is `out` a terminal that shows colours, and are they wanted (NO_COLOR)? */
bool doc_wants_colour(FILE *out);

/* Reasons of a table's footnotes, each once: "[2]" is reason[1]. */
#define DOC_FOOTNOTES_MAX 6
struct doc_footnotes {
	const char *reason[DOC_FOOTNOTES_MAX];
	size_t n;
};
/* The number of the row's footnote; 0: it has none, or there are too many. */
size_t doc_footnote(struct doc_footnotes *f, const struct doc_table *t,
		    const struct doc_row *row);

extern const char doc_style[];

#endif
