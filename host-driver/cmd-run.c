/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel run: boots, measures, compares, reports. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "campaign.h"
#include "command.h"
#include "compare.h"
#include "lib/size.h"
#include "plan-text.h"
#include "report.h"
#include "store.h"

struct options {
	const char *config;
	struct plan_options plan;
	struct campaign_options campaign;
	bool dry_run;
};

enum { OPT_RESUME = 256, OPT_UNTIL, OPT_ONLY, OPT_STOP_AFTER, OPT_DRY_RUN,
       OPT_DEBUG, OPT_AA, OPT_PATIENCE, OPT_MACHINE };

static const struct argp_option option_table[] = {
	{ "out", 'o', "DIR", 0, "results folder (results/NAME-DATE-TIME)", 0 },
	{ "resume", OPT_RESUME, "DIR", 0, "go on with the campaign in DIR", 0 },
	{ "blocks", 'b', "N", 0, "N blocks instead of the config's", 0 },
	{ "until", OPT_UNTIL, "verdict", 0, "stop once every gate has its verdict", 0 },
	{ "only", OPT_ONLY, "GLOB", 0, "only the cells whose name matches", 0 },
	{ "stop-after", OPT_STOP_AFTER, "TIME", 0, "begin no boot that would end later than TIME (20m) from now", 0 },
	{ "aa", OPT_AA, NULL, 0, "only the baseline, as two arms", 0 },
	{ "machine", OPT_MACHINE, "KIND", 0, "vm, host, ssh or fake instead of the config's", 0 },
	{ "dry-run", OPT_DRY_RUN, NULL, 0, "print the plan and stop", 0 },
	{ "patience", OPT_PATIENCE, "FACTOR", 0, "multiply every time limit (1)", 0 },
	{ "verbose", 'v', NULL, 0, "show each boot, and what agents report", 0 },
	{ "debug", OPT_DEBUG, "WHAT", 0, "show vm (consoles), proto (messages), proof; a list with commas", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void parse_debug(struct campaign_options *c, const char *arg,
			struct argp_state *state)
{
	struct { const char *name; bool *flag; } known[] = {
		{ "vm", &c->debug_vm }, { "proto", &c->debug_proto },
		{ "proof", &c->debug_proof },
	};

	for (const char *p = arg; *p;) {
		size_t n = strcspn(p, ","), i;

		for (i = 0; i < 3; i++) {
			if (n == strlen(known[i].name) && !strncmp(p, known[i].name, n))
				break;
		}
		if (i == 3)
			argp_error(state, "--debug: '%.*s' is none of vm, proto, proof",
				   (int)n, p);
		else
			*known[i].flag = true;
		p += n + (p[n] == ',');
	}
}

static double parse_time(const char *arg, struct argp_state *state)
{
	struct err err = ERR_INIT;
	double seconds = 0;

	if (duration_parse(arg, &seconds, &err))
		argp_error(state, "--stop-after: %s", err.text);
	return seconds;
}

static void parse_number(struct options *o, int key, const char *arg,
			 struct argp_state *state)
{
	char *end;
	double v = strtod(arg, &end);

	if (*end || end == arg)
		argp_error(state, "'%s' is not a number", arg);
	if (key == 'b' && (v < 2 || v > 1000 || v != (unsigned)v))
		argp_error(state, "--blocks: '%s' is not 2 to 1000", arg);
	if (key == OPT_PATIENCE && !(v > 0 && v <= 1000))
		argp_error(state, "--patience: '%s' is not above 0, at most 1000", arg);
	if (key == 'b')
		o->plan.blocks = v;
	else
		o->campaign.patience = v;
}

/* Options that change the plan; a plan that is under way is frozen. */
static bool changes_plan(const struct options *o)
{
	return o->plan.blocks || o->plan.only || o->plan.aa || o->plan.machine;
}

static void check(const struct options *o, struct argp_state *state)
{
	if (!o->campaign.resume && !o->config)
		argp_error(state, "which campaign? e.g. kduel run configs/dax-huge.yaml");
	if (o->campaign.resume && o->config)
		argp_error(state, "--resume takes the plan from the folder; leave '%s' out",
			   o->config);
	if (o->campaign.resume && o->campaign.out)
		argp_error(state, "--resume goes on in its folder; leave --out out");
	if (o->campaign.resume && changes_plan(o))
		argp_error(state, "--resume: the plan is frozen; --blocks, --only, --aa and --machine cannot change it");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'o': o->campaign.out = arg; return 0;
	case OPT_RESUME: o->campaign.resume = arg; return 0;
	case OPT_ONLY: o->plan.only = arg; return 0;
	case OPT_AA: o->plan.aa = true; return 0;
	case OPT_MACHINE: o->plan.machine = arg; return 0;
	case OPT_DRY_RUN: o->dry_run = true; return 0;
	case 'v': o->campaign.verbose = true; return 0;
	case OPT_DEBUG: parse_debug(&o->campaign, arg, state); return 0;
	case 'b': case OPT_PATIENCE: parse_number(o, key, arg, state); return 0;
	case OPT_STOP_AFTER:
		o->campaign.stop_after = parse_time(arg, state);
		return 0;
	case OPT_UNTIL:
		if (strcmp(arg, "verdict"))
			argp_error(state, "--until: only 'verdict' is known");
		o->campaign.until_verdict = true;
		return 0;
	case ARGP_KEY_ARG:
		if (o->config)
			argp_error(state, "one campaign at a time, not also '%s'", arg);
		o->config = arg;
		return 0;
	case ARGP_KEY_END:
		check(o, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, parse, "CONFIG|PLAN\n--resume DIR",
	"Runs a campaign: builds its kernels, boots every arm in every block, "
	"measures, compares and reports.", NULL, NULL, NULL,
};

/* Compares and reports what the folder holds; `*code` is what it amounts to. */
static int conclude(const char *folder, int *code, struct err *err)
{
	struct comparison c;
	struct store *s;
	struct report r;
	int ret = store_open(&s, folder, STORE_READ, err);

	if (ret)
		return ret;
	ret = compare_run(s, NULL, &c, err);
	if (ret)
		goto close;
	ret = report_gather(&r, s, &c, &(struct report_options){ NULL }, err);
	if (ret)
		goto release;
	ret = report_publish(&r, folder, stderr, err);
	if (!ret) {
		report_print_table(stdout, &c);
		report_print_expectations(stdout, &c);
	}
	for (size_t i = 0; i < c.n_claims; i++) {
		if (c.claims[i].outcome == CLAIM_FAILS)
			*code = EXIT_REGRESSION;
	}
	/* So many boots failed that nothing can be compared. */
	if (c.refused && c.refused_exit == EXIT_INCOMPLETE)
		*code = EXIT_INCOMPLETE;
	report_release(&r);
release:
	comparison_release(&c);
close:
	store_close(s);
	return ret;
}

static int finish(const struct campaign_result *r, struct err *err)
{
	int code = EXIT_DONE;

	if (conclude(r->folder, &code, err))
		return r->complete ? command_fail(err) : EXIT_INCOMPLETE;
	fflush(stderr);
	if (r->decided)
		printf("every gate has its verdict: no more blocks were needed\n");
	printf("report: %s\n", r->folder);
	return code;
}

static int run(const struct options *o, const struct plan *p, struct err *err)
{
	struct campaign_result r;
	int code = EXIT_DONE;

	if (campaign_run(p, &o->campaign, &r, err)) {
		code = command_fail(err);
	} else {
		code = finish(&r, err);
		if (!r.complete)
			code = EXIT_INCOMPLETE;
	}
	if (!r.complete && r.folder && code != EXIT_CONFIG && code != EXIT_MACHINE)
		fprintf(stderr, "kduel: not complete; to go on: kduel run --resume %s\n",
			r.folder);
	free(r.folder);
	return code;
}

static int load(const struct options *o, struct plan **plan, struct err *err)
{
	char *path;
	int ret;

	if (!o->campaign.resume)
		return plan_load(o->config, &o->plan, plan, err);
	if (asprintf(&path, "%s/plan.json", o->campaign.resume) < 0)
		return err_set(err, EXIT_MACHINE, -1, "out of memory");
	ret = plan_load(path, NULL, plan, err);
	free(path);
	return ret;
}

int cmd_run(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct options o = { .campaign = { .patience = 1 } };
	struct plan *p;
	int code = EXIT_DONE;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (load(&o, &p, &err))
		return command_fail(&err);
	if (o.dry_run)
		plan_print(p, stdout);
	else
		code = run(&o, p, &err);
	plan_free(p);
	return code;
}
