/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report-counters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vocab/words.h"
#include "report-layout.h"
#include "vocab/number.h"

const char report_counters_meaning[] =
	"In the guest: events of the workload's thread for each access or page, of a "
	"ladder at its upper end. mut-vcpu: counted on the guest's vCPUs from go to "
	"result, the processor's events for each instruction of the guest; faults, exits "
	"and context switches are totals of the host's side. Described, never judged.";

static bool is_vcpu(const struct compare_series *s)
{
	return !strncmp(s->counter, COUNTER_VCPU, strlen(COUNTER_VCPU));
}

/* The metric that comes first in this cell. */
static const char *first_metric(const struct comparison *c, const char *cell)
{
	for (size_t i = 0; i < c->n_series; i++)
		if (!c->series[i].counter && !strcmp(c->series[i].cell, cell))
			return c->series[i].metric;
	return "";
}

/* Has the same metric this counter at a later point? */
static bool has_later(const struct comparison *c, size_t i)
{
	const struct compare_series *s = &c->series[i];

	for (size_t k = i + 1; k < c->n_series; k++) {
		const struct compare_series *o = &c->series[k];

		if (o->counter && !strcmp(o->counter, s->counter) &&
		    !strcmp(o->cell, s->cell) && !strcmp(o->metric, s->metric))
			return true;
	}
	return false;
}

bool report_counter_shown(const struct comparison *c, size_t i)
{
	const struct compare_series *s = &c->series[i];
	bool any = false;

	if (!s->counter)
		return false;
	for (size_t a = 0; a < c->n_arms; a++)
		any |= s->est[a].boots && s->est[a].value != 0;
	return any && (is_vcpu(s) || !strcmp(s->metric, first_metric(c, s->cell))) &&
	       !has_later(c, i);
}

char *report_missing_names(const struct comparison *c, size_t i)
{
	char *names = NULL;
	size_t len;
	FILE *out;

	for (size_t k = 0; k < i; k++)
		if (!strcmp(c->missing[k].reason, c->missing[i].reason))
			return NULL;
	out = open_memstream(&names, &len);
	if (!out)
		abort();
	for (size_t k = i; k < c->n_missing; k++)
		if (!strcmp(c->missing[k].reason, c->missing[i].reason))
			fprintf(out, "%s%s", k > i ? ", " : "", c->missing[k].counter);
	fclose(out);
	return names;
}

static void put_series(const struct comparison *c, const struct compare_series *s,
		       struct layout_table *t)
{
	for (size_t a = 0; a < c->n_arms; a++) {
		char value[NUMBER_MAX];

		number_value(s->est[a].value, "count", value);
		layout_table_add(t, a ? "" : s->counter, c->arms[a].name, value);
	}
}

static void put_counted(const struct comparison *c, FILE *out)
{
	const char *cell = "";
	struct layout_table t;
	bool any = false;

	layout_table_init(&t, "wwr");
	for (size_t i = 0; i < c->n_series; i++) {
		if (!report_counter_shown(c, i))
			continue;
		if (strcmp(cell, c->series[i].cell))
			layout_table_line(&t, c->series[i].cell);
		cell = c->series[i].cell;
		put_series(c, &c->series[i], &t);
		any = true;
	}
	if (any) {
		layout_paragraph(out, 0, 0, report_counters_meaning);
		fputc('\n', out);
		layout_table_print(&t, out, 2);
	}
	layout_table_release(&t);
	if (any && c->n_missing)
		fputc('\n', out);
}

void report_counters_text(const struct report *r, FILE *out)
{
	const struct comparison *c = r->c;

	layout_heading(out, "Counters");
	put_counted(c, out);
	for (size_t i = 0; i < c->n_missing; i++) {
		char *names = report_missing_names(c, i), *line = NULL;

		if (!names)
			continue;
		if (asprintf(&line, "%s: unavailable: %s", names, c->missing[i].reason) < 0)
			abort();
		layout_paragraph(out, 0, 2, line);
		free(line);
		free(names);
	}
	if (!c->n_missing)
		fputs("\nEvery counter that was asked for could be read; all figures "
		      "are in the full list.\n", out);
}
