/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel export: results for other programs. */
#include <argp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "file.h"
#include "store/export.h"

struct options {
	const char *folder, *output, *table;
	bool csv;
};

static const struct argp_option option_table[] = {
	{ "format", 'f', "FORMAT", 0, "json (the default) or csv", 0 },
	{ "table", 't', "TABLE", 0,
	  "for csv: iterations (the default), processes, boots or proofs", 0 },
	{ "output", 'o', "FILE", 0, "write there instead of to stdout", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t export_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'f':
		o->csv = !strcmp(arg, "csv");
		if (!o->csv && strcmp(arg, "json"))
			argp_error(state, "--format: '%s' is not known; json or csv",
				   arg);
		return 0;
	case 't':
		o->table = arg;
		return 0;
	case 'o':
		o->output = command_path(state, "--output", arg);
		return 0;
	case ARGP_KEY_ARG:
		command_operand(state, &o->folder, arg, "folder ");
		return 0;
	case ARGP_KEY_END:
		if (!o->folder)
			argp_error(state, "which results folder?");
		if (o->table && !o->csv)
			argp_error(state, "--table is for --format csv; JSON has all of it");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, export_parse, "FOLDER",
	"Writes what was measured for other programs: everything as JSON, or "
	"one table as CSV.", NULL, NULL, NULL,
};

static int export_write_to(const struct options *o, struct store *s, FILE *to,
			   struct err *err)
{
	if (o->csv)
		return export_csv(s, o->table ? o->table : export_table(0), to,
				  err);
	return export_json(s, to, err);
}

static int export_write_file(const struct options *o, struct store *s,
			     struct err *err)
{
	struct file_out out;
	int ret = file_begin(&out, o->output, err);

	if (ret)
		return ret;
	ret = export_write_to(o, s, out.to, err);
	if (!ret)
		return file_commit(&out, err);
	file_drop(&out);
	return ret;
}

int cmd_export(int argc, char **argv)
{
	struct options o = { .csv = false };
	struct err err = ERR_INIT;
	struct store *s;
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	ret = command_check_output(o.output, o.folder, &err);
	if (!ret)
		ret = store_open(&s, o.folder, STORE_READ, &err);
	if (ret)
		return command_fail(&err);
	ret = o.output ? export_write_file(&o, s, &err)
		       : export_write_to(&o, s, stdout, &err);
	store_close(s);
	return ret ? command_fail(&err) : EXIT_DONE;
}
