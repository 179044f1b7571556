/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel verify: checks whether claims hold. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim/claim.h"
#include "command.h"
#include "compare/claims.h"
#include "compare/compare-memory.h"
#include "data.h"
#include "options.h"
#include "report/report.h"
#include "run/campaign.h"
#include "safe.h"
#include "store/store.h"

struct options {
	const char *what;	/* a results folder, a file of claims, a config */
	const char *claims, *from, *out;
	bool json, strict;
	struct compare_options compare;
};

enum { OPT_JSON = 256, OPT_CLAIMS, OPT_FROM, OPT_ALLOW, OPT_STRICT };

static const struct argp_option option_table[] = {
	{ "claims", OPT_CLAIMS, "FILE", 0, "the claims, instead of the plan's own", 0 },
	{ "from", OPT_FROM, "DIR", 0, "check CLAIMS against these results; run nothing", 0 },
	{ "dir", 'd', "DIR", 0, "results folder of the campaign, if one is run", 0 },
	{ "out", 'o', NULL, OPTION_ALIAS, NULL, 0 },
	{ "allow-differences", OPT_ALLOW, NULL, 0,
	  "judge although the arms differ in more than the kernel under test", 0 },
	{ "strict", OPT_STRICT, NULL, 0, "exit 4 if a gate has no verdict", 0 },
	{ "json", OPT_JSON, NULL, 0, "print JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

/* Everything that was given must be used. */
static void verify_check_from(const struct options *o, struct argp_state *state)
{
	char *named = NULL;

	if (command_is_folder(o->what))
		argp_error(state, "results are given twice, %s and --from %s", o->what, o->from);
	if (o->claims)
		argp_error(state, "--claims and --from: %s would not be used; kduel verify --from %s %s",
			   o->what, o->from, o->claims);
	if (!claims_file_is(o->what) &&
	    (!access(o->what, F_OK) || data_find(DATA_CLAIMS, o->what, NULL, &named, NULL)))
		argp_error(state, "--from: %s is not a file of claims, nor the name of one; kduel verify %s checks the expectations of those results' own plan",
			   o->what, o->from);
	free(named);
}

static void verify_operand(struct options *o, const char *arg, struct argp_state *state)
{
	bool swapped = o->what && (command_is_folder(arg) || claims_file_is(o->what));

	if (o->what)
		argp_error(state, "one at a time, not also '%s'; claims are checked against results by kduel verify --from %s %s",
			   arg, swapped ? arg : o->what, swapped ? o->what : arg);
	o->what = arg;
}

static error_t verify_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_JSON: o->json = true; return 0;
	case OPT_CLAIMS: o->claims = command_path(state, "--claims", arg); return 0;
	case OPT_FROM: o->from = command_path(state, "--from", arg); return 0;
	case OPT_STRICT: o->strict = true; return 0;
	case OPT_ALLOW: o->compare.allow_differences = true; return 0;
	case 'd':
	case 'o': o->out = command_path(state, "--dir", arg); return 0;
	case ARGP_KEY_ARG:
		verify_operand(o, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (!o->what)
			argp_error(state, "what? a results folder, a file of claims or a campaign");
		if (o->from)
			verify_check_from(o, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, verify_parse, "FOLDER|CLAIMS|CONFIG",
	"Checks claims against results: each holds, fails, is undecided, or "
	"cannot be measured here. For a file of claims or a campaign, the "
	"campaign is run first.", NULL, NULL, NULL,
};

/* --- where the results come from ------------------------------------------- */

struct verify {
	const struct options *o;
	struct claims_file file;	/* n = 0: the plan's own claims */
	char *claims;		/* the path of the claims that were named; or NULL */
	char *folder;
	char *meant;		/* the campaign that the claims are about, if the results
				 * are of another one; or NULL */
};

static bool verify_is_there(const char *config)
{
	char *path = NULL;
	bool is = !data_find(DATA_CONFIG, config, NULL, &path, NULL) && !access(path, F_OK);

	free(path);
	return is || !access(config, F_OK);
}

/* Loads a config; if the claims name it, errors say where. */
static int verify_load(const struct verify *v, const char *config, struct plan **plan,
		       struct err *err)
{
	int rc = plan_load(config, NULL, plan, err);

	if (rc && config == v->file.campaign)
		err_prefix(err, "%s: campaign", v->file.campaign_where);
	else if (rc && !verify_is_there(config))
		err_prefix(err, "%s is neither a results folder nor a file of claims", config);
	return rc;
}

/* Before hours are spent: can this plan decide the claims? */
static int verify_check_plan(const struct verify *v, const char *config,
			     const struct plan *plan, struct err *err)
{
	int rc = 0;

	if (!v->file.n && !plan->n_expect && !plan->n_gates)
		return err_config(err, "%s: it has neither expectations nor gates; give a file with --claims",
				  config);
	for (size_t i = 0; !rc && i < v->file.n; i++) {
		const struct claims_entry *e = &v->file.entry[i];
		struct claim *claim;

		rc = claim_parse(e->text, e->where, &claim, err);
		if (rc)
			break;
		rc = plan_check_claim(plan, claim, err);
		if (rc)
			err_prefix(err, "%s", e->where);
		claim_free(claim);
	}
	return rc;
}

static int verify_run_campaign(struct verify *v, const char *config, struct err *err)
{
	struct campaign_options c = { .out = v->o->out, .patience = 1 };
	struct campaign_result r;
	struct plan *plan;
	int rc = verify_load(v, config, &plan, err);

	if (rc)
		return rc;
	rc = verify_check_plan(v, config, plan, err);
	if (rc) {
		plan_free(plan);
		return rc;
	}
	rc = campaign_run(plan, &c, &r, err);
	plan_free(plan);
	v->folder = r.folder;
	if (!rc && !r.complete)
		rc = err_set(err, EXIT_INCOMPLETE, -EINTR,
			     "the campaign is not complete; to continue: kduel run --resume %s, then kduel verify %s",
			     r.folder, r.folder);
	return rc;
}

/* If claims of one campaign are checked on results of another, that must be said. */
static int verify_check_campaign(struct verify *v, const struct comparison *c, struct err *err)
{
	struct plan *plan;
	int rc;

	if (!v->file.n || !*v->file.campaign)
		return 0;
	rc = verify_load(v, v->file.campaign, &plan, err);
	if (rc)
		return rc;
	if (strcmp(plan->name, c->name)) {
		v->meant = strdup(plan->name);
		rc = v->meant ? 0 : err_sys(err, ENOMEM, "cannot verify");
	}
	plan_free(plan);
	return rc;
}

/* Loads the file of claims, if one is given, by its path or its name. */
static int verify_load_claims(struct verify *v, struct err *err)
{
	const struct options *o = v->o;
	const char *asked = o->claims ? o->claims : o->what;
	int rc = 0;

	if (o->claims && claims_file_is(o->what))
		return err_config(err, "claims are given twice, %s and --claims %s",
				  o->what, o->claims);
	if (o->claims ? !access(asked, F_OK) : claims_file_is(asked))
		v->claims = text_format("%s", asked);
	else if (o->claims)
		rc = data_find(DATA_CLAIMS, asked, NULL, &v->claims, err);
	else if (access(asked, F_OK))
		data_find(DATA_CLAIMS, asked, NULL, &v->claims, NULL);
	return rc || !v->claims ? rc : claims_file_load(v->claims, &v->file, err);
}

static int verify_find_results(struct verify *v, struct err *err)
{
	const struct options *o = v->o;
	const char *results = command_is_folder(o->what) ? o->what : o->from;
	int rc = verify_load_claims(v, err);

	if (rc)
		return rc;
	if (results) {
		v->folder = strdup(results);
		return v->folder ? 0 : err_sys(err, ENOMEM, "%s", results);
	}
	if (!v->claims || o->claims)
		return verify_run_campaign(v, o->what, err);
	if (!*v->file.campaign)
		return err_config(err, "%s: it names no campaign; give results with --from",
				  o->what);
	return verify_run_campaign(v, v->file.campaign, err);
}

/* --- checking ---------------------------------------------------------------- */

/* The claims of the file replace those of the plan. */
static int verify_check_file(struct verify *v, struct store *s, struct comparison *c,
			     struct err *err)
{
	size_t n = v->file.n;
	int rc = 0;

	if (!n)
		return c->n_claims || store_plan(s)->n_gates ? 0 :
		       err_config(err, "%s: its plan has neither expectations nor gates; give a file with --claims",
				  v->folder);
	c->claims = compare_alloc(c, n, sizeof(*c->claims));
	if (!c->claims)
		return err_sys(err, ENOMEM, "cannot verify");
	for (c->n_claims = 0; !rc && c->n_claims < n; c->n_claims++) {
		const struct claims_entry *e = &v->file.entry[c->n_claims];
		struct compare_claim *k = &c->claims[c->n_claims];

		rc = claim_check(c, e->text, e->where, false, k, err);
		k->says = compare_text(c, "%s", e->says);
	}
	return rc;
}

static void verify_print_json(const struct verify *v, const struct comparison *c)
{
	json_t *meant = v->meant ? json_safe(v->meant) : json_null();

	command_print_json(json_pack("{s:o, s:o, s:o, s:o, s:o}", "campaign",
				     json_safe(c->name), "claims_are_for", meant,
				     "domain", json_safe(c->domain), "plan_hash",
				     json_safe(c->plan_hash), "claims",
				     report_claims_json(c)));
}

/* Regressed gates, which decide the exit code as claims do. */
static void verify_print_gates(const struct comparison *c)
{
	for (size_t i = 0; i < c->n_series; i++)
		for (size_t a = 0; a < c->n_arms; a++) {
			const struct compare_series *s = &c->series[i];
			char name[256];

			if (!s->gate || c->arms[a].control ||
			    s->vs[a].verdict != VERDICT_REGRESSED)
				continue;
			compare_series_name(s, name, sizeof(name));
			fputs("gate regressed: ", stdout);
			text_put(stdout, name);
			fputs(" of ", stdout);
			text_put(stdout, c->arms[a].name);
			putchar('\n');
		}
}

static void verify_print(const struct verify *v, const struct comparison *c)
{
	if (v->o->json) {
		verify_print_json(v, c);
		return;
	}
	printf("%s: %s time, %u block%s\n", c->name, c->domain, c->blocks,
	       c->blocks == 1 ? "" : "s");
	if (v->file.n && *v->file.source)
		printf("source: %s\n", v->file.source);
	if (v->meant)
		printf("the claims are for campaign %s; these are results of %s\n",
		       v->meant, c->name);
	if (c->refused)
		printf("no comparison: %s\n", c->refused);
	verify_print_gates(c);
	putchar('\n');
	compare_print_claims(stdout, c->claims, c->n_claims);
}

static int verify(struct verify *v, struct err *err)
{
	struct comparison c;
	struct store *s;
	int code, rc = verify_find_results(v, err);

	if (!rc)
		rc = store_open(&s, v->folder, STORE_READ, err);
	if (rc)
		return command_fail(err);
	rc = compare_run(s, &v->o->compare, &c, err);
	if (rc)
		goto close;
	rc = verify_check_file(v, s, &c, err);
	if (!rc)
		rc = verify_check_campaign(v, &c, err);
	if (!rc)
		verify_print(v, &c);
	code = compare_exit(&c, v->o->strict);
	comparison_release(&c);
close:
	store_close(s);
	return rc ? command_fail(err) : code;
}

int cmd_verify(int argc, char **argv)
{
	struct options o = { .what = NULL };
	struct verify v = { .o = &o };
	struct err err = ERR_INIT;
	int code;

	options_parse(&argp, argc, argv, 0, &o);
	code = verify(&v, &err);
	claims_file_release(&v.file);
	free(v.claims);
	free(v.folder);
	free(v.meant);
	return code;
}
