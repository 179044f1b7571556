/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel dashboard: a page of many campaigns. */
#include <argp.h>
#include <stdio.h>

#include "command.h"
#include "dashboard/site.h"
#include "options.h"

struct options {
	char **folders;
	size_t n;
	struct site_options site;
};

enum { OPT_OUT = 256, OPT_SEGMENT, OPT_AGAIN, OPT_ADD };

static const struct argp_option option_table[] = {
	{ "out", OPT_OUT, "FOLDER", 0, "where the page goes", 0 },
	{ "min-segment", OPT_SEGMENT, "N", 0, "a new level lasts N campaigns or more (4), "
	  "and so does the one before it", 0 },
	{ "add", OPT_ADD, NULL, 0, "keep what the page shows, and add these, whether the others' "
	  "journals are here or not", 0 },
	{ "again", OPT_AGAIN, NULL, 0, "read every journal again, even if unchanged", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t dashboard_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_OUT:
		o->site.out = arg;
		return 0;
	case OPT_SEGMENT:
		o->site.min_segment = command_segment(state, arg);
		return 0;
	case OPT_AGAIN:
		o->site.again = true;
		return 0;
	case OPT_ADD:
		o->site.add = true;
		return 0;
	case ARGP_KEY_ARGS:
		o->folders = state->argv + state->next;
		o->n = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which results folders?");
		return 0;
	case ARGP_KEY_END:
		if (!o->site.out)
			argp_error(state, "where to? give --out FOLDER");
		if (o->site.add && o->site.again)
			argp_error(state, "--add reads no other journal, and --again reads all");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, dashboard_parse, "STORE...",
	"Makes a page of the campaigns in results folders, and in folders of such folders: "
	"FOLDER/index.html and the files it needs beside it.", NULL, NULL, NULL,
};

int cmd_dashboard(int argc, char **argv)
{
	struct options o = { .n = 0, .site = { .said = stderr } };
	struct err err = ERR_INIT;
	struct site_made made;

	options_parse(&argp, argc, argv, 0, &o);
	if (site_make(o.folders, o.n, &o.site, &made, &err))
		return command_fail(&err);
	printf("%zu campaign%s, %zu read anew; open %s/index.html\n", made.campaigns,
	       made.campaigns == 1 ? "" : "s", made.fresh, o.site.out);
	return made.campaigns ? EXIT_DONE : EXIT_CONFIG;
}
