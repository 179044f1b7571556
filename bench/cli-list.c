/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <argp.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cli.h"
#include "options.h"
#include "params.h"
#include "source.h"
#include "workload.h"

#define LIST_INDENT 17
#define METRIC_INDENT 6

static bool as_json, verbose;

static error_t list_parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key == 'j')
		as_json = true;
	else if (key == 'v')
		verbose = true;
	else if (key == ARGP_KEY_ARG)
		argp_error(state, "list takes no argument");
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static json_t *list_param_json(const struct param *p)
{
	json_t *j = json_pack("{s:s, s:s, s:s, s:s}", "name", p->name,
			      "type", param_type_name(p->type),
			      "default", p->fallback, "help", p->help);

	if (p->choices)
		json_object_set_new(j, "choices", json_string(p->choices));
	if (p->min)
		json_object_set_new(j, "min", json_integer(p->min));
	if (p->max)
		json_object_set_new(j, "max", json_integer(p->max));
	return j;
}

static json_t *list_metric_json(const struct workload_metric *m)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", m->name, "unit", m->unit,
			 "kind", kind_words[m->kind], "better", better_words[m->better],
			 "help", m->help);
}

static json_t *list_workload_json(const struct workload *w)
{
	json_t *params = json_array(), *metrics = json_array();

	for (const struct param *p = w->params; p && p->name; p++)
		json_array_append_new(params, list_param_json(p));
	for (const struct workload_metric *m = w->metrics; m->name; m++)
		json_array_append_new(metrics, list_metric_json(m));
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "name", w->name,
			 "help", w->help, "unit", w->unit, "method", w->method,
			 "metrics", metrics, "params", params);
}

static json_t *list_json(void)
{
	json_t *ws = json_array(), *ss = json_array();

	for (int i = 0; workloads[i]; i++)
		json_array_append_new(ws, list_workload_json(workloads[i]));
	for (const struct source *s = sources; s->name; s++)
		json_array_append_new(ss, json_pack("{s:s, s:s, s:I}", "name", s->name,
						    "help", s->help, "page",
						    (json_int_t)s->page));
	return json_pack("{s:o, s:o}", "workloads", ws, "sources", ss);
}

static void list_print_line(const char *name, const char *help)
{
	char margin[64];
	struct fold f;

	snprintf(margin, sizeof(margin), "  %s", name);
	fputs(help, fold_begin(&f));
	fold_end_at(&f, margin, LIST_INDENT, stdout);
}

/* "    ns_per_page [ns, lower is better]: first write to a 4 KiB page" */
static void list_print_metric(const struct workload_metric *m)
{
	struct fold f;

	fprintf(fold_begin(&f), "%s [%s%s%s]: %s", m->name, m->unit,
		m->better == BETTER_NONE ? "" : m->better == BETTER_LOWER ? ", lower" : ", higher",
		m->better == BETTER_NONE ? "" : " is better", m->help);
	fold_end_at(&f, "", METRIC_INDENT, stdout);
}

static void list_print_workload(const struct workload *w)
{
	list_print_line(w->name, w->help);
	for (const struct workload_metric *m = w->metrics; verbose && m->name; m++)
		list_print_metric(m);
}

int cli_list(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "json", 'j', NULL, 0, "print JSON, parameters and metrics included", 0 },
		{ "verbose", 'v', NULL, 0, "the metrics of each workload, too", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		options, list_parse, "", "Lists the workloads and the sources of memory.",
		NULL, NULL, NULL,
	};

	options_parse(&argp, argc, argv, 0, NULL);
	if (as_json)
		return cli_print_json(list_json());
	puts("workloads:");
	for (int i = 0; workloads[i]; i++)
		list_print_workload(workloads[i]);
	puts("\nsources:");
	for (const struct source *s = sources; s->name; s++)
		list_print_line(s->name, s->help);
	puts("\nkduel-bench run WORKLOAD --help describes its parameters and method.");
	return EXIT_DONE;
}
