/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel bisect: finds the commit that changed a metric or a claim. */
#include <argp.h>
#include <stdlib.h>
#include <time.h>

#include "command.h"
#include "file.h"
#include "options.h"
#include "proc.h"
#include "report/doc.h"
#include "run/bisect.h"
#include "safe.h"

struct options {
	struct bisect_wish wish;
	const char *dir, *resume;
};

enum { OPT_GOOD = 256, OPT_BAD, OPT_METRIC, OPT_CLAIM, OPT_RESUME };

static const struct argp_option option_table[] = {
	{ "git", WISH_GIT, "DIR", 0, "the repository; nothing in it is changed", 0 },
	{ "good", OPT_GOOD, "REV", 0, "a commit before the change", 0 },
	{ "bad", OPT_BAD, "REV", 0, "a commit after the change", 0 },
	{ "metric", OPT_METRIC, "NAME", 0, "what changed, e.g. ns_per_page or first-touch.ns_per_page", 0 },
	{ "claim", OPT_CLAIM, "CLAIM", 0, "instead: a claim about the arm 'tested' that holds at one end and fails at the other", 0 },
	{ "exact", WISH_EXACT, NULL, 0, "count instructions, even where time could be measured", 0 },
	{ "config", WISH_CONFIG, "FILE", 0, "configure the commits with FILE (a .config)", 0 },
	{ "add-needed", WISH_ADD_NEEDED, NULL, 0, "add to a copy of it what a machine under test needs", 0 },
	{ "cells", WISH_CELLS, "FILE", 0, "what is measured: a YAML with cells", 0 },
	{ "workload", WISH_WORKLOAD, "WORKLOAD", 0, "measure this one instead of first-touch", 0 },
	{ "machine", WISH_MACHINE, "vm|host|ssh|fake", 0, "where it runs (vm)", 0 },
	{ "dir", 'd', "DIR", 0, "folder of the search (results/bisect-DATE-TIME)", 0 },
	{ "resume", OPT_RESUME, "DIR", 0, "continue the search in DIR", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void bisect_check(const struct options *o, struct argp_state *state)
{
	const struct try_wish *t = &o->wish.try;
	bool begins = t->git || o->wish.good || o->wish.bad || o->wish.metric || o->wish.claim ||
		      t->config || t->cells || t->workload || t->machine || t->command ||
		      t->exact || o->dir;

	if (o->resume && begins)
		argp_error(state, "--resume uses the options that the search was begun with; leave the others out");
	if (o->resume)
		return;
	if (!t->git || !o->wish.good || !o->wish.bad)
		argp_error(state, "which history? e.g. kduel bisect --git ~/linux --good v6.1 --bad v6.2 --metric ns_per_page");
	if (!o->wish.metric == !o->wish.claim)
		argp_error(state, "what changed? give either --metric or --claim");
	command_wish_check(t, state);
}

static error_t bisect_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	struct try_wish *t = &o->wish.try;

	switch (key) {
	case OPT_GOOD: o->wish.good = arg; return 0;
	case OPT_BAD: o->wish.bad = arg; return 0;
	case OPT_METRIC: o->wish.metric = arg; return 0;
	case OPT_CLAIM: o->wish.claim = arg; return 0;
	case OPT_RESUME: o->resume = command_path(state, "--resume", arg); return 0;
	case 'd': o->dir = command_path(state, "--dir", arg); return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is not an option; put a command of your own after --", arg);
		return 0;
	case ARGP_KEY_END:
		bisect_check(o, state);
		return 0;
	}
	return command_wish_parse(t, key, arg, state) ? 0 : ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, bisect_parse,
	"--git DIR --good REV --bad REV (--metric NAME | --claim CLAIM)\n--resume DIR",
	"Finds the first commit with an effect that the bad end has and the good end lacks. "
	"git bisect chooses the commits; each is built and measured against the good end in as "
	"many blocks as a verdict needs. What follows -- is a command to be measured in the "
	"guest.", NULL, NULL, NULL,
};

/* Writes the final text to the terminal and into the folder. */
static int bisect_conclude(const struct bisect *b, struct err *err)
{
	char *path = text_format("%s/bisect.txt", b->folder);
	struct doc *doc = bisect_doc(b);
	struct file_out out;
	int ret = file_begin(&out, path, err);

	if (!ret) {
		doc_print_text(doc, out.to, false);
		ret = file_commit(&out, err);
	}
	doc_print_text(doc, stdout, doc_wants_colour(stdout));
	doc_free(doc);
	free(path);
	return ret;
}

static int bisect_search(struct bisect *b, struct err *err)
{
	bool go_on;

	fprintf(stderr, "search: %s\n", b->folder);
	if (bisect_run(b, err)) {
		int code = command_fail(err);

		fprintf(stderr, "kduel: to continue: kduel bisect --resume %s\n", b->folder);
		return code;
	}
	go_on = b->end == BISECT_RUNS;
	if (bisect_conclude(b, err))
		return command_fail(err);
	if (go_on)
		fprintf(stderr, "kduel: not complete; to continue: kduel bisect --resume %s\n", b->folder);
	return b->end == BISECT_FOUND ? EXIT_DONE : EXIT_INCOMPLETE;
}

static char *bisect_folder(const struct options *o)
{
	char date[32];
	time_t now = time(NULL);
	struct tm tm;

	strftime(date, sizeof(date), "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
	return o->dir ? text_format("%s", o->dir) : text_format("results/bisect-%s", date);
}

int cmd_bisect(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct options o = { .wish = { .good = NULL } };
	struct bisect b;
	char *command = proc_command_text((const char *const *)argv + 1);
	char *line = text_format("kduel bisect %s", command), *folder;
	int code;

	free(command);
	o.wish.try.command = command_split(&argc, argv);
	options_parse(&argp, argc, argv, 0, &o);
	o.wish.command = line;
	folder = bisect_folder(&o);
	if (o.resume ? bisect_resume(o.resume, &b, &err)
		     : bisect_begin(&o.wish, folder, &b, &err)) {
		code = command_fail(&err);
	} else {
		code = bisect_search(&b, &err);
		bisect_release(&b);
	}
	free(folder);
	free(line);
	return code;
}
