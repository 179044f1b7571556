/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel trend: where the ratio to the baseline changed, over campaigns. */
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "command.h"
#include "options.h"
#include "safe.h"
#include "compare/trend.h"

struct options {
	char **folders;
	size_t n;
	bool json, changed, values;
	size_t segment;
};

enum { OPT_JSON = 256, OPT_CHANGED, OPT_VALUES, OPT_SEGMENT };

static const struct argp_option option_table[] = {
	{ "values", OPT_VALUES, NULL, 0, "print every ratio with its campaign", 0 },
	{ "json", OPT_JSON, NULL, 0, "print JSON", 0 },
	{ "changed", OPT_CHANGED, NULL, 0, "only series that have a change point", 0 },
	{ "min-segment", OPT_SEGMENT, "N", 0, "a new level lasts N campaigns or more (4), "
	  "and so does the one before it", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t trend_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_VALUES:
		o->values = true;
		return 0;
	case OPT_CHANGED:
		o->changed = true;
		return 0;
	case OPT_SEGMENT:
		o->segment = command_segment(state, arg);
		return 0;
	case ARGP_KEY_ARGS:
		o->folders = state->argv + state->next;
		o->n = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which results folders?");
		return 0;
	}
	(void)arg;
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, trend_parse, "FOLDER...",
	"Follows the ratio of every arm to its baseline over campaigns, oldest "
	"first, and finds the points where its level changed. A folder of results folders stands for "
	"all results in it.", NULL, NULL, NULL,
};

static const char *trend_date_of(const struct trend *t, size_t campaign,
				 char buf[static 16])
{
	time_t at = (time_t)t->campaign[campaign].begun;
	struct tm tm;

	strftime(buf, 16, "%Y-%m-%d", localtime_r(&at, &tm));
	return buf;
}

/* Whether a change of the ratio is for the better. */
static const char *trend_direction(const struct trend_series *s,
				   const struct stats_change *c)
{
	return (c->after > c->before) == (s->better == STATS_HIGHER) ? "better"
								     : "worse";
}

static void trend_print_change(const struct trend *t, const struct trend_series *s,
			       const struct stats_change *c)
{
	size_t campaign = s->campaign[c->at];
	char date[16];

	printf("    %s, ", trend_date_of(t, campaign, date));
	text_put(stdout, t->campaign[campaign].folder);
	printf(": %.4g -> %.4g (%+.2f%%, %s), score %.2f\n", c->before, c->after,
	       100 * (c->after / c->before - 1), trend_direction(s, c), c->score);
}

/* --- drawing --------------------------------------------------------------------- */

#define TREND_LINE 60		/* campaigns in a line: the newest */
#define TREND_BAR 40

static bool trend_has_unicode(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (int i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strstr(value, "UTF-8") || strstr(value, "utf8");
	}
	return false;
}

static void trend_range(const struct trend_series *s, size_t from, double *lo, double *hi)
{
	*lo = INFINITY;
	*hi = -INFINITY;
	for (size_t i = from; i < s->points; i++) {
		*lo = fmin(*lo, s->ratio[s->campaign[i]]);
		*hi = fmax(*hi, s->ratio[s->campaign[i]]);
	}
}

/* Scales to 0 .. most - 1; the middle if all values are equal. */
static int trend_level(double v, double lo, double hi, int most)
{
	return hi > lo ? (int)lround((v - lo) / (hi - lo) * (most - 1)) : most / 2;
}

/* One character per campaign, oldest first, with the range that they span. */
static void trend_draw(const struct trend_series *s)
{
	static const char *const blocks[] = { "\u2581", "\u2582", "\u2583", "\u2584", "\u2585",
					      "\u2586", "\u2587", "\u2588" };
	static const char digits[] = "0123456789";
	size_t from = s->points > TREND_LINE ? s->points - TREND_LINE : 0;
	bool unicode = trend_has_unicode();
	double lo, hi;

	if (s->points < 2)
		return;
	trend_range(s, from, &lo, &hi);
	fputs("    ", stdout);
	for (size_t i = from; i < s->points; i++) {
		double v = s->ratio[s->campaign[i]];

		if (unicode)
			fputs(blocks[trend_level(v, lo, hi, 8)], stdout);
		else
			putchar(digits[trend_level(v, lo, hi, 10)]);
	}
	printf("  %.4g to %.4g%s\n", lo, hi, from ? ", the newest 60" : "");
}

/* One line per campaign: date, ratio, and its place between the extremes; `|` marks 1. */
static void trend_print_values(const struct trend *t, const struct trend_series *s)
{
	double lo, hi;
	char date[16];

	trend_range(s, 0, &lo, &hi);
	for (size_t i = 0; i < s->points; i++) {
		size_t campaign = s->campaign[i];
		double v = s->ratio[campaign];
		char bar[TREND_BAR + 1];

		memset(bar, ' ', TREND_BAR);
		bar[TREND_BAR] = '\0';
		if (lo <= 1 && hi >= 1)
			bar[trend_level(1, lo, hi, TREND_BAR)] = '|';
		bar[trend_level(v, lo, hi, TREND_BAR)] = '*';
		printf("    %s %9.4f  %s  ", trend_date_of(t, campaign, date), v, bar);
		text_put(stdout, t->campaign[campaign].folder);
		putchar('\n');
	}
}

static void trend_print_series(const struct trend *t, const struct trend_series *s,
			       const struct options *o)
{
	text_put(stdout, s->key);
	fputs("\n  ", stdout);
	text_put(stdout, s->arm);
	printf(": %zu campaign%s", s->points, s->points == 1 ? "" : "s");
	if (s->points)
		printf(", last %.4g", s->ratio[s->campaign[s->points - 1]]);
	if (!s->judged)
		puts(", too few for change points (12)");
	else
		printf(", %s (autocorrelation %.2f)\n",
		       s->changes.n ? "changed" : "no change",
		       s->changes.autocorrelation);
	for (size_t i = 0; i < s->changes.n; i++)
		trend_print_change(t, s, &s->changes.change[i]);
	if (o->values)
		trend_print_values(t, s);
	else
		trend_draw(s);
}

static void trend_print_text(const struct trend *t, const struct options *o)
{
	char first[16], last[16];
	size_t oldest = 0, newest = 0, printed = 0;

	for (size_t i = 0; i < t->n_campaigns; i++) {
		if (t->campaign[i].begun < t->campaign[oldest].begun)
			oldest = i;
		if (t->campaign[i].begun > t->campaign[newest].begun)
			newest = i;
	}
	printf("%zu campaign%s, %s to %s, %s time;\nratios to ", t->n_campaigns,
	       t->n_campaigns == 1 ? "" : "s", trend_date_of(t, oldest, first),
	       trend_date_of(t, newest, last), t->domain);
	text_put(stdout, t->baseline);
	fputs(" within the same blocks\n\n", stdout);
	for (size_t i = 0; i < t->n_series; i++)
		if (!o->changed || t->series[i].changes.n) {
			trend_print_series(t, &t->series[i], o);
			printed++;
		}
	if (!printed)
		printf("%zu series followed, none has changed\n", t->n_series);
}

static json_t *trend_changes_json(const struct trend *t, const struct trend_series *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->changes.n; i++) {
		const struct stats_change *c = &s->changes.change[i];

		json_array_append_new(list, json_pack("{s:s, s:f, s:f, s:f, s:f, s:s}",
			"from", t->campaign[s->campaign[c->at]].folder, "begun",
			t->campaign[s->campaign[c->at]].begun, "before", c->before,
			"after", c->after, "score", c->score, "direction",
			trend_direction(s, c)));
	}
	return list;
}

static json_t *trend_series_json(const struct trend *t, const struct trend_series *s)
{
	json_t *points = json_array();

	for (size_t i = 0; i < s->points; i++)
		json_array_append_new(points, json_pack("{s:s, s:f, s:f}", "folder",
			t->campaign[s->campaign[i]].folder, "begun",
			t->campaign[s->campaign[i]].begun, "ratio",
			s->ratio[s->campaign[i]]));
	return json_pack("{s:s, s:s, s:o, s:b, s:f, s:o}", "series", s->key, "arm",
			 s->arm, "points", points, "judged", (int)s->judged,
			 "autocorrelation", s->changes.autocorrelation, "changes",
			 trend_changes_json(t, s));
}

static void trend_print_json(const struct trend *t, const struct options *o)
{
	json_t *list = json_array(), *left_out = json_array(), *all;

	for (size_t i = 0; i < t->n_left_out; i++)
		json_array_append_new(left_out, json_string(t->left_out[i]));
	for (size_t i = 0; i < t->n_series; i++)
		if (!o->changed || t->series[i].changes.n)
			json_array_append_new(list, trend_series_json(t, &t->series[i]));
	all = json_pack("{s:s, s:s, s:o, s:o}", "domain", t->domain, "baseline",
			t->baseline, "series", list, "left_out", left_out);
	command_print_json(all);
}

int cmd_trend(int argc, char **argv)
{
	struct options o = { .n = 0 };
	struct err err = ERR_INIT;
	struct trend t;
	int rc;

	options_parse(&argp, argc, argv, 0, &o);
	rc = command_trend(o.folders, o.n, o.segment, &t, &err);
	if (!rc)
		(o.json ? trend_print_json : trend_print_text)(&t, &o);
	trend_release(&t);
	return rc ? command_fail(&err) : EXIT_DONE;
}
