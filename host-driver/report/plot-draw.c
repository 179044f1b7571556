/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a figure's gnuplot script; the drawing appears whole or not at all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data.h"
#include "file.h"
#include "plot.h"
#include "proc.h"

#define DRAW_SECONDS 30

struct drawing {
	char *script, *style, *data, *temporary, *path;
};

static void drawing_release(struct drawing *d)
{
	free(d->script);
	free(d->style);
	free(d->data);
	free(d->temporary);
	free(d->path);
}

static int drawing_init(struct drawing *d, const struct figure *f,
			const char *folder, const char *format,
			struct err *err)
{
	char *scripts = NULL;
	int ret;

	memset(d, 0, sizeof(*d));
	ret = data_path("plots", &scripts, err);
	if (ret)
		return ret;
	if (asprintf(&d->script, "%s/%s.gp", scripts, f->script) < 0 ||
	    asprintf(&d->style, "%s/style.gp", scripts) < 0 ||
	    asprintf(&d->data, "%s/data/%s.dat", folder, f->name) < 0 ||
	    asprintf(&d->temporary, "%s/plots/.%s.%s.%d", folder, f->name, format,
		     getpid()) < 0 ||
	    asprintf(&d->path, "%s/plots/%s.%s", folder, f->name, format) < 0)
		ret = err_sys(err, ENOMEM, "cannot draw %s", f->name);
	free(scripts);
	return ret;
}

static int draw_as(const struct figure *f, const char *folder,
		   const char *format, struct err *err)
{
	struct drawing d;
	int ret = drawing_init(&d, f, folder, format, err);

	if (ret)
		goto out;
	const char *const argv[] = { "gnuplot", "-c", d.script, d.style, d.data,
				     d.temporary, format, NULL };

	ret = proc_run(argv, DRAW_SECONDS, NULL, err);
	if (!ret && rename(d.temporary, d.path))
		ret = err_sys(err, errno, "cannot write %s", d.path);
	if (ret)
		unlink(d.temporary);
out:
	drawing_release(&d);
	return ret;
}

/* The reason why nothing can be drawn, or NULL. */
static char *draw(struct figure *f, const char *folder, struct err *err)
{
	static const char *const formats[] = { "svg", "png" };
	char *gnuplot = proc_find("gnuplot"), *path;
	int rc = 0;

	if (!gnuplot)
		return strdup("there is no gnuplot (Debian package gnuplot-nox)");
	free(gnuplot);
	for (int i = 0; i < 2 && !rc; i++)
		rc = draw_as(f, folder, formats[i], err);
	if (!rc && asprintf(&path, "%s/plots/%s.svg", folder, f->name) > 0) {
		rc = file_read(path, &f->svg, NULL, err);
		free(path);
	}
	return rc ? strdup(err->text) : NULL;
}

void figure_draw(struct figure *f, const char *folder)
{
	struct err err = ERR_INIT;

	f->not_drawn = draw(f, folder, &err);
}
