/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel export: results for other programs. */
#include <argp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "export/export.h"
#include "file.h"
#include "options.h"

struct options {
	const char *folder, *output, *format;
	struct export_from from;
	struct compare_options compare;
};

enum { OPT_ARM = 256, OPT_ORIGIN, OPT_ALLOW };

static const struct argp_option option_table[] = {
	{ "format", 'f', "FORMAT", 0, "json (the default; with --table csv) or another of the list below", 0 },
	{ "table", 't', "iterations|processes|boots|proofs|effects|smaller|bigger", 0, "for csv and "
	  "ndjson: the first five (iterations); for github-action-benchmark: the last two "
	  "(smaller)", 0 },
	{ "output", 'o', "FILE", 0, "write to FILE instead of stdout", 0 },
	{ "arm", OPT_ARM, "ARM", 0, "only this arm, and without its name in the names", 0 },
	{ "origin", OPT_ORIGIN, "NAME", 0, "for kcidb: who submits the results (kduel)", 0 },
	{ "allow-differences", OPT_ALLOW, NULL, 0,
	  "judge although the arms differ in more than the kernel under test", 0 },
	{ "margin", 'D', "SHARE", 0, "D of 'not worse than D' (1%)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t export_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'f': o->format = arg; return 0;
	case 't': o->from.table = arg; return 0;
	case 'o': o->output = command_path(state, "--output", arg); return 0;
	case OPT_ARM: o->from.arm = arg; return 0;
	case OPT_ORIGIN: o->from.origin = arg; return 0;
	case OPT_ALLOW: o->compare.allow_differences = true; return 0;
	case 'D':
		o->compare.margin = command_margin(state, arg);
		return 0;
	case ARGP_KEY_ARG:
		command_operand(state, &o->folder, arg, "folder ");
		return 0;
	case ARGP_KEY_END:
		if (!o->folder)
			argp_error(state, "which results folder?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* Lists the formats after the options. */
static char *export_help(int key, const char *text, void *input)
{
	const struct export_format *f;
	char *list = NULL;
	size_t len;
	FILE *to;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC || !(to = open_memstream(&list, &len)))
		return (char *)text;
	fputs("Formats:\n", to);
	for (size_t i = 0; (f = export_format(i)); i++)
		fprintf(to, "  %-24s %s\n", f->name, f->help);
	fclose(to);
	return list;
}

static const struct argp argp = {
	option_table, export_parse, "FOLDER",
	"Writes results for other programs.\v", NULL, export_help, NULL,
};

static int export_write_file(const struct export_format *f, const struct options *o,
			     struct err *err)
{
	struct file_out out;
	int ret = file_begin(&out, o->output, err);

	if (ret)
		return ret;
	ret = export_write(f, &o->from, out.to, err);
	if (!ret)
		return file_commit(&out, err);
	file_drop(&out);
	return ret;
}

static int export_judge_and_write(struct options *o, const struct export_format *f,
				  struct err *err)
{
	bool judged = export_judged(f, o->from.table);
	struct comparison c;
	int ret = judged ? compare_run(o->from.store, &o->compare, &c, err) : 0;

	if (ret)
		return ret;
	o->from.c = judged ? &c : NULL;
	ret = o->output ? export_write_file(f, o, err)
			: export_write(f, &o->from, stdout, err);
	if (judged)
		comparison_release(&c);
	return ret;
}

int cmd_export(int argc, char **argv)
{
	struct options o = { .format = NULL };
	const struct export_format *f;
	struct err err = ERR_INIT;
	int ret;

	options_parse(&argp, argc, argv, 0, &o);
	f = export_find(o.format ? o.format : o.from.table ? "csv" : "json", &err);
	if (!f)
		return command_fail(&err);
	ret = command_check_output(o.output, o.folder, &err);
	if (!ret)
		ret = store_open(&o.from.store, o.folder, STORE_READ, &err);
	if (ret)
		return command_fail(&err);
	ret = export_judge_and_write(&o, f, &err);
	store_close(o.from.store);
	return ret ? command_fail(&err) : EXIT_DONE;
}
