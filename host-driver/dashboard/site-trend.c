/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What many campaigns show together: changes of level, and how often a kernel was
 * called different from itself. A trend is about one series, arm, baseline kernel,
 * domain and machine. Only the newest TREND_MOST campaigns are examined, so that
 * adding one costs the same however long the history is. Their places and effects are
 * kept as a text, "1200:0.0123 1201:-0.0045 ": most trends are only read and written again,
 * and as numbers in JSON they took ten times as long.
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

/* The identity of a trend, as one text. */
static char *trend_key(const json_t *series, const char *arm, const char *baseline,
		       const char *domain, const char *machine)
{
	char *text = json_dumps(series, JSON_COMPACT), *key;

	key = text_format("%s\n%s\n%s\n%s\n%s", text ? text : "", arm, baseline, domain, machine);
	free(text);
	return key;
}

/* The trend that a row belongs to; made if the row is its first. */
static json_t *trend_of(json_t *index, json_t *list, const json_t *campaign, const json_t *row)
{
	const char *arm = trend_text(trend_arm(campaign, trend_integer(row, ROW_ARM)), "name");
	json_t *series = json_array_get(json_object_get(campaign, "series"),
					(size_t)trend_integer(row, ROW_SERIES)), *t;
	char *key = trend_key(series, arm, trend_baseline(campaign), trend_text(campaign, "domain"),
			      trend_text(campaign, "machine"));

	t = json_object_get(index, key);
	if (!t) {
		t = json_pack("{s:O, s:s, s:s, s:s, s:s, s:i, s:s}", "series", series, "arm", arm,
			      "baseline", trend_baseline(campaign), "domain",
			      trend_text(campaign, "domain"), "machine",
			      trend_text(campaign, "machine"), "n", 0, "window", "");
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

/* A change in words, as the page shows it. */
static json_t *trend_words(const json_t *t, const json_t *campaign, bool better,
			   const struct stats_change *c, size_t before, size_t after)
{
	char date[16], *text;
	json_t *j;

	text = text_format(
		"From %s on (%s) the ratio of %s to %s is %.4g instead of %.4g: %+.2f%%, %s. The old level held for %zu campaigns, the new one for %zu so far; the step "
		"is %.1f times as clear as the steps in 1%% of histories without a change.",
		trend_date(campaign, date), trend_text(campaign, "folder"), trend_text(t, "arm"),
		trend_text(t, "baseline"), c->after, c->before,
		100 * (c->after / c->before - 1), better ? "better" : "worse", before, after,
		c->score);
	j = json_safe(text);
	free(text);
	return j;
}

static void trend_put_changes(json_t *t, const struct site_list *l, const size_t *place,
			      const struct stats_changes *found, size_t first, size_t n)
{
	json_t *list = json_array();
	const char *better_is = json_string_value(json_array_get(json_object_get(t, "series"), 8));
	bool higher = better_is && !strcmp(better_is, "higher");

	for (size_t k = 0; k < found->n; k++) {
		const struct stats_change *c = &found->change[k];
		size_t begin = k ? found->change[k - 1].at : 0;
		size_t end = k + 1 < found->n ? found->change[k + 1].at : n;
		bool better = (c->after > c->before) == higher;
		const json_t *campaign = site_list_at(l, place[c->at]);
		json_t *j = json_object();

		json_put(j, "at", json_integer((json_int_t)(first + c->at)));
		json_put(j, "before", json_known(c->before));
		json_put(j, "after", json_known(c->after));
		json_put(j, "score", json_known(c->score));
		json_put(j, "better", json_boolean(better));
		json_put(j, "words", trend_words(t, campaign, better, c, c->at - begin, end - c->at));
		json_array_append_new(list, j);
	}
	json_put(t, "changes", list);
}

/* Reads the window of newest ratios; returns how many there are. */
static size_t trend_window(const json_t *t, size_t place[TREND_MOST], double ratio[TREND_MOST])
{
	char *at = (char *)trend_text(t, "window"), *end;
	size_t n = 0;

	for (; n < TREND_MOST && *at; at = *end ? end + 1 : end) {
		place[n] = strtoul(at, &end, 10);
		if (*end != ':')
			break;
		ratio[n++] = 1 + strtod(end + 1, &end);
	}
	return n;
}

/* Appends to the window; the oldest point goes when it is full. */
static void trend_append(json_t *t, size_t place, double effect)
{
	json_int_t n = json_integer_value(json_object_get(t, "n"));
	const char *window = trend_text(t, "window"), *space = strchr(window, ' ');
	char *text = text_format("%s%zu:%.6g ", n >= TREND_MOST && space ? space + 1 : window,
				 place, effect);

	json_put(t, "window", json_string(text));
	json_put(t, "n", json_integer(n + 1));
	free(text);
}

/* Looks for changes in the window of newest ratios. */
static void trend_judge(json_t *t, const struct site_list *l, size_t min_segment)
{
	size_t place[TREND_MOST], n, first;
	double ratio[TREND_MOST];
	struct stats_changes found;

	n = trend_window(t, place, ratio);
	first = (size_t)json_integer_value(json_object_get(t, "n")) - n;
	json_put(t, "judged", json_boolean(first + n >= TREND_POINTS_MIN));
	json_put(t, "from", json_integer((json_int_t)first));
	if (trend_changes(ratio, n, min_segment, &found)) {
		json_put(t, "changes", json_array());
	} else {
		json_put(t, "autocorrelation", json_known(found.autocorrelation));
		trend_put_changes(t, l, place, &found, first, n);
		stats_changes_release(&found);
	}
}

/* Appends a campaign's rows, each to its trend. */
static void trend_add_campaign(json_t *index, json_t *trends, json_t *touched,
			       const json_t *campaign, size_t place)
{
	json_t *row, *t;
	size_t k;

	json_array_foreach(json_object_get(campaign, "rows"), k, row) {
		if (!(trend_integer(row, ROW_FLAGS) & ROW_FOLLOWED))
			continue;
		t = trend_of(index, trends, campaign, row);
		trend_append(t, place, json_number_value(json_array_get(row, ROW_EFFECT)));
		if (!json_object_get(t, "touched"))
			json_array_append(touched, t);
		json_object_set_new(t, "touched", json_true());
	}
}

void site_trends(json_t *trends, const struct site_list *l, const struct site_options *o)
{
	json_t *index = json_object(), *touched = json_array(), *t;
	size_t i;

	json_array_foreach(trends, i, t) {
		char *key = trend_key(json_object_get(t, "series"), trend_text(t, "arm"),
				      trend_text(t, "baseline"), trend_text(t, "domain"),
				      trend_text(t, "machine"));

		json_object_set(index, key, t);
		free(key);
	}
	for (i = l->kept; i < site_list_size(l); i++) {
		json_t *c = site_summary(o->out, site_digest_key(site_list_at(l, i)));

		trend_add_campaign(index, trends, touched, c, i);
		json_decref(c);
	}
	json_array_foreach(touched, i, t) {
		trend_judge(t, l, o->min_segment);
		json_object_del(t, "touched");
	}
	json_decref(touched);
	json_decref(index);
}

/* The entry for a domain and machine. */
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

void site_controls(json_t *list, const json_t *campaigns)
{
	static const char *const keys[] = { "tests", "nominal", "alarms" };
	json_t *c, *j;
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
}

json_t *site_control_rates(const json_t *list)
{
	json_t *rates = json_deep_copy(list), *j;
	double lo, hi;
	size_t i;

	json_array_foreach(rates, i, j) {
		unsigned tests = (unsigned)json_integer_value(json_object_get(j, "tests"));
		unsigned hits = (unsigned)json_integer_value(json_object_get(j, "nominal"));

		stats_share_interval(hits, tests, 0.95, &lo, &hi);
		json_put(j, "rate", json_known((double)hits / tests));
		json_put(j, "lo", json_known(lo));
		json_put(j, "hi", json_known(hi));
	}
	return rates;
}
