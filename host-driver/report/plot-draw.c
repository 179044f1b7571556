/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a figure's data and runs its gnuplot script. The drawing comes through a pipe and is published
 * atomically, so that a kill leaves nothing behind. The user's settings and
 * environment do not affect it.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "data.h"
#include "file.h"
#include "plot.h"
#include "proc.h"
#include "safe.h"

/* data/<figure>.dat: everything that a script needs, with explanations for readers. */

static void draw_text(FILE *out, const char *text)
{
	char *safe = safe_plot_text(text);

	fprintf(out, " \"%s\"", safe);
	free(safe);
}

static void draw_name(FILE *out, const char *name, size_t most)
{
	char *cut = figure_short_name(name, most);

	draw_text(out, cut);
	free(cut);
}

/* gnuplot separates data blocks by two blank lines. */
static void draw_block(FILE *out, const char *what, const char *columns)
{
	fprintf(out, "\n\n# %s\n# %s\n", what, columns);
}

static void draw_facts(const struct figure *f, FILE *out)
{
	fprintf(out, "# Data of the figure \"%s\". Blocks are separated by two blank lines.\n"
		"# Facts: title, subtitle, value axis, x axis, width, height, panels,\n"
		"#        rows, series, value min, max, log, x min, max, log, left, right\n",
		f->name);
	draw_text(out, f->title);
	draw_text(out, f->subtitle);
	draw_text(out, f->value.title);
	draw_text(out, f->x.title);
	fprintf(out, " %u %u %zu %zu %zu %.9g %.9g %d %.9g %.9g %d %u %u\n", f->width,
		f->height, f->n_panels, f->n_rows, f->n_series, f->value.min,
		f->value.max, f->value.log, f->x.min, f->x.max, f->x.log, f->left,
		f->right);
}

static void draw_ticks(const struct figure_axis *a, const char *what, FILE *out)
{
	draw_block(out, what, "at, label");
	for (unsigned i = 0; i < a->n_ticks; i++) {
		fprintf(out, "%.9g", a->tick[i].at);
		draw_text(out, a->tick[i].label);
		fputc('\n', out);
	}
	if (!a->n_ticks)
		fputs("0 \"\"\n", out);
}

static void draw_names(char *const *name, size_t n, const char *what, FILE *out)
{
	draw_block(out, what, "number, name");
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "%zu", i);
		draw_name(out, name[i], FIGURE_ROW_MAX);
		fputc('\n', out);
	}
	if (!n)
		fputs("0 \"\"\n", out);
}

static void draw_series_list(const struct figure *f, FILE *out)
{
	draw_block(out, "Series", "panel, colour, height of the label, name, rgb");
	for (size_t i = 0; i < f->n_series; i++) {
		const struct figure_series *s = &f->series[i];

		fprintf(out, "%u %u %.4f", s->panel, s->colour, s->label_at);
		draw_name(out, s->name, FIGURE_ARM_MAX);
		draw_text(out, figure_colour(s->colour));
		fputc('\n', out);
	}
}

/* gnuplot cannot clip infinite values: a finite place well outside the axis. */
static double draw_beyond(const struct figure_axis *a, bool below)
{
	double width = a->max - a->min;

	if (a->log)
		return below ? a->min / 2 : a->max * 2;
	return below ? a->min - width : a->max + width;
}

static void draw_marks(const struct figure *f, size_t i, FILE *out)
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
			? m->lo : draw_beyond(&f->value, true),
			isfinite(m->hi) ? m->hi : draw_beyond(&f->value, false));
		draw_text(out, s->mark[k].label);
		fputc('\n', out);
	}
}

/* gnuplot does not count an empty block; a line of NaN keeps it and draws nothing. */
static void draw_boots(const struct figure *f, size_t i, FILE *out)
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
	draw_facts(f, out);
	draw_names(f->panel, f->n_panels, "Panels", out);
	draw_names(f->row, f->n_rows, "Rows", out);
	draw_ticks(&f->value, "Ticks of the value axis", out);
	draw_ticks(&f->x, "Ticks of the x axis", out);
	draw_series_list(f, out);
	for (size_t i = 0; i < f->n_series; i++)
		draw_marks(f, i, out);
	for (size_t i = 0; i < f->n_series; i++)
		draw_boots(f, i, out);
}

/* --- gnuplot ------------------------------------------------------------------- */

#define DRAW_SECONDS 30

/* Runs gnuplot with these arguments (ended by NULL); returns what it writes to stdout. */
static int draw_run(const char *const *args, const int *keep, char **output, size_t *len,
		    struct err *err)
{
	const char *argv[12] = { "gnuplot", "-d" };	/* -d: no ~/.gnuplot */
	const struct proc_options o = { .argv = argv, .keep = keep, .clean = true };

	for (int i = 0; args[i]; i++)
		argv[2 + i] = args[i];
	return proc_capture(&o, DRAW_SECONDS, output, len, err);
}

/* gnuplot reads its data several times, so it cannot be a pipe. */
static int draw_data(const struct figure *f, int keep[2], char **path, struct err *err)
{
	int fd = memfd_create("data", MFD_CLOEXEC);
	FILE *out = fd < 0 ? NULL : fdopen(fcntl(fd, F_DUPFD_CLOEXEC, 0), "w");

	keep[0] = fd;
	if (!out)
		return err_sys(err, errno, "cannot draw %s", f->name);
	figure_write_data(f, out);
	if (fclose(out))
		return err_sys(err, errno, "cannot draw %s", f->name);
	*path = text_format("/proc/self/fd/%d", fd);
	return 0;
}

/* Some builds of gnuplot exit with 0 without having drawn anything. */
static int draw_check(const char *format, char **image, size_t len, struct err *err)
{
	const char *begins = !strcmp(format, "svg") ? "<" :
			     !strcmp(format, "png") ? "\x89PNG" : "%PDF";
	size_t n = strlen(begins);

	if (len > n && !memcmp(*image, begins, n))
		return 0;
	free(*image);
	*image = NULL;
	return err_machine(err, "gnuplot exited with 0 but did not produce %s", format);
}

int figure_draw_as(const struct figure *f, const char *own, const char *format, char **image,
		   size_t *len, struct err *err)
{
	char *scripts = NULL, *script = NULL, *style = NULL, *data = NULL;
	int keep[] = { -1, -1 };
	int ret = data_path("plots", &scripts, err);

	*image = NULL;
	if (!ret)
		ret = draw_data(f, keep, &data, err);
	if (ret)
		goto out;
	script = own ? text_format("%s", own) : text_format("%s/%s.gp", scripts, f->script);
	style = text_format("%s/style.gp", scripts);
	ret = draw_run((const char *[]){ "-c", script, style, data, "-", format, NULL }, keep,
		       image, len, err);
	if (!ret && !own)
		ret = draw_check(format, image, *len, err);
out:
	if (keep[0] >= 0)
		close(keep[0]);
	free(scripts);
	free(script);
	free(style);
	free(data);
	return ret;
}

/* Publishes in plots/ of the folder, if one is given. */
static int draw_publish(const struct figure *f, const char *folder, const char *format,
			const char *image, size_t len, struct err *err)
{
	char *path;
	int ret;

	if (!folder)
		return 0;
	path = text_format("%s/plots/%s.%s", folder, f->name, format);
	ret = file_publish(path, image, len, err);
	free(path);
	return ret;
}

static int draw_narrow(struct figure *f, struct err *err)
{
	struct figure narrow;
	size_t len;
	int ret;

	figure_narrow_init(f, &narrow);
	ret = figure_draw_as(&narrow, NULL, "svg", &f->narrow_svg, &len, err);
	figure_narrow_release(&narrow);
	return ret;
}

static int draw_all(struct figure *f, const char *folder, struct err *err)
{
	char *png = NULL;
	size_t len;
	int ret = figure_draw_as(f, NULL, "svg", &f->svg, &len, err);

	if (!ret)
		ret = draw_narrow(f, err);
	if (!ret)
		ret = draw_publish(f, folder, "svg", f->svg, len, err);
	if (!ret && folder)
		ret = figure_draw_as(f, NULL, "png", &png, &len, err);
	if (png)
		ret = draw_publish(f, folder, "png", png, len, err);
	free(png);
	return ret;
}

void figure_draw(struct figure *f, const char *folder)
{
	struct err err = ERR_INIT;
	char *gnuplot = proc_find("gnuplot");

	if (!gnuplot) {
		f->not_drawn = strdup("gnuplot is not installed (Debian package gnuplot-nox)");
	} else if (draw_all(f, folder, &err)) {
		f->not_drawn = strdup(err.text);
		free(f->svg);
		f->svg = NULL;
	}
	free(gnuplot);
}

/* A picture of a single letter. */
static char *draw_letter(const char *letter, size_t *len)
{
	char command[256], *png = NULL;

	snprintf(command, sizeof(command), "set terminal pngcairo size 60,60; unset border; "
		 "unset tics; unset key; set xrange [0:1]; set yrange [0:1]; "
		 "set label '%s' at 0.5,0.5; plot -1", letter);
	if (draw_run((const char *[]){ "-e", command, NULL }, NULL, &png, len, NULL))
		return NULL;
	return png;
}

bool figure_letters_missing(void)
{
	size_t a_len, b_len;
	char *a = draw_letter("A", &a_len), *b = draw_letter("B", &b_len);
	bool alike = a && b && a_len == b_len && !memcmp(a, b, a_len);

	free(a);
	free(b);
	return alike;
}
