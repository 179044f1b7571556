/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel why: shows which functions make the difference between arms. */
#include <argp.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "file.h"
#include "options.h"
#include "run/campaign.h"
#include "safe.h"
#include "store/store.h"
#include "why/gather.h"

#define LINES 20

enum form { FOLDED, SVG, CALLGRIND, PPROF, FORMS };

static const char *const forms[FORMS] = { "--folded", "--svg", "--callgrind", "--pprof" };

struct options {
	const char *operand;
	const char *file[FORMS];	/* output files, by form */
	struct why_request rq;
	size_t lines;
	const char **maps, **vmlinux;
};

enum { OPT_BOOT = 256, OPT_COUNT, OPT_CELL, OPT_ARM, OPT_MAP, OPT_LINES,
       OPT_HOTTEST, OPT_VMLINUX,
       OPT_FOLDED, OPT_SVG, OPT_CALLGRIND, OPT_PPROF };

static const struct argp_option option_table[] = {
	{ "cell", OPT_CELL, "GLOB", 0, "only the cells whose name matches", 0 },
	{ "arm", OPT_ARM, "NAME", 0, "only this arm against the baseline", 0 },
	{ "boot", OPT_BOOT, NULL, 0, "the boot from power-on to the first sample, in phases", 0 },
	{ "count", OPT_COUNT, "WHAT", 0, "instructions (the default), loads or stores", 0 },
	{ "map", OPT_MAP, "NAME=AS", 0, "count the baseline's function NAME as AS: it was renamed", 0 },
	{ "lines", OPT_LINES, "N", 0, "functions of each table (20); 0: all", 0 },
	{ "hottest", OPT_HOTTEST, "N", 0, "the hottest lines of the first N functions of each table (at most 50)", 0 },
	{ "vmlinux", OPT_VMLINUX, "ARM=FILE", 0, "the arm's kernel with debug information, for --hottest; guest=FILE: the guest's", 0 },
	{ "folded", OPT_FOLDED, "FILE", 0, "write folded stacks with both arms' counts", 0 },
	{ "svg", OPT_SVG, "FILE", 0, "draw a differential flame graph; for several tables also FILE with -2 before its extension, and so on", 0 },
	{ "callgrind", OPT_CALLGRIND, "FILE", 0, "write FILE.ARM for kcachegrind and callgrind_annotate", 0 },
	{ "pprof", OPT_PPROF, "FILE", 0, "write both arms' counts for pprof", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void why_add_text(const char ***v, size_t *n, const char *arg, struct argp_state *state)
{
	*v = realloc(*v, (*n + 1) * sizeof(**v));
	if (!*v)
		argp_failure(state, EXIT_MACHINE, ENOMEM, "%s", arg);
	(*v)[(*n)++] = arg;
}

static size_t why_number(const char *option, const char *arg, struct argp_state *state)
{
	char *end;
	size_t n = strtoul(arg, &end, 10);

	if (*end || end == arg || *arg == '-')
		argp_error(state, "--%s: '%s' is not a number", option, arg);
	return n;
}

static error_t why_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_CELL: o->rq.cell = arg; return 0;
	case OPT_ARM: o->rq.arm = arg; return 0;
	case OPT_BOOT: o->rq.boot = true; return 0;
	case OPT_COUNT:
		o->rq.what = options_choice(state, "count", arg, (const char *const[]){
			"instructions", "loads", "stores", NULL });
		return 0;
	case OPT_MAP:
		why_add_text(&o->maps, &o->rq.n_maps, arg, state);
		o->rq.maps = o->maps;
		return 0;
	case OPT_VMLINUX:
		why_add_text(&o->vmlinux, &o->rq.n_vmlinux, arg, state);
		o->rq.vmlinux = o->vmlinux;
		return 0;
	case OPT_HOTTEST:
		o->rq.lines = why_number("hottest", arg, state);
		if (o->rq.lines > HOTTEST_MOST)
			argp_error(state, "--hottest: at most %d functions", HOTTEST_MOST);
		return 0;
	case OPT_FOLDED: case OPT_SVG: case OPT_CALLGRIND: case OPT_PPROF:
		o->file[key - OPT_FOLDED] = command_path(state, forms[key - OPT_FOLDED], arg);
		return 0;
	case OPT_LINES:
		o->lines = why_number("lines", arg, state);
		return 0;
	case ARGP_KEY_ARG:
		command_operand(state, &o->operand, arg, "");
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which results folder, or campaign?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, why_parse, "RESULTS|CONFIG",
	"Shows which functions make the difference between arms, in instructions "
	"counted by the emulator. A CONFIG is run first, with functions counted.",
	NULL, NULL, NULL,
};

static int why_check_arm(const struct plan *p, const char *arm, struct err *err)
{
	int ret = arm ? plan_check_arm(p, arm, err) : 0;

	if (ret)
		err_prefix(err, "--arm");
	else if (arm && p->arms[plan_arm(p, arm)].baseline)
		ret = err_config(err, "--arm: '%s' is the baseline; name the arm to compare with it",
				 arm);
	return ret;
}

static int why_check_cell(const struct plan *p, const char *glob, struct err *err)
{
	for (size_t i = 0; glob && i < p->n_cells; i++)
		if (!fnmatch(glob, p->cells[i].id, 0))
			return 0;
	return glob ? plan_unknown_cell(p, "--cell: ", glob, err) : 0;
}

/* Runs the campaign; the caller frees `*folder`. */
static int why_run(const struct options *o, char **folder, struct err *err)
{
	struct campaign_options c = { .patience = 1 };
	struct plan_options po = {
		.only = o->rq.cell,
		.profile = o->rq.boot ? PROFILE_BOOT :
			   o->rq.what ? PROFILE_MEMORY : PROFILE_FUNCTIONS,
	};
	struct campaign_result r;
	struct plan *plan;
	int ret = plan_load(o->operand, &po, &plan, err);

	if (ret)
		return ret;
	ret = why_check_arm(plan, o->rq.arm, err);
	if (ret) {
		plan_free(plan);
		return ret;
	}
	ret = campaign_run(plan, &c, &r, err);
	plan_free(plan);
	*folder = r.folder;
	if (!ret && !r.complete)
		ret = err_set(err, EXIT_INCOMPLETE, -EINTR, "not complete; to continue: kduel run --resume %s",
			      r.folder);
	return ret;
}

static void why_show(const struct why_groups *g, const struct plan *p, const struct options *o)
{
	why_print_overview(g, p, stdout);
	for (size_t i = 0; i < g->n; i++) {
		const struct why_group *one = &g->v[i];
		struct why_words words = {
			.arm = { plan_baseline(p)->name, p->arms[one->arm].name },
			.thing = one->thing, .most = o->lines,
		};

		printf("%s%s  %s  %s\n", i ? "\n" : "", one->what, one->metric, words.arm[1]);
		if (one->error.code)
			printf("no table: %s\n", one->error.text);
		else
			why_print(&one->why, stdout, &words);
	}
}

static int why_write_one(const struct calls *t, enum form form, int arm,
			 const struct calls_words *w, const char *path, struct err *err)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int ret = f ? 0 : -ENOMEM;

	if (!ret && form == SVG)
		calls_write_svg(t, w, f);
	else if (!ret && form == CALLGRIND)
		calls_write_callgrind(t, arm, w, f);
	else if (!ret)
		ret = calls_write_pprof(t, w, f);
	if (f && fclose(f))
		ret = -ENOMEM;
	ret = ret ? err_sys(err, -ret, "cannot write %s", path)
		  : file_publish(path, text, len, err);
	free(text);
	return ret;
}

/* Where the extension of a file's name begins, ".pb.gz" as a whole; the end if there is none. */
static size_t why_extension(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	const char *inner = dot && !strcmp(dot, ".gz") ? memrchr(base, '.', dot - base) : NULL;

	if (inner)
		dot = inner;
	return dot && dot != base ? (size_t)(dot - path) : strlen(path);
}

/*
 * The first table's file has the given name; the names of others have a number before the extension,
 * which for callgrind is the arm. The caller frees it.
 */
static char *why_name_of(const char *name, unsigned nth, const char *arm)
{
	size_t end = arm ? strlen(name) : why_extension(name);
	char number[16] = "";

	if (nth > 1)
		snprintf(number, sizeof(number), "-%u", nth);
	return text_format("%.*s%s%s%s%s", (int)end, name, number, name + end, arm ? "." : "",
			   arm ? arm : "");
}

static int why_write_group(const struct why_group *g, unsigned nth, enum form form,
			   const char *name, const struct plan *p, struct err *err)
{
	struct calls_words w = {
		.arm = { plan_baseline(p)->name, p->arms[g->arm].name }, .thing = g->thing,
		.unit = why_unit(&g->why),
	};
	char what[640];
	int ret = 0;

	snprintf(what, sizeof(what), "%s %s", g->what, g->metric);
	w.what = what;
	for (int arm = 0; arm < (form == CALLGRIND ? CALLS_ARMS : 1) && !ret; arm++) {
		char *path = why_name_of(name, nth, form == CALLGRIND ? w.arm[arm] : NULL);

		ret = why_write_one(&g->why.calls, form, arm, &w, path, err);
		free(path);
	}
	return ret;
}

static int why_write_folded(const struct why_groups *g, const char *path, struct err *err)
{
	struct file_out out;
	int ret = file_begin(&out, path, err);

	if (ret)
		return ret;
	for (size_t i = 0; i < g->n; i++)
		if (!g->v[i].error.code) {
			char root[640];

			snprintf(root, sizeof(root), "%s %s", g->v[i].what, g->v[i].metric);
			calls_write_folded(&g->v[i].why.calls, root, out.to);
		}
	return file_commit(&out, err);
}

static int why_write(const struct why_groups *g, const struct plan *p,
		     const struct options *o, struct err *err)
{
	int ret = o->file[FOLDED] ? why_write_folded(g, o->file[FOLDED], err) : 0;

	for (enum form form = SVG; form < FORMS && !ret; form++) {
		unsigned nth = 0;

		for (size_t i = 0; i < g->n && o->file[form] && !ret; i++)
			if (!g->v[i].error.code)
				ret = why_write_group(&g->v[i], ++nth, form, o->file[form],
						      p, err);
	}
	return ret;
}

static int why_explain(const char *folder, const struct options *o, struct err *err)
{
	struct why_groups g;
	struct store *s;
	int ret = store_open(&s, folder, STORE_READ, err);

	if (ret)
		return ret;
	ret = why_check_arm(store_plan(s), o->rq.arm, err);
	if (!ret)
		ret = why_check_cell(store_plan(s), o->rq.cell, err);
	if (!ret)
		ret = why_gather(s, &o->rq, &g, err);
	if (!ret) {
		why_show(&g, store_plan(s), o);
		ret = why_write(&g, store_plan(s), o, err);
		why_groups_release(&g);
	}
	store_close(s);
	return ret;
}

static int why_check_outputs(const struct options *o, struct err *err)
{
	int ret = 0;

	if (o->rq.lines && o->rq.what)
		return err_config(err, "--hottest: lines have instructions only; leave out --count");
	if (o->rq.n_vmlinux && !o->rq.lines)
		return err_config(err, "--vmlinux is for lines; how many functions' are wanted? --hottest N");
	if (o->rq.boot && o->rq.cell)
		return err_config(err, "--boot shows the boot, which has no cells; leave out --cell");
	for (enum form form = 0; form < FORMS && !ret; form++)
		ret = command_check_output(o->file[form], o->operand, err);
	return ret;
}

int cmd_why(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct options o = { .lines = LINES };
	char *folder = NULL;
	int ret = 0;

	options_parse(&argp, argc, argv, 0, &o);
	ret = why_check_outputs(&o, &err);
	/* What a folder lacks to be results is the store's error. */
	if (!ret && !store_has_journal(o.operand) && !command_is_folder(o.operand))
		ret = why_run(&o, &folder, &err);
	if (!ret)
		ret = why_explain(folder ? folder : o.operand, &o, &err);
	free(folder);
	free(o.maps);
	free(o.vmlinux);
	return ret ? command_fail(&err) : EXIT_DONE;
}
