/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Embeds a drawing of gnuplot's in the page. It is parsed, and only elements known
 * to be harmless are written again: shapes and texts, no script, style, link or
 * filter. Its ids are prefixed with the figure's name, so that no two drawings
 * share one, and its colours become those of the page, which has a dark mode.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "safe.h"

static const struct {
	unsigned rgb;
	const char *name;	/* of the style sheet's variable */
} page_colours[] = {		/* those of plots/style.gp and page-sizes.gp */
	{ 0xffffff, "bg" }, { 0x22262b, "ink" }, { 0x6b727b, "soft" },
	{ 0xe3e6e9, "grid" }, { 0xe6c977, "p0" }, { 0x2a7f74, "p1" },
	{ 0x123a36, "p2" }, { 0x2e2610, "p0-ink" }, { 0xfffffe, "p-ink" },
};
#define PAGE_COLOURS (sizeof(page_colours) / sizeof(page_colours[0]))

static const char *const elements[] = {
	"g", "path", "circle", "rect", "polygon", "polyline", "use", "text",
	"tspan", "defs", NULL,
};

/* Without font-family, so that the page's own font is used. */
static const char *const attributes[] = {
	"id", "href", "transform", "d", "x", "y", "width", "height", "cx", "cy",
	"r", "points", "fill", "fill-opacity", "stroke", "stroke-opacity",
	"stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-dasharray",
	"color", "opacity", "font-size", "font-weight", "text-anchor", NULL,
};

struct span {
	const char *at;
	size_t len;
};

static bool inline_is(struct span s, const char *text)
{
	return s.len == strlen(text) && !strncmp(s.at, text, s.len);
}

static bool inline_is_one_of(struct span s, const char *const *list)
{
	while (*list && !inline_is(s, *list))
		list++;
	return *list;
}

static struct span inline_word(const char *p)
{
	size_t len = 0;

	while (isalnum((unsigned char)p[len]) || p[len] == '-')
		len++;
	return (struct span){ p, len };
}

/* --- colours --------------------------------------------------------------- */

static bool inline_parse_colour(const char *text, unsigned *rgb)
{
	unsigned r, g, b;

	if (sscanf(text, "rgb( %u , %u , %u )", &r, &g, &b) == 3)
		*rgb = (r & 255) << 16 | (g & 255) << 8 | (b & 255);
	else if (sscanf(text, "#%6x", rgb) != 1)
		return false;
	return true;
}

static void inline_put_colour(unsigned rgb, FILE *out)
{
	for (size_t i = 0; i < PAGE_COLOURS; i++)
		if (page_colours[i].rgb == rgb) {
			fprintf(out, "var(--%s)", page_colours[i].name);
			return;
		}
	for (unsigned i = 0; i < FIGURE_COLOURS; i++)
		if (strtoul(figure_colour(i) + 1, NULL, 16) == rgb) {
			fprintf(out, "var(--a%u)", i);
			return;
		}
	fprintf(out, "#%06x", rgb);
}

/* --- tags ------------------------------------------------------------------ */

static void inline_put_attribute(const char *prefix, struct span name,
			  struct span value, FILE *out)
{
	char text[32];
	unsigned rgb;

	snprintf(text, sizeof(text), "%.*s", (int)value.len, value.at);
	fprintf(out, " %.*s=\"", (int)name.len, name.at);
	if (inline_is(name, "id"))
		fprintf(out, "%s-%.*s", prefix, (int)value.len, value.at);
	else if (inline_is(name, "href"))
		fprintf(out, "#%s-%.*s", prefix, (int)value.len - 1, value.at + 1);
	else if (inline_parse_colour(text, &rgb))
		inline_put_colour(rgb, out);
	else
		for (size_t i = 0; i < value.len; i++)	/* a path may span lines */
			fputc(iscntrl((unsigned char)value.at[i]) ? ' ' : value.at[i], out);
	fputc('"', out);
}

/* Is the value free of what could end the attribute, or refer outside the page? */
static bool inline_is_harmless(struct span name, struct span value)
{
	for (size_t i = 0; i < value.len; i++)
		if (strchr("\"<>&:\\", value.at[i]) ||
		    !strncasecmp(value.at + i, "url(", 4))
			return false;
	return !inline_is(name, "href") || *value.at == '#';
}

/* Copies the attributes after `p`; returns the end of the tag, NULL if it has none. */
static const char *inline_copy_attributes(const char *prefix, const char *p, FILE *out)
{
	while (*p && *p != '>' && *p != '/') {
		struct span name, value;
		const char *end;

		if (isspace((unsigned char)*p)) {
			p++;
			continue;
		}
		if (!strncmp(p, "xlink:", 6))
			p += 6;
		name = inline_word(p);
		p += name.len + strspn(p + name.len, " ");
		if (!name.len || *p != '=')
			return NULL;
		p += 1 + strspn(p + 1, " ");
		end = *p == '"' || *p == '\'' ? strchr(p + 1, *p) : NULL;
		if (!end)
			return NULL;
		value = (struct span){ p + 1, (size_t)(end - p - 1) };
		if (inline_is_one_of(name, attributes) && inline_is_harmless(name, value))
			inline_put_attribute(prefix, name, value, out);
		p = end + 1;
	}
	return *p ? p : NULL;
}

static const char *inline_after(const char *p, const char *what)
{
	p = strstr(p, what);
	return p ? p + strlen(what) : NULL;
}

/* Copies a tag; returns what follows it, NULL if the tag is not allowed. */
static const char *inline_copy_tag(const char *prefix, const char *p, FILE *out)
{
	bool end = p[1] == '/';
	struct span name = inline_word(p + 1 + end);

	if (!end && inline_is(name, "filter"))		/* for boxes around texts */
		return inline_after(p, "</filter>");
	if (!end && inline_is(name, "title"))		/* gnuplot's names of curves */
		return inline_after(p, "</title>");
	if (!inline_is_one_of(name, elements))
		return NULL;
	fprintf(out, "<%s%.*s", end ? "/" : "", (int)name.len, name.at);
	p = inline_copy_attributes(prefix, name.at + name.len, out);
	if (!p || (*p == '/' && p[1] != '>'))
		return NULL;
	fputs(*p == '/' ? "/>" : ">", out);
	return p + (*p == '/' ? 2 : 1);
}

/* Copies from the canvas on; what precedes it only describes gnuplot. */
static int inline_copy_drawing(const char *svg, const char *prefix, FILE *out)
{
	const char *p = strstr(svg, "<g id=\"gnuplot_canvas\">");
	const char *end = p ? strstr(p, "</svg>") : NULL;

	while (p && end && p < end) {
		if (*p == '<')
			p = inline_copy_tag(prefix, p, out);
		else if (*p++ != '\t')		/* gnuplot's indentation */
			fputc(p[-1], out);
	}
	return p && p == end ? 0 : -1;
}

static int inline_element(const struct figure *f, const char *svg, const char *prefix,
			  FILE *out)
{
	fputs("<svg role=\"img\" aria-label=\"", out);
	html_put(out, f->title);
	fputs(". ", out);
	html_put(out, f->text);
	fprintf(out, "\" viewBox=\"0 0 %u %u\">\n", f->width, f->height);
	if (inline_copy_drawing(svg, prefix, out))
		return -1;
	fputs("</svg>\n", out);
	return 0;
}

static int inline_narrow(const struct figure *f, FILE *out)
{
	struct figure narrow;
	char *prefix = text_format("%s-narrow", f->name);
	int rc;

	figure_narrow_init(f, &narrow);
	narrow.title = f->title;
	fputs("<div class=\"narrow\"><p>", out);
	html_put(out, f->title);
	fputs("</p><p class=\"small soft\">", out);
	html_put(out, f->subtitle);
	fputs("</p>\n", out);
	rc = inline_element(&narrow, f->narrow_svg, prefix, out);
	fputs("</div>\n", out);
	figure_narrow_release(&narrow);
	free(prefix);
	return rc;
}

int figure_write_inline(const struct figure *f, FILE *out)
{
	char *body = NULL;
	size_t len;
	FILE *inside = text_open(&body, &len);
	int rc = inline_element(f, f->svg, f->name, inside);

	if (!rc && f->narrow_svg)
		rc = inline_narrow(f, inside);
	text_close(inside);
	if (!rc)
		fputs(body, out);
	free(body);
	return rc;
}
