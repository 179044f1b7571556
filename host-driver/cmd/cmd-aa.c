/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel aa: one kernel as two arms, to see how large chance differences are. */
#include <argp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "run/campaign.h"
#include "command.h"
#include "compare/compare.h"
#include "options.h"
#include "safe.h"
#include "store/store.h"

struct options {
	const char *what;	/* a config, or results of an A/A campaign */
	struct plan_options plan;
	struct campaign_options campaign;
};

enum { OPT_ONLY = 256, OPT_MACHINE };

static const struct argp_option option_table[] = {
	{ "blocks", 'b', "N", 0, "N blocks instead of the config's", 0 },
	{ "only", OPT_ONLY, "GLOB", 0, "only the cells whose name matches", 0 },
	{ "machine", OPT_MACHINE, "vm|host|ssh|fake", 0, "instead of the config's", 0 },
	{ "dir", 'd', "DIR", 0, "results folder (results/NAME-DATE-TIME)", 0 },
	{ "out", 'o', NULL, OPTION_ALIAS, NULL, 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t aa_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_ONLY: o->plan.only = arg; return 0;
	case OPT_MACHINE: o->plan.machine = arg; return 0;
	case 'd':
	case 'o': o->campaign.out = command_path(state, "--dir", arg); return 0;
	case 'b':
		o->plan.blocks = command_blocks(state, arg);
		return 0;
	case ARGP_KEY_ARG:
		command_operand(state, &o->what, arg, "");
		return 0;
	case ARGP_KEY_END:
		if (!o->what)
			argp_error(state, "which campaign, or which results of one?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, aa_parse, "CONFIG|FOLDER",
	"Runs the baseline of a campaign as two arms, and prints the spread "
	"between blocks and whether chance was taken for a difference. Given the "
	"folder of a campaign with such a pair, prints that again.", NULL, NULL, NULL,
};

static int aa_run(const struct options *o, char **folder, struct err *err)
{
	struct plan_options how = o->plan;
	struct campaign_result r;
	struct plan *plan;
	int rc;

	how.aa = true;
	rc = plan_load(o->what, &how, &plan, err);
	if (rc)
		return rc;
	rc = campaign_run(plan, &o->campaign, &r, err);
	plan_free(plan);
	*folder = r.folder;
	if (!rc && !r.complete)
		rc = err_set(err, EXIT_INCOMPLETE, -1,
			     "the campaign is not complete; to continue: kduel run --resume %s, then kduel aa %s",
			     r.folder, r.folder);
	return rc;
}

static void aa_print_row(const struct compare_series *s, size_t arm)
{
	const struct compare_result *r = &s->vs[arm];
	struct number_effect e;
	char name[256], effect[2 * sizeof(e.interval)], sd[NUMBER_MAX], sde[NUMBER_MAX];
	bool known = r->e.n && !isnan(r->e.sd);

	compare_series_name(s, name, sizeof(name));
	compare_effect(s, &r->e, &e);
	snprintf(effect, sizeof(effect), "%s %s", e.effect, e.interval);
	printf("  %-26s ", effect);
	printf("%9s %9s  ", number_spread(known ? r->e.sd : NAN, sd),
	       number_spread(known ? r->e.sde : NAN, sde));
	printf("%-13s ", verdict_name(r->verdict));
	text_put(stdout, s->cell);
	putchar(' ');
	text_put(stdout, name + (*s->workload ? strlen(s->workload) + 1 : 0));
	putchar('\n');
}

static int aa_print(const struct comparison *c, const char *folder, struct err *err)
{
	bool any = false;

	for (size_t a = 0; a < c->n_arms; a++)
		any |= c->arms[a].control;
	if (!any)
		return err_config(err, "%s: no arm is a copy of the baseline; kduel aa CONFIG runs one",
				  folder);
	printf("%s as two arms: %s time, %u block%s\n\n", c->arms[c->baseline].kernel,
	       c->domain, c->blocks, c->blocks == 1 ? "" : "s");
	printf("  %-26s %9s %9s  %-13s %s\n", "effect", "spread", "detects", "verdict",
	       "series");
	for (size_t i = 0; i < c->n_series; i++)
		for (size_t a = 0; a < c->n_arms; a++)
			if (c->arms[a].control && c->series[i].better != STATS_NEITHER)
				aa_print_row(&c->series[i], a);
	printf("\n%u test%s, %u with p <= %.3g, %u called different\n",
	       c->control_tests, c->control_tests == 1 ? "" : "s", c->control_nominal, c->alpha, c->control_alarms);
	return 0;
}

static int aa_judge(const char *folder, struct err *err)
{
	struct comparison c;
	struct store *s;
	int code = EXIT_DONE, rc = store_open(&s, folder, STORE_READ, err);

	if (rc)
		return command_fail(err);
	rc = compare_run(s, NULL, &c, err);
	if (!rc) {
		rc = aa_print(&c, folder, err);
		if (c.refused) {
			printf("no comparison: %s\n", c.refused);
			code = c.refused_exit;
		} else if (c.control_alarms) {
			code = EXIT_REGRESSION;
		}
		comparison_release(&c);
	}
	store_close(s);
	return rc ? command_fail(err) : code;
}

int cmd_aa(int argc, char **argv)
{
	struct options o = { .campaign = { .patience = 1 } };
	struct err err = ERR_INIT;
	char *folder = NULL;
	int code;

	options_parse(&argp, argc, argv, 0, &o);
	if (command_is_folder(o.what))
		return aa_judge(o.what, &err);
	if (aa_run(&o, &folder, &err)) {
		code = command_fail(&err);
	} else {
		code = aa_judge(folder, &err);
		printf("results: %s\n", folder);
	}
	free(folder);
	return code;
}
