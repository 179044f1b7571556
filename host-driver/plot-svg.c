/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures as inline SVG. What a mark is worth shows where a pointer rests. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "report-html.h"
#include "report-number.h"
#include "report-safe.h"

struct box {		/* of a panel's axes */
	double x, y, w, h;
};

static double across(const struct box *b, const struct figure_axis *a, double v)
{
	return b->x + b->w * fmin(fmax(figure_place(a, v), 0), 1);
}

static double up(const struct box *b, const struct figure_axis *a, double v)
{
	return b->y + b->h * (1 - fmin(fmax(figure_place(a, v), 0), 1));
}

static void put_line(FILE *out, const char *class, double x1, double y1,
		     double x2, double y2)
{
	fprintf(out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
		"y2=\"%.1f\"/>\n", class, x1, y1, x2, y2);
}

static void put_text(FILE *out, const char *class, const char *anchor, double x,
		     double y, const char *text)
{
	fprintf(out, "<text class=\"%s\" text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">",
		class, anchor, x, y);
	html_put(out, text);
	fputs("</text>\n", out);
}

static void put_name(FILE *out, const char *class, const char *anchor, double x,
		     double y, const char *name)
{
	char *cut = figure_short_name(name, strcmp(class, "lab") ? FIGURE_ROW_MAX
							       : FIGURE_ARM_MAX);

	put_text(out, class, anchor, x, y, cut);
	free(cut);
}

static void put_number(FILE *out, const char *class, const char *anchor,
		       double x, double y, const char *text)
{
	fprintf(out, "<text class=\"%s\" text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">",
		class, anchor, x, y);
	html_number(out, text);
	fputs("</text>\n", out);
}

void figure_write_shape(unsigned colour, double x, double y, FILE *out)
{
	static const char *const paths[] = {
		"m-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z",	/* circle */
		"m-3.6,-3.6h7.2v7.2h-7.2z",		/* square */
		"m0,-4.6l4.6,8h-9.2z",			/* triangle */
		"m0,-5l4.6,5l-4.6,5l-4.6,-5z",		/* diamond */
		"m-4.6,-3.4h9.2l-4.6,8z",
		"m-1.6,-5h3.2v3.4h3.4v3.2h-3.4v3.4h-3.2v-3.4h-3.4v-3.2h3.4z",
		"m-4,-2l4,-3l4,3v5h-8z",
	};

	fprintf(out, "<path class=\"dot\" d=\"M%.1f,%.1f%s\"/>", x, y,
		paths[colour % FIGURE_COLOURS]);
}

/* Opens a group of a series' colour that explains itself. */
static void open_mark(FILE *out, const struct figure *f,
		      const struct figure_series *s, const struct figure_mark *m)
{
	fprintf(out, "<g class=\"%c%u\"><title>",
		f->shape == FIGURE_SHARES ? 's' : 'c', s->colour % FIGURE_COLOURS);
	html_put(out, s->name);
	if (f->n_rows) {
		fputs(", ", out);
		html_put(out, f->row[(size_t)m->x]);
	} else {
		fprintf(out, ", %.0f ", m->x);
		html_put(out, f->x.title);
	}
	fputs(": ", out);
	html_number(out, m->label);
	fputs("</title>", out);
}

static void value_grid_across(const struct figure *f, const struct box *b,
			      bool labels, FILE *out)
{
	for (unsigned i = 0; i < f->value.n_ticks; i++) {
		double x = across(b, &f->value, f->value.tick[i].at);

		put_line(out, "grid", x, b->y, x, b->y + b->h);
		if (labels)
			put_number(out, "tick", "middle", x, b->y + b->h + 18,
				   f->value.tick[i].label);
	}
	if (labels)
		put_text(out, "tick", "middle", b->x + b->w / 2, b->y + b->h + 38,
			 f->value.title);
}

static void value_grid_up(const struct figure *f, const struct box *b, FILE *out)
{
	for (unsigned i = 0; i < f->value.n_ticks; i++) {
		double y = up(b, &f->value, f->value.tick[i].at);

		put_line(out, "grid", b->x, y, b->x + b->w, y);
		put_number(out, "tick", "end", b->x - 8, y + 4,
			   f->value.tick[i].label);
	}
}

/* --- lines ---------------------------------------------------------------- */

static void line_series(const struct figure *f, const struct box *b,
			const struct figure_series *s, FILE *out)
{
	fprintf(out, "<g class=\"c%u\"><polyline class=\"line\" points=\"",
		s->colour % FIGURE_COLOURS);
	for (size_t k = 0; k < s->n; k++)
		fprintf(out, "%.1f,%.1f ", across(b, &f->x, s->mark[k].x),
			up(b, &f->value, s->mark[k].value));
	fputs("\"/>\n", out);
	put_name(out, "lab", "start", b->x + b->w + 9,
		 b->y + b->h * (1 - s->label_at) + 4, s->name);
	fputs("</g>\n", out);
	for (size_t k = 0; k < s->n; k++) {
		const struct figure_mark *m = &s->mark[k];
		double x = across(b, &f->x, m->x);

		open_mark(out, f, s, m);
		put_line(out, "whisk", x, up(b, &f->value, m->lo), x,
			 up(b, &f->value, m->hi));
		figure_write_shape(s->colour, x, up(b, &f->value, m->value), out);
		fputs("</g>\n", out);
	}
}

static double lines(const struct figure *f, FILE *out)
{
	size_t columns = f->n_panels > 1 ? 2 : 1;
	double w = (double)f->width / columns, h = 340;

	for (size_t p = 0; p < f->n_panels; p++) {
		struct box b = { p % columns * w + 56, p / columns * h + 34,
				 w - 56 - f->right, h - 84 };

		put_name(out, "head", "start", b.x, b.y - 16, f->panel[p]);
		value_grid_up(f, &b, out);
		for (unsigned i = 0; i < f->x.n_ticks; i++)
			put_text(out, "tick", "middle",
				 across(&b, &f->x, f->x.tick[i].at), b.y + b.h + 18,
				 f->x.tick[i].label);
		put_text(out, "tick", "middle", b.x + b.w / 2, b.y + b.h + 38,
			 f->x.title);
		for (size_t i = 0; i < f->n_series; i++)
			if (f->series[i].panel == p)
				line_series(f, &b, &f->series[i], out);
	}
	return h * ((f->n_panels + columns - 1) / columns);
}

/* --- rows: dots, shares, effects ------------------------------------------- */

static void dot(const struct figure *f, const struct box *b,
		const struct figure_series *s, const struct figure_mark *m,
		double y, FILE *out)
{
	open_mark(out, f, s, m);
	put_line(out, "whisk", across(b, &f->value, m->lo), y,
		 across(b, &f->value, m->hi), y);
	figure_write_shape(s->colour, across(b, &f->value, m->value), y, out);
	fputs("</g>\n", out);
}

static void boot_dot(FILE *out, double x, double y)
{
	fprintf(out, "<circle class=\"boot\" cx=\"%.1f\" cy=\"%.1f\" r=\"2\"/>", x, y);
}

static void dot_row(const struct figure *f, const struct box *b,
		    const struct figure_series *s, const struct figure_mark *m,
		    double y, FILE *out)
{
	fprintf(out, "<g class=\"c%u\">", s->colour % FIGURE_COLOURS);
	for (unsigned i = 0; i < m->n_boots; i++)
		boot_dot(out, across(b, &f->value, m->boot[i]), y + 9);
	fputs("</g>\n", out);
	dot(f, b, s, m, y - 2, out);
	put_number(out, "value", "start", across(b, &f->value, m->hi) + 10, y + 2,
		   m->label);
}

static void share_row(const struct figure *f, const struct box *b,
		      const struct figure_series *s,
		      const struct figure_mark *m, double y, FILE *out)
{
	double from = across(b, &f->value, m->lo), to = across(b, &f->value, m->hi);
	char class[8];

	open_mark(out, f, s, m);
	fprintf(out, "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
		"height=\"20\"/></g>\n", from, y - 10, to - from);
	snprintf(class, sizeof(class), "on%u", s->colour % 3);
	if (to - from > 70)
		put_number(out, class, "middle", (from + to) / 2, y + 4, m->label);
}

static double row_panels(const struct figure *f, FILE *out,
			 void (*row)(const struct figure *f, const struct box *b,
				     const struct figure_series *s,
				     const struct figure_mark *m, double y,
				     FILE *out))
{
	const double step = f->shape == FIGURE_DOTS ? 34 : 28;
	double y = 0;

	for (size_t p = 0; p < f->n_panels; p++) {
		struct box b = { f->left, y + 26, f->width - f->left - 24,
				 step * f->n_rows };

		put_name(out, "head", "start", b.x, b.y - 9, f->panel[p]);
		value_grid_across(f, &b, p + 1 == f->n_panels, out);
		for (size_t i = 0; i < f->n_rows; i++)
			put_name(out, "tick", "end", b.x - 10,
				 b.y + step * (i + 0.5) + 4, f->row[i]);
		for (size_t i = 0; i < f->n_series; i++)
			for (size_t k = 0; k < f->series[i].n; k++)
				if (f->series[i].panel == p)
					row(f, &b, &f->series[i], &f->series[i].mark[k],
					    b.y + step * (f->series[i].mark[k].x + 0.5),
					    out);
		y = b.y + b.h + 6;
	}
	return y + 42;
}

/* The cell above, the metric below. */
static void effect_name(const char *name, double x, double y, FILE *out)
{
	char *cut = figure_short_name(name, FIGURE_ROW_MAX), *space = strchr(cut, ' ');

	if (space) {
		*space = '\0';
		put_text(out, "value", "end", x, y + 12, space + 1);
	}
	put_text(out, "tick", "end", x, space ? y - 4 : y + 4, cut);
	free(cut);
}

static double effect_rows(const struct figure *f, FILE *out)
{
	double step = 14 + 18 * f->n_series;
	struct box b = { f->left, 6, f->width - f->left - 84, step * f->n_rows };

	value_grid_across(f, &b, true, out);
	put_line(out, "zero", across(&b, &f->value, 1), b.y,
		 across(&b, &f->value, 1), b.y + b.h);
	for (size_t i = 0; i < f->n_rows; i++) {
		effect_name(f->row[i], b.x - 14, b.y + step * (i + 0.5), out);
		if (i)
			put_line(out, "grid", 0, b.y + step * i, f->width,
				 b.y + step * i);
	}
	for (size_t i = 0; i < f->n_series; i++)
		for (size_t k = 0; k < f->series[i].n; k++) {
			const struct figure_series *s = &f->series[i];
			const struct figure_mark *m = &s->mark[k];
			double y = b.y + step * m->x + 16 + 18 * i;

			dot(f, &b, s, m, y, out);
			fprintf(out, "<g class=\"c%u\">", s->colour % FIGURE_COLOURS);
			put_number(out, "lab", "start", b.x + b.w + 12, y + 4,
				   m->label);
			fputs("</g>\n", out);
		}
	return b.y + b.h + 46;
}

/* --- bars ----------------------------------------------------------------- */

static void bar(const struct figure *f, const struct box *b,
		const struct figure_series *s, const struct figure_mark *m,
		double x, double width, FILE *out)
{
	double top = up(b, &f->value, m->value);

	open_mark(out, f, s, m);
	fprintf(out, "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
		"height=\"%.1f\"/>", x + 1, top, width - 2, b->y + b->h - top);
	put_line(out, "ink", x + width / 2, up(b, &f->value, m->lo),
		 x + width / 2, up(b, &f->value, m->hi));
	for (unsigned i = 0; i < m->n_boots; i++)
		fprintf(out, "<circle class=\"boot on\" cx=\"%.1f\" cy=\"%.1f\" "
			"r=\"1.8\"/>", x + width * (i + 1) / (m->n_boots + 1),
			up(b, &f->value, m->boot[i]));
	fputs("</g>\n", out);
}

static double bars(const struct figure *f, FILE *out)
{
	const double h = 270;

	for (size_t p = 0; p < f->n_panels; p++) {
		struct box b = { 70, p * h + 34, f->width - 70 - 12, h - 64 };
		double group = b.w / f->n_rows;
		size_t n = 0, place = 0;

		for (size_t i = 0; i < f->n_series; i++)
			n += f->series[i].panel == p;
		put_name(out, "head", "start", b.x, b.y - 16, f->panel[p]);
		value_grid_up(f, &b, out);
		for (size_t i = 0; i < f->n_rows; i++)
			put_text(out, "tick", "middle", b.x + group * (i + 0.5),
				 b.y + b.h + 18, f->row[i]);
		for (size_t i = 0; i < f->n_series; i++) {
			const struct figure_series *s = &f->series[i];

			if (s->panel != p)
				continue;
			for (size_t k = 0; k < s->n; k++)
				bar(f, &b, s, &s->mark[k], b.x + group *
				    (s->mark[k].x + 0.1 + 0.8 * place / n),
				    0.8 * group / n, out);
			place++;
		}
	}
	return h * f->n_panels;
}

void figure_write_svg(const struct figure *f, FILE *out)
{
	char *body = NULL;
	size_t len;
	FILE *inside = open_memstream(&body, &len);
	double height = 0;

	if (!inside)
		return;
	switch (f->shape) {
	case FIGURE_LINES: height = lines(f, inside); break;
	case FIGURE_DOTS: height = row_panels(f, inside, dot_row); break;
	case FIGURE_SHARES: height = row_panels(f, inside, share_row); break;
	case FIGURE_BARS: height = bars(f, inside); break;
	case FIGURE_EFFECTS: height = effect_rows(f, inside); break;
	}
	fclose(inside);
	fprintf(out, "<svg role=\"img\" aria-labelledby=\"%s-t\" viewBox=\"0 0 %u %.0f\">\n"
		"<title id=\"%s-t\">", f->name, f->width, height, f->name);
	html_put(out, f->text);
	fprintf(out, "</title>\n%s</svg>\n", body);
	free(body);
}
