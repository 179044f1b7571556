/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counters that a report shows outside its full list: for each cell those of
 * its first metric (for a ladder, at its upper end) and those of the vCPUs; and why
 * others are unavailable, grouped by reason.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report-parts.h"
#include "safe.h"
#include "vocab/words.h"

static bool counters_of_vcpu(const struct compare_series *s)
{
	return !strncmp(s->counter, COUNTER_VCPU, strlen(COUNTER_VCPU));
}

/* The metric that comes first in this cell. */
static const char *counters_first_metric(const struct comparison *c, const char *cell)
{
	for (size_t i = 0; i < c->n_series; i++)
		if (!c->series[i].counter && !strcmp(c->series[i].cell, cell))
			return c->series[i].metric;
	return "";
}

/* Does the same metric have this counter at a later point? */
static bool counters_have_later(const struct comparison *c, size_t i)
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

/* Counters that are 0 in all arms are not shown. */
static bool counters_show(const struct comparison *c, size_t i)
{
	const struct compare_series *s = &c->series[i];
	bool any = false;

	if (!s->counter)
		return false;
	for (size_t a = 0; a < c->n_arms; a++)
		any |= s->est[a].boots && s->est[a].value != 0;
	return any && (counters_of_vcpu(s) || !strcmp(s->metric, counters_first_metric(c, s->cell))) &&
	       !counters_have_later(c, i);
}

/*
 * The names of all counters that are missing for the same reason as missing[i]; the
 * caller frees it. NULL if an earlier entry has that reason.
 */
static char *counters_missing_names(const struct comparison *c, size_t i)
{
	char *names = NULL;
	size_t len;
	FILE *out;

	for (size_t k = 0; k < i; k++)
		if (!strcmp(c->missing[k].reason, c->missing[i].reason))
			return NULL;
	out = text_open(&names, &len);
	for (size_t k = i; k < c->n_missing; k++)
		if (!strcmp(c->missing[k].reason, c->missing[i].reason))
			fprintf(out, "%s%s", k > i ? ", " : "", c->missing[k].counter);
	fclose(out);
	return names;
}

static void counters_row(struct doc *d, const struct comparison *c,
			 const struct compare_series *s)
{
	char value[NUMBER_MAX];

	for (size_t a = 0; a < c->n_arms; a++) {
		doc_row(d);
		doc_cell(d, DOC_ID, 0, "%s", a ? "" : s->counter);
		report_arm_cell(d, c, a);
		doc_cell(d, DOC_NUMBER, 0, "%s",
			 number_value(s->est[a].value, "count", value));
	}
}

static void counters_table(struct doc *d, const struct comparison *c)
{
	const char *cell = NULL;

	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];

		if (!counters_show(c, i))
			continue;
		if (!cell)
			doc_table(d, "counter|arm|#count");
		if (!cell || strcmp(cell, s->cell))
			doc_group(d, s->cell, "%s", "");
		cell = s->cell;
		counters_row(d, c, s);
	}
	if (cell)
		doc_put(d, DOC_SMALL, "In the guest: events of the workload's thread per "
			"access or page (for a ladder, at its upper end). mut-vcpu: counted on "
			"the guest's vCPUs from go to result, the processor's events per "
			"guest instruction; faults, exits and context switches are "
			"totals on the host's side. Described, never judged.");
}

void report_counters(struct doc *d, const struct comparison *c)
{
	doc_heading(d, "counters", "Counters");
	doc_put(d, DOC_SMALL, "Counts are per unit of the workload's work: an access, a page. mut-vcpu.* "
		"are counted on the machine under test, on the threads that run the guest, from go "
		"to result (go_to_result: the seconds between them).");
	d->forms = DOC_IN_HTML | DOC_IN_MARKDOWN;
	doc_put(d, DOC_FOLD, "Counters of each cell");
	d->forms = DOC_IN_ALL;
	counters_table(d, c);
	doc_put(d, DOC_UNFOLD, "%s", "");
	for (size_t i = 0; i < c->n_missing; i++) {
		char *names = counters_missing_names(c, i);

		if (names)
			doc_put(d, DOC_ITEM, "%s: unavailable: %s", names, c->missing[i].reason);
		free(names);
	}
	if (!c->n_missing)
		doc_put(d, DOC_SAY, "Every counter that was asked for could be read; all of "
			"them are in the full list.");
}
