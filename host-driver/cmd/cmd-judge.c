/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel judge: judges other programs' results by our rules, and by others' for comparison. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "foreign/foreign.h"
#include "report/report.h"
#include "options.h"

#define FILES_MAX 1000
#define RULES_MAX 8

struct judge_file {
	const char *path;
	char *arm;		/* NULL: the file names it */
};

struct options {
	struct judge_file file[FILES_MAX];
	size_t n_files;
	struct foreign_rule rule[RULES_MAX];
	size_t n_rules;
	struct foreign f;
	bool equal, strict, json;
	char *columns;
};

enum { OPT_ARM = 256, OPT_COLUMNS, OPT_BASELINE, OPT_HIGHER, OPT_LOWER, OPT_GATE, OPT_RULE,
       OPT_AA, OPT_STRICT, OPT_JSON };

static const struct argp_option option_table[] = {
	{ "arm", OPT_ARM, "NAME=FILE", 0, "a file of this arm; several of one arm are its blocks", 0 },
	{ "columns", OPT_COLUMNS, "COLUMN=NAME,...", 0, "the names of a table's columns arm, block, "
	  "metric, value, unit and better", 0 },
	{ "baseline", OPT_BASELINE, "ARM", 0, "the arm to compare with (the first)", 0 },
	{ "higher", OPT_HIGHER, "GLOB", 0, "metrics of which higher is better", 0 },
	{ "lower", OPT_LOWER, "GLOB", 0, "metrics of which lower is better", 0 },
	{ "gate", OPT_GATE, "GLOB", 0, "metrics that decide the exit code", 0 },
	{ "margin", 'D', "SHARE", 0, "D of 'not worse than D' (1%)", 0 },
	{ "rule", OPT_RULE, "threshold:5%|welch|mann-whitney|range", 0, "also show what another rule says", 0 },
	{ "aa", OPT_AA, NULL, 0, "the arms are equal: every difference called is a false alarm", 0 },
	{ "strict", OPT_STRICT, NULL, 0, "exit 4 if a gate has no verdict", 0 },
	{ "json", OPT_JSON, NULL, 0, "print JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void judge_add(struct argp_state *state, const char *path, char *arm)
{
	struct options *o = state->input;

	if (o->n_files == FILES_MAX)
		argp_error(state, "more than %d files", FILES_MAX);
	o->file[o->n_files++] = (struct judge_file){ path, arm };
}

static void judge_add_arm(struct argp_state *state, const char *arg)
{
	const char *is = strchr(arg, '=');
	char *arm;

	if (!is || is == arg || !is[1])
		argp_error(state, "--arm: '%s' is not NAME=FILE", arg);
	arm = strndup(arg, (size_t)(is - arg));
	if (!arm)
		argp_failure(state, EXIT_MACHINE, ENOMEM, "--arm");
	judge_add(state, is + 1, arm);
}

static void judge_columns(struct argp_state *state, char *arg)
{
	struct options *o = state->input;
	char *save = NULL;

	free(o->columns);
	o->columns = arg;
	for (char *word = strtok_r(arg, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		char *is = strchr(word, '=');
		size_t i;

		if (!is)
			argp_error(state, "--columns: '%s' is not COLUMN=NAME", word);
		*is = '\0';
		i = options_choice(state, "column", word, foreign_column_names);
		o->f.column[i] = is + 1;
	}
}

static error_t judge_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	struct err err = ERR_INIT;

	switch (key) {
	case OPT_ARM: judge_add_arm(state, arg); return 0;
	case OPT_COLUMNS: judge_columns(state, strdup(arg)); return 0;
	case OPT_BASELINE: o->f.baseline = arg; return 0;
	case OPT_HIGHER: o->f.higher = arg; return 0;
	case OPT_LOWER: o->f.lower = arg; return 0;
	case OPT_GATE: o->f.gate = arg; return 0;
	case OPT_AA: o->equal = true; return 0;
	case OPT_STRICT: o->strict = true; return 0;
	case OPT_JSON: o->json = true; return 0;
	case 'D':
		o->f.margin = command_margin(state, arg);
		return 0;
	case OPT_RULE:
		if (o->n_rules == RULES_MAX)
			argp_error(state, "more than %d rules", RULES_MAX);
		if (foreign_rule_parse(arg, &o->rule[o->n_rules++], &err))
			argp_error(state, "--rule: %s", err.text);
		return 0;
	case ARGP_KEY_ARG:
		judge_add(state, arg, NULL);
		return 0;
	case ARGP_KEY_END:
		if (!o->n_files)
			argp_error(state, "which files? e.g. kduel judge --arm old=a.json --arm new=b.json");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, judge_parse, "[FILE...]",
	"Judges what another program measured: Google Benchmark, hyperfine, lkp or mmtests JSON, "
	"Go's benchmark text, CSV, NDJSON.", NULL, NULL, NULL,
};

/* --- reading ------------------------------------------------------------------- */

static unsigned judge_nth(const struct options *o, size_t file)
{
	unsigned nth = 0;

	for (size_t i = 0; i < file; i++)
		nth += o->file[i].arm && !strcmp(o->file[i].arm, o->file[file].arm);
	return nth;
}

static int judge_read(struct options *o, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < o->n_files; i++)
		o->f.files_are_blocks |= o->file[i].arm && judge_nth(o, i);
	for (size_t i = 0; !rc && i < o->n_files; i++)
		rc = foreign_read(&o->f, o->file[i].path, o->file[i].arm,
				  o->file[i].arm ? judge_nth(o, i) : 0, err);
	return rc;
}

/* --- others' rules ---------------------------------------------------------------- */

static void judge_print_rate(const char *rule, const struct foreign_rate *r, bool equal)
{
	char share[NUMBER_MAX];

	printf("  %-16s %u of %u", rule, r->called, r->tests);
	if (equal && r->relabelled)
		printf(", %s of %u relabellings", number_share((double)r->alarms / r->relabelled,
							       share), r->relabelled);
	putchar('\n');
}

static json_t *judge_rate_json(const char *rule, const struct foreign_rate *r)
{
	return json_pack("{s:s, s:i, s:i, s:i, s:i}", "rule", rule, "tests", (int)r->tests,
			 "called", (int)r->called, "relabelled", (int)r->relabelled, "alarms",
			 (int)r->alarms);
}

static int judge_rules(const struct options *o, const struct comparison *c, json_t *list,
		       struct err *err)
{
	struct foreign_rule ours = { .kind = RULE_OURS };
	struct foreign_rate rate;
	char name[64];
	int rc = 0;

	if (!o->n_rules && !o->equal)
		return 0;
	if (!list)
		printf("\n%s by each rule alone, at 5%%, not corrected for many tests:\n",
		       o->equal ? "Called different although equal (A/A)" : "Called different");
	for (size_t i = 0; !rc && i <= o->n_rules; i++) {
		const struct foreign_rule *rule = i < o->n_rules ? &o->rule[i] : &ours;

		rc = foreign_rate(&o->f, c, rule, o->equal, &rate, err);
		foreign_rule_text(rule, name);
		if (!rc && list)
			json_array_append_new(list, judge_rate_json(name, &rate));
		else if (!rc)
			judge_print_rate(name, &rate, o->equal);
	}
	if (!rc && !list && o->equal)
		puts("A relabelling swaps the arms of each block or not: equal arms stay equal.\n"
		     "threshold, welch and mann-whitney pool all numbers, range takes one per block.");
	return rc;
}

static int judge_show(const struct options *o, const struct comparison *c, struct err *err)
{
	json_t *all, *rules = o->json ? json_array() : NULL, *notes;
	int rc;

	if (!o->json)
		compare_print(stdout, c);
	rc = judge_rules(o, c, rules, err);
	if (!o->json || rc) {
		json_decref(rules);
		return rc;
	}
	all = json_object();
	notes = json_array();
	for (size_t i = 0; i < c->n_notes; i++)
		json_array_append_new(notes, json_safe(c->notes[i]));
	json_put(all, "format", json_string(o->f.format));
	json_put(all, "baseline", json_safe(c->arms[c->baseline].name));
	json_put(all, "blocks", json_integer(c->blocks));
	json_put(all, "refused", json_safe_or_null(c->refused));
	json_put(all, "series", report_series_json(c));
	json_put(all, "rules", rules);
	json_put(all, "notes", notes);
	command_print_json(all);
	return 0;
}

int cmd_judge(int argc, char **argv)
{
	static struct options o;
	struct err err = ERR_INIT;
	struct comparison c;
	int code, rc;

	foreign_init(&o.f);
	options_parse(&argp, argc, argv, 0, &o);
	rc = judge_read(&o, &err);
	if (!rc)
		rc = foreign_compare(&o.f, &c, &err);
	if (rc) {
		code = command_fail(&err);
	} else {
		code = judge_show(&o, &c, &err) ? command_fail(&err)
						: (int)compare_exit(&c, o.strict);
		comparison_release(&c);
	}
	foreign_release(&o.f);
	for (size_t i = 0; i < o.n_files; i++)
		free(o.file[i].arm);
	free(o.columns);
	return code;
}
