/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel power: how many blocks an effect needs, and how long they take. */
#include <argp.h>
#include <math.h>
#include <stdio.h>

#include "command.h"
#include "compare/power.h"
#include "run/progress.h"
#include "options.h"
#include "safe.h"
#include "size.h"
#include "store/store.h"

struct options {
	const char *config, *from;
	double effect, sigma, power;
};

enum { OPT_EFFECT = 256, OPT_FROM, OPT_SIGMA, OPT_POWER };

static const struct argp_option option_table[] = {
	{ "effect", OPT_EFFECT, "SHARE", 0, "effect to detect, e.g. 1%", 0 },
	{ "from", OPT_FROM, "DIR", 0, "take the spread from a results folder, ideally of kduel aa", 0 },
	{ "sigma", OPT_SIGMA, "SHARE", 0, "an assumed spread between boots of one kernel", 0 },
	{ "power", OPT_POWER, "SHARE", 0, "probability of detecting it (80%)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static double power_share(struct argp_state *state, const char *option, const char *arg)
{
	struct err err = ERR_INIT;
	double v = 0;

	if (share_parse(arg, &v, &err))
		argp_error(state, "%s: %s", option, err.text);
	return v;
}

static void power_check(struct argp_state *state, const struct options *o)
{
	if (!o->config)
		argp_error(state, "which campaign?");
	if (!o->effect)
		argp_error(state, "which effect should be detected? e.g. --effect 1%%");
	if (!o->from == !(o->sigma > 0))
		argp_error(state, "give either --from DIR, whose spread was measured, or --sigma, an assumed spread");
}

static error_t power_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_EFFECT:
		o->effect = power_share(state, "--effect", arg);
		return 0;
	case OPT_SIGMA:
		o->sigma = power_share(state, "--sigma", arg);
		return 0;
	case OPT_POWER:
		o->power = power_share(state, "--power", arg);
		return 0;
	case OPT_FROM:
		o->from = arg;
		return 0;
	case ARGP_KEY_ARG:
		command_operand(state, &o->config, arg, "campaign ");
		return 0;
	case ARGP_KEY_END:
		power_check(state, o);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, power_parse, "CONFIG",
	"Tells how many blocks a campaign needs to detect an effect, and how long "
	"they take.", NULL, NULL, NULL,
};

static int power_measured(struct power *p, const struct plan *plan,
			  const struct options *o, struct err *err)
{
	struct compare_options judge = { .allow_differences = true };
	struct comparison c;
	struct store *s;
	int rc = store_open(&s, o->from, STORE_READ, err);

	if (rc)
		return rc;
	rc = compare_run(s, &judge, &c, err);
	if (!rc) {
		rc = power_add_series(p, plan, &c, o->effect, o->power, err);
		comparison_release(&c);
	}
	store_close(s);
	return rc;
}

static void power_print_blocks(size_t n)
{
	if (n)
		printf(" %7zu", n);
	else
		printf("  >%5d", POWER_BLOCKS_MAX);
}

static void power_print(const struct power *p, const struct plan *plan,
			const struct options *o)
{
	size_t blocks = power_blocks(p);
	struct plan_cost cost;
	char took[16];

	printf("Blocks needed to detect %.3g%% with a probability of %.3g%%, for a single test\n"
	       "and for the strictest of %zu gate test%s (level %.2g):\n\n",
	       100 * o->effect, 100 * o->power, p->tests,
	       p->tests == 1 ? "" : "s", p->alpha);
	printf("  spread  single strictest detects with %u  series\n", plan->n_blocks);
	for (size_t i = 0; i < p->n; i++) {
		const struct power_row *r = &p->row[i];
		char text[NUMBER_MAX];

		printf("  %6s", number_percent(r->sd, text));
		power_print_blocks(r->alone);
		power_print_blocks(r->family);
		printf("  %14s   ", number_percent(r->sde, text));
		text_put(stdout, r->name);
		putchar('\n');
	}
	plan_cost(plan, &cost);
	if (blocks)
		printf("\n%zu block%s: about %s (%.1f s per block, with kernels already built)\n",
		       blocks, blocks == 1 ? "" : "s", progress_time(blocks * cost.seconds / plan->n_blocks,
					     took, sizeof(took)),
		       cost.seconds / plan->n_blocks);
	else
		printf("\nmore than %d blocks: reduce the spread first\n",
		       POWER_BLOCKS_MAX);
}

static int power_run(const struct options *o, const struct plan *plan, struct err *err)
{
	struct power p;
	int rc;

	power_init(&p, plan);
	rc = o->from ? power_measured(&p, plan, o, err)
		     : power_add(&p, plan, "stated", sqrt(2) * o->sigma,
				 o->effect, o->power, err);
	if (!rc)
		power_print(&p, plan, o);
	power_release(&p);
	return rc ? command_fail(err) : EXIT_DONE;
}

int cmd_power(int argc, char **argv)
{
	struct options o = { .power = STATS_POWER };
	struct err err = ERR_INIT;
	struct plan *plan;
	int code;

	options_parse(&argp, argc, argv, 0, &o);
	if (plan_load(o.config, NULL, &plan, &err))
		return command_fail(&err);
	code = power_run(&o, plan, &err);
	plan_free(plan);
	return code;
}
