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

enum format { FORMAT_ALL, FORMAT_TEXT, FORMAT_JSON, FORMAT_HTML, FORMAT_PLOTS };

struct options {
	const char *folder;
	enum format format;
	struct report_options report;
	struct compare_options compare;
	bool strict;
};

enum { OPT_ALLOW = 256, OPT_STRICT };

static const struct argp_option table[] = {
	{ "format", 'f', "FORMAT", 0, "print text, json or html instead of writing "
	  "files; plots: write data/ and plots/ only", 0 },
	{ "cpu-model", 'c', "NAME", 0, "processor that the model speaks of, a name of "
	  "configs/cpus", 0 },
	{ "allow-differences", OPT_ALLOW, NULL, 0,
	  "judge although the arms differ in more than the kernel under test", 0 },
	{ "strict", OPT_STRICT, NULL, 0, "exit 4 if a gate has no verdict", 0 },
	{ 0 },
};

static enum format format_option(struct argp_state *state, const char *arg)
{
	static const char *const names[] = { "all", "text", "json", "html", "plots" };

	for (int i = 0; i < 5; i++)
		if (!strcmp(names[i], arg))
			return i;
	argp_error(state, "'%s' is not a format (text, json, html, plots, all)", arg);
	return FORMAT_ALL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'f':
		o->format = format_option(state, arg);
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
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_error(state, "one folder at a time");
		o->folder = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which results folder?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	table, parse, "FOLDER",
	"Writes report.txt, report.json, report.html, data/ and plots/ in a results "
	"folder from what its journal holds.", NULL, NULL, NULL,
};

/* The page has its figures inside: they are drawn in a folder of their own. */
static int show_html(struct report *r, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *folder = NULL;
	int rc;

	if (asprintf(&folder, "%s/kduel-report-XXXXXX", tmp ? tmp : "/tmp") < 0)
		return err_sys(err, ENOMEM, "cannot draw the figures");
	rc = mkdtemp(folder) ? report_draw(r, folder, stderr, err)
			     : err_sys(err, errno, "cannot make %s", folder);
	if (!rc)
		report_html(r, stdout);
	file_remove_tree(folder, NULL);
	free(folder);
	return rc;
}

static int show(struct report *r, const struct options *o, struct err *err)
{
	json_t *json;

	switch (o->format) {
	case FORMAT_TEXT:
		report_text(r, stdout);
		return 0;
	case FORMAT_HTML:
		return show_html(r, err);
	case FORMAT_JSON:
		json = report_json(r);
		json_dumpf(json, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(json);
		return 0;
	case FORMAT_PLOTS:
		return report_draw(r, o->folder, stderr, err);
	case FORMAT_ALL:
		break;
	}
	if (report_publish(r, o->folder, stderr, err))
		return -1;
	printf("report: %s\n", o->folder);
	return 0;
}

int cmd_report(int argc, char **argv)
{
	struct options o = { .format = FORMAT_ALL };
	struct err err = ERR_INIT;
	struct store *store = NULL;
	struct comparison c;
	struct report r;
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (store_open(&store, o.folder, STORE_READ, &err))
		return command_fail(&err);
	if (compare_run(store, &o.compare, &c, &err)) {
		code = command_fail(&err);
		goto close;
	}
	if (report_gather(&r, store, &c, &o.report, &err)) {
		code = command_fail(&err);
		goto release;
	}
	code = show(&r, &o, &err) ? command_fail(&err) : (int)compare_exit(&c, o.strict);
	report_release(&r);
release:
	comparison_release(&c);
close:
	store_close(store);
	return code;
}
