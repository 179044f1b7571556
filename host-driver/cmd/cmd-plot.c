/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel plot: one figure of a campaign, by its own script or the user's. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "compare/compare.h"
#include "file.h"
#include "report/plot.h"
#include "report/report.h"
#include "store/store.h"
#include "options.h"

struct options {
	const char *figure, *folder, *script, *out, *format;
};

static const char *const formats[] = { "svg", "png", "pdf", "dat", NULL };

static const struct argp_option table[] = {
	{ "script", 's', "FILE", 0, "gnuplot script in place of the figure's own", 0 },
	{ "format", 'f', "svg|png|pdf|dat", 0, "dat is the data", 0 },
	{ "output", 'o', "FILE", 0, "write into FILE; its ending says the format unless --format does",
	  0 },
	{ 0 },
};

#define FIGURES_SAID 64

static bool plot_is_format(const char *name)
{
	for (int i = 0; formats[i]; i++)
		if (!strcmp(name, formats[i]))
			return true;
	return false;
}

/* A file's ending says the format, where --format does not. */
static void plot_format_of(struct options *o, struct argp_state *state)
{
	const char *base = o->out ? strrchr(o->out, '/') : NULL;
	const char *dot = o->out ? strrchr(base ? base : o->out, '.') : NULL;

	if (!o->format && dot && !plot_is_format(dot + 1))
		argp_error(state, "--output: %s ends in none of .svg, .png, .pdf, .dat; "
			   "--format says which is meant", o->out);
	if (!o->format)
		o->format = dot ? dot + 1 : "svg";
}

static error_t plot_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 's':
		o->script = arg;
		return 0;
	case 'f':
		o->format = arg;
		options_choice(state, "format", arg, formats);
		return 0;
	case 'o':
		o->out = command_path(state, "--output", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (o->figure && o->folder)
			argp_error(state, "one figure of one folder at a time, not also '%s'", arg);
		*(o->figure ? &o->folder : &o->figure) = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->figure || !o->folder)
			argp_error(state, "which figure of which results folder? e.g. "
				   "kduel plot effects-large results/<campaign>");
		plot_format_of(o, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	table, plot_parse, "FIGURE FOLDER",
	"Draws one figure of a results folder; plots/*.gp are the scripts, and their first "
	"lines say how they are called.", NULL, NULL, NULL,
};

/* The figure of that name; an error says which there are, or why it is not. */
static const struct figure *plot_find(const struct report *r, const char *name, struct err *err)
{
	const char *known[FIGURES_SAID];
	size_t n = 0;

	for (size_t i = 0; i < r->n_figures; i++) {
		if (!strcmp(r->figures[i].name, name))
			return &r->figures[i];
		if (n < FIGURES_SAID)
			known[n++] = r->figures[i].name;
	}
	for (size_t i = 0; i < r->n_no_figures; i++)
		if (!strcmp(r->no_figures[i].name, name)) {
			err_config(err, "there is no figure %s here: %s", name,
				   r->no_figures[i].reason);
			return NULL;
		}
	err_unknown(err, "figure of this campaign", name, known, n);
	return NULL;
}

static int plot_make(const struct figure *f, const struct options *o, char **image, size_t *len,
		     struct err *err)
{
	FILE *to;

	if (strcmp(o->format, "dat"))
		return figure_draw_as(f, o->script, o->format, image, len, err);
	to = open_memstream(image, len);
	if (!to)
		return err_sys(err, ENOMEM, "cannot draw %s", f->name);
	figure_write_data(f, to);
	return fclose(to) ? err_sys(err, errno, "cannot draw %s", f->name) : 0;
}

static int plot_store(struct store *s, const struct options *o, struct err *err)
{
	struct compare_options co = { .allow_differences = true };
	const struct figure *f;
	struct comparison c;
	struct report r;
	char *image = NULL;
	size_t len;
	int rc = compare_run(s, &co, &c, err);

	if (rc)
		return rc;
	rc = report_gather(&r, s, &c, NULL, err);
	if (!rc) {
		f = plot_find(&r, o->figure, err);
		rc = f ? plot_make(f, o, &image, &len, err) : -EINVAL;
		if (!rc && o->out)
			rc = file_publish(o->out, image, len, err);
		else if (!rc)
			fwrite(image, 1, len, stdout);
		free(image);
		report_release(&r);
	}
	comparison_release(&c);
	return rc;
}

int cmd_plot(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct options o = { 0 };
	struct store *s;
	int rc;

	options_parse(&argp, argc, argv, 0, &o);
	rc = command_check_output(o.out, o.folder, &err);
	if (!rc)
		rc = store_open(&s, o.folder, STORE_READ, &err);
	if (!rc) {
		rc = plot_store(s, &o, &err);
		store_close(s);
	}
	return rc ? command_fail(&err) : EXIT_DONE;
}
