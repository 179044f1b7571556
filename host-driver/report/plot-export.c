/* SPDX-License-Identifier: GPL-2.0-or-later */
/* data/<figure>.dat: everything that a script needs, with explanations for readers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "safe.h"

static void export_text(FILE *out, const char *text)
{
	char *safe = safe_plot_text(text);

	fprintf(out, " \"%s\"", safe);
	free(safe);
}

static void export_name(FILE *out, const char *name, size_t most)
{
	char *cut = figure_short_name(name, most);

	export_text(out, cut);
	free(cut);
}

/* gnuplot separates data blocks by two blank lines. */
static void export_block(FILE *out, const char *what, const char *columns)
{
	fprintf(out, "\n\n# %s\n# %s\n", what, columns);
}

static void export_facts(const struct figure *f, FILE *out)
{
	fprintf(out, "# Data of the figure \"%s\". Blocks are separated by two blank lines.\n"
		"# Facts: title, subtitle, value axis, x axis, width, height, panels,\n"
		"#        rows, series, value min, max, log, x min, max, log, left, right\n",
		f->name);
	export_text(out, f->title);
	export_text(out, f->subtitle);
	export_text(out, f->value.title);
	export_text(out, f->x.title);
	fprintf(out, " %u %u %zu %zu %zu %.9g %.9g %d %.9g %.9g %d %u %u\n", f->width,
		f->height, f->n_panels, f->n_rows, f->n_series, f->value.min,
		f->value.max, f->value.log, f->x.min, f->x.max, f->x.log, f->left,
		f->right);
}

static void export_ticks(const struct figure_axis *a, const char *what, FILE *out)
{
	export_block(out, what, "at, label");
	for (unsigned i = 0; i < a->n_ticks; i++) {
		fprintf(out, "%.9g", a->tick[i].at);
		export_text(out, a->tick[i].label);
		fputc('\n', out);
	}
	if (!a->n_ticks)
		fputs("0 \"\"\n", out);
}

static void export_names(char *const *name, size_t n, const char *what, FILE *out)
{
	export_block(out, what, "number, name");
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "%zu", i);
		export_name(out, name[i], FIGURE_ROW_MAX);
		fputc('\n', out);
	}
	if (!n)
		fputs("0 \"\"\n", out);
}

static void export_series_list(const struct figure *f, FILE *out)
{
	export_block(out, "Series", "panel, colour, height of the label, name, rgb");
	for (size_t i = 0; i < f->n_series; i++) {
		const struct figure_series *s = &f->series[i];

		fprintf(out, "%u %u %.4f", s->panel, s->colour, s->label_at);
		export_name(out, s->name, FIGURE_ARM_MAX);
		export_text(out, figure_colour(s->colour));
		fputc('\n', out);
	}
}

/* gnuplot cannot clip infinite values: a finite place well outside the axis. */
static double export_beyond(const struct figure_axis *a, bool below)
{
	double width = a->max - a->min;

	if (a->log)
		return below ? a->min / 2 : a->max * 2;
	return below ? a->min - width : a->max + width;
}

static void export_marks(const struct figure *f, size_t i, FILE *out)
{
	const struct figure_series *s = &f->series[i];
	char *name = safe_plot_text(s->name);
	char *panel = safe_plot_text(f->panel[s->panel]);

	fprintf(out, "\n\n# Series %zu: %s, %s\n# %s, value, low, high, label\n", i,
		name, panel, f->n_rows ? "row" : "x");
	free(name);
	free(panel);
	for (size_t k = 0; k < s->n; k++) {
		const struct figure_mark *m = &s->mark[k];

		fprintf(out, "%.9g %.9g %.9g %.9g", m->x, m->value,
			isfinite(m->lo) && (m->lo > 0 || !f->value.log)
			? m->lo : export_beyond(&f->value, true),
			isfinite(m->hi) ? m->hi : export_beyond(&f->value, false));
		export_text(out, s->mark[k].label);
		fputc('\n', out);
	}
}

/* gnuplot does not count an empty block; a line of NaN keeps it and draws nothing. */
static void export_boots(const struct figure *f, size_t i, FILE *out)
{
	const struct figure_series *s = &f->series[i];
	unsigned n = 0;

	fprintf(out, "\n\n# Boots of series %zu\n# %s, value\n", i,
		f->n_rows ? "row" : "x");
	for (size_t k = 0; k < s->n; k++)
		for (unsigned b = 0; b < s->mark[k].n_boots; b++, n++)
			fprintf(out, "%.9g %.9g\n", s->mark[k].x, s->mark[k].boot[b]);
	if (!n)
		fputs("NaN NaN\n", out);
}

void figure_write_data(const struct figure *f, FILE *out)
{
	export_facts(f, out);
	export_names(f->panel, f->n_panels, "Panels", out);
	export_names(f->row, f->n_rows, "Rows", out);
	export_ticks(&f->value, "Ticks of the value axis", out);
	export_ticks(&f->x, "Ticks of the x axis", out);
	export_series_list(f, out);
	for (size_t i = 0; i < f->n_series; i++)
		export_marks(f, i, out);
	for (size_t i = 0; i < f->n_series; i++)
		export_boots(f, i, out);
}
