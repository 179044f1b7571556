/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel plot: one figure of a campaign, by its own script or the user's. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "compare/compare.h"
#include "compare/trend.h"
#include "file.h"
#include "report/plot.h"
#include "report/report.h"
#include "store/store.h"
#include "options.h"

struct options {
	const char *figure, *script, *out, *format;
	const char *series;	/* of history: a glob */
	size_t segment;
	char **folders;		/* several only for history */
	size_t n;
};

enum { OPT_SERIES = 256, OPT_SEGMENT };

static const char *const formats[] = { "svg", "png", "pdf", "dat", NULL };

static const struct argp_option table[] = {
	{ "script", 's', "FILE", 0, "gnuplot script to use instead of the figure's own", 0 },
	{ "format", 'f', "svg|png|pdf|dat", 0, "dat is the data", 0 },
	{ "output", 'o', "FILE", 0, "write into FILE; its suffix gives the format unless --format does",
	  0 },
	{ "series", OPT_SERIES, "GLOB", 0, "for history: only series that match, e.g. '*/first-touch ns_per_page'", 0 },
	{ "min-segment", OPT_SEGMENT, "N", 0, "for history: a level lasts N campaigns or more (4)", 0 },
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

/* The file's suffix gives the format unless --format does. */
static void plot_format_of(struct options *o, struct argp_state *state)
{
	const char *base = o->out ? strrchr(o->out, '/') : NULL;
	const char *dot = o->out ? strrchr(base ? base : o->out, '.') : NULL;

	if (!o->format && dot && !plot_is_format(dot + 1))
		argp_error(state, "--output: %s does not end in .svg, .png, .pdf or .dat; "
			   "give the format with --format", o->out);
	if (!o->format)
		o->format = dot ? dot + 1 : "svg";
}

static bool plot_is_history(const struct options *o)
{
	return !strcmp(o->figure, "history");
}

/* Said before any folder is opened: what was meant may be another name altogether. */
static void plot_check_name(const char *name, struct argp_state *state)
{
	const char *known[FIGURES_SAID];
	size_t n = figures_known(known, FIGURES_SAID);
	char text[ERR_TEXT_MAX];

	for (size_t i = 0; i < n; i++)
		if (!strcmp(known[i], name))
			return;
	unknown_text("figure", name, known, n, text, sizeof(text));
	argp_error(state, "%s", text);
}

static void plot_check(const struct options *o, struct argp_state *state)
{
	plot_check_name(o->figure, state);
	if (!o->n)
		argp_error(state, "which figure of which results folder? e.g. "
			   "kduel plot effects-large results/<campaign>");
	if (o->n > 1 && !plot_is_history(o))
		argp_error(state, "one figure of one folder at a time, not also '%s'; only "
			   "history takes several", o->folders[1]);
	if ((o->series || o->segment) && !plot_is_history(o))
		argp_error(state, "--series and --min-segment are only for the figure history");
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
	case OPT_SERIES:
		o->series = arg;
		return 0;
	case OPT_SEGMENT:
		o->segment = command_segment(state, arg);
		return 0;
	case ARGP_KEY_ARGS:
		o->figure = state->argv[state->next];
		o->folders = state->argv + state->next + 1;
		o->n = (size_t)(state->argc - state->next - 1);
		return 0;
	case ARGP_KEY_END:
		plot_check(o, state);
		plot_format_of(o, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	table, plot_parse, "FIGURE FOLDER\nhistory FOLDER...",
	"Draws one figure of a results folder, or the history of several campaigns: what kduel "
	"trend followed, with the points where a level changed. The scripts are plots/*.gp; "
	"their first lines say how they are called.", NULL, NULL, NULL,
};

/* The figure of that name; the error lists the known ones, or says why there is none. */
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

/* Writes to --output, or to stdout. */
static int plot_publish(const struct figure *f, const struct options *o, struct err *err)
{
	char *image = NULL;
	size_t len;
	int rc = plot_make(f, o, &image, &len, err);

	if (!rc && o->out)
		rc = file_publish(o->out, image, len, err);
	else if (!rc)
		fwrite(image, 1, len, stdout);
	free(image);
	return rc;
}

static int plot_store(struct store *s, const struct options *o, struct err *err)
{
	struct compare_options co = { .allow_differences = true };
	const struct figure *f;
	struct comparison c;
	struct report r;
	int rc = compare_run(s, &co, &c, err);

	if (rc)
		return rc;
	rc = report_gather(&r, s, &c, NULL, err);
	if (!rc) {
		f = plot_find(&r, o->figure, err);
		rc = f ? plot_publish(f, o, err) : -EINVAL;
		report_release(&r);
	}
	comparison_release(&c);
	return rc;
}

static int plot_campaign(const struct options *o, struct err *err)
{
	struct store *s;
	int rc = store_open(&s, o->folders[0], STORE_READ, err);

	if (rc)
		return rc;
	rc = plot_store(s, o, err);
	store_close(s);
	return rc;
}

static int plot_history(const struct options *o, struct err *err)
{
	struct trend t;
	struct figure f;
	const char *why;
	int rc = command_trend(o->folders, o->n, o->segment, &t, err);

	if (!rc) {
		why = figure_init_history(&t, o->series, &f);
		rc = why ? err_config(err, "there is no figure history here: %s", why)
			 : plot_publish(&f, o, err);
		if (!why)
			figure_release(&f);
	}
	trend_release(&t);
	return rc;
}

int cmd_plot(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct options o = { 0 };
	int rc = 0;

	options_parse(&argp, argc, argv, 0, &o);
	for (size_t i = 0; !rc && i < o.n; i++)
		rc = command_check_output(o.out, o.folders[i], &err);
	if (!rc)
		rc = plot_is_history(&o) ? plot_history(&o, &err) : plot_campaign(&o, &err);
	return rc ? command_fail(&err) : EXIT_DONE;
}
