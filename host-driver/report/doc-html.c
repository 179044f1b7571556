/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A document as a page: one file, no script, nothing from the network. It is also
 * well-formed XML, so that any XML tool can check it. Texts have been made safe;
 * html_put() escapes what HTML needs.
 */
#include "doc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "safe.h"

static const struct { const char *class, *sign; } html_tones[] = {
	[DOC_CALM] = { "", "" }, [DOC_GOOD] = { " v-good", "\u2713 " },
	[DOC_BAD] = { " v-bad", "\u2717 " }, [DOC_ODD] = { " v-odd", "! " },
	[DOC_OPEN] = { "", "" },
};

/* A number of ours, with the typographic signs that plain text lacks: minus, times, micro. */
static void html_number(FILE *out, const char *text)
{
	char before = ' ';

	if (!strcmp(text, "-"))
		text = "\u2013";
	for (const char *p = text; *p; before = *p++) {
		if (*p == '-' && isdigit(p[1]))
			fputs(isdigit(before) ? "\u2013" : isalpha(before) ? "-" : "\u2212", out);
		else if (*p == 'x' && isdigit(p[1]) && !isalnum(before))
			fputs("\u00d7", out);
		else if (!strncmp(p, "us", 2) && before == ' ' && !isalnum(p[2]))
			fputs("\u00b5", out);
		else if (*p == '<' || *p == '&' || *p == '>')
			fputs(*p == '<' ? "&lt;" : *p == '>' ? "&gt;" : "&amp;", out);
		else
			fputc(*p, out);
	}
}

static void html_span(const struct doc_span *s, FILE *out)
{
	switch (s->type) {
	case DOC_WORDS:
		html_put(out, s->text);
		return;
	case DOC_NUMBER:
	case DOC_EFFECT:
		html_number(out, s->text);
		return;
	case DOC_ID:
		fputs("<span class=\"id\">", out);
		break;
	case DOC_ARM:
		fprintf(out, "<span class=\"arm c%u\"><i></i>",
			s->mark ? 1 + (s->mark - 1) % (FIGURE_COLOURS - 1) : 0);
		break;
	case DOC_BADGE:
		fputs("<span class=\"domain\">", out);
		break;
	case DOC_VERDICT:
		fprintf(out, "<span class=\"v%s\">%s", html_tones[s->mark].class,
			html_tones[s->mark].sign);
		break;
	}
	html_put(out, s->text);
	fputs("</span>", out);
}

/* --- tables ------------------------------------------------------------------ */

/* On a narrow page such a table stacks the cells of a row, each with its title. */
static bool html_is_wide(const struct doc_table *t)
{
	return t->n_columns >= 4;
}

static void html_cell(const struct doc_table *t, const struct doc_row *row, unsigned i,
		      FILE *out)
{
	const struct doc_span *s = &row->cell[i];
	enum doc_align align = t->column[i].align;
	const char *class = s->type == DOC_VERDICT ? "verdict" : s->type == DOC_EFFECT ? "n effect" : align == DOC_RIGHT ? "n" :
			    align == DOC_LEFT ? "nowrap" : align == DOC_FOOTNOTE ? "why" : "";

	if (s->type == DOC_ARM && !i) {
		fputs("<th scope=\"row\">", out);
		html_span(s, out);
		fputs("</th>", out);
		return;
	}
	fputs("<td", out);
	if (*class)
		fprintf(out, " class=\"%s\"", class);
	/* A verdict needs no title, unless its row has several. */
	if (html_is_wide(t) && *s->text &&
	    (s->type != DOC_VERDICT || strcmp(t->column[i].title, "verdict"))) {
		fputs(" data-c=\"", out);
		html_put(out, t->column[i].title);
		fputc('"', out);
	}
	fputc('>', out);
	html_span(s, out);
	fputs("</td>", out);
}

static void html_row(const struct doc_table *t, const struct doc_row *row, FILE *out)
{
	if (row->kind == DOC_CELLS) {
		fputs("<tr>", out);
		for (unsigned i = 0; i < t->n_columns; i++)
			if (i < row->n)
				html_cell(t, row, i, out);
			else
				fputs("<td></td>", out);
		fputs("</tr>\n", out);
		return;
	}
	fprintf(out, "<tr class=\"%s\"><th colspan=\"%u\" scope=\"rowgroup\">",
		row->kind == DOC_GROUP ? "group" : "part", t->n_columns);
	html_span(&row->cell[0], out);
	if (row->kind == DOC_GROUP) {
		fputs(" <span class=\"base\">", out);
		html_span(&row->cell[1], out);
		fputs("</span>", out);
	}
	fputs("</th></tr>\n", out);
}

static void html_titles(const struct doc_table *t, FILE *out)
{
	fputs("<thead><tr>", out);
	for (unsigned i = 0; i < t->n_columns; i++) {
		fprintf(out, "<th scope=\"col\"%s>",
			t->column[i].align == DOC_RIGHT ? " class=\"n\"" : "");
		html_put(out, t->column[i].title);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
}

/* Each group is a tbody of its own, which is not split between printed pages. */
static void html_table(const struct doc_table *t, unsigned number, FILE *out)
{
	bool open = false;

	fprintf(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		"aria-label=\"Table %u\"><table", number);
	fputs(html_is_wide(t) ? " class=\"wide\">\n" : ">\n", out);
	html_titles(t, out);
	for (size_t r = 0; r < t->n_rows; r++) {
		if (t->row[r].kind != DOC_CELLS && open) {
			fputs("</tbody><tbody>\n", out);
			open = false;
		}
		html_row(t, &t->row[r], out);
		open |= t->row[r].kind == DOC_CELLS;
	}
	fputs("</tbody></table></div>\n", out);
}

/* --- blocks ------------------------------------------------------------------ */

/* The figure's data, inside the page, so that it goes wherever the page goes. */
static void html_data_link(const struct figure *f, FILE *out)
{
	char *data = NULL;
	size_t len;
	FILE *to = text_open(&data, &len);

	figure_write_data(f, to);
	text_close(to);
	fprintf(out, "<figcaption><a download=\"%s.dat\" href=\"data:text/plain;charset=utf-8,",
		f->name);
	for (size_t i = 0; i < len; i++)
		fprintf(out, isalnum((unsigned char)data[i]) || strchr("-_.~", data[i]) ? "%c" : "%%%02X",
			(unsigned char)data[i]);
	fputs("\">Data of this figure</a></figcaption>", out);
	free(data);
}

static void html_figure(const struct figure *f, FILE *out)
{
	if (!f->svg)
		return;
	fprintf(out, "<figure id=\"figure-%s\"><div class=\"scroll\" tabindex=\"0\" "
		"role=\"region\" aria-label=\"Figure %s\" style=\"max-width:%upx\">",
		f->name, f->name, f->width);
	if (figure_write_inline(f, out))
		fprintf(out, "<p>This drawing could not be embedded; see plots/%s.svg.</p>",
			f->name);
	fputs("</div>", out);
	html_data_link(f, out);
	fputs("</figure>\n", out);
}

static void html_field(const struct doc_block *b, FILE *out)
{
	if (*b->id) {
		fputs("<dt>", out);
		html_put(out, b->id);
		fputs("</dt>", out);
	}
	fputs("<dd>", out);
	html_span(&b->span, out);
	if (b->span.type == DOC_BADGE && *b->rest == ':')	/* a badge has a frame and needs no colon */
		html_put(out, b->rest + 1);
	else
		html_put(out, b->rest);
	fputs("</dd>\n", out);
}

/* Text that a browser breaks into lines, but not between a number and its unit. */
static void html_prose(FILE *out, const char *text)
{
	size_t from = 0, at = 0;
	char *part;

	for (; text[at]; at++) {
		if (text[at] != ' ' || !doc_joined(text, at))
			continue;
		part = text_format("%.*s", (int)(at - from), text + from);
		html_put(out, part);
		free(part);
		fputs("\u00a0", out);
		from = at + 1;
	}
	html_put(out, text + from);
}

static void html_claim(const struct doc_block *b, FILE *out)
{
	fputs("<li>", out);
	html_span(&b->span, out);
	fputc(' ', out);
	if (*b->text) {
		html_put(out, b->text);
		fputs("<br/>", out);
	}
	fputs("<span class=\"id\">", out);
	html_put(out, b->id);
	fputs("</span><br/>", out);
	html_prose(out, b->rest);
	fputs("</li>\n", out);
}

/* The element around consecutive blocks of one kind. */
static const struct { const char *open, *close; } html_around[] = {
	[DOC_FIELD] = { "<dl class=\"facts\">\n", "</dl>\n" },
	[DOC_ITEM] = { "<ul>\n", "</ul>\n" },
	[DOC_CLAIM] = { "<ul class=\"claims\">\n", "</ul>\n" },
	[DOC_LINE] = { "<pre tabindex=\"0\">", "</pre>\n" },
	[DOC_UNFOLD] = { NULL, NULL },
};

static void html_text(const char *before, const char *text, const char *after, FILE *out)
{
	fputs(before, out);
	html_prose(out, text);
	fputs(after, out);
}

/* " x0.1" gets a times sign, as in the tables. */
static void html_words(const char *open, const char *text, FILE *out)
{
	fputs(open, out);
	for (const char *x; (x = strstr(text, " x")); text = x + 2) {
		char *before = strndup(text, (size_t)(x - text) + 1);

		html_put(out, before ? before : "");
		fputs(isdigit((unsigned char)x[2]) ? "\u00d7" : "x", out);
		free(before);
	}
	html_text("", text, "</p>\n", out);
}

static void html_block(const struct doc_block *b, unsigned *tables, FILE *out)
{
	switch (b->kind) {
	case DOC_TITLE:
		html_text("<p class=\"kicker\">kduel report: ", b->rest, "</p>\n", out);
		html_text("<h1>", b->text, "</h1>\n", out);
		break;
	case DOC_WARNING:
		html_text("<div class=\"warn\" role=\"alert\"><b>", b->text, "</b>\n", out);
		break;
	case DOC_HEADING:
		fprintf(out, "<h2 id=\"%s\">", b->id);
		html_text("", b->text, "</h2>\n", out);
		break;
	case DOC_SUBHEADING:
		html_text("<h3>", b->text, "</h3>\n", out);
		break;
	case DOC_LEAD:
		html_words("<p class=\"lead\">", b->text, out);
		break;
	case DOC_SAY:
		html_text("<p>", b->text, "</p>\n", out);
		break;
	case DOC_SMALL:
		html_words("<p class=\"small soft\">", b->text, out);
		break;
	case DOC_FIELD:
		html_field(b, out);
		break;
	case DOC_ITEM:
		html_text("<li>", b->text, "</li>\n", out);
		break;
	case DOC_CLAIM:
		html_claim(b, out);
		break;
	case DOC_LINE:
		html_put(out, b->text);
		fputc('\n', out);
		break;
	case DOC_TABLE:
		html_table(&b->table, ++*tables, out);
		break;
	case DOC_FIGURE:
		html_figure(b->figure, out);
		break;
	case DOC_DRAWING:
		fprintf(out, "<figure class=\"calls\"><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
			"aria-label=\"Call stacks\">%s</div></figure>\n", b->text);
		break;
	case DOC_FOLD:
		html_text(b->id ? "<details class=\"aside\"><summary>" : "<details><summary>", b->text,
			  "</summary>\n", out);
		break;
	case DOC_UNFOLD:
		fputs("</details>\n", out);
		break;
	}
}

static void html_begin(const char *title, FILE *out)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	      "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
	      "<meta name=\"generator\" content=\"kduel " KDUEL_VERSION "\"/>\n<title>", out);
	html_put(out, title);
	fputs("</title>\n<style>\n", out);
	fputs(doc_style, out);
	fputs("</style>\n</head>\n<body>\n<header>\n", out);
}

void doc_print_html(const struct doc *d, const char *title, FILE *out)
{
	const struct doc_block *last = NULL;
	bool in_main = false, warning = false;
	unsigned tables = 0;

	html_begin(title, out);
	for (size_t i = 0; i < d->n; i++) {
		const struct doc_block *b = &d->block[i];

		if (!(b->forms & DOC_IN_HTML))
			continue;
		if (last && last->kind != b->kind && html_around[last->kind].close)
			fputs(html_around[last->kind].close, out);
		if (warning && b->kind != DOC_ITEM) {
			fputs("</div>\n", out);
			warning = false;
		}
		if (!in_main && (b->kind == DOC_HEADING || b->kind == DOC_WARNING)) {
			fputs("</header>\n<main>\n", out);
			in_main = true;
		}
		if ((!last || last->kind != b->kind) && html_around[b->kind].open)
			fputs(html_around[b->kind].open, out);
		html_block(b, &tables, out);
		warning |= b->kind == DOC_WARNING;
		last = b;
	}
	if (last && html_around[last->kind].close)
		fputs(html_around[last->kind].close, out);
	fputs(in_main ? "</main>\n" : "</header>\n", out);
	fputs("<footer><p>Made by kduel " KDUEL_VERSION " from the journal of this campaign. "
	      "The same in plain text: <code>report.txt</code>; for programs: "
	      "<code>report.json</code>; the plots' data: <code>data/</code>.</p></footer>\n"
	      "</body>\n</html>\n", out);
}
