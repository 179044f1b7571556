/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel run: boots, measures, compares, reports. */
#include <argp.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backing/device.h"
#include "command.h"
#include "machine/machine.h"
#include "options.h"
#include "plan/plan.h"
#include "proc.h"
#include "report/doc.h"
#include "report/report.h"
#include "run/campaign.h"
#include "size.h"
#include "store/store.h"

struct options {
	const char *config;
	struct plan_options plan;
	struct campaign_options campaign;
	bool dry_run, strict;
};

enum { OPT_RESUME = 256, OPT_UNTIL, OPT_ONLY, OPT_STOP_AFTER, OPT_DRY_RUN,
       OPT_DEBUG, OPT_PATIENCE, OPT_MACHINE, OPT_ALLOW,
       OPT_STRICT, OPT_WHY, OPT_OWN, OPT_KEEP };

static const struct argp_option option_table[] = {
	{ "dir", 'd', "DIR", 0, "results folder (results/NAME-DATE-TIME)", 0 },
	{ "out", 'o', NULL, OPTION_ALIAS, NULL, 0 },
	{ "resume", OPT_RESUME, "DIR", 0, "continue the campaign in DIR", 0 },
	{ "blocks", 'b', "N", 0, "N blocks instead of the config's; extends a plan", 0 },
	{ "until", OPT_UNTIL, "verdict", 0, "up to 20 blocks, or as many as are planned; stop once every gate has a verdict", 0 },
	{ "only", OPT_ONLY, "GLOB", 0, "only the cells whose name matches", 0 },
	{ "stop-after", OPT_STOP_AFTER, "TIME", 0, "begin no boot that would end later than TIME (20m) from now", 0 },
	{ "machine", OPT_MACHINE, "vm|host|ssh|fake", 0, "instead of the config's", 0 },
	{ "allow-differences", OPT_ALLOW, NULL, 0, "resume although a kernel, image or machine has changed", 0 },
	{ "why", OPT_WHY, "boot|memory", OPTION_ARG_OPTIONAL, "count instructions by function for kduel why; with =boot, also in boots; with =memory, also loads and stores", 0 },
	{ "i-own", OPT_OWN, "DEVICE", 0, "on a real machine: everything on this device of persistent memory may be overwritten, or a file made in this folder", 0 },
	{ "keep-on-fail", OPT_KEEP, NULL, 0, "keep a failed machine running, and say how to enter it", 0 },
	{ "strict", OPT_STRICT, NULL, 0, "exit 4 if a gate has no verdict", 0 },
	{ "dry-run", OPT_DRY_RUN, NULL, 0, "print the plan and stop", 0 },
	{ "patience", OPT_PATIENCE, "FACTOR", 0, "multiply every time limit (1)", 0 },
	{ "verbose", 'v', NULL, 0, "show each boot, and what agents report", 0 },
	{ "debug", OPT_DEBUG, "vm|proto|proof", 0, "show consoles, messages, proofs; a list with commas", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void run_parse_debug(struct campaign_options *c, const char *arg,
			    struct argp_state *state)
{
	static const char *const names[] = { "vm", "proto", "proof", NULL };
	bool *const flags[] = { &c->debug_vm, &c->debug_proto, &c->debug_proof };

	for (const char *p = arg; *p;) {
		char word[32];

		snprintf(word, sizeof(word), "%.*s", (int)strcspn(p, ","), p);
		*flags[options_choice(state, "kind of --debug", word, names)] = true;
		p += strcspn(p, ",");
		p += *p == ',';
	}
}

static double run_parse_time(const char *arg, struct argp_state *state)
{
	struct err err = ERR_INIT;
	double seconds = 0;

	if (duration_parse(arg, &seconds, &err))
		argp_error(state, "--stop-after: %s", err.text);
	if (!(seconds > 0))
		argp_error(state, "--stop-after: must be more than 0");
	return seconds;
}

static double run_parse_patience(const char *arg, struct argp_state *state)
{
	char *end;
	double v = strtod(arg, &end);

	if (*end || end == arg || !(v > 0 && v <= 1000))
		argp_error(state, "--patience: '%s' is not above 0, at most 1000", arg);
	return v;
}

/* Options that would change the plan; that of a begun campaign is frozen. */
static bool run_changes_plan(const struct options *o)
{
	return o->plan.only || o->plan.machine || o->plan.profile;
}

static void run_check(const struct options *o, struct argp_state *state)
{
	const char *resume = o->campaign.resume;

	if (!resume && !o->config)
		argp_error(state, "which campaign? e.g. kduel run configs/dax-huge.yaml");
	if (resume && o->campaign.out)
		argp_error(state, "--resume continues in its own folder; leave --dir out");
	if (resume && !o->config && run_changes_plan(o))
		argp_error(state, "--resume: the plan is frozen; --only, --machine and --why cannot change it");
	if (!resume && o->campaign.allow_differences)
		argp_error(state, "--allow-differences is for --resume; kduel compare has it for arms");
}

static enum plan_profile run_parse_why(const char *arg, struct argp_state *state)
{
	static const char *const words[] = { "boot", "memory", NULL };

	if (!arg)
		return PROFILE_FUNCTIONS;
	return options_choice(state, "kind of --why", arg, words) ? PROFILE_MEMORY : PROFILE_BOOT;
}

static error_t run_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'd':
	case 'o': o->campaign.out = command_path(state, "--dir", arg); return 0;
	case OPT_RESUME: o->campaign.resume = command_path(state, "--resume", arg); return 0;
	case OPT_ONLY: o->plan.only = arg; return 0;
	case OPT_MACHINE: o->plan.machine = arg; return 0;
	case OPT_DRY_RUN: o->dry_run = true; return 0;
	case OPT_STRICT: o->strict = true; return 0;
	case OPT_WHY:
		o->plan.profile = run_parse_why(arg, state);
		return 0;
	case OPT_KEEP: o->campaign.keep_on_fail = true; return 0;
	case OPT_OWN: o->campaign.own = arg; return 0;
	case OPT_ALLOW: o->campaign.allow_differences = true; return 0;
	case 'v': o->campaign.verbose = true; return 0;
	case OPT_DEBUG: run_parse_debug(&o->campaign, arg, state); return 0;
	case 'b': o->plan.blocks = command_blocks(state, arg); return 0;
	case OPT_PATIENCE: o->campaign.patience = run_parse_patience(arg, state); return 0;
	case OPT_STOP_AFTER:
		o->campaign.stop_after = run_parse_time(arg, state);
		return 0;
	case OPT_UNTIL:
		options_choice(state, "end", arg, (const char *const[]){ "verdict", NULL });
		o->campaign.until_verdict = true;
		return 0;
	case ARGP_KEY_ARG:
		command_operand(state, &o->config, arg, "campaign ");
		return 0;
	case ARGP_KEY_END:
		run_check(o, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, run_parse, "CONFIG|PLAN\n--resume DIR [CONFIG|PLAN]",
	"Runs a campaign: builds its kernels, boots every arm in every block, "
	"measures, compares and reports.", NULL, NULL, NULL,
};

/* What is done at the end of a campaign, besides its report. `then` prints the verdicts. */
struct run_end {
	bool strict;
	command_report_fn then;
	void *arg;
};

static void run_say(const struct campaign_result *r, const struct report *report,
		    const struct run_end *end)
{
	bool reply = end->then && r->complete;
	struct doc *doc = reply ? report_beside_reply_doc(report->c)
				: report_comparison_doc(report->c);

	doc_print_text(doc, stdout, doc_wants_colour(stdout));
	doc_free(doc);
	fflush(stderr);
	if (r->decided)
		printf("every gate has a verdict: no more blocks were needed\n");
	if (report->plan->profile)
		printf("functions: kduel why %s\n", r->folder);
	printf("report: %s\n", r->folder);
	if (reply)
		end->then(report, end->arg);
}

/* Compares and reports what the folder holds; `*code` gets the exit code. */
static int run_conclude(const struct campaign_result *r, const struct run_end *end, int *code,
			struct err *err)
{
	struct comparison c;
	struct store *s;
	struct report report;
	int ret = store_open(&s, r->folder, STORE_READ, err);

	if (ret)
		return ret;
	ret = compare_run(s, NULL, &c, err);
	if (ret)
		goto close;
	ret = report_gather(&report, s, &c, &(struct report_options){ NULL }, err);
	if (ret)
		goto release;
	ret = report_publish(&report, r->folder, stderr, err);
	if (!ret)
		run_say(r, &report, end);
	*code = compare_exit(&c, end->strict);
	report_release(&report);
release:
	comparison_release(&c);
close:
	store_close(s);
	return ret;
}

static char last_words[PATH_MAX + 80];

/* A second Ctrl-C while the report is made: exiting loses nothing. */
static void run_on_signal(int signo)
{
	(void)signo;
	if (write(STDERR_FILENO, last_words, strlen(last_words)) < 0)
		_exit(EXIT_MACHINE);
	_exit(EXIT_INCOMPLETE);
}

static void run_expect_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = run_on_signal };

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (stop_hears(signals[i]))
			sigaction(signals[i], &sa, NULL);
}

/* A regression in the existing blocks takes precedence over missing blocks. */
static int run_finish(const struct campaign_result *r, const struct run_end *end,
		      struct err *err)
{
	int code = EXIT_DONE;

	if (r->abandoned)
		return EXIT_INCOMPLETE;
	if (run_conclude(r, end, &code, err))
		return command_fail(err);
	return r->complete || code == EXIT_REGRESSION || code == EXIT_CONFIG ? code
									     : EXIT_INCOMPLETE;
}

static void run_prepare_last_words(const struct campaign_result *r)
{
	snprintf(last_words, sizeof(last_words), r->complete
		 ? "kduel: the campaign is complete; for its report: kduel report %s\n"
		 : "kduel: not complete; to continue: kduel run --resume %s\n",
		 r->folder);
}

/* Is there a campaign that can be resumed? */
static bool run_can_go_on(const struct campaign_result *r, bool failed)
{
	return !r->complete && r->folder && !access(r->folder, F_OK) && (!failed || r->boots);
}

/* What the blocks can tell is said before hours are spent on them. */
static void run_say_blocks(const struct plan *p)
{
	char *few = plan_few_blocks(p);

	if (few)
		fprintf(stderr, "note: %s\n", few);
	free(few);
}

int command_campaign(const struct plan *p, const struct campaign_options *o, bool strict,
		     command_report_fn then, void *arg, struct err *err)
{
	const struct run_end end = { strict, then, arg };
	struct campaign_result r;
	int code, ret;

	if (!o->resume)
		run_say_blocks(p);
	ret = campaign_run(p, o, &r, err);
	if (r.folder)
		run_prepare_last_words(&r);
	if (ret) {
		code = command_fail(err);
	} else {
		run_expect_signals();
		code = run_finish(&r, &end, err);
	}
	fflush(stdout);
	if (run_can_go_on(&r, ret && code != EXIT_INCOMPLETE))
		fputs(last_words, stderr);
	free(r.folder);
	return code;
}

/* The plan of a resumed campaign; extended, if that was asked for. */
static int run_load_resumed(const struct options *o, struct plan **plan,
			    struct err *err)
{
	int ret = resume_plan(o->campaign.resume, plan, err);

	if (ret)
		return ret;
	if (o->config)
		ret = resume_check(*plan, o->config, &o->plan, err);
	if (!ret && o->plan.blocks && o->dry_run)
		ret = plan_extend(*plan, o->plan.blocks, err);
	else if (!ret && o->plan.blocks)
		ret = resume_extend(o->campaign.resume, *plan, o->plan.blocks,
				    err);
	if (ret)
		plan_free(*plan);
	return ret;
}

/* With fewer blocks than at the first look there would never be one. */
static int run_check_until(const struct plan *p, struct err *err)
{
	if (p->n_blocks >= until_first())
		return 0;
	return err_config(err, "--until verdict: the first look is after %u blocks, but the plan has %u; add --blocks %u",
			  until_first(), p->n_blocks, until_last());
}

static int run_load(struct options *o, struct plan **plan, struct err *err)
{
	int ret;

	if (o->campaign.until_verdict)
		o->plan.least_blocks = until_last();
	ret = o->campaign.resume ? run_load_resumed(o, plan, err)
				 : plan_load(o->config, &o->plan, plan, err);
	if (!ret && o->campaign.until_verdict) {
		ret = run_check_until(*plan, err);
		if (ret)
			plan_free(*plan);
	}
	return ret;
}

/*
 * Refuses to overwrite real persistent memory unless the user has allowed it. On the
 * driver's own machine it is also seen, before anything is begun, whether it is there and free.
 */
static int run_check_cell_device(const struct plan *p, const struct plan_cell *cell,
				 const char *own, struct err *err)
{
	const char *device = plan_cell_device(p, cell);
	const struct backing_kind *kind;
	char holds[500];
	bool granted;
	int ret = 0;

	if (!device || backing_find(cell->backing, &kind, NULL))
		return 0;
	granted = device_is_granted(device, own);
	/* No word is asked for what is not there. */
	if (p->machine.kind->is_driver)
		ret = granted ? device_check(kind, device, p->guest.memory, err)
			      : device_find(device, err);
	if (ret || granted)
		return ret;
	machine_ops(p)->describe(p, device, holds, sizeof(holds));
	return device_refuse(kind, device, own, holds, err);
}

static int run_check_device(const struct plan *p, const char *own, struct err *err)
{
	int ret = 0;

	if (own && !p->machine.kind->has_device)
		return err_config(err, "--i-own %s: machines of kind %s have memory of their own and overwrite none of yours; leave it out",
				  own, p->machine.kind->name);
	for (size_t i = 0; p->machine.kind->has_device && !ret && i < p->n_cells; i++) {
		ret = run_check_cell_device(p, &p->cells[i], own, err);
		if (ret)
			err_prefix(err, "cell %s", p->cells[i].id);
	}
	return ret;
}

int cmd_run(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct options o = { .campaign = { .patience = 1 } };
	struct plan *p;
	int code = EXIT_DONE;

	options_parse(&argp, argc, argv, 0, &o);
	if (run_load(&o, &p, &err))
		return command_fail(&err);
	if (o.dry_run)
		plan_print(p, stdout);
	else if (run_check_device(p, o.campaign.own, &err))
		code = command_fail(&err);
	else
		code = command_campaign(p, &o.campaign, o.strict, NULL, NULL, &err);
	plan_free(p);
	return code;
}
