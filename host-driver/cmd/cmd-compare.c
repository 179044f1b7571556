/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel compare: a verdict for every metric and arm of a results folder. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "compare/claims.h"
#include "compare/shift.h"
#include "options.h"
#include "report/report.h"
#include "safe.h"
#include "store/store.h"

struct options {
	const char *folder, *other;	/* other: NULL, or a second campaign of the plan */
	struct compare_options compare;
	bool json, strict;
};

enum { OPT_JSON = 256, OPT_ALLOW, OPT_BASELINE, OPT_STRICT };

static const struct argp_option option_table[] = {
	{ "json", OPT_JSON, NULL, 0, "print JSON, as in report.json", 0 },
	{ "allow-differences", OPT_ALLOW, NULL, 0,
	  "judge although the arms differ in more than the kernel under test", 0 },
	{ "baseline", OPT_BASELINE, "ARM", 0, "compare with this arm instead of the plan's "
	  "baseline; gates and expectations are then not judged", 0 },
	{ "strict", OPT_STRICT, NULL, 0, "exit 4 if a gate has no verdict", 0 },
	{ "margin", 'D', "SHARE", 0, "D of 'not worse than D' (1%)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t compare_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_ALLOW:
		o->compare.allow_differences = true;
		return 0;
	case OPT_STRICT:
		o->strict = true;
		return 0;
	case OPT_BASELINE:
		o->compare.baseline = arg;
		return 0;
	case 'D':
		o->compare.margin = command_margin(state, arg);
		return 0;
	case ARGP_KEY_ARG:
		if (o->other)
			argp_error(state, "two folders at most; kduel trend takes many");
		*(o->folder ? &o->other : &o->folder) = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->folder)
			argp_error(state, "which results folder?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, compare_parse, "FOLDER [OTHER]",
	"Judges every arm of a campaign against its baseline: effect, interval, "
	"blocks, smallest detectable effect, verdict. With two campaigns of one plan, how far "
	"the effects of the second are from those of the first; of two folders of campaigns the "
	"newest of each plan.", NULL, NULL, NULL,
};

static int compare_print_json(struct comparison *c, struct store *s, struct err *err)
{
	struct report_options none = { NULL };
	struct report r;
	int rc = report_gather(&r, s, c, &none, err);

	if (rc)
		return rc;
	command_print_json(report_json(&r));
	report_release(&r);
	return 0;
}

static int compare_show(const struct options *o, struct comparison *c,
			struct store *s)
{
	struct err err = ERR_INIT;

	if (o->json && compare_print_json(c, s, &err))
		return command_fail(&err);
	if (!o->json)
		compare_print(stdout, c);
	return compare_exit(c, o->strict);
}

/* --- two campaigns ------------------------------------------------------------- */

/* One of the two campaigns, judged against its own baseline. */
struct compare_side {
	struct store *s;
	struct comparison c;
	double begun;
	bool judged;
};

static int compare_open_side(struct compare_side *side, const char *folder, struct err *err)
{
	const struct store_boot *boots;
	size_t n = 0;
	int rc = store_open(&side->s, folder, STORE_READ, err);

	if (!rc)
		rc = store_boots(side->s, &boots, &n, err);
	side->begun = n ? boots[0].begun : 0;
	return rc;
}

/* `list`: as a member of it, where there are several pairs. */
static int compare_show_two(const struct options *o, const char *const folder[2],
			    struct compare_side side[2], json_t *list, struct err *err)
{
	const double begun[] = { side[0].begun, side[1].begun };
	struct shift shift;
	int code;

	if (shift_run(&side[0].c, &side[1].c, &shift, err))
		return command_fail(err);
	if (o->json && list)
		json_array_append_new(list, report_shift_json(&shift, folder, begun));
	else if (o->json)
		command_print_json(report_shift_json(&shift, folder, begun));
	else
		report_shift_print(stdout, &shift, folder, begun);
	code = shift_exit(&shift, o->strict);
	shift_release(&shift);
	return code;
}

static int compare_two(const struct options *o, const char *const folder[2], json_t *list)
{
	struct compare_side side[2] = { { .s = NULL }, { .s = NULL } };
	struct err err = ERR_INIT;
	int rc = compare_open_side(&side[0], folder[0], &err), code;

	if (!rc)
		rc = compare_open_side(&side[1], folder[1], &err);
	if (!rc)
		rc = shift_check(side[0].s, side[1].s, &err);
	for (int i = 0; i < 2 && !rc; i++) {
		rc = compare_run(side[i].s, &o->compare, &side[i].c, &err);
		side[i].judged = !rc;
	}
	code = rc ? command_fail(&err) : compare_show_two(o, folder, side, list, &err);
	for (int i = 0; i < 2; i++) {
		if (side[i].judged)
			comparison_release(&side[i].c);
		store_close(side[i].s);
	}
	return code;
}

/* --- two folders of campaigns ------------------------------------------------------ */

struct compare_found {
	char *folder, *id, *key;	/* key: of its plan and domain */
	double begun;
};

struct compare_list {
	struct compare_found *v;
	size_t n;
};

static int compare_add_found(void *arg, const char *folder, struct err *err)
{
	struct compare_list *l = arg;
	struct compare_side side = { .s = NULL };
	int rc = compare_open_side(&side, folder, err);

	if (!rc) {
		l->v = realloc(l->v, (l->n + 1) * sizeof(*l->v));
		must_have(l->v);
		l->v[l->n++] = (struct compare_found){ text_format("%s", folder),
			text_format("%s", store_id(side.s)), shift_key(side.s), side.begun };
		must_have(l->v[l->n - 1].key);
	}
	store_close(side.s);
	return rc;
}

static int compare_newest_first(const void *a, const void *b)
{
	double x = ((const struct compare_found *)a)->begun;
	double y = ((const struct compare_found *)b)->begun;

	return (x < y) - (x > y);
}

static void compare_list_release(struct compare_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].folder);
		free(l->v[i].id);
		free(l->v[i].key);
	}
	free(l->v);
}

/* The newest of the list with this key that is not that campaign itself. */
static const struct compare_found *compare_partner(const struct compare_list *l,
						   const struct compare_found *of)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].key, of->key) && strcmp(l->v[i].id, of->id))
			return &l->v[i];
	return NULL;
}

/* A regression in one pair is that of all; else what most needs to be looked at. */
static int compare_worst(int a, int b)
{
	return a == EXIT_DONE || (b != EXIT_DONE && b < a) ? b : a;
}

/* Of each plan the newest campaign of either side. */
static int compare_pairs(const struct options *o, const struct compare_list side[2])
{
	json_t *list = json_array();
	struct err err = ERR_INIT;
	int code = EXIT_DONE;
	size_t pairs = 0;

	for (size_t i = 0; i < side[1].n; i++) {
		const struct compare_found *b = &side[1].v[i], *a = compare_partner(&side[0], b);
		bool newer = false;

		for (size_t k = 0; k < i; k++)
			newer |= !strcmp(side[1].v[k].key, b->key);
		if (!a || newer)
			continue;
		if (pairs++ && !o->json)
			putchar('\n');
		code = compare_worst(code, compare_two(o, (const char *[]){ a->folder, b->folder },
						       list));
	}
	if (!pairs)
		err_config(&err, "%s and %s have no two campaigns of one plan and domain",
			   o->folder, o->other);
	else if (o->json)
		command_print_json(json_incref(list));
	json_decref(list);
	return pairs ? code : command_fail(&err);
}

static int compare_others(const struct options *o)
{
	const char *const folder[] = { o->folder, o->other };
	struct compare_list side[2] = { { .n = 0 }, { .n = 0 } };
	struct err err = ERR_INIT;
	int rc = 0, code;

	if (store_has_journal(o->folder) && store_has_journal(o->other))
		return compare_two(o, folder, NULL);
	for (int i = 0; i < 2 && !rc; i++) {
		rc = command_folders((char *[]){ (char *)folder[i] }, 1, compare_add_found, &side[i],
				     &err);
		qsort(side[i].v, side[i].n, sizeof(*side[i].v), compare_newest_first);
	}
	code = rc ? command_fail(&err) : compare_pairs(o, side);
	for (int i = 0; i < 2; i++)
		compare_list_release(&side[i]);
	return code;
}

int cmd_compare(int argc, char **argv)
{
	struct options o = { .folder = NULL };
	struct err err = ERR_INIT;
	struct comparison c;
	struct store *s;
	int code;

	options_parse(&argp, argc, argv, 0, &o);
	if (o.other)
		return compare_others(&o);
	if (store_open(&s, o.folder, STORE_READ, &err))
		return command_fail(&err);
	if (compare_run(s, &o.compare, &c, &err)) {
		code = command_fail(&err);
	} else {
		code = compare_show(&o, &c, s);
		comparison_release(&c);
	}
	store_close(s);
	return code;
}
