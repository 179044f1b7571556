/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a figure's gnuplot script. The drawing comes through a pipe and is published
 * atomically, so that a kill leaves nothing behind. The user's settings and
 * environment do not affect it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "data.h"
#include "file.h"
#include "plot.h"
#include "proc.h"
#include "safe.h"

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
	int fd = memfd_create("data", 0);
	FILE *out = fd < 0 ? NULL : fdopen(dup(fd), "w");

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
