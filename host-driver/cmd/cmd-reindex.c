/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel reindex: the index made again from the journal. */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "store/store.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const char **folder = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	command_operand(state, folder, arg, "folder ");
	return 0;
}

static const struct argp argp = {
	NULL, parse, "FOLDER",
	"Throws the index of a results folder away and makes it again from the "
	"journal, all of which is checked.", NULL, NULL, NULL,
};

static void print_found(const char *folder, const struct store *s)
{
	printf("%s: %" PRIu64 " samples", folder, store_samples(s));
	if (store_torn(s))
		printf("; %" PRIu64 " bytes of an unfinished record at the journal's end are left out",
		       store_torn(s));
	putchar('\n');
}

int cmd_reindex(int argc, char **argv)
{
	struct err err = ERR_INIT;
	const char *folder = NULL;
	struct store *s;

	argp_parse(&argp, argc, argv, 0, NULL, &folder);
	if (!folder)
		err_config(&err, "reindex: which results folder?");
	else if (!store_open(&s, folder, STORE_REINDEX, &err)) {
		print_found(folder, s);
		store_close(s);
	}
	return err.code ? command_fail(&err) : EXIT_DONE;
}
