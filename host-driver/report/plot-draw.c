/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a figure's gnuplot script. The drawing comes through a pipe and is
 * published whole: nothing is left behind by a kill. Neither the user's
 * settings nor their environment have a say in it.
 */
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "file.h"
#include "plot.h"
#include "proc.h"

#define DRAW_SECONDS 30

/* gnuplot with these arguments (up to a NULL); what it writes to stdout. */
static int draw_run(const char *const *args, char **output, size_t *len, struct err *err)
{
	const char *argv[12] = { "gnuplot", "-d" };	/* -d: no ~/.gnuplot */
	const struct proc_options o = { .argv = argv, .clean = true };

	for (int i = 0; args[i]; i++)
		argv[2 + i] = args[i];
	return proc_capture(&o, DRAW_SECONDS, output, len, err);
}

struct drawing {
	char *script, *style, *data, *path;
};

static void drawing_release(struct drawing *d)
{
	free(d->script);
	free(d->style);
	free(d->data);
	free(d->path);
}

static int drawing_init(struct drawing *d, const struct figure *f, const char *folder,
			const char *format, struct err *err)
{
	char *scripts = NULL;
	int ret = data_path("plots", &scripts, err);

	memset(d, 0, sizeof(*d));
	if (ret)
		return ret;
	if (asprintf(&d->script, "%s/%s.gp", scripts, f->script) < 0 ||
	    asprintf(&d->style, "%s/style.gp", scripts) < 0 ||
	    asprintf(&d->data, "%s/data/%s.dat", folder, f->name) < 0 ||
	    asprintf(&d->path, "%s/plots/%s.%s", folder, f->name, format) < 0)
		abort();
	free(scripts);
	return 0;
}

/* The drawing stays in `*image`, the caller's. */
static int draw_as(const struct figure *f, const char *folder, const char *format,
		   char **image, struct err *err)
{
	struct drawing d;
	size_t len;
	int ret = drawing_init(&d, f, folder, format, err);

	*image = NULL;
	if (ret)
		return ret;
	ret = draw_run((const char *[]){ "-c", d.script, d.style, d.data, "-", format, NULL },
		       image, &len, err);
	if (!ret)
		ret = file_publish(d.path, *image, len, err);
	drawing_release(&d);
	return ret;
}

void figure_draw(struct figure *f, const char *folder)
{
	struct err err = ERR_INIT;
	char *gnuplot = proc_find("gnuplot"), *png = NULL;

	if (!gnuplot) {
		f->not_drawn = strdup("there is no gnuplot (Debian package gnuplot-nox)");
		return;
	}
	free(gnuplot);
	if (draw_as(f, folder, "svg", &f->svg, &err) ||
	    draw_as(f, folder, "png", &png, &err)) {
		f->not_drawn = strdup(err.text);
		free(f->svg);
		f->svg = NULL;
	}
	free(png);
}

/* A picture of that letter alone. */
static char *draw_letter(const char *letter, size_t *len)
{
	char command[256], *png = NULL;

	snprintf(command, sizeof(command), "set terminal pngcairo size 60,60; unset border; "
		 "unset tics; unset key; set xrange [0:1]; set yrange [0:1]; "
		 "set label '%s' at 0.5,0.5; plot -1", letter);
	if (draw_run((const char *[]){ "-e", command, NULL }, &png, len, NULL))
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
