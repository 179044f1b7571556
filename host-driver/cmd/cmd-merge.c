/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel merge: merges several results folders of one plan. */
#include <argp.h>
#include <stdio.h>

#include "command.h"
#include "options.h"
#include "store/store.h"

#define FOLDERS_MAX 256

struct options {
	const char *folders[FOLDERS_MAX], *output;
	size_t n;
};

static const struct argp_option option_table[] = {
	{ "dir", 'd', "DIR", 0, "the new results folder", 0 },
	{ "output", 'o', NULL, OPTION_ALIAS, NULL, 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t merge_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'd':
	case 'o':
		o->output = command_path(state, "--dir", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (o->n == FOLDERS_MAX)
			argp_error(state, "at most %d folders", FOLDERS_MAX);
		o->folders[o->n++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->n)
			argp_error(state, "which results folders?");
		if (!o->output)
			argp_error(state, "where to? give --dir DIR");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, merge_parse, "FOLDER...",
	"Merges several results folders of the same plan into one.",
	NULL, NULL, NULL,
};

int cmd_merge(int argc, char **argv)
{
	struct options o = { .n = 0 };
	struct err err = ERR_INIT;
	struct merge_result r;

	options_parse(&argp, argc, argv, 0, &o);
	if (merge_folders(o.folders, o.n, o.output, &r, &err))
		return command_fail(&err);
	printf("%s: %u campaign%s, %u boot%s", o.output, r.campaigns,
	       r.campaigns == 1 ? "" : "s", r.boots, r.boots == 1 ? "" : "s");
	if (r.repeated)
		printf(" (%u %s given more than once)", r.repeated,
		       r.repeated == 1 ? "was" : "were");
	printf("\nkduel report %s makes its report\n", o.output);
	return EXIT_DONE;
}
