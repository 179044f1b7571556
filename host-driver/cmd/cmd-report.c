/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "compare/compare.h"
#include "file.h"
#include "report/report.h"
#include "store/store.h"
#include "options.h"

struct options {
	const char *folder, *out;
	const struct report_form *form;	/* NULL: files into the folder */
	bool plots, all, brief;
	struct report_options report;
	struct compare_options compare;
	bool strict;
};

enum { OPT_ALLOW = 256, OPT_STRICT, OPT_BRIEF };

static const struct argp_option table[] = {
	{ "format", 'f', "FORM", 0, "print text, json, html, md (Markdown) or brief (ten "
	  "lines) instead of writing files; plots: write data/ and plots/ only; all: "
	  "write all files (the default)", 0 },
	{ "output", 'o', "FILE", 0, "print into FILE; its suffix gives the format unless "
	  "--format does", 0 },
	{ "brief", OPT_BRIEF, NULL, 0, "ten lines, for a comment: the same as --format brief, and "
	  "goes with md", 0 },
	{ "cpu-model", 'c', "CPU", 0, "processor that the model describes, a name in "
	  "configs/cpus", 0 },
	{ "allow-differences", OPT_ALLOW, NULL, 0,
	  "judge although the arms differ in more than the kernel under test", 0 },
	{ "strict", OPT_STRICT, NULL, 0, "exit 4 if a gate has no verdict", 0 },
	{ 0 },
};

static const struct report_form *report_find_form(const char *name)
{
	const struct report_form *f = report_forms;

	while (f->name && strcmp(f->name, name))
		f++;
	return f->name ? f : NULL;
}

const char *const command_report_forms[] = { "text", "json", "html", "md", "brief", "plots",
					     "all", NULL };

static void report_format_option(struct options *o, struct argp_state *state, const char *arg)
{
	o->form = report_find_form(arg);
	o->plots = !strcmp(arg, "plots");
	o->all = !strcmp(arg, "all");
	if (!o->form && !o->plots && !o->all)
		options_choice(state, "format", arg, command_report_forms);
}

/* Ten lines of Markdown; other formats have no short form. */
static void report_shorten(struct options *o, struct argp_state *state)
{
	if (o->plots || o->all ||
	    (o->form && strcmp(o->form->name, "md") && strcmp(o->form->name, "brief")))
		argp_error(state, "--brief goes with --format md");
	o->form = report_find_form("brief");
}

/* By the suffix of -o: .json, .html, .md; text for any other. */
static void report_choose_form(struct options *o)
{
	const char *dot = o->out ? strrchr(o->out, '.') : NULL;

	if (o->out && !o->form && dot)
		o->form = report_find_form(dot + 1);
	if (o->out && !o->form)
		o->form = report_forms;
}

static error_t report_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'f':
		report_format_option(o, state, arg);
		return 0;
	case 'o':
		o->out = command_path(state, "--output", arg);
		return 0;
	case 'c':
		o->report.cpu_model = arg;
		return 0;
	case OPT_ALLOW:
		o->compare.allow_differences = true;
		return 0;
	case OPT_STRICT:
		o->strict = true;
		return 0;
	case OPT_BRIEF:
		o->brief = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_error(state, "one folder at a time");
		o->folder = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which results folder?");
		return 0;
	case ARGP_KEY_END:
		if (o->out && (o->plots || o->all))
			argp_error(state, "--format %s writes into the results folder, not -o",
				   o->plots ? "plots" : "all");
		if (o->brief)
			report_shorten(o, state);
		report_choose_form(o);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	table, report_parse, "FOLDER",
	"Writes report.txt, report.json, report.html, data/ and plots/ in a results "
	"folder from what its journal holds.", NULL, NULL, NULL,
};

static int report_print_form(struct report *r, const struct options *o, struct err *err)
{
	struct file_out out;
	int rc;

	if (o->form->figures)
		report_draw_inside(r, stderr);
	if (!o->out) {
		o->form->write(r, stdout);
		return 0;
	}
	rc = file_begin(&out, o->out, err);
	if (rc)
		return rc;
	o->form->write(r, out.to);
	return file_commit(&out, err);
}

static int report_show(struct report *r, const struct options *o, struct err *err)
{
	if (o->form)
		return report_print_form(r, o, err);
	if (o->plots)
		return report_draw(r, o->folder, stderr, err);
	if (report_publish(r, o->folder, stderr, err))
		return -1;
	printf("report: %s\n", o->folder);
	return 0;
}

int cmd_report(int argc, char **argv)
{
	struct options o = { .folder = NULL };
	struct err err = ERR_INIT;
	struct store *store = NULL;
	struct comparison c;
	struct report r;
	int code;

	options_parse(&argp, argc, argv, 0, &o);
	if (command_check_output(o.out, o.folder, &err) ||
	    store_open(&store, o.folder, STORE_READ, &err))
		return command_fail(&err);
	if (compare_run(store, &o.compare, &c, &err)) {
		code = command_fail(&err);
		goto close;
	}
	if (report_gather(&r, store, &c, &o.report, &err)) {
		code = command_fail(&err);
		goto release;
	}
	code = report_show(&r, &o, &err) ? command_fail(&err) : (int)compare_exit(&c, o.strict);
	report_release(&r);
release:
	comparison_release(&c);
close:
	store_close(store);
	return code;
}
