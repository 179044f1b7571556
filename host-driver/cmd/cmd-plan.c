/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel plan: decides what would be run, and freezes it. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "plan/plan.h"
#include "options.h"

struct options {
	const char *config;
	const char *output;
	struct plan_options plan;
	bool json;
};

enum { OPT_JSON = 256, OPT_ONLY };

static const struct argp_option option_table[] = {
	{ "output", 'o', "FILE", 0, "also write the frozen plan as JSON", 0 },
	{ "json", OPT_JSON, NULL, 0, "print the frozen plan as JSON", 0 },
	{ "blocks", 'b', "N", 0, "N blocks instead of the config's", 0 },
	{ "only", OPT_ONLY, "GLOB", 0, "only the cells whose name matches", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t plan_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'o':
		o->output = command_path(state, "--output", arg);
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case 'b':
		o->plan.blocks = command_blocks(state, arg);
		return 0;
	case OPT_ONLY:
		o->plan.only = arg;
		return 0;
	case ARGP_KEY_ARG:
		command_operand(state, &o->config, arg, "campaign ");
		return 0;
	case ARGP_KEY_END:
		if (!o->config)
			argp_error(state, "which campaign?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, plan_parse, "CONFIG|PLAN",
	"Decides a campaign: cells x blocks x arms in seeded random order, and "
	"prints what it will do, how long it will take and how large it will be.",
	NULL, NULL, NULL,
};

static int plan_show(const struct options *o, const struct plan *p,
		     struct err *err)
{
	int ret = o->output ? plan_write(p, o->output, err) : 0;
	json_t *json;

	if (ret || !o->json) {
		if (!ret)
			plan_print(p, stdout);
		return ret;
	}
	json = plan_to_json(p);
	if (!json || json_dumpf(json, stdout, JSON_INDENT(1) | JSON_SORT_KEYS))
		ret = err_sys(err, ENOMEM, "cannot print the plan");
	putchar('\n');
	json_decref(json);
	return ret;
}

int cmd_plan(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct options o = { .config = NULL };
	struct plan *p;
	int ret;

	options_parse(&argp, argc, argv, 0, &o);
	ret = command_check_output(o.output, o.config, &err);
	if (!ret)
		ret = plan_load(o.config, &o.plan, &p, &err);
	if (ret)
		return command_fail(&err);
	ret = plan_show(&o, p, &err);
	plan_free(p);
	return ret ? command_fail(&err) : EXIT_DONE;
}
