/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What many campaigns say together: levels that change, and how often a kernel
 * was called different from itself. A trend is of one series, arm, baseline
 * kernel, domain and machine; it looks at the newest TREND_MOST campaigns, so
 * that another one costs the same however long the history is.
 */
#include "site.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compare/trend.h"
#include "report/report.h"
#include "safe.h"
#include "stats/stats.h"

#define TREND_MOST 400

/* Of a row of site-campaign.c. */
enum { ROW_SERIES, ROW_BASE, ROW_ARM, ROW_VERDICT, ROW_N, ROW_REASON, ROW_FLAGS, ROW_EFFECT };
#define ROW_ABSOLUTE 2

static long trend_integer(const json_t *row, size_t at)
{
	return (long)json_integer_value(json_array_get(row, at));
}

static const char *trend_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static json_t *trend_arm(const json_t *campaign, long arm)
{
	return json_array_get(json_object_get(campaign, "arms"), (size_t)arm);
}

static const char *trend_baseline(const json_t *campaign)
{
	json_int_t i = json_integer_value(json_object_get(campaign, "baseline"));

	return trend_text(trend_arm(campaign, (long)i), "kernel");
}

static bool trend_takes(const json_t *campaign, const json_t *row)
{
	return trend_integer(row, ROW_BASE) ==
		       json_integer_value(json_object_get(campaign, "baseline")) &&
	       !(trend_integer(row, ROW_FLAGS) & ROW_ABSOLUTE) &&
	       trend_integer(row, ROW_VERDICT) != VERDICT_DESCRIBED &&
	       json_is_number(json_array_get(row, ROW_EFFECT)) &&
	       !json_is_true(json_object_get(trend_arm(campaign, trend_integer(row, ROW_ARM)),
					     "control"));
}

/* The trend that a row belongs to, made where it is the first. */
static json_t *trend_of(json_t *index, json_t *list, const json_t *campaign, const json_t *row)
{
	const json_t *arm = trend_arm(campaign, trend_integer(row, ROW_ARM));
	char *key = text_format("%ld\n%s\n%s\n%s\n%s", trend_integer(row, ROW_SERIES),
				trend_text(arm, "name"), trend_baseline(campaign),
				trend_text(campaign, "domain"), trend_text(campaign, "machine"));
	json_t *t = json_object_get(index, key);

	if (!t) {
		t = json_pack("{s:i, s:s, s:s, s:s, s:s, s:[], s:[]}", "series",
			      (int)trend_integer(row, ROW_SERIES), "arm", trend_text(arm, "name"),
			      "baseline", trend_baseline(campaign), "domain",
			      trend_text(campaign, "domain"), "machine",
			      trend_text(campaign, "machine"), "points", "changes");
		json_object_set_new(index, key, t);
		json_array_append(list, t);
	}
	free(key);
	return t;
}

static const char *trend_date(const json_t *campaign, char buf[static 16])
{
	time_t at = (time_t)json_number_value(json_object_get(campaign, "begun"));
	struct tm tm;

	if (!gmtime_r(&at, &tm) || !strftime(buf, 16, "%Y-%m-%d", &tm))
		strcpy(buf, "?");
	return buf;
}

/* A change in words, as a reader of the page finds it. */
static json_t *trend_words(const json_t *t, const json_t *campaign, bool better,
			   const struct stats_change *c, size_t before, size_t after)
{
	char date[16], *text;
	json_t *j;

	text = text_format(
		"From %s on (%s) the ratio of %s to %s is %.4g instead of %.4g: %+.2f%%, %s. The level before held for %zu campaigns, the new one for %zu; the step "
		"is %.1f times as clear as what 1%% of histories without a change show.",
		trend_date(campaign, date), trend_text(campaign, "folder"), trend_text(t, "arm"),
		trend_text(t, "baseline"), c->after, c->before,
		100 * (c->after / c->before - 1), better ? "better" : "worse", before, after,
		c->score);
	j = json_safe(text);
	free(text);
	return j;
}

static void trend_put_changes(json_t *t, const json_t *campaigns, const json_t *series,
			      const struct stats_changes *found, size_t first, size_t n)
{
	json_t *points = json_object_get(t, "points"), *list = json_object_get(t, "changes");
	bool higher = !strcmp(json_string_value(json_array_get(series, 8)), "higher");

	for (size_t k = 0; k < found->n; k++) {
		const struct stats_change *c = &found->change[k];
		size_t begin = k ? found->change[k - 1].at : 0;
		size_t end = k + 1 < found->n ? found->change[k + 1].at : n;
		bool better = (c->after > c->before) == higher;
		const json_t *at = json_array_get(points, first + c->at);
		const json_t *campaign = json_array_get(campaigns, (size_t)trend_integer(at, 0));
		json_t *j = json_object();

		json_put(j, "at", json_integer((json_int_t)(first + c->at)));
		json_put(j, "before", json_known(c->before));
		json_put(j, "after", json_known(c->after));
		json_put(j, "score", json_known(c->score));
		json_put(j, "better", json_boolean(better));
		json_put(j, "words", trend_words(t, campaign, better, c, c->at - begin, end - c->at));
		json_array_append_new(list, j);
	}
}

static void trend_judge(json_t *t, const json_t *campaigns, const json_t *series,
			size_t min_segment)
{
	json_t *points = json_object_get(t, "points"), *p;
	size_t n = json_array_size(points), first = n > TREND_MOST ? n - TREND_MOST : 0, i;
	double *ratio = calloc(n + 1, sizeof(*ratio));
	struct stats_changes found;

	if (!ratio)
		abort();
	json_array_foreach(points, i, p) {
		const json_t *c = json_array_get(campaigns, (size_t)trend_integer(p, 0));
		const json_t *row = json_array_get(json_object_get(c, "rows"),
						   (size_t)trend_integer(p, 1));

		ratio[i] = 1 + json_number_value(json_array_get(row, ROW_EFFECT));
	}
	json_put(t, "judged", json_boolean(n >= TREND_POINTS_MIN));
	json_put(t, "from", json_integer((json_int_t)first));
	if (!trend_changes(ratio + first, n - first, min_segment, &found)) {
		json_put(t, "autocorrelation", json_known(found.autocorrelation));
		trend_put_changes(t, campaigns, json_array_get(series, (size_t)json_integer_value(
					  json_object_get(t, "series"))), &found, first, n - first);
		stats_changes_release(&found);
	}
	free(ratio);
}

json_t *site_trends(json_t *campaigns, const json_t *series, size_t min_segment)
{
	json_t *index = json_object(), *list = json_array(), *c, *row, *t;
	size_t i, k;

	json_array_foreach(campaigns, i, c)
		json_array_foreach(json_object_get(c, "rows"), k, row)
			if (trend_takes(c, row)) {
				t = trend_of(index, list, c, row);
				json_array_append_new(json_object_get(t, "points"),
						      json_pack("[i,i]", (int)i, (int)k));
			}
	json_array_foreach(list, i, t)
		trend_judge(t, campaigns, series, min_segment);
	json_decref(index);
	return list;
}

/* The entry of a domain and machine. */
static json_t *trend_control_of(json_t *list, const json_t *campaign)
{
	json_t *j;
	size_t i;

	json_array_foreach(list, i, j)
		if (json_equal(json_object_get(j, "domain"), json_object_get(campaign, "domain")) &&
		    json_equal(json_object_get(j, "machine"), json_object_get(campaign, "machine")))
			return j;
	j = json_pack("{s:O, s:O, s:i, s:i, s:i, s:i}", "domain",
		      json_object_get(campaign, "domain"), "machine",
		      json_object_get(campaign, "machine"), "campaigns", 0, "tests", 0,
		      "nominal", 0, "alarms", 0);
	json_array_append_new(list, j);
	return j;
}

static void trend_count(json_t *to, const char *key, json_int_t more)
{
	json_put(to, key, json_integer(json_integer_value(json_object_get(to, key)) + more));
}

json_t *site_controls(const json_t *campaigns)
{
	static const char *const keys[] = { "tests", "nominal", "alarms" };
	json_t *list = json_array(), *c, *j;
	double lo, hi;
	size_t i;

	json_array_foreach(campaigns, i, c) {
		const json_t *n = json_object_get(c, "control");

		if (!trend_integer(n, 0))
			continue;
		j = trend_control_of(list, c);
		trend_count(j, "campaigns", 1);
		for (size_t k = 0; k < 3; k++)
			trend_count(j, keys[k], trend_integer(n, k));
		json_put(j, "promised", json_known(json_number_value(json_object_get(c, "alpha"))));
	}
	json_array_foreach(list, i, j) {
		unsigned tests = (unsigned)json_integer_value(json_object_get(j, "tests"));
		unsigned hits = (unsigned)json_integer_value(json_object_get(j, "nominal"));

		stats_share_interval(hits, tests, 0.95, &lo, &hi);
		json_put(j, "rate", json_known((double)hits / tests));
		json_put(j, "lo", json_known(lo));
		json_put(j, "hi", json_known(hi));
	}
	return list;
}
