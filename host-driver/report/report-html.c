/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.html: one page in one file, readable without colours or a network. */
#include "report-html.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vocab/number.h"
#include "safe.h"

void html_number(FILE *out, const char *text)
{
	char before = ' ';

	if (!strcmp(text, "-"))
		text = "\u2013";
	for (const char *p = text; *p; before = *p++) {
		if (*p == '-' && isdigit(p[1]))
			fputs("\u2212", out);
		else if (*p == 'x' && isdigit(p[1]))
			fputs("\u00d7", out);
		else if (!strcmp(p, "us") && before == ' ')
			fputs("\u00b5", out);
		else if (*p == ' ')
			fputs("\u00a0", out);
		else if (*p == '<' || *p == '&')
			fputs(*p == '<' ? "&lt;" : "&amp;", out);
		else
			fputc(*p, out);
	}
}

void html_table_begin(FILE *out, const char *columns)
{
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>\n<thead><tr>", out);
	while (*columns) {
		size_t len = strcspn(columns, "|");
		bool right = *columns == '#';

		fprintf(out, "<th scope=\"col\"%s>%.*s</th>",
			right ? " class=\"n\"" : "", (int)(len - right),
			columns + right);
		columns += len + (columns[len] == '|');
	}
	fputs("</tr></thead>\n<tbody>\n", out);
}

void html_table_end(FILE *out)
{
	fputs("</tbody></table></div>\n", out);
}

void html_arm(const struct comparison *c, size_t arm, FILE *out)
{
	unsigned colour = arm == c->baseline ? 0 :
			  arm < c->baseline ? arm + 1 : arm;

	fprintf(out, "<span class=\"arm c%u\"><i></i>",
		colour ? 1 + (colour - 1) % (FIGURE_COLOURS - 1) : 0);
	html_put(out, c->arms[arm].name);
	fputs("</span>", out);
}

void html_figure(const struct report *r, const char *name, FILE *out)
{
	for (size_t i = 0; i < r->n_figures; i++) {
		const struct figure *f = &r->figures[i];

		if (strcmp(f->name, name) || !f->svg)
			continue;
		fprintf(out, "<figure id=\"figure-%s\"><div class=\"scroll\" "
			"tabindex=\"0\" role=\"region\" aria-label=\"Figure\" "
			"style=\"max-width:%upx\">", name, f->width);
		if (figure_write_inline(f, out))
			fprintf(out, "<p>The drawing is not understood; it is "
				"plots/%s.svg.</p>", name);
		fputs("</div></figure>\n", out);
	}
}

static const char *why_not(const struct figure *f)
{
	return f->not_drawn ? f->not_drawn : "they were not drawn";
}

/* Figures that are not there, and why: those with one reason in one line. */
static void missing_figures(const struct report *r, FILE *out)
{
	for (size_t i = 0, k; i < r->n_figures; i = k) {
		const struct figure *f = &r->figures[i];

		k = i + 1;
		if (f->svg)
			continue;
		fprintf(out, "<p class=\"soft small\">Figures that are missing: %s",
			f->name);
		for (; k < r->n_figures && !r->figures[k].svg &&
		       !strcmp(why_not(f), why_not(&r->figures[k])); k++)
			fprintf(out, ", %s", r->figures[k].name);
		fputs(": ", out);
		html_put(out, why_not(f));
		fputs(".</p>\n", out);
	}
	for (size_t i = 0; i < r->n_no_figures; i++) {
		fprintf(out, "<p class=\"soft small\">No figure %s: ",
			r->no_figures[i].name);
		html_put(out, r->no_figures[i].reason);
		fputs(".</p>\n", out);
	}
}

static void fact(FILE *out, const char *name, const char *text)
{
	fprintf(out, "<dt>%s</dt><dd>", name);
	html_put(out, text);
	fputs("</dd>\n", out);
}

static void run_fact(const struct report *r, FILE *out)
{
	char when[64], took[NUMBER_MAX], text[160];
	time_t t = r->begun;
	struct tm tm;

	if (!(r->begun > 0) || !gmtime_r(&t, &tm))
		return;
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M UTC", &tm);
	snprintf(text, sizeof(text), "%s, took %s", when,
		 number_duration(r->ended - r->begun, took));
	fact(out, "Run", text);
}

static void head(const struct report *r, FILE *out)
{
	const struct comparison *c = r->c;
	char text[256], *control = report_control(c);

	fputs("<header>\n<p class=\"kicker\">kduel report: ", out);
	html_put(out, c->name);
	fputs("</p>\n<h1>", out);
	html_put(out, *c->question ? c->question : c->name);
	fputs("</h1>\n<dl class=\"facts\">\n<dt>Domain</dt><dd><span class=\"domain\">",
	      out);
	html_put(out, c->domain);
	fputs("</span> ", out);
	html_put(out, report_domain_meaning(c->domain));
	fputs("</dd>\n", out);
	if (*r->cpu)
		fact(out, "Processor", r->cpu);
	fputs("<dt>Arms</dt><dd>", out);
	for (size_t i = 0; i < c->n_arms; i++) {
		fputs(i ? ", " : "", out);
		html_arm(c, i, out);
		fputs(c->arms[i].baseline ? " (baseline)" :
		      c->arms[i].control ? " (the baseline once more, as a control)" :
		      "", out);
	}
	fputs("</dd>\n", out);
	if (control)
		fact(out, "A/A pair", control);
	free(control);
	snprintf(text, sizeof(text), "%u of %u, each with one boot of every arm in "
		 "random order, seed %llu", c->blocks, c->blocks_planned,
		 (unsigned long long)c->seed);
	fact(out, "Blocks", text);
	run_fact(r, out);
	fprintf(out, "<dt>Record</dt><dd><span class=\"id\">");
	html_put(out, r->folder);
	fputs("</span>, plan <span class=\"id\">", out);
	snprintf(text, sizeof(text), "%.12s", c->plan_hash);
	html_put(out, text);
	fputs("</span></dd>\n</dl>\n</header>\n", out);
}

static void refusal(const struct comparison *c, FILE *out)
{
	if (!c->refused)
		return;
	fputs("<div class=\"warn\" role=\"alert\"><b>This is no comparison</b>\n<ul>",
	      out);
	for (const char *p = c->refused; *p;) {
		size_t len = strcspn(p, "\n");
		char *line = strndup(p, len);

		if (!line)
			abort();
		fputs("<li>", out);
		html_put(out, line);
		fputs("</li>", out);
		free(line);
		p += len + (p[len] == '\n');
	}
	fputs("</ul></div>\n", out);
}

static void list(FILE *out, char *const *text, size_t n)
{
	fputs("<ul>\n", out);
	for (size_t i = 0; i < n; i++) {
		fputs("<li>", out);
		html_put(out, text[i]);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

static void limits(const struct report *r, FILE *out)
{
	char **text = report_limits(r);
	size_t n = 0;

	while (text[n])
		n++;
	fputs("<h2 id=\"limits\">What is not in it</h2>\n", out);
	list(out, text, n);
	report_limits_free(text);
	if (r->c->n_notes) {
		fputs("<h2 id=\"notes\">Notes</h2>\n", out);
		list(out, r->c->notes, r->c->n_notes);
	}
}

static void begin_page(const struct report *r, FILE *out)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, "
	      "initial-scale=1\"/>\n<meta name=\"color-scheme\" content=\"light dark\"/>\n"
	      "<meta name=\"generator\" content=\"kduel " KDUEL_VERSION "\"/>\n<title>",
	      out);
	html_put(out, r->c->name);
	fputs(" (", out);
	html_put(out, r->c->domain);
	fputs("): kduel report</title>\n<style>\n", out);
	fputs(report_style, out);
	fputs("</style>\n</head>\n<body>\n", out);
}

void report_html(const struct report *r, FILE *out)
{
	begin_page(r, out);
	head(r, out);
	fputs("<main>\n", out);
	refusal(r->c, out);
	html_verdicts(r, out);
	html_claims(r, out);
	fputs("<h2 id=\"effects\">Effects and their intervals</h2>\n", out);
	html_figure(r, "effects-large", out);
	html_figure(r, "effects-small", out);
	html_proof(r, out);
	fputs("<h2 id=\"measurements\">Measurements</h2>\n", out);
	html_figure(r, "first-touch", out);
	html_figure(r, "chase-ladder", out);
	html_figure(r, "stream", out);
	missing_figures(r, out);
	html_model(r, out);
	html_failures(r, out);
	html_counters(r, out);
	html_conditions(r, out);
	limits(r, out);
	html_full_list(r, out);
	fputs("</main>\n<footer><p>Made by kduel " KDUEL_VERSION " from the journal of "
	      "this campaign. The same in plain text: <code>report.txt</code>; for "
	      "programs: <code>report.json</code>; the plots' data: <code>data/</code>."
	      "</p></footer>\n</body>\n</html>\n", out);
}
