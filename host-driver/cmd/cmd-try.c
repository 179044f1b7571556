/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel try: from a patch, a range of commits or two images to a verdict. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "options.h"
#include "plan/plan.h"
#include "proc.h"
#include "report/doc.h"
#include "report/report.h"
#include "run/campaign.h"
#include "run/try.h"
#include "safe.h"

struct options {
	struct try_wish wish;
	struct campaign_options campaign;
	unsigned n_images, n_modules;
	bool dry_run, strict;
};

enum { OPT_ON = 256, OPT_REV, OPT_IMAGE, OPT_MODULES, OPT_DRY_RUN, OPT_STRICT };

static const struct argp_option option_table[] = {
	{ "on", OPT_ON, "KERNEL", 0, "apply the patches to KERNEL, not to the newest built one that they apply to", 0 },
	{ "git", WISH_GIT, "DIR", 0, "compare HEAD~1 and HEAD of this repository; if files are changed, HEAD and the working tree", 0 },
	{ "rev", OPT_REV, "A..B", 0, "compare these two commits of --git", 0 },
	{ "config", WISH_CONFIG, "FILE", 0, "configure the commits with FILE (a .config)", 0 },
	{ "add-needed", WISH_ADD_NEEDED, NULL, 0, "add to a copy of it what a machine under test needs", 0 },
	{ "image", OPT_IMAGE, "BZIMAGE", 0, "compare ready kernels; give it twice", 0 },
	{ "modules", OPT_MODULES, "DIR", 0, "the folder of their modules; give it twice if they differ", 0 },
	{ "cells", WISH_CELLS, "FILE", 0, "what is measured: a YAML with cells, and perhaps gates and expect", 0 },
	{ "workload", WISH_WORKLOAD, "WORKLOAD", 0, "measure this one instead of first-touch", 0 },
	{ "blocks", 'b', "N", 0, "N blocks (2 with the instruction clock, else 10)", 0 },
	{ "exact", WISH_EXACT, NULL, 0, "count instructions, even where time could be measured", 0 },
	{ "machine", WISH_MACHINE, "vm|host|ssh|fake", 0, "where it runs (vm)", 0 },
	{ "dir", 'd', "DIR", 0, "results folder (results/NAME-DATE-TIME)", 0 },
	{ "dry-run", OPT_DRY_RUN, NULL, 0, "make the config, print its plan and stop", 0 },
	{ "strict", OPT_STRICT, NULL, 0, "exit 4 if a gate has no verdict", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

bool command_wish_parse(struct try_wish *w, int key, const char *arg, struct argp_state *state)
{
	switch (key) {
	case WISH_GIT: w->git = command_path(state, "--git", arg); return true;
	case WISH_CONFIG: w->config = command_path(state, "--config", arg); return true;
	case WISH_ADD_NEEDED: w->add_needed = true; return true;
	case WISH_CELLS: w->cells = command_path(state, "--cells", arg); return true;
	case WISH_WORKLOAD: w->workload = arg; return true;
	case WISH_EXACT: w->exact = true; return true;
	case WISH_MACHINE: w->machine = arg; return true;
	}
	return false;
}

void command_wish_check(const struct try_wish *w, struct argp_state *state)
{
	if (w->add_needed && !w->config)
		argp_error(state, "--add-needed needs --config");
	if (!!w->cells + !!w->workload + !!w->command > 1)
		argp_error(state, "--cells, --workload and a command are three ways to say what is measured; give only one");
}

static void try_check(const struct options *o, struct argp_state *state)
{
	const struct try_wish *w = &o->wish;
	int kinds = (w->n_patches > 0) + (w->git != NULL) + (o->n_images > 0);

	if (!kinds)
		argp_error(state, "what? e.g. kduel try fix.patch, or --git DIR, or --image A --image B");
	if (kinds > 1)
		argp_error(state, "patches, --git and --image are three ways to say what is compared; give only one");
	if (o->n_images == 1)
		argp_error(state, "--image: a comparison needs two kernels; give it twice");
	if (w->on && !w->n_patches)
		argp_error(state, "--on is only for patches, and there are none");
	if ((w->rev || w->config) && !w->git)
		argp_error(state, "%s needs --git", w->rev ? "--rev" : "--config");
	if (o->n_modules && !o->n_images)
		argp_error(state, "--modules needs --image");
	command_wish_check(w, state);
}

static void try_parse_image(struct options *o, const char *arg, struct argp_state *state)
{
	if (o->n_images == 2)
		argp_error(state, "--image: two kernels are compared, not three; kduel run compares more");
	o->wish.images[o->n_images++] = arg;
}

static error_t try_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	struct try_wish *w = &o->wish;

	switch (key) {
	case OPT_ON: w->on = arg; return 0;
	case OPT_REV: w->rev = arg; return 0;
	case OPT_IMAGE: try_parse_image(o, arg, state); return 0;
	case OPT_MODULES:
		if (o->n_modules == 2)
			argp_error(state, "--modules: give it twice at most, once for each image");
		w->modules[o->n_modules++] = arg;
		return 0;
	case 'b': w->blocks = command_blocks(state, arg); return 0;
	case 'd': o->campaign.out = command_path(state, "--dir", arg); return 0;
	case OPT_DRY_RUN: o->dry_run = true; return 0;
	case OPT_STRICT: o->strict = true; return 0;
	case ARGP_KEY_ARGS:
		w->patches = state->argv + state->next;
		w->n_patches = state->argc - state->next;
		return 0;
	case ARGP_KEY_END:
		try_check(o, state);
		return 0;
	}
	return command_wish_parse(w, key, arg, state) ? 0 : ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, try_parse, "PATCH|MAILBOX|-...\n--git DIR\n--image A --image B",
	"Makes a campaign of two arms, before and after, from what is given, builds "
	"what is missing, runs it, and prints a text that can be sent as a reply. "
	"The campaign is kept below try/ and can be edited and run again. What "
	"follows -- is a command to be measured in the guest.", NULL, NULL, NULL,
};

/* --- the text at the end ---------------------------------------------------------- */

/* Takes --dir out: the folder that it names holds results by now. */
static void try_drop_dir(char **argv)
{
	char **to = argv, **arg = argv;

	for (; *arg && strcmp(*arg, "--"); arg++) {
		if (arg[1] && (!strcmp(*arg, "-d") || !strcmp(*arg, "--dir")))
			arg++;
		else if (strncmp(*arg, "-d", 2) && strncmp(*arg, "--dir=", 6))
			*to++ = *arg;
	}
	while (*arg)
		*to++ = *arg++;
	*to = NULL;
}

/* The command line, with the kernel that was chosen for it, and where its input is kept. */
static char *try_command_text(char **argv, const struct try_made *made, bool chosen)
{
	char *all, *text;

	try_drop_dir(argv + 1);
	for (char **arg = argv + 1; made->input && *arg && strcmp(*arg, "--"); arg++)
		if (!strcmp(*arg, "-"))
			*arg = made->input;
	all = proc_command_text((const char *const *)argv + 1);
	text = chosen && made->on ? text_format("kduel try --on %s %s", made->on, all)
				  : text_format("kduel try %s", all);
	free(all);
	return text;
}

struct try_reply {
	const struct try_made *made;
	const char *command;
};

static void try_print_reply(const struct report *r, void *arg)
{
	const struct try_reply *reply = arg;
	struct doc *doc = report_reply_doc(r);

	printf("\n---\nCompared: %s\n", reply->made->what);
	doc_print_text(doc, stdout, false);
	doc_free(doc);
	printf("\nTo reproduce: ");
	text_put(stdout, reply->command);
	printf("\n(kduel " KDUEL_VERSION "; the campaign: %s)\n", reply->made->config);
}

int cmd_try(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct options o = { .campaign = { .patience = 1 } };
	struct try_made made;
	struct plan *p;
	char **all = calloc((size_t)argc + 1, sizeof(*all)), *command;
	int code = EXIT_DONE;

	if (!all)
		return EXIT_MACHINE;
	/* argp moves operands after the options. */
	memcpy(all, argv, (size_t)argc * sizeof(*all));
	o.wish.command = command_split(&argc, argv);
	options_parse(&argp, argc, argv, 0, &o);
	if (try_make(&o.wish, &made, &err)) {
		free(all);
		return command_fail(&err);
	}
	fprintf(stderr, "campaign: %s\n", made.config);
	command = try_command_text(all, &made, !o.wish.on && o.wish.n_patches);
	if (plan_load(made.config, NULL, &p, &err)) {
		code = command_fail(&err);
	} else {
		if (o.dry_run)
			plan_print(p, stdout);
		else
			code = command_campaign(p, &o.campaign, o.strict, try_print_reply,
						&(struct try_reply){ &made, command }, &err);
		if (code == EXIT_INCOMPLETE && err.code)	/* before there was a results folder */
			fprintf(stderr, "kduel: to continue: kduel run %s\n", made.config);
		plan_free(p);
	}
	free(command);
	free(all);
	try_made_release(&made);
	return code;
}
