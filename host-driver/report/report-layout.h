/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plain text that fits a mail: paragraphs, fields and tables of at most
 * REPORT_COLUMNS columns. Texts are made safe on the way in (report-safe.h),
 * so that a width is a width.
 */
#ifndef KDUEL_REPORT_LAYOUT_H
#define KDUEL_REPORT_LAYOUT_H

#include <stddef.h>
#include <stdio.h>

#define REPORT_COLUMNS 76

/*
 * Words wrapped at REPORT_COLUMNS, the first line indented by `first`, the
 * others by `rest`. A word longer than a line is cut.
 */
void layout_paragraph(FILE *out, unsigned first, unsigned rest,
		      const char *text);

/* "name      text", the text wrapped in its own column. */
void layout_field(FILE *out, const char *name, const char *text);

/* A heading of its own: a blank line, the text, a rule below. */
void layout_heading(FILE *out, const char *text);

/*
 * A table: rows of cells, each column as wide as its widest cell. Where the
 * sum is too wide the columns marked 'w' in `align` are wrapped to fit, and
 * the others too if that is not enough.
 *
 *	struct layout_table t;
 *
 *	layout_table_init(&t, "lrrw");
 *	layout_table_add(&t, "arm", "boots", "failed", "why");
 *	...
 *	layout_table_print(&t, out, 2);
 *	layout_table_release(&t);
 */
#define LAYOUT_CELLS_MAX 10

struct layout_row {
	char *cell[LAYOUT_CELLS_MAX];	/* safe text */
	char *line;		/* instead of cells: a line across all columns */
	const char *before, *after;	/* printed around the row's last cell: colour */
};

struct layout_table {
	const char *align;	/* a letter a column: l, r, w (left, wraps) */
	struct layout_row *row;
	size_t n_rows, room;
};

void layout_table_init(struct layout_table *t, const char *align);
/* As many texts as columns; NULL is an empty cell. */
void layout_table_add(struct layout_table *t, ...);
/* A line across all columns, between rows. */
void layout_table_line(struct layout_table *t, const char *text);
/* The last row's last cell, or its line, gets these around it (terminal
 * colours, which take no width). */
void layout_table_colour(struct layout_table *t, const char *before,
			 const char *after);
void layout_table_print(const struct layout_table *t, FILE *out,
			unsigned indent);
void layout_table_release(struct layout_table *t);

#endif
