/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gathers what a report shows beyond the comparison, from the results folder. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "proc.h"
#include "report-parts.h"
#include "report.h"
#include "safe.h"
#include "store/store.h"

static void gather_add_failure(struct report *r, char *where, const char *class,
			       const char *why, const json_t *console)
{
	struct report_failure *more =
		realloc(r->failures, (r->n_failures + 1) * sizeof(*more));

	must_have(more);
	r->failures = more;
	more[r->n_failures++] = (struct report_failure){
		where, text_format("%s", class), text_format("%s", why), console };
}

static int gather_boots(struct report *r, struct store *s, struct err *err)
{
	const struct store_boot *b;
	size_t n;

	if (store_boots(s, &b, &n, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!r->begun || b[i].begun < r->begun)
			r->begun = b[i].begun;
		if (b[i].ended > r->ended)
			r->ended = b[i].ended;
		if (!b[i].ok)
			gather_add_failure(r, text_format("boot %u, block %u, arm %s", b[i].boot,
						     b[i].block, r->plan->arms[b[i].arm].name),
					   b[i].class, b[i].text, b[i].console);
	}
	return 0;
}

static int gather_cells(struct report *r, struct store *s, struct err *err)
{
	const struct store_cell *c;
	size_t n;

	if (store_cells(s, &c, &n, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(c[i].class, "ok"))
			gather_add_failure(
				r,
				text_format("boot %u, block %u, arm %s, %s, process %u",
					    c[i].boot, c[i].block, r->plan->arms[c[i].arm].name,
					    c[i].cell, c[i].process),
				c[i].class, c[i].text, NULL);
	return 0;
}

static int gather_env(struct report *r, struct store *s, struct err *err)
{
	const struct store_env *e;
	size_t n;

	if (store_envs(s, &e, &n, err))
		return -1;
	r->env = report_env(e, n, r->plan);
	r->cpu = text_format("%s", report_env_fact(r->env, "driver", "cpu.model"));
	return 0;
}

/* The last part of the folder's path. */
static char *gather_base_name(const char *path)
{
	size_t end = file_path_len(path), begin = end;

	while (begin && path[begin - 1] != '/')
		begin--;
	return text_format("%.*s", (int)(end - begin), path + begin);
}

/* The command that repeats the campaign in `folder`. */
static char *gather_again(const char *folder)
{
	char *plan = text_format("%.*s/plan.json", (int)file_path_len(folder), folder);
	char *command = proc_command_text((const char *[]){ "kduel", "run", plan, NULL });

	must_have(command);
	free(plan);
	return command;
}

int report_gather_facts(struct report *r, struct store *s,
			const struct comparison *c, struct err *err)
{
	*r = (struct report){ .c = c, .plan = store_plan(s) };
	r->folder = gather_base_name(store_folder(s));
	r->again = gather_again(store_folder(s));
	if (!gather_boots(r, s, err) && !gather_cells(r, s, err) && !gather_env(r, s, err))
		return 0;
	report_release(r);
	return err && err->code ? err->code : -EIO;
}

int report_gather(struct report *r, struct store *s,
		  struct comparison *c, const struct report_options *o,
		  struct err *err)
{
	int rc = compare_spreads(c, s, err);

	if (!rc)
		rc = report_gather_facts(r, s, c, err);
	if (rc)
		return rc;
	if (report_model(r, o ? o->cpu_model : NULL, err)) {
		report_release(r);
		return err && err->code ? err->code : -EIO;
	}
	report_gather_why(r, s);
	figures_init(c, &r->figures, &r->n_figures, &r->no_figures,
		     &r->n_no_figures);
	return 0;
}
