/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel compare: a verdict for every metric and arm of a results folder. */
#include <argp.h>
#include <stdlib.h>

#include "command.h"
#include "compare/claims.h"
#include "report/report.h"
#include "size.h"
#include "store/store.h"

struct options {
	const char *folder;
	struct compare_options compare;
	bool json, strict;
};

enum { OPT_JSON = 256, OPT_ALLOW, OPT_BASELINE, OPT_STRICT };

static const struct argp_option option_table[] = {
	{ "json", OPT_JSON, NULL, 0, "print JSON, as in report.json", 0 },
	{ "allow-differences", OPT_ALLOW, NULL, 0,
	  "judge although the arms differ in more than the kernel under test", 0 },
	{ "baseline", OPT_BASELINE, "ARM", 0, "another arm than the plan's baseline, for a "
	  "look: its gates and expectations are not judged", 0 },
	{ "strict", OPT_STRICT, NULL, 0, "exit 4 if a gate has no verdict", 0 },
	{ "margin", 'D', "SHARE", 0, "D of 'not worse than D' (1%)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t compare_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	struct err err = ERR_INIT;

	switch (key) {
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_ALLOW:
		o->compare.allow_differences = true;
		return 0;
	case OPT_STRICT:
		o->strict = true;
		return 0;
	case OPT_BASELINE:
		o->compare.baseline = arg;
		return 0;
	case 'D':
		if (share_parse(arg, &o->compare.margin, &err))
			argp_error(state, "--margin: %s", err.text);
		return 0;
	case ARGP_KEY_ARG:
		if (o->folder)
			argp_error(state, "one folder at a time; kduel trend takes many");
		o->folder = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->folder)
			argp_error(state, "which results folder?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, compare_parse, "FOLDER",
	"Judges every arm of a campaign against its baseline: effect, interval, "
	"blocks, smallest detectable effect, verdict.", NULL, NULL, NULL,
};

static int compare_print_json(const struct comparison *c, struct store *s, struct err *err)
{
	struct report_options none = { NULL };
	struct report r;
	json_t *json;
	int rc = report_gather(&r, s, c, &none, err);

	if (rc)
		return rc;
	json = report_json(&r);
	json_dumpf(json, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(json);
	report_release(&r);
	return 0;
}

static int compare_show(const struct options *o, const struct comparison *c,
			struct store *s)
{
	struct err err = ERR_INIT;

	if (o->json && compare_print_json(c, s, &err))
		return command_fail(&err);
	if (!o->json)
		compare_print(stdout, c);
	return compare_exit(c, o->strict);
}

int cmd_compare(int argc, char **argv)
{
	struct options o = { .folder = NULL };
	struct err err = ERR_INIT;
	struct comparison c;
	struct store *s;
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (store_open(&s, o.folder, STORE_READ, &err))
		return command_fail(&err);
	if (compare_run(s, &o.compare, &c, &err)) {
		code = command_fail(&err);
	} else {
		code = compare_show(&o, &c, s);
		comparison_release(&c);
	}
	store_close(s);
	return code;
}
