/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A document as Markdown, for issues, pull requests and wikis. */
#include "doc.h"

#include <string.h>

#include "safe.h"

/* Escapes what Markdown or HTML would interpret. */
static void doc_md_text(FILE *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '<' || *p == '>' || *p == '&')
			fputs(*p == '<' ? "&lt;" : *p == '>' ? "&gt;" : "&amp;", out);
		else if (*p == '@')	/* must not notify a user */
			fputs("&#64;", out);
		else if (strchr("\\`*_{}[]#|~!", *p))
			fprintf(out, "\\%c", *p);
		else
			fputc(*p, out);
	}
}

/* In backquotes, where only a '|' in a table is still special. */
static void doc_md_code(FILE *out, const char *text)
{
	fputc('`', out);
	for (const char *p = text; *p; p++)
		fputs(*p == '`' ? "'" : *p == '|' ? "\u00a6" : (char[]){ *p, 0 }, out);
	fputc('`', out);
}

static void doc_md_span(const struct doc_span *s, FILE *out)
{
	bool strong = s->type == DOC_BADGE ||
		      (s->type == DOC_VERDICT && s->mark != DOC_CALM && s->mark != DOC_OPEN);

	if (!*s->text)
		return;
	if (s->type == DOC_ID) {
		doc_md_code(out, s->text);
		return;
	}
	fputs(strong ? "**" : "", out);
	doc_md_text(out, s->text);
	fputs(strong ? "**" : "", out);
}

static void doc_md_titles(const struct doc_table *t, FILE *out)
{
	for (unsigned i = 0; i < t->n_columns; i++) {
		if (t->column[i].align == DOC_FOOTNOTE)
			continue;
		fputs("| ", out);
		doc_md_text(out, t->column[i].title);
		fputc(' ', out);
	}
	fputs("|\n", out);
	for (unsigned i = 0; i < t->n_columns; i++)
		if (t->column[i].align != DOC_FOOTNOTE)
			fputs(t->column[i].align == DOC_RIGHT ? "|--:" : "|---", out);
	fputs("|\n", out);
}

static void doc_md_row(struct doc_footnotes *notes, const struct doc_table *t,
			  const struct doc_row *row, FILE *out)
{
	size_t note = doc_footnote(notes, t, row), columns = 0;

	for (unsigned i = 0; i < t->n_columns; i++)
		columns += t->column[i].align != DOC_FOOTNOTE;
	if (row->kind != DOC_CELLS) {
		fputs("| ", out);
		if (row->kind == DOC_PART)
			fputs("**", out);
		doc_md_span(&row->cell[0], out);
		if (row->kind == DOC_PART)
			fputs("**", out);
		if (row->n > 1 && *row->cell[1].text) {
			fputs(" ", out);
			doc_md_span(&row->cell[1], out);
		}
		while (columns--)
			fputs(" |", out);
		fputc('\n', out);
		return;
	}
	for (unsigned i = 0; i < columns; i++) {
		fputs("| ", out);
		if (i < row->n)
			doc_md_span(&row->cell[i], out);
		if (note && i == columns - 1)
			fprintf(out, " \\[%zu\\]", note);
		fputc(' ', out);
	}
	fputs("|\n", out);
}

static void doc_md_table(const struct doc_table *t, FILE *out)
{
	struct doc_footnotes notes = { .n = 0 };

	doc_md_titles(t, out);
	for (size_t r = 0; r < t->n_rows; r++)
		if (!t->row[r].detail)
			doc_md_row(&notes, t, &t->row[r], out);
	for (size_t i = 0; i < notes.n; i++) {
		fprintf(out, "\n\\[%zu\\] ", i + 1);
		doc_md_text(out, notes.reason[i]);
		fputs(i + 1 < notes.n ? "  " : "\n", out);
	}
}

static void doc_md_claim(const struct doc_block *b, FILE *out)
{
	fputs("- ", out);
	doc_md_span(&b->span, out);
	fputs(": ", out);
	if (*b->text) {
		doc_md_text(out, b->text);
		fputc(' ', out);
	}
	doc_md_code(out, b->id);
	fputs("  \n  ", out);
	doc_md_text(out, b->rest);
	fputc('\n', out);
}

/* A field without a name continues the line of the previous one. */
static void doc_md_fields(const struct doc_block *b, const struct doc_block *end, FILE *out)
{
	fputs("- ", out);
	doc_md_text(out, b->id);
	fputs(": ", out);
	doc_md_span(&b->span, out);
	doc_md_text(out, b->rest);
	while (++b < end && b->kind == DOC_FIELD && !*b->id) {
		fputs("; ", out);
		doc_md_span(&b->span, out);
		doc_md_text(out, b->rest);
	}
	fputc('\n', out);
}

static void doc_md_block(const struct doc_block *b, FILE *out)
{
	static const char *const before[] = {
		[DOC_TITLE] = "# ", [DOC_WARNING] = "**", [DOC_HEADING] = "## ",
		[DOC_SUBHEADING] = "### ", [DOC_SAY] = "", [DOC_LEAD] = "**", [DOC_SMALL] = "", [DOC_ITEM] = "- ",
		[DOC_LINE] = "    ", [DOC_UNFOLD] = NULL,
	};

	switch (b->kind) {
	case DOC_FIELD:
		return;		/* see doc_md_fields() */
	case DOC_CLAIM:
		doc_md_claim(b, out);
		return;
	case DOC_TABLE:
		doc_md_table(&b->table, out);
		return;
	case DOC_FOLD:
		fputs("<details><summary>", out);
		html_put(out, b->text);
		fputs("</summary>\n", out);
		return;
	case DOC_UNFOLD:
		fputs("</details>\n", out);
		return;
	default:
		fputs(before[b->kind], out);
		if (b->kind == DOC_LINE)	/* indented: a code block */
			fputs(b->text, out);
		else
			doc_md_text(out, b->text);
		fputs(b->kind == DOC_WARNING || b->kind == DOC_LEAD ? "**\n" : "\n", out);
	}
}

static bool doc_md_joins(const struct doc_block *last, const struct doc_block *b)
{
	return last && last->kind == b->kind &&
	       (b->kind == DOC_FIELD || b->kind == DOC_ITEM || b->kind == DOC_CLAIM ||
		b->kind == DOC_LINE);
}

void doc_print_markdown(const struct doc *d, FILE *out)
{
	const struct doc_block *last = NULL;

	for (size_t i = 0; i < d->n; i++) {
		const struct doc_block *b = &d->block[i];

		if (!(b->forms & DOC_IN_MARKDOWN) || b->kind == DOC_FIGURE ||
		    b->kind == DOC_DRAWING ||
		    (b->kind == DOC_FIELD && !*b->id))
			continue;
		if (last && !doc_md_joins(last, b))
			fputc('\n', out);
		if (b->kind == DOC_FIELD)
			doc_md_fields(b, d->block + d->n, out);
		else
			doc_md_block(b, out);
		last = b;
	}
}
